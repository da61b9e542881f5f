"""The push that makes a device ask for its commands, as data: what to send to Apple, and what its answer
means.

Apple: "Sending notification requests to APNs" and "Setting up push notifications for your MDM customers". The
transport is HTTP/2 with the push certificate as the TLS client's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from mdm.apple.errors import Malformed

SERVER = "https://api.push.apple.com"
TOPIC_START = "com.apple.mgmt."

MOST_SECONDS = 30 * 86_400
"""Apple keeps a push for a device that is off for 30 days at most."""

Outcome = Literal["delivered", "token_dead", "token_unknown", "certificate_refused", "refused", "later"]


@dataclass(frozen=True)
class Push:
    """A POST to `SERVER` or whatever stands in for it."""

    token: bytes = field(repr=False)
    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def path(self) -> str:
        return f"/3/device/{self.token.hex()}"


@dataclass(frozen=True)
class PushCertificate:
    """What matters of a push certificate. Times are epoch seconds; a renewed one must have the same topic."""

    topic: str
    not_after: int
    key: bytes = field(repr=False)
    """The public key, as the private one's `public_bytes` in DER gives it."""


def request(push_token: bytes, push_magic: str, topic: str, expires_at: int) -> Push:
    """The push for one device; at `expires_at` (epoch seconds) Apple gives up on a device that is off."""
    headers = {
        "apns-topic": topic,
        "apns-push-type": "mdm",
        "apns-priority": "10",
        "apns-expiration": str(expires_at),
    }
    body = json.dumps({"mdm": push_magic}, separators=(",", ":")).encode("utf-8")
    return Push(push_token, headers, body)


def is_apples_own(url: str) -> bool:
    """Whether this is the server that gave the tokens out; it listens on port 2197 as well as on 443."""
    return urlsplit(url).hostname == urlsplit(SERVER).hostname


def outcome(status: int, body: bytes) -> tuple[Outcome, str]:
    """What Apple's answer means, and its reason in Apple's word ("" if it gave none).

    token_dead: forget the token until the next TokenUpdate. token_unknown: the same, if the server is the one
    that gave the token out: Apple says that such a token is none, or one of the other environment, and a server
    of that one would say so of every token that we have. certificate_refused: nothing goes through before an
    administrator acts. refused: this push will never go through. later: try again.
    """
    reason = _reason(body)
    if status == 200:
        return "delivered", ""
    if status == 410:
        return "token_dead", reason
    if reason in ("BadDeviceToken", "DeviceTokenNotForTopic"):
        return "token_unknown", reason
    if status == 403 or reason in (
        "BadCertificate",
        "BadCertificateEnvironment",
        "BadTopic",
        "TopicDisallowed",
    ):
        return "certificate_refused", reason
    if status == 429 or status >= 500 or reason == "IdleTimeout":
        return "later", reason
    return "refused", reason


def read_certificate(encoded: bytes) -> PushCertificate:
    """A push certificate (PEM or DER); raises Malformed if it is not one for device management."""
    try:
        pem = b"-----BEGIN" in encoded
        certificate = (
            x509.load_pem_x509_certificate(encoded) if pem else x509.load_der_x509_certificate(encoded)
        )
        topics = [str(each.value) for each in certificate.subject.get_attributes_for_oid(NameOID.USER_ID)]
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion):
        raise Malformed("unsupported") from None
    if len(topics) != 1 or not topics[0].startswith(TOPIC_START) or not isinstance(key, rsa.RSAPublicKey):
        raise Malformed("wrong_usage")
    return PushCertificate(
        topics[0],
        int(certificate.not_valid_after_utc.timestamp()),
        _public(key),
    )


def belongs(certificate: PushCertificate, key: rsa.RSAPrivateKey) -> bool:
    """Whether the private key is that of the certificate."""
    return _public(key.public_key()) == certificate.key


def certificate_request(key: rsa.RSAPrivateKey, common_name: str, email: str, country: str) -> bytes:
    """The request (PEM) for a push certificate, which a vendor signs before Apple takes it; `country` is two
    letters.
    """
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, country.upper()),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64]),
            x509.NameAttribute(NameOID.EMAIL_ADDRESS, email),
        ]
    )
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return request.public_bytes(Encoding.PEM)


def _public(key: rsa.RSAPublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _reason(body: bytes) -> str:
    try:
        reason = json.loads(body)["reason"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return reason[:64] if isinstance(reason, str) else ""
