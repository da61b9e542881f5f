"""Signatures that prove nothing: forged, weak, incomplete, or none at all."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from mdm.apple import signed_data
from mdm.apple.authority import Authority
from simulation.apple_scep import Client
from simulation.apple_signing import Style, mdm_signature, without_attributes

from .signing import encoded, written
from .test_signed_data import BODY, code_of

OpenSsl = Callable[..., bytes]


def test_two_signers_are_one_too_many(
    phone_key: rsa.RSAPrivateKey, identity: bytes, tmp_path: Path, openssl: OpenSsl
) -> None:
    key, certificate = written(tmp_path, phone_key, identity)
    other = tmp_path / "other.pem"
    other.write_bytes(Client(phone_key, "other").certificate.public_bytes(Encoding.PEM))
    signers = ("-signer", certificate, "-inkey", key, "-signer", other, "-inkey", key)
    signature = openssl("cms", "-sign", "-binary", "-outform", "DER", *signers, given=BODY)
    assert code_of(encoded(signature)) == "too_many"


def test_somebody_elses_certificate_does_not_fit(
    phone_key: rsa.RSAPrivateKey, authority: Authority, identity: bytes
) -> None:
    signature = base64.b64decode(mdm_signature(BODY, phone_key, identity, Style.APPLE))
    stranger = rsa.generate_private_key(65537, 2048)
    forged = base64.b64decode(mdm_signature(BODY, stranger, identity, Style.APPLE))
    assert signature != forged
    assert code_of(encoded(forged)) == "bad_signature"


def test_signed_attributes_cannot_be_passed_off_as_a_body(
    phone_key: rsa.RSAPrivateKey, identity: bytes
) -> None:
    """The bytes that were signed are then a SET, which is no property list and no envelope."""
    message = base64.b64decode(mdm_signature(BODY, phone_key, identity, Style.ATTRIBUTES))
    content = cms.ContentInfo.load(message)
    signer = content["content"]["signer_infos"][0]
    attributes = b"\x31" + signer["signed_attrs"].dump()[1:]
    del signer["signed_attrs"]
    assert signed_data.verify_detached(encoded(content.dump(force=True)), attributes) == identity
    assert attributes[0] == 0x31


@pytest.mark.parametrize("missing", ["content_type", "message_digest"])
def test_attributes_that_must_be_there(missing: str, phone_key: rsa.RSAPrivateKey, identity: bytes) -> None:
    message = base64.b64decode(mdm_signature(BODY, phone_key, identity, Style.ATTRIBUTES))
    content = cms.ContentInfo.load(message)
    signer = content["content"]["signer_infos"][0]
    signer["signed_attrs"] = [each for each in signer["signed_attrs"] if each["type"].native != missing]
    assert code_of(encoded(content.dump(force=True))) == "missing"


def test_weak_keys_are_refused() -> None:
    key = rsa.generate_private_key(65537, 1024)  # noqa: S505
    certificate = Client(key, "old").certificate.public_bytes(Encoding.DER)
    assert code_of(encoded(without_attributes(BODY, key, certificate, is_apple=True))) == "weak_key"


def test_curves_that_nobody_uses_are_refused(authority: Authority) -> None:
    key = ec.generate_private_key(ec.SECP521R1())
    builder = (
        x509.CertificateBuilder().subject_name(authority.parsed.subject).issuer_name(authority.parsed.subject)
    )
    builder = builder.public_key(key.public_key()).serial_number(1)
    start = authority.parsed.not_valid_before_utc
    certificate = builder.not_valid_before(start).not_valid_after(start).sign(key, hashes.SHA256())
    signature = without_attributes(BODY, key, certificate.public_bytes(Encoding.DER), is_apple=False)
    assert code_of(encoded(signature)) == "unsupported"


@pytest.mark.parametrize(
    ("signature", "code"),
    [
        ("", "truncated"),
        ("!", "not_base64"),
        ("é", "not_base64"),
        ("MAA", "not_base64"),
        ("MAA=", "missing"),
        ("A" * (signed_data.LONGEST_SIGNATURE + 4), "too_large"),
        (encoded(b"\x30\x80" * 8_000), "too_large"),
        (encoded(b"\x30\x80" * 4_000), "too_deep"),
        (encoded(b"\x30\x80" + b"\x05\x00" * 5_000 + b"\0\0"), "too_many"),
        (encoded(b"\x30\x84\xff\xff\xff\xff"), "truncated"),
        (encoded(b"\x3f\x81\x00\x00"), "unsupported"),
    ],
)
def test_what_is_no_signature_at_all(signature: str, code: str) -> None:
    assert code_of(signature) == code
