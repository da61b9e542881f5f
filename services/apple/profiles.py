"""The profile that a person installs to bring an iPhone, iPad or Mac in."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mdm.apple import profile, push
from mdm.apple.profile import Enrolment
from models import Device, Platform, PushCertificate
from services import keyring, settings
from services.apple.tls_root import Root
from services.refused import N_, Refused

IDENTIFIER = "org.muster.enrolment"  # never changes: RemoveProfile goes by it


@dataclass(frozen=True)
class Signer:
    """The web server's own certificate: phones show who signed, and whether they trust it."""

    certificate: Path
    key: Path


def enrolment_profile(
    device: Device, token: str, server: str, consent: str, signer: Signer | None, root: Root | None = None
) -> bytes:
    """For one device; `token` is the SCEP challenge, `root` what it shall trust beside Apple's own list.

    Raises Refused when it cannot be signed.
    """
    rules = settings.load()
    plain = profile.encode(
        Enrolment(
            identifier=IDENTIFIER,
            name=f"{rules.organisation}: device management",
            organisation=rules.organisation,
            description=consent,
            kind="mac" if device.platform == Platform.MACOS else "phone",
            topic=topic(),
            server_url=f"{server}/apple/mdm",
            check_in_url=f"{server}/apple/check-in",
            scep_url=f"{server}/apple/scep",
            scep_name="muster",
            challenge=token,
            subject=device.code,
            consent={"default": consent},
            root=root.certificate if root else None,
            keeps_bootstrap_token=True,
        )
    )
    return plain if signer is None else _signed(plain, signer)


def topic() -> str:
    """The push certificate's. Until there is one, a made-up one of our own: it lets devices join, and no more."""
    row = PushCertificate.get_or_none()
    if row is not None and row.topic:
        return str(row.topic)
    own = uuid.UUID(bytes=keyring.derive("apple topic")[:16], version=4)
    return f"{push.TOPIC_START}External.{own}"


def _signed(plain: bytes, signer: Signer) -> bytes:
    try:
        chain = x509.load_pem_x509_certificates(signer.certificate.read_bytes())
        key = load_pem_private_key(signer.key.read_bytes(), None)
    except (OSError, ValueError, TypeError):
        raise Refused(N_("The server's own certificate cannot be read. Ask your administrator.")) from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        return plain  # such a key cannot sign a profile: the phone then says "Not Signed"
    return profile.sign(plain, key, chain[0], chain[1:])
