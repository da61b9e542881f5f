"""CMS EnvelopedData (RFC 5652 6): what only the holder of one RSA key can read."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, AsymmetricPadding, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from mdm.apple import ber, ciphers, der, keys
from mdm.apple.ber import Element
from mdm.apple.ciphers import Cipher
from mdm.apple.errors import Malformed

DATA = "1.2.840.113549.1.7.1"
ENVELOPED_DATA = "1.2.840.113549.1.7.3"
RSA_ENCRYPTION = "1.2.840.113549.1.1.1"
RSAES_OAEP = "1.2.840.113549.1.1.7"
MGF_1 = "1.2.840.113549.1.1.8"

MOST_RECIPIENTS = 16


@dataclass(frozen=True)
class Opened:
    """What was in an envelope, and with which cipher it was closed."""

    content: bytes
    cipher: Cipher


def unseal(message: bytes, key: RSAPrivateKey, certificate: bytes) -> Opened:
    """The contents of an EnvelopedData for the holder of `certificate` (DER).

    Whatever is wrong, the answer is Malformed("unreadable"): one that told a wrong key from wrong padding
    would be an oracle that decrypts for strangers (RFC 3218 2).
    """
    try:
        return _unseal(message, key, certificate)
    except (ValueError, UnsupportedAlgorithm):
        raise Malformed("unreadable") from None


def seal(content: bytes, certificate: bytes, cipher: Cipher) -> bytes:
    """An EnvelopedData that only the holder of `certificate` (DER) can read; raises Malformed if its key is
    not RSA.
    """
    holder = keys.holder(certificate)
    if not isinstance(holder.key, RSAPublicKey):
        raise Malformed("unsupported")
    content_key, vector = cipher.new_key(), cipher.new_vector()
    recipient = der.sequence(
        der.integer(0),
        der.sequence(holder.issuer, der.element(ber.INTEGER, holder.serial)),
        der.algorithm(RSA_ENCRYPTION),
        der.octet_string(holder.key.encrypt(content_key, PKCS1v15())),
    )
    encrypted = der.sequence(
        der.object_identifier(DATA),
        der.algorithm(cipher.dotted, der.octet_string(vector)),
        der.element(ber.CONTEXT_0_PRIMITIVE, cipher.encrypt(content_key, vector, content)),
    )
    enveloped = der.sequence(der.integer(0), der.set_of(recipient), encrypted)
    return der.sequence(der.object_identifier(ENVELOPED_DATA), der.context(0, enveloped))


def _unseal(message: bytes, key: RSAPrivateKey, certificate: bytes) -> Opened:
    kind, wrapped = ber.members(ber.read(message), ber.SEQUENCE, 2)[:2]
    if kind.contents != der.identifier(ENVELOPED_DATA):
        raise Malformed("unknown_value")
    fields = ber.members(ber.members(wrapped, ber.CONTEXT_0, 1)[0], ber.SEQUENCE, 3)
    if fields[1].tag == ber.CONTEXT_0:  # the originator's certificates
        fields = fields[1:]
    recipients = ber.members(fields[1], ber.SET, 1)
    _, algorithm, encrypted = ber.members(fields[2], ber.SEQUENCE, 3)[:3]
    cipher_name, vector = ber.members(algorithm, ber.SEQUENCE, 2)[:2]
    cipher = ciphers.READ.get(cipher_name.contents)
    if cipher is None:
        raise Malformed("unsupported")
    content_key = _content_key(_recipient(recipients, certificate), key, cipher)
    content = cipher.decrypt(
        content_key, ber.expect(vector, ber.OCTET_STRING).contents, ber.octets(encrypted)
    )
    return Opened(content, cipher)


def _recipient(recipients: list[Element], certificate: bytes) -> list[Element]:
    """The only recipient, or the one that names our certificate by its number."""
    if len(recipients) > MOST_RECIPIENTS:
        raise Malformed("too_many")
    ours = keys.holder(certificate)
    for recipient in recipients:
        fields = ber.members(recipient, ber.SEQUENCE, 4)
        if len(recipients) == 1:
            return fields
        if fields[1].tag == ber.SEQUENCE:
            issuer, serial = ber.members(fields[1], ber.SEQUENCE, 2)[:2]
            if (issuer.encoded, serial.contents) == (ours.issuer, ours.serial):
                return fields
    raise Malformed("missing")


def _content_key(recipient: list[Element], key: RSAPrivateKey, cipher: Cipher) -> bytes:
    """The key of the contents, or a random one where there is none: the failure then comes later, and looks
    the same.
    """
    fallback = cipher.new_key()
    try:
        found = key.decrypt(ber.expect(recipient[3], ber.OCTET_STRING).contents, _padding(recipient[2]))
    except ValueError:
        return fallback
    return found if len(found) == cipher.key_length else fallback


def _padding(algorithm: Element) -> AsymmetricPadding:
    name, *parameters = ber.members(algorithm, ber.SEQUENCE, 1)
    if name.contents == der.identifier(RSA_ENCRYPTION):
        return PKCS1v15()
    if name.contents != der.identifier(RSAES_OAEP):
        raise Malformed("unsupported")
    digest: hashes.HashAlgorithm = keys.SHA1
    mask: hashes.HashAlgorithm = keys.SHA1
    for parameter in parameters[0].children() if parameters else []:
        inner = ber.members(parameter, parameter.tag, 1)[0]
        if parameter.tag == ber.CONTEXT_0:
            digest = _digest(inner)
        elif parameter.tag == ber.CONTEXT_1:
            function, of = ber.members(inner, ber.SEQUENCE, 2)[:2]
            if function.contents != der.identifier(MGF_1):
                raise Malformed("unsupported")
            mask = _digest(of)
        else:
            raise Malformed("unsupported")  # a label, which nobody uses
    return OAEP(MGF1(mask), digest, None)


def _digest(algorithm: Element) -> hashes.HashAlgorithm:
    digest = keys.DIGESTS.get(ber.members(algorithm, ber.SEQUENCE, 1)[0].contents)
    if digest is None:
        raise Malformed("unsupported")
    return digest
