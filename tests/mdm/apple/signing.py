"""Small things that several tests of signatures need."""

from __future__ import annotations

import base64
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


def encoded(signature: bytes) -> str:
    """As it stands in the header."""
    return base64.b64encode(signature).decode()


def written(folder: Path, key: rsa.RSAPrivateKey, certificate: bytes) -> tuple[Path, Path]:
    """Key and certificate as files, as openssl wants them."""
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    parsed = x509.load_der_x509_certificate(certificate)
    (folder / "certificate.pem").write_bytes(parsed.public_bytes(Encoding.PEM))
    return folder / "key.pem", folder / "certificate.pem"
