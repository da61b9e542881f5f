"""Public keys that strangers send: which are good enough, and whether they made a signature."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from mdm.apple import ber
from mdm.apple.der import identifier
from mdm.apple.errors import Malformed

SMALLEST_RSA = 2048
LARGEST_RSA = 4096
"""Bits. Apple's SCEP payload knows 1024, 2048 and 4096; larger keys would only cost us time."""

LARGEST_EXPONENT = 2**32
CURVES = ("secp256r1", "secp384r1")

CERTIFICATES_REMEMBERED = 4_096
LARGEST_CERTIFICATE = 4_096
"""Bytes; a phone's has about 1,000. So the memory of keys stays under 30 MB, whatever is sent."""

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

SHA1 = hashes.SHA1()  # noqa: S303 - what iPhones sign their check-ins with
SHA256 = hashes.SHA256()

DIGESTS: dict[bytes, hashes.HashAlgorithm] = {
    identifier("1.3.14.3.2.26"): SHA1,
    identifier("2.16.840.1.101.3.4.2.1"): SHA256,
    identifier("2.16.840.1.101.3.4.2.2"): hashes.SHA384(),
    identifier("2.16.840.1.101.3.4.2.3"): hashes.SHA512(),
}
"""Digest algorithms (RFC 5754 2); MD5 is not among them."""

_RSA_SIGNATURES: dict[bytes, hashes.HashAlgorithm | None] = {
    identifier("1.2.840.113549.1.1.1"): None,  # rsaEncryption: the digest is named elsewhere
    identifier("1.2.840.113549.1.1.5"): SHA1,
    identifier("1.3.14.3.2.29"): SHA1,
    identifier("1.2.840.113549.1.1.11"): SHA256,
    identifier("1.2.840.113549.1.1.12"): hashes.SHA384(),
    identifier("1.2.840.113549.1.1.13"): hashes.SHA512(),
}
_EC_SIGNATURES: dict[bytes, hashes.HashAlgorithm | None] = {
    identifier("1.2.840.10045.2.1"): None,  # id-ecPublicKey
    identifier("1.2.840.10045.4.1"): SHA1,
    identifier("1.2.840.10045.4.3.2"): SHA256,
    identifier("1.2.840.10045.4.3.3"): hashes.SHA384(),
    identifier("1.2.840.10045.4.3.4"): hashes.SHA512(),
}

_PADDING = padding.PKCS1v15()


class Holder(NamedTuple):
    """Whom a certificate names as its holder (RFC 5280 4.1): key, and the two halves of its number as DER."""

    key: PublicKey
    issuer: bytes
    serial: bytes


@lru_cache(maxsize=CERTIFICATES_REMEMBERED)
def holder(certificate: bytes) -> Holder:
    """What a certificate (DER) says of its holder, proven by nothing; raises Malformed."""
    outer = ber.members(ber.read(certificate, largest=LARGEST_CERTIFICATE), ber.SEQUENCE, 3)
    fields = ber.members(outer[0], ber.SEQUENCE, 6)
    if fields[0].tag == ber.CONTEXT_0:  # the version
        fields = fields[1:]
    if len(fields) < 6:
        raise Malformed("missing")
    serial, _, issuer, _, _, key = fields[:6]
    return Holder(
        public_key(ber.expect(key, ber.SEQUENCE).encoded),
        ber.expect(issuer, ber.SEQUENCE).encoded,
        ber.expect(serial, ber.INTEGER).contents,
    )


def public_key(encoded: bytes) -> PublicKey:
    """The key of a SubjectPublicKeyInfo (DER), if it is one that we accept; raises Malformed."""
    try:
        key = load_der_public_key(encoded)
    except (ValueError, UnsupportedAlgorithm):
        raise Malformed("unsupported") from None
    if isinstance(key, rsa.RSAPublicKey):
        if not SMALLEST_RSA <= key.key_size <= LARGEST_RSA or key.public_numbers().e > LARGEST_EXPONENT:
            raise Malformed("weak_key")
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in CURVES:
        return key
    raise Malformed("unsupported")


def verify(
    key: PublicKey, algorithm: bytes, digest: hashes.HashAlgorithm | None, signature: bytes, signed: bytes
) -> None:
    """Check a signature over the bytes `signed`; raises Malformed.

    `algorithm` is the contents of the signature algorithm's identifier; `digest` is used if that names none.
    """
    is_rsa = isinstance(key, rsa.RSAPublicKey)
    try:
        named = (_RSA_SIGNATURES if is_rsa else _EC_SIGNATURES)[algorithm]
    except KeyError:
        raise Malformed("unsupported") from None
    digest = named or digest
    if digest is None:
        raise Malformed("unsupported")
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, _PADDING, digest)
        else:
            key.verify(signature, signed, ec.ECDSA(digest))
    except InvalidSignature:
        raise Malformed("bad_signature") from None
    except (ValueError, UnsupportedAlgorithm):
        raise Malformed("unsupported") from None
