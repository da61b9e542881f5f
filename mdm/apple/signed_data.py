"""Reads CMS SignedData (RFC 5652 5): who signed which bytes. It never asks whether the signer may be
trusted.
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import Hash, HashAlgorithm

from mdm.apple import ber, keys
from mdm.apple.ber import Element
from mdm.apple.der import identifier
from mdm.apple.errors import Malformed

LONGEST_SIGNATURE = 16_384
"""Characters of an Mdm-Signature header; an iPhone sends about 1,900."""

MOST_CERTIFICATES = 16

SIGNED_DATA = identifier("1.2.840.113549.1.7.2")
CONTENT_TYPE = identifier("1.2.840.113549.1.9.3")
MESSAGE_DIGEST = identifier("1.2.840.113549.1.9.4")

_SET_TAG = b"\x31"


@dataclass(frozen=True)
class Signed:
    """What one signer said, with the signature checked.

    `certificate` is the signer's own (DER). `content` is what the message carried, None if it carried
    nothing. `attributes` are the signed ones: the contents of their identifier, and their first value.
    """

    certificate: bytes
    content: bytes | None
    attributes: Mapping[bytes, Element]


@dataclass(frozen=True)
class _Parts:
    content_type: bytes
    content: Element | None
    certificates: list[Element]
    signer: list[Element]


def verify_detached(signature: str, body: bytes) -> bytes:
    """The certificate (DER) whose key signed exactly `body`; raises Malformed.

    `signature` is the Mdm-Signature header: base64 of a SignedData. iPhones send BER without signed
    attributes and SHA-1; others sign attributes or carry the content along. What is carried along is not
    looked at: it need not be what came.
    """
    if len(signature) > LONGEST_SIGNATURE:
        raise Malformed("too_large")
    try:
        message = binascii.a2b_base64(signature.strip().encode("ascii"), strict_mode=True)
    except ValueError:
        raise Malformed("not_base64") from None
    parts = _parts(message)
    certificate, _ = _verified(parts, body)
    return certificate


def read_signed(message: bytes) -> Signed:
    """A SignedData (BER) that carries its own content, or none at all; raises Malformed."""
    parts = _parts(message)
    content = None if parts.content is None else ber.octets(parts.content)
    certificate, attributes = _verified(parts, content or b"")
    return Signed(certificate, content, attributes)


def _parts(message: bytes) -> _Parts:
    outer = ber.members(ber.read(message), ber.SEQUENCE, 2)
    if outer[0].contents != SIGNED_DATA:
        raise Malformed("unknown_value")
    fields = ber.members(ber.members(outer[1], ber.CONTEXT_0, 1)[0], ber.SEQUENCE, 4)
    carried = ber.members(fields[2], ber.SEQUENCE, 1)
    content = ber.members(carried[1], ber.CONTEXT_0, 1)[0] if len(carried) > 1 else None
    certificates: list[Element] = []
    for field in fields[3:-1]:
        if field.tag == ber.CONTEXT_0:
            certificates = [each for each in field.children() if each.tag == ber.SEQUENCE]
    signers = ber.members(fields[-1], ber.SET, 1)
    if len(signers) > 1 or len(certificates) > MOST_CERTIFICATES:
        raise Malformed("too_many")
    return _Parts(carried[0].contents, content, certificates, ber.members(signers[0], ber.SEQUENCE, 5))


def _verified(parts: _Parts, content: bytes) -> tuple[bytes, dict[bytes, Element]]:
    signer = parts.signer
    digest = keys.DIGESTS.get(ber.members(signer[2], ber.SEQUENCE, 1)[0].contents)
    if digest is None:
        raise Malformed("unsupported")
    attributes: dict[bytes, Element] = {}
    signed = content
    rest = signer[3:]
    if rest[0].tag == ber.CONTEXT_0:
        attributes = _attributes(rest[0])
        _check_attributes(attributes, parts.content_type, content, digest)
        # The signature is over the SET itself, not over the implicit tag it travels under (RFC 5652 5.4).
        signed = _SET_TAG + rest[0].encoded[1:]
        rest = rest[1:]
    if len(rest) < 2:
        raise Malformed("missing")
    algorithm = ber.members(rest[0], ber.SEQUENCE, 1)[0].contents
    certificate = _certificate_of(signer[1], parts.certificates)
    key = keys.holder(certificate).key
    keys.verify(key, algorithm, digest, ber.expect(rest[1], ber.OCTET_STRING).contents, signed)
    return certificate, attributes


def _attributes(signed: Element) -> dict[bytes, Element]:
    attributes: dict[bytes, Element] = {}
    for attribute in signed.children():
        kind, values = ber.members(attribute, ber.SEQUENCE, 2)[:2]
        if kind.contents in attributes:
            raise Malformed("duplicate_key")
        attributes[kind.contents] = ber.members(values, ber.SET, 1)[0]
    return attributes


def _check_attributes(
    attributes: Mapping[bytes, Element], content_type: bytes, content: bytes, digest: HashAlgorithm
) -> None:
    """RFC 5652 11.1 and 11.2: both must be there, and say what the message says."""
    if CONTENT_TYPE not in attributes or MESSAGE_DIGEST not in attributes:
        raise Malformed("missing")
    computed = Hash(digest)
    computed.update(content)
    if attributes[CONTENT_TYPE].contents != content_type:
        raise Malformed("bad_signature")
    if attributes[MESSAGE_DIGEST].contents != computed.finalize():
        raise Malformed("bad_signature")


def _certificate_of(signer: Element, certificates: list[Element]) -> bytes:
    """The only certificate, or the one that the signer's identifier names. The signature proves it either
    way.
    """
    if len(certificates) == 1:
        return certificates[0].encoded
    issuer, serial = ber.members(signer, ber.SEQUENCE, 2)[:2]
    for certificate in certificates:
        named = keys.holder(certificate.encoded)
        if named.issuer == issuer.encoded and named.serial == serial.contents:
            return certificate.encoded
    raise Malformed("missing")
