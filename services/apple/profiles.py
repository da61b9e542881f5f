"""The profile that brings an iPhone, iPad or Mac in, and that later brings it a new certificate."""

from __future__ import annotations

import uuid

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mdm.apple import profile, push
from mdm.apple.profile import Enrolment
from models import AppleEnrolment, Device, PushCertificate
from services import keyring, settings
from services.apple import sites
from services.apple.sites import Signer, Site, Words
from services.refused import N_, Refused

IDENTIFIER = "org.muster.enrolment"  # never changes: RemoveProfile goes by it


def enrolment_profile(device: Device, token: str, site: Site, words: Words) -> bytes:
    """For a device that joins; `token` is the SCEP challenge. Raises Refused when it cannot be signed."""
    return _written(device, token, site, words, topic(), has_user_channel=True)


def renewed_profile(joined: AppleEnrolment, challenge: str) -> bytes:
    """The present one for a device that has joined: with the topic, and with or without the user channel, that it
    joined with, because nobody can change these on it.

    Neither can our addresses, and the rights may not grow. Raises Refused as above.
    """
    words = sites.words_for(joined.device)
    return _written(
        joined.device,
        challenge,
        sites.the_site(),
        words,
        joined.topic,
        has_user_channel=joined.has_user_channel,
    )


def topic() -> str:
    """The push certificate's. Until there is one, a made-up one of our own: it lets devices join, and no more."""
    row = PushCertificate.get_or_none()
    if row is not None and row.topic:
        return str(row.topic)
    own = uuid.UUID(bytes=keyring.derive("apple topic")[:16], version=4)
    return f"{push.TOPIC_START}External.{own}"


def _written(
    device: Device, challenge: str, site: Site, words: Words, push_topic: str, has_user_channel: bool
) -> bytes:
    plain = profile.encode(
        Enrolment(
            identifier=IDENTIFIER,
            name=words.profile_name,
            organisation=settings.load().organisation,
            description=words.consent,
            topic=push_topic,
            server_url=f"{site.url}/apple/mdm",
            check_in_url=f"{site.url}/apple/check-in",
            scep_url=f"{site.url}/apple/scep",
            scep_name="muster",
            challenge=challenge,
            subject=device.code,
            consent={"default": words.consent},
            root=site.root.certificate if site.root else None,
            has_user_channel=has_user_channel,
        )
    )
    return plain if site.signer is None else _signed(plain, site.signer)


def _signed(plain: bytes, signer: Signer) -> bytes:
    try:
        chain = x509.load_pem_x509_certificates(signer.certificate.read_bytes())
        key = load_pem_private_key(signer.key.read_bytes(), None)
    except (OSError, ValueError, TypeError):
        raise Refused(N_("The server's own certificate cannot be read. Ask your administrator.")) from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        return plain  # such a key cannot sign a profile: the phone then says "Not Signed"
    return profile.sign(plain, key, chain[0], chain[1:])
