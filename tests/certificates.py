"""Certificates for TLS, good and bad in every way: authorities, and what they issue to servers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.conftest import NOON

HOST = "muster.harbour.example"
DAY = 86_400
SERVER_AUTH = ExtendedKeyUsageOID.SERVER_AUTH


@dataclass(frozen=True)
class Holder:
    """A certificate, and the key that it is for."""

    certificate: x509.Certificate
    key: Any

    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def write(self, folder: Path, *others: Holder) -> tuple[Path, Path]:
        """The certificate with the others behind it, and the key: two files."""
        chain, key = folder / "web.pem", folder / "web.key"
        chain.write_bytes(b"".join(each.pem() for each in (self, *others)))
        key.write_bytes(self.key_pem())
        return chain, key


def authority(name: str, issuer: Holder | None = None, begins: int = NOON - 400 * DAY, days: int = 3650,
              key: Any = None) -> Holder:  # fmt: skip
    return _signed(name, issuer, begins, days, key, [(x509.BasicConstraints(True, None), True)])


def server(
    issuer: Holder | None,
    hosts: Sequence[str | IPv4Address | IPv6Address] = (HOST,),
    begins: int = NOON - 10 * DAY,
    days: float = 90,
    key: Any = None,
    usage: x509.ObjectIdentifier | None = SERVER_AUTH,
    name: str = HOST,
) -> Holder:
    """What devices accept, unless told otherwise; without an issuer it signs itself."""
    names = [x509.DNSName(each) if isinstance(each, str) else x509.IPAddress(each) for each in hosts]
    extensions: list[tuple[Any, bool]] = [(x509.SubjectAlternativeName(names), False)] if names else []
    if usage is not None:
        extensions.append((x509.ExtendedKeyUsage([usage]), False))
    return _signed(name, issuer, begins, days, key, extensions)


def weak_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 1024)  # noqa: S505 - that is the point


def _signed(
    name: str, issuer: Holder | None, begins: int, days: float, key: Any, extensions: list[tuple[Any, bool]]
) -> Holder:
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.fromtimestamp(begins, UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
    )
    for extension, is_critical in extensions:
        builder = builder.add_extension(extension, is_critical)
    by = issuer.key if issuer else key
    return Holder(
        builder.sign(by, None if isinstance(by, ed25519.Ed25519PrivateKey) else hashes.SHA256()), key
    )
