"""Simulation: the client's side of SCEP (RFC 8894), as a phone or a Mac runs it when it installs a
profile.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from asn1crypto import cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AttributeOID, NameOID

from simulation.apple_signing import signed_data, signer_info
from simulation.apple_transport import Transport, expect

CIPHERS = {"aes256_cbc": (32, 16), "aes128_cbc": (16, 16), "tripledes_3key": (24, 8), "des": (8, 8)}
"""Lengths of key and block."""

_VERISIGN = "2.16.840.1.113733.1.9."
_NAMES = {"2": "message_type", "3": "status", "4": "failure", "5": "sender_nonce"}
_NAMES |= {"6": "recipient_nonce", "7": "transaction"}


class Refused(Exception):
    """The server answered that it does not grant the request."""


@dataclass
class Client:
    """One enrolment with one key. `cipher` is one of `CIPHERS`."""

    key: rsa.RSAPrivateKey
    name: str
    cipher: str = "aes256_cbc"
    digest: str = "sha256"
    transaction: str = field(default_factory=lambda: secrets.token_hex(16))
    nonce: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    def __post_init__(self) -> None:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).serial_number(1)
        builder = builder.public_key(self.key.public_key()).not_valid_before(now - timedelta(days=1))
        self.certificate = builder.not_valid_after(now + timedelta(days=1)).sign(self.key, hashes.SHA256())
        self.holder = asn1_x509.Certificate.load(self.certificate.public_bytes(Encoding.DER))

    def request(self, authority: bytes, challenge: str, message_type: str = "19") -> bytes:
        """The PKIOperation that asks `authority` (DER) for a certificate."""
        return self.message(seal(self.certificate_request(challenge), authority, self.cipher), message_type)

    def certificate_request(self, challenge: str) -> bytes:
        """The PKCS #10 (DER) inside."""
        builder = x509.CertificateSigningRequestBuilder().subject_name(self.certificate.subject)
        builder = builder.add_attribute(AttributeOID.CHALLENGE_PASSWORD, challenge.encode())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def message(self, content: bytes, message_type: str = "19") -> bytes:
        """Any content, signed with SCEP's attributes."""
        digest = getattr(hashes, self.digest.upper())()
        computed = hashes.Hash(digest)
        computed.update(content)
        attributes = cms.CMSAttributes(
            [
                cms.CMSAttribute({"type": "content_type", "values": ["data"]}),
                cms.CMSAttribute({"type": "message_digest", "values": [computed.finalize()]}),
                _attribute("2", core.PrintableString(message_type)),
                _attribute("7", core.PrintableString(self.transaction)),
                _attribute("5", core.OctetString(self.nonce)),
            ]
        )
        signature = self.key.sign(attributes.dump(), PKCS1v15(), digest)
        signer = signer_info(self.holder, self.digest, f"{self.digest}_rsa", signature, attributes)
        return signed_data(self.holder, signer, content)

    def read_answer(self, answer: bytes, authority: bytes) -> bytes:
        """The new certificate (DER) from the server's answer; raises Refused, or ValueError if the answer is
        wrong.
        """
        content = cms.ContentInfo.load(answer)["content"]
        signer = content["signer_infos"][0]
        attributes = _read_attributes(signer["signed_attrs"])
        key = x509.load_der_x509_certificate(authority).public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            raise ValueError("the authority's key is not RSA")
        signed = b"\x31" + signer["signed_attrs"].dump()[1:]
        key.verify(signer["signature"].native, signed, PKCS1v15(), hashes.SHA256())
        if (attributes["transaction"], attributes["recipient_nonce"]) != (self.transaction, self.nonce):
            raise ValueError("an answer to somebody else")
        if attributes["status"] != "0":
            raise Refused(attributes["failure"])
        sealed = content["encap_content_info"]["content"].native
        computed = hashes.Hash(hashes.SHA256())
        computed.update(sealed)
        if attributes["digest"] != computed.finalize():
            raise ValueError("the content is not what was signed")
        issued = cms.ContentInfo.load(unseal(sealed, self.key))["content"]["certificates"]
        return next(each.chosen.dump() for each in issued if each.chosen.dump() != authority)


