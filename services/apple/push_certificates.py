"""The push certificate: asked for, installed, renewed. Its topic may never change, or every device is lost."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from mdm.apple import push
from mdm.apple.errors import Malformed
from models import ENROLLED, AppleEnrolment, Device, PushCertificate, database
from services import audit, clock, keyring, settings
from services.refused import N_, Refused

KEY_BITS = 2048
WARN_DAYS = (30, 7)
DAY = 86_400


@dataclass(frozen=True)
class Installed:
    """For the sender: PEM both, the key in the clear."""

    certificate: bytes
    key: bytes
    topic: str
    ends_at: int


def request(email: str) -> bytes:
    """A certificate request (PEM) with a new key, which waits here for its certificate."""
    rules = settings.load()
    key = rsa.generate_private_key(65537, KEY_BITS)
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with database.atomic():
        sealed = keyring.seal(plain, _place("next_key"))
        PushCertificate.insert(id=1, next_key=sealed).on_conflict(
            conflict_target=[PushCertificate.id], update={PushCertificate.next_key: sealed}
        ).execute()
        audit.append("setting:push_certificate:requested", by=None)
    return push.certificate_request(key, f"{rules.organisation} push", email, rules.country)


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
        if row is not None and row.topic and row.topic != certificate.topic and _devices():
            raise Refused(
                N_(
                    "This certificate has another topic, %(new)s, than the one in use, %(old)s: the devices that have "
                    "joined could never be reached again. At identity.apple.com/pushcert choose Renew beside the old "
                    "certificate, with the same Apple Account, instead of creating a new one."
                ),
                new=certificate.topic,
                old=row.topic,
            )
        PushCertificate.update(
            key=keyring.seal(key, _place("key")),
            certificate=pem,
            topic=certificate.topic,
            ends_at=certificate.not_after,
            next_key=None,
        ).execute()
        audit.append("setting:push_certificate:installed", by=None, params={"ends_at": certificate.not_after})
    return Installed(pem, key, certificate.topic, certificate.not_after)


def load() -> Installed | None:
    row = PushCertificate.get_or_none()
    if row is None or row.certificate is None or row.key is None or row.ends_at is None:
        return None
    key = keyring.unseal(row.key, _place("key"))
    return Installed(bytes(row.certificate), key, row.topic, row.ends_at)


def warning() -> str:
    """What the administrator must do about it soon, in one line; nothing while all is well."""
    installed = load()
    if installed is None:
        return ""
    days = (installed.ends_at - clock.now()) // DAY
    if days < 0:
        return "the push certificate has ended: renew it at identity.apple.com/pushcert"
    if days <= WARN_DAYS[1]:
        return f"the push certificate ends in {days} days: renew it NOW at identity.apple.com/pushcert"
    if days <= WARN_DAYS[0]:
        return f"the push certificate ends in {days} days: renew it at identity.apple.com/pushcert"
    return ""


def _key_of(row: PushCertificate | None, certificate: push.PushCertificate) -> bytes:
    """The private key that belongs to it: the one that waits, or the one in use."""
    for column in ("next_key", "key"):
        sealed = getattr(row, column) if row is not None else None
        if sealed is not None:
            plain = keyring.unseal(sealed, _place(column))
            loaded = load_pem_private_key(plain, None)
            if isinstance(loaded, rsa.RSAPrivateKey) and push.belongs(certificate, loaded):
                return plain
    raise Refused(N_("This certificate was not made for a request of this server. Run push-csr first."))


def _devices() -> bool:
    """Has a device joined under the topic of today?"""
    return AppleEnrolment.select().join(Device).where(Device.status.in_(ENROLLED)).exists()


def _place(column: str) -> str:
    return f"push_certificate:1:{column}"
