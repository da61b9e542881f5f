"""Simulation: the ways in which Apple devices, and programs that pretend to be some, sign what they send.

Written with asn1crypto and not with our own code, so that the two can contradict each other.
"""

from __future__ import annotations

import base64
from enum import Enum
from typing import Any

from asn1crypto import algos, cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class Style(Enum):
    """How a body is signed."""

    APPLE = "BER of indefinite length, SHA-1, no signed attributes: what iPhones send"
    BARE = "DER, SHA-256, no signed attributes"
    ATTRIBUTES = "DER, SHA-256, signed attributes"
    ATTACHED = "DER, SHA-256, signed attributes, and the body once more inside"


def mdm_signature(body: bytes, key: PrivateKey, certificate: bytes, style: Style) -> str:
    """The Mdm-Signature header for a body; `certificate` is DER."""
    if style in (Style.APPLE, Style.BARE):
        signature = without_attributes(body, key, certificate, is_apple=style is Style.APPLE)
    else:
        options = [PKCS7Options.Binary, PKCS7Options.NoCapabilities]
        if style is Style.ATTRIBUTES:
            options.append(PKCS7Options.DetachedSignature)
        signer = x509.load_der_x509_certificate(certificate)
        builder = PKCS7SignatureBuilder().set_data(body).add_signer(signer, key, hashes.SHA256())
        signature = builder.sign(Encoding.DER, options)
    return base64.b64encode(signature).decode("ascii")


def without_attributes(body: bytes, key: PrivateKey, certificate: bytes, *, is_apple: bool) -> bytes:
    """A detached SignedData whose signature is over the body itself."""
    digest: hashes.HashAlgorithm = hashes.SHA1() if is_apple else hashes.SHA256()  # noqa: S303
    if isinstance(key, rsa.RSAPrivateKey):
        signature, kind = key.sign(body, padding.PKCS1v15(), digest), f"{digest.name}_rsa"
    else:
        signature, kind = key.sign(body, ec.ECDSA(digest)), f"{digest.name}_ecdsa"
    holder = asn1_x509.Certificate.load(certificate)
    signer = signer_info(holder, digest.name, kind, signature)
    if is_apple:
        return _indefinite(
            certificate, signer.dump(), algos.DigestAlgorithm({"algorithm": digest.name}).dump()
        )
    return signed_data(holder, signer, None)


def signer_info(holder: Any, digest: str, kind: str, signature: bytes, attributes: Any = None) -> Any:
    """A SignerInfo by issuer and serial number."""
    number = {"issuer": holder.issuer, "serial_number": holder.serial_number}
    fields = {
        "version": "v1",
        "sid": cms.SignerIdentifier("issuer_and_serial_number", number),
        "digest_algorithm": {"algorithm": digest},
        "signature_algorithm": {"algorithm": kind},
        "signature": signature,
    }
    if attributes is not None:
        fields["signed_attrs"] = attributes
    return cms.SignerInfo(fields)


def signed_data(holder: Any, signer: Any, content: bytes | None) -> bytes:
    """A SignedData of one signer whose certificate travels along."""
    carried: dict[str, Any] = {"content_type": "data"}
    if content is not None:
        carried["content"] = content
    fields = {
        "version": "v1",
        "digest_algorithms": [signer["digest_algorithm"]],
        "encap_content_info": carried,
        "certificates": [holder],
        "signer_infos": [signer],
    }
    encoded: bytes = cms.ContentInfo(
        {"content_type": "signed_data", "content": cms.SignedData(fields)}
    ).dump()
    return encoded


def content_of(profile: bytes) -> bytes:
    """A profile without its signature, if it has one."""
    if profile.lstrip().startswith(b"<"):
        return profile
    content: bytes = cms.ContentInfo.load(profile)["content"]["encap_content_info"]["content"].native
    return content


def _indefinite(certificate: bytes, signer: bytes, digest: bytes) -> bytes:
    """The outer layers end with two zeros instead of telling their length, as those of an iPhone's signature
    do.
    """
    data = cms.ContentType("data").dump()
    fields = b"".join(
        (
            b"\x02\x01\x01",
            _definite(0x31, digest),
            b"\x30\x80" + data + b"\0\0",
            _definite(0xA0, certificate),
            _definite(0x31, signer),
        )
    )
    kind: bytes = cms.ContentType("signed_data").dump()
    return b"\x30\x80" + kind + b"\xa0\x80\x30\x80" + fields + b"\0\0" * 3


def _definite(tag: int, contents: bytes) -> bytes:
    length = len(contents)
    if length < 128:
        return bytes((tag, length)) + contents
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + contents
