"""The device authority: made once for an organisation, its key sealed in the database."""

from __future__ import annotations

from mdm.apple import authority as authorities
from mdm.apple.authority import Authority
from models import DeviceAuthority, database
from services import audit, clock, keyring, locks, settings

PLACE = "device_authority:1:key"

_known: tuple[bytes, Authority] | None = None  # what the sealed key opened to: reading it takes a while


class NoAuthority(Exception):
    """It has not been made yet. The text is for the administrator."""

    def __init__(self) -> None:
        super().__init__("There is no device authority yet. Run: flask --app app init-ca")


def create() -> bool:
    """Make the authority if there is none, one process at a time. Says whether it did."""
    with locks.named("device_authority"):
        if exists():
            return False
        now = clock.now()
        authority = authorities.new_authority(settings.load().organisation, now)
        with database.atomic():
            DeviceAuthority.create(
                id=1,
                certificate=authority.certificate,
                key=keyring.seal(authority.key_bytes(), PLACE),
                created_at=now,
            )
            audit.append("setting:device_authority:created", by=None)
    return True


def exists() -> bool:
    return DeviceAuthority.select().exists()


def certificate() -> bytes:
    """The authority's certificate (DER). Raises NoAuthority."""
    return _row()[0]


def load() -> Authority:
    """With its key, to issue and to answer. Raises NoAuthority."""
    global _known
    certificate, sealed = _row()
    if _known is None or _known[0] != sealed:
        _known = (sealed, Authority.read(keyring.unseal(sealed, PLACE), certificate))
    return _known[1]


def _row() -> tuple[bytes, bytes]:
    row = database.execute_sql("SELECT certificate, key FROM device_authority").fetchone()
    if row is None:
        raise NoAuthority()
    return bytes(row[0]), bytes(row[1])
