"""Writes CMS SignedData (RFC 5652 5): SCEP's answers, and certificates on their own."""

from __future__ import annotations

from collections.abc import Mapping

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from mdm.apple import ber, der, keys

DATA = "1.2.840.113549.1.7.1"
SIGNED_DATA = "1.2.840.113549.1.7.2"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SHA256 = "2.16.840.1.101.3.4.2.1"
RSA_ENCRYPTION = "1.2.840.113549.1.1.1"


def sign(content: bytes, attributes: Mapping[str, bytes], key: RSAPrivateKey, certificate: bytes) -> bytes:
    """A SignedData by the holder of `certificate` (DER), which travels along; SHA-256.

    `attributes` are signed with it: identifiers with dots, and values that are already DER.
    """
    digest = hashes.Hash(keys.SHA256)
    digest.update(content)
    complete = {
        CONTENT_TYPE: der.object_identifier(DATA),
        MESSAGE_DIGEST: der.octet_string(digest.finalize()),
        **attributes,
    }
    signed = der.set_of(
        *(der.sequence(der.object_identifier(name), der.set_of(value)) for name, value in complete.items())
    )
    holder = keys.holder(certificate)
    signer = der.sequence(
        der.integer(1),
        der.sequence(holder.issuer, der.element(ber.INTEGER, holder.serial)),
        der.algorithm(SHA256),
        bytes((ber.CONTEXT_0,)) + signed[1:],
        der.algorithm(RSA_ENCRYPTION),
        der.octet_string(key.sign(signed, PKCS1v15(), keys.SHA256)),
    )
    carried = der.context(0, der.octet_string(content))
    return _signed_data(der.set_of(der.algorithm(SHA256)), carried, [certificate], der.set_of(signer))


def certificates_only(*certificates: bytes) -> bytes:
    """The degenerate SignedData that carries certificates (DER) and no signature (RFC 8894 3.4)."""
    return _signed_data(der.set_of(), b"", list(certificates), der.set_of())


def _signed_data(digests: bytes, carried: bytes, certificates: list[bytes], signers: bytes) -> bytes:
    content = der.sequence(der.object_identifier(DATA), carried)
    fields = (der.integer(1), digests, content, der.context(0, *certificates), signers)
    return der.sequence(der.object_identifier(SIGNED_DATA), der.context(0, der.sequence(*fields)))
