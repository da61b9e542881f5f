"""The root of an organisation's own authority: devices have to trust it before they talk to our server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

CONTENT_TYPE = "application/x-x509-ca-cert"
FILE_NAME = "root.cer"


class NotARoot(Exception):
    """The file cannot be used. The text, for the administrator, goes on after the file's name."""


@dataclass(frozen=True)
class Root:
    """Its certificate (DER), and what a person compares: the fingerprint as Apple's devices write it."""

    certificate: bytes
    name: str
    fingerprint: str


def read(path: Path) -> Root:
    """The one certificate in a PEM file. Raises NotARoot if there is none, or one that no device trusts as a root."""
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise NotARoot(f"which cannot be read: {error.strerror}") from None
    except ValueError:
        raise NotARoot("which holds no certificate (PEM)") from None
    if len(found) != 1:
        raise NotARoot(f"which holds {len(found)} certificates: leave the root alone in it")
    (root,) = found
    if not is_authority(root):
        raise NotARoot("whose certificate is not an authority's (basicConstraints CA:TRUE)")
    if not has_issued(root, root):
        raise NotARoot(
            f"which is no root: {printable(root.issuer.rfc4514_string())} issued it, and that one's certificate is wanted"
        )
    return Root(
        root.public_bytes(Encoding.DER),
        name_of(root),
        root.fingerprint(SHA256()).hex(" ").upper(),
    )


def name_of(certificate: x509.Certificate) -> str:
    """What people call it."""
    found = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return printable(str(found[0].value) if found else certificate.subject.rfc4514_string())


def printable(name: str) -> str:
    """A name that others wrote, for a line that a person reads."""
    return "".join(each for each in name if each.isprintable())[:100]


def is_authority(certificate: x509.Certificate) -> bool:
    """May it issue others, by its own account?"""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False


def has_issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Is the signature on the certificate the issuer's? A root has signed itself.

    Where the way of signing is too old to be checked (SHA-1), the names are believed: it is found fault with elsewhere.
    """
    if issuer.subject != certificate.issuer:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, TypeError):
        return False
    except (ValueError, UnsupportedAlgorithm):
        return True
    return True
