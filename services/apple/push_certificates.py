"""The push certificate: asked for, installed, renewed, and warned of before it ends.

Its topic may never change, or every device is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from mdm.apple import push
from mdm.apple.errors import Malformed
from models import AuditEntry, PushCertificate, User, database
from services import audit, clock, keyring, outbox, settings, users
from services.apple import pushes
from services.refused import N_, Refused

KEY_BITS = 2048
DAY = 86_400
SOON_DAYS = 30
NOW_DAYS = 7
WARNING = "push_certificate_ends"  # the kind of mail


@dataclass(frozen=True)
class Installed:
    """For the sender: PEM both, the key in the clear."""

    certificate: bytes
    key: bytes
    topic: str
    ends_at: int


class Stage(StrEnum):
    """How near the end is. Administrators are warned once at each."""

    SOON = "soon"
    NOW = "now"
    ENDED = "ended"


@dataclass(frozen=True)
class Ending:
    """An end that is near, or has come."""

    ends_at: int
    days_left: int  # rounded up, so it is 0 only once the certificate has ended

    @property
    def stage(self) -> Stage:
        if not self.days_left:
            return Stage.ENDED
        return Stage.NOW if self.days_left <= NOW_DAYS else Stage.SOON

    @property
    def told(self) -> dict[str, Any]:
        """What the mails and the audit hold of it: another certificate, or the next stage, is something else."""
        return {"ends_at": self.ends_at, "stage": self.stage}


def request(email: str) -> bytes:
    """A certificate request (PEM), whose key waits here for the certificate.

    While one waits already, the request is for that same key: what comes of an earlier request still fits.
    """
    rules = settings.load()
    made = rsa.generate_private_key(65537, KEY_BITS)  # takes a while, so not in the transaction
    with database.atomic():
        key = _stored(PushCertificate.get_or_none(), "next_key")
        if key is None:
            key, sealed = made, keyring.seal(_pem(made), _place("next_key"))
            PushCertificate.insert(id=1, next_key=sealed).on_conflict(
                conflict_target=[PushCertificate.id], update={PushCertificate.next_key: sealed}
            ).execute()
        audit.append("setting:push_certificate:requested", by=None)
    return push.certificate_request(key, f"{rules.organisation} push", email, rules.country)


def is_asked_for() -> bool:
    """Does a key wait for its certificate?"""
    return PushCertificate.select().where(PushCertificate.next_key.is_null(False)).exists()


def install(pem: bytes) -> Installed:
    """Take what Apple issued. Raises Refused with the reason, and leaves what is there as it is."""
    try:
        certificate = push.read_certificate(pem)
    except Malformed:
        raise Refused(N_("This is not a push certificate for device management (PEM).")) from None
    if certificate.not_after <= clock.now():
        raise Refused(N_("This push certificate has ended already."))
    with database.atomic():
        row = PushCertificate.get_or_none()
        key = _key_of(row, certificate)
        old = row.topic if row is not None else ""
        if old not in ("", certificate.topic) and pushes.joined_under(old):
            raise Refused(
                N_(
                    "This certificate has another topic, %(new)s, than the one in use, %(old)s: the devices that have "
                    "joined could never be reached again. At identity.apple.com/pushcert choose Renew beside the old "
                    "certificate, with the same Apple Account, instead of creating a new one."
                ),
                new=certificate.topic,
                old=old,
            )
        PushCertificate.update(
            key=keyring.seal(key, _place("key")),
            certificate=pem,
            topic=certificate.topic,
            ends_at=certificate.not_after,
            next_key=None,
        ).execute()
        audit.append("setting:push_certificate:installed", by=None, params={"ends_at": certificate.not_after})
        pushes.ask_again()  # those that nobody could wake until now
    return Installed(pem, key, certificate.topic, certificate.not_after)


def load() -> Installed | None:
    row = PushCertificate.get_or_none()
    if row is None or row.certificate is None or row.key is None or row.ends_at is None:
        return None
    key = keyring.unseal(row.key, _place("key"))
    return Installed(bytes(row.certificate), key, row.topic, row.ends_at)


def ending() -> Ending | None:
    """The end of the certificate in use, from 30 days before it on; nothing while all is well."""
    row = PushCertificate.select(PushCertificate.ends_at).first()
    if row is None or row.ends_at is None:
        return None
    days_left = max(0, -((clock.now() - row.ends_at) // DAY))
    return Ending(row.ends_at, days_left) if days_left <= SOON_DAYS else None


def warn_due() -> int:
    """Mail every administrator, once at each stage of each certificate. Returns how many mails that are.

    The audit remembers it, and is asked in the transaction that queues the mails: of two workers one warns. While no
    administrator has an address nobody was warned, so nothing is written down.
    """
    with database.atomic():  # it takes the lock at each look, but only once an hour
        near = ending()
        if near is None or _was_told(near):
            return 0
        administrators = list(users.administrators().where(User.email != ""))
        for administrator in administrators:
            outbox.queue(WARNING, administrator, administrator.email, near.told)
        if administrators:
            audit.append("setting:push_certificate:warned", by=None, params=near.told)
    return len(administrators)


def is_still_so(told: dict[str, Any]) -> bool:
    """Not once the certificate was renewed, or the end is a stage nearer: that has mails of its own."""
    near = ending()
    return near is not None and near.told == told


def _was_told(near: Ending) -> bool:
    """There are three entries for each certificate at most, so they are compared here and not by SQLite."""
    earlier = AuditEntry.select().where(AuditEntry.action == "setting:push_certificate:warned")
    return any(entry.params == near.told for entry in earlier)


def _key_of(row: PushCertificate | None, certificate: push.PushCertificate) -> bytes:
    """The private key that belongs to it: the one that waits, or the one in use."""
    for column in ("next_key", "key"):
        key = _stored(row, column)
        if key is not None and push.belongs(certificate, key):
            return _pem(key)
    raise Refused(N_("This certificate was not made for a request of this server. Run push-csr first."))


def _stored(row: PushCertificate | None, column: str) -> rsa.RSAPrivateKey | None:
    sealed = getattr(row, column) if row is not None else None
    if sealed is None:
        return None
    key = load_pem_private_key(keyring.unseal(sealed, _place(column)), None)
    return key if isinstance(key, rsa.RSAPrivateKey) else None


def _pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _place(column: str) -> str:
    return f"push_certificate:1:{column}"
