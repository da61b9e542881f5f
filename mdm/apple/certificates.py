"""Certificates that come back: whether the device authority issued them, for whom, and whether they still
hold.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID

from mdm.apple import ber, keys
from mdm.apple.errors import Malformed
from mdm.apple.keys import CERTIFICATES_REMEMBERED, LARGEST_CERTIFICATE


@dataclass(frozen=True)
class Identity:
    """A device's certificate that this authority issued. Times are epoch seconds, `fingerprint` is SHA-256 in
    hex.
    """

    fingerprint: str
    not_before: int
    not_after: int


def check(certificate: bytes, authority: bytes, now: int) -> Identity:
    """The identity that `certificate` (DER) proves, if `authority` (DER) issued it for devices and it is in
    date.

    Raises Malformed: not_issued_here, wrong_usage, not_yet_valid or expired. Whom it belongs to is for the
    caller to know.
    """
    identity = _issued(certificate, authority)
    if now < identity.not_before:
        raise Malformed("not_yet_valid")
    if now > identity.not_after:
        raise Malformed("expired")
    return identity


def fingerprint(certificate: bytes) -> str:
    """SHA-256 of a certificate (DER), in hex."""
    return hashlib.sha256(certificate).hexdigest()


def parse(certificate: bytes) -> x509.Certificate:
    """A certificate (DER) as `cryptography` reads it, strictly; raises Malformed."""
    if len(certificate) > LARGEST_CERTIFICATE:
        raise Malformed("too_large")
    try:
        return x509.load_der_x509_certificate(certificate)
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion):
        raise Malformed("unsupported") from None


@lru_cache(maxsize=CERTIFICATES_REMEMBERED)
def _issued(certificate: bytes, authority: bytes) -> Identity:
    _check_signature(certificate, authority)
    parsed = parse(certificate)
    try:
        usages = parsed.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        may_sign = parsed.extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    except (x509.ExtensionNotFound, ValueError):
        raise Malformed("wrong_usage") from None
    if ExtendedKeyUsageOID.CLIENT_AUTH not in usages or not may_sign:
        raise Malformed("wrong_usage")
    return Identity(
        fingerprint=fingerprint(certificate),
        not_before=int(parsed.not_valid_before_utc.timestamp()),
        not_after=int(parsed.not_valid_after_utc.timestamp()),
    )


def _check_signature(certificate: bytes, authority: bytes) -> None:
    """Before anything else, so that the rest is only ever done with certificates that we made ourselves."""
    try:
        whole = ber.read(certificate, largest=LARGEST_CERTIFICATE)
        signed, algorithm, signature = ber.members(whole, ber.SEQUENCE, 3)[:3]
        name = ber.members(algorithm, ber.SEQUENCE, 1)[0].contents
        keys.verify(keys.holder(authority).key, name, None, ber.bits(signature), signed.encoded)
    except Malformed:
        raise Malformed("not_issued_here") from None
