"""SCEP (RFC 8894), as much as a device needs to get its certificate: what it asks, and what we answer."""

from __future__ import annotations

import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from mdm.apple import certificate_requests, ciphers, der, envelopes, keys, signing
from mdm.apple.authority import Authority
from mdm.apple.ber import Element
from mdm.apple.certificate_requests import CertificateRequest
from mdm.apple.ciphers import Cipher
from mdm.apple.errors import Malformed
from mdm.apple.signed_data import read_signed

CAPABILITIES = b"POSTPKIOperation\nSHA-256\nAES\nDES3\nSCEPStandard\n"
"""The answer to GetCACaps (RFC 8894 3.5.2). Renewal is not among them: a certificate is asked for with a
fresh challenge.
"""

CAPABILITIES_TYPE = "text/plain"
AUTHORITY_TYPE = "application/x-x509-ca-cert"
"""Of the answer to GetCACert, which is the authority's certificate (DER)."""
MESSAGE_TYPE = "application/x-pki-message"

CERTIFICATE_REQUEST = "19"
"""PKCSReq, the only message type that we serve (RFC 8894 3.2.1.2)."""

LONGEST_TRANSACTION = 255
LONGEST_NONCE = 64

LONGEST_PARAMETER = 131_072
"""Characters; a client's message has up to 8,000."""

_ALPHABET = str.maketrans(" -_", "++/", "\r\n\t")

_CERTIFICATE_RESPONSE = "3"
_SUCCESS = "0"
_FAILURE = "2"
_BAD_REQUEST = "2"

_VERISIGN = "2.16.840.1.113733.1.9."
_MESSAGE_TYPE = _VERISIGN + "2"
_STATUS = _VERISIGN + "3"
_FAILURE_REASON = _VERISIGN + "4"
_SENDER_NONCE = _VERISIGN + "5"
_RECIPIENT_NONCE = _VERISIGN + "6"
_TRANSACTION = _VERISIGN + "7"


@dataclass(frozen=True)
class Request:
    """What a device asks of the authority.

    `certificate` is the one it signed with (DER), usually its own; the answer is sealed to it. `inside` is
    None if the envelope could not be opened or what was in it could not be read: the answer is `failure`,
    just as for a wrong challenge.
    """

    message_type: str
    transaction: str
    nonce: bytes
    certificate: bytes
    inside: CertificateRequest | None
    cipher: Cipher = field(default=ciphers.AES_256)


def decode(message: bytes, authority: Authority) -> Request:
    """The body of a PKIOperation; raises Malformed if there is nothing that could be answered."""
    signed = read_signed(message)
    message_type = _text(signed.attributes, _MESSAGE_TYPE)
    transaction = _text(signed.attributes, _TRANSACTION)
    nonce = _attribute(signed.attributes, _SENDER_NONCE).contents
    if len(transaction) > LONGEST_TRANSACTION or len(nonce) > LONGEST_NONCE:
        raise Malformed("too_long")
    request = Request(message_type, transaction, nonce, signed.certificate, None)
    if message_type != CERTIFICATE_REQUEST:
        return request
    try:
        opened = envelopes.unseal(signed.content or b"", authority.key, authority.certificate)
        inside = certificate_requests.read_request(opened.content)
    except Malformed:
        return request
    if not isinstance(keys.holder(signed.certificate).key, RSAPublicKey):
        return request  # nothing could be sealed to it
    return Request(
        message_type, transaction, nonce, signed.certificate, inside, ciphers.to_answer(opened.cipher)
    )


def decode_parameter(message: str) -> bytes:
    """The PKIOperation in the query parameter `message` of a GET (RFC 8894 4.1), decoded once by the server.

    Clients that do not escape "+" leave spaces in it, others write the alphabet that is safe in addresses,
    break lines or leave out the padding. Raises Malformed.
    """
    if len(message) > LONGEST_PARAMETER:
        raise Malformed("too_large")
    text = message.translate(_ALPHABET).rstrip("=")
    try:
        return binascii.a2b_base64((text + "=" * (-len(text) % 4)).encode("ascii"), strict_mode=True)
    except ValueError:
        raise Malformed("not_base64") from None


def success(request: Request, certificate: bytes, authority: Authority) -> bytes:
    """The answer with the new certificate (DER), sealed to the device."""
    issued = signing.certificates_only(certificate, authority.certificate)
    sealed = envelopes.seal(issued, request.certificate, request.cipher)
    return _answer(request, authority, sealed, {_STATUS: der.printable_string(_SUCCESS)})


def failure(request: Request, authority: Authority) -> bytes:
    """The answer to everything that is not granted: badRequest (RFC 8894 3.2.1.4), whatever the reason.

    Its content is empty and not absent: there is no envelope either way, and certmonger verifies nothing that
    is absent.
    """
    status = {
        _STATUS: der.printable_string(_FAILURE),
        _FAILURE_REASON: der.printable_string(_BAD_REQUEST),
    }
    return _answer(request, authority, b"", status)


def _answer(request: Request, authority: Authority, content: bytes, status: dict[str, bytes]) -> bytes:
    attributes = {
        _MESSAGE_TYPE: der.printable_string(_CERTIFICATE_RESPONSE),
        **status,
        _TRANSACTION: der.printable_string(request.transaction),
        _RECIPIENT_NONCE: der.octet_string(request.nonce),
        _SENDER_NONCE: der.octet_string(secrets.token_bytes(16)),
    }
    return signing.sign(content, attributes, authority.key, authority.certificate)


def _attribute(attributes: Mapping[bytes, Element], dotted: str) -> Element:
    try:
        return attributes[der.identifier(dotted)]
    except KeyError:
        raise Malformed("missing") from None


def _text(attributes: Mapping[bytes, Element], dotted: str) -> str:
    try:
        return _attribute(attributes, dotted).contents.decode("ascii")
    except UnicodeDecodeError:
        raise Malformed("wrong_type") from None
