"""The authority that gives devices their identity, and the certificates that it issues (RFC 5280)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mdm.apple.certificate_requests import CertificateRequest
from mdm.apple.certificates import parse
from mdm.apple.errors import Malformed

AUTHORITY_KEY_BITS = 3072
"""RSA, because SCEP seals requests to it. 3072 bits are meant to last beyond 2030 (NIST SP 800-57 part 1,
table 4).
"""

AUTHORITY_DAYS = 7_300
IDENTITY_DAYS = 1_825
"""A device renews nothing by itself: before it ends, the profile that it came by has to be sent to it again, with
a fresh challenge.
"""

CLOCKS_DIFFER_BY = 3_600
"""Seconds by which a device's clock may be behind ours."""


@dataclass(frozen=True)
class Authority:
    """The device authority: its key and its own certificate (DER)."""

    key: rsa.RSAPrivateKey = field(repr=False)
    certificate: bytes

    @classmethod
    def read(cls, key: bytes, certificate: bytes) -> Authority:
        """From what `key_bytes` and `certificate` gave; raises Malformed."""
        try:
            loaded = load_der_private_key(key, None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise Malformed("unsupported", "key") from None
        if not isinstance(loaded, rsa.RSAPrivateKey):
            raise Malformed("unsupported", "key")
        authority = cls(loaded, certificate)
        if authority.parsed.public_key() != loaded.public_key():
            raise Malformed("bad_signature", "certificate")
        return authority

    def key_bytes(self) -> bytes:
        """The key, PKCS #8 DER and **not** encrypted: that is for whoever stores it."""
        return self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    @cached_property
    def parsed(self) -> x509.Certificate:
        return parse(self.certificate)


def new_authority(
    organisation: str, now: int, days: int = AUTHORITY_DAYS, bits: int = AUTHORITY_KEY_BITS
) -> Authority:
    """A new authority; takes about half a second, most of it for the key. `organisation` is cut to 64
    characters.
    """
    key = rsa.generate_private_key(65537, bits)
    name = _name(f"{organisation[:40]} device authority", organisation)
    usage = _usage(digital_signature=True, key_encipherment=True, key_cert_sign=True, crl_sign=True)
    builder = _builder(name, name, key.public_key(), now - 86_400, now + days * 86_400)
    builder = builder.add_extension(x509.BasicConstraints(True, 0), True).add_extension(usage, True)
    certificate = builder.sign(key, hashes.SHA256())
    return Authority(key, certificate.public_bytes(Encoding.DER))


def issue(
    request: CertificateRequest,
    authority: Authority,
    common_name: str,
    organisation: str,
    now: int,
    days: int = IDENTITY_DAYS,
) -> bytes:
    """A device's certificate (DER) for the key of `request`. The names are ours, whatever the request says.

    It is valid from an hour ago, so that a clock may be behind, and never longer than its authority.
    """
    ours = authority.parsed
    not_before = max(now - CLOCKS_DIFFER_BY, int(ours.not_valid_before_utc.timestamp()))
    not_after = min(now + days * 86_400, int(ours.not_valid_after_utc.timestamp()))
    name = _name(common_name, organisation)
    builder = _builder(name, ours.subject, request.key, not_before, not_after)
    usage = _usage(digital_signature=True, key_encipherment=isinstance(request.key, rsa.RSAPublicKey))
    for extension, critical in (
        (x509.BasicConstraints(False, None), True),
        (usage, True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), False),
    ):
        builder = builder.add_extension(extension, critical)
    return builder.sign(authority.key, hashes.SHA256()).public_bytes(Encoding.DER)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: CertificatePublicKeyTypes, start: int, end: int
) -> x509.CertificateBuilder:
    epoch = datetime.fromtimestamp(0, UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(epoch + timedelta(seconds=start))
    builder = builder.not_valid_after(epoch + timedelta(seconds=end))
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)


def _name(common_name: str, organisation: str) -> x509.Name:
    parts = ((NameOID.ORGANIZATION_NAME, organisation), (NameOID.COMMON_NAME, common_name))
    return x509.Name([x509.NameAttribute(oid, value[:64]) for oid, value in parts if value])


def _usage(
    *,
    digital_signature: bool = False,
    key_encipherment: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_encipherment=key_encipherment,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