def fetch(
    transport: Transport, payload: Mapping[str, Any], key: rsa.RSAPrivateKey, name: str, cipher: str
) -> bytes:
    """A certificate (DER), as a profile's SCEP payload says; raises Failed or Refused."""
    address = payload["URL"] + ("&" if "?" in payload["URL"] else "?")
    capabilities = transport("GET", f"{address}operation=GetCACaps", {}, b"").body.split()
    authority = expect(transport("GET", f"{address}operation=GetCACert&message=CA", {}, b"")).body
    client = Client(key, name, cipher if b"AES" in capabilities else "tripledes_3key")
    message = client.request(authority, payload["Challenge"])
    if b"POSTPKIOperation" in capabilities:
        headers = {"Content-Type": "application/x-pki-message"}
        answer = transport("POST", f"{address}operation=PKIOperation", headers, message)
    else:
        text = base64.b64encode(message).decode("ascii").replace("+", "%2B")
        answer = transport("GET", f"{address}operation=PKIOperation&message={text}", {}, b"")
    return client.read_answer(expect(answer).body, authority)


def seal(content: bytes, certificate: bytes, cipher: str) -> bytes:
    """An EnvelopedData for the holder of a certificate (DER)."""
    key_length, block = CIPHERS[cipher]
    content_key, vector = secrets.token_bytes(key_length), secrets.token_bytes(block)
    holder = asn1_x509.Certificate.load(certificate)
    public = x509.load_der_x509_certificate(certificate).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    padder = padding.PKCS7(block * 8).padder()
    encryptor = Cipher(_algorithm(content_key, len(vector)), modes.CBC(vector)).encryptor()
    number = {"issuer": holder.issuer, "serial_number": holder.serial_number}
    recipient = cms.KeyTransRecipientInfo(
        {
            "version": "v0",
            "rid": cms.RecipientIdentifier("issuer_and_serial_number", number),
            "key_encryption_algorithm": {"algorithm": "rsaes_pkcs1v15"},
            "encrypted_key": public.encrypt(content_key, PKCS1v15()),
        }
    )
    encrypted = {
        "content_type": "data",
        "content_encryption_algorithm": {"algorithm": cipher, "parameters": vector},
        "encrypted_content": encryptor.update(padder.update(content) + padder.finalize())
        + encryptor.finalize(),
    }
    enveloped = {
        "version": "v0",
        "recipient_infos": [cms.RecipientInfo("ktri", recipient)],
        "encrypted_content_info": encrypted,
    }
    sealed = cms.ContentInfo({"content_type": "enveloped_data", "content": cms.EnvelopedData(enveloped)})
    encoded: bytes = sealed.dump()
    return encoded


def unseal(message: bytes, key: rsa.RSAPrivateKey) -> bytes:
    """What is in an EnvelopedData."""
    enveloped = cms.ContentInfo.load(message)["content"]
    content_key = key.decrypt(enveloped["recipient_infos"][0].chosen["encrypted_key"].native, PKCS1v15())
    encrypted = enveloped["encrypted_content_info"]
    vector = encrypted["content_encryption_algorithm"]["parameters"].native
    decryptor = Cipher(_algorithm(content_key, len(vector)), modes.CBC(vector)).decryptor()
    padded = decryptor.update(encrypted["encrypted_content"].native) + decryptor.finalize()
    unpadder = padding.PKCS7(len(vector) * 8).unpadder()
    return unpadder.update(padded) + unpadder.finalize()


def _algorithm(key: bytes, block: int) -> AES | TripleDES:
    return TripleDES(key * (24 // len(key))) if block == 8 else AES(key)


def _attribute(number: str, value: Any) -> Any:
    return cms.CMSAttribute({"type": _VERISIGN + number, "values": [core.Any(value)]})


def _read_attributes(attributes: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for attribute in attributes:
        number = attribute["type"].dotted.removeprefix(_VERISIGN)
        if number in _NAMES:
            found[_NAMES[number]] = attribute["values"][0].parse().native
        elif attribute["type"].native == "message_digest":
            found["digest"] = attribute["values"][0].native
    return found
