"""Pushes as data, and the certificate that sends them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from mdm.apple import push
from mdm.apple.errors import Malformed

TOPIC = "com.apple.mgmt.External.6b1b1e5c-0000-4000-8000-000000000000"


def certificate(key: rsa.RSAPrivateKey, *topics: str) -> x509.Certificate:
    names = [x509.NameAttribute(NameOID.USER_ID, topic) for topic in topics]
    subject = x509.Name([*names, x509.NameAttribute(NameOID.COMMON_NAME, "APSP:6b1b1e5c")])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).serial_number(1)
    builder = builder.not_valid_before(datetime.fromtimestamp(1_800_000_000, UTC)).public_key(
        key.public_key()
    )
    return builder.not_valid_after(datetime.fromtimestamp(1_831_536_000, UTC)).sign(key, hashes.SHA256())


def test_a_push_is_what_apple_asks_for() -> None:
    made = push.request(b"\x01\xab" * 16, "MAGIC-1", TOPIC, 1_800_000_000)
    assert made.path == "/3/device/" + "01ab" * 16
    assert json.loads(made.body) == {"mdm": "MAGIC-1"}
    assert made.headers == {
        "apns-topic": TOPIC,
        "apns-push-type": "mdm",
        "apns-priority": "10",
        "apns-expiration": "1800000000",
    }
    assert "MAGIC" not in repr(made) and "01ab" not in repr(made)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b"", ("delivered", "")),
        (410, b'{"reason":"Unregistered","timestamp":1}', ("token_dead", "Unregistered")),
        (400, b'{"reason":"BadDeviceToken"}', ("token_unknown", "BadDeviceToken")),
        (400, b'{"reason":"DeviceTokenNotForTopic"}', ("token_unknown", "DeviceTokenNotForTopic")),
        (403, b'{"reason":"BadCertificate"}', ("certificate_refused", "BadCertificate")),
        (400, b'{"reason":"TopicDisallowed"}', ("certificate_refused", "TopicDisallowed")),
        (429, b'{"reason":"TooManyRequests"}', ("later", "TooManyRequests")),
        (400, b'{"reason":"IdleTimeout"}', ("later", "IdleTimeout")),
        (503, b"<html>", ("later", "")),
        (400, b"[]", ("refused", "")),
        (400, b'{"reason":7}', ("refused", "")),
        (400, b"[" * 100_000, ("refused", "")),
    ],
)
def test_what_apples_answer_means(status: int, body: bytes, expected: tuple[str, str]) -> None:
    assert push.outcome(status, body) == expected


@pytest.mark.parametrize("form", [Encoding.PEM, Encoding.DER])
def test_the_topic_is_in_the_certificate(form: Encoding, phone_key: rsa.RSAPrivateKey) -> None:
    read = push.read_certificate(certificate(phone_key, TOPIC).public_bytes(form))
    assert (read.topic, read.not_after) == (TOPIC, 1_831_536_000)
    assert push.belongs(read, phone_key)
    assert not push.belongs(read, rsa.generate_private_key(65537, 2048))


@pytest.mark.parametrize("topics", [(), ("com.example.app",), (TOPIC, TOPIC)])
def test_other_certificates_are_none(topics: tuple[str, ...], phone_key: rsa.RSAPrivateKey) -> None:
    with pytest.raises(Malformed, match="wrong_usage"):
        push.read_certificate(certificate(phone_key, *topics).public_bytes(Encoding.PEM))


@pytest.mark.parametrize("encoded", [b"", b"-----BEGIN CERTIFICATE-----", b"\x30\x00"])
def test_what_is_no_certificate(encoded: bytes) -> None:
    with pytest.raises(Malformed, match="unsupported"):
        push.read_certificate(encoded)


def test_the_request_for_one(phone_key: rsa.RSAPrivateKey, openssl: Callable[..., bytes]) -> None:
    request = push.certificate_request(phone_key, "Example push", "it@example.org", "de")
    shown = openssl("req", "-verify", "-noout", "-subject", given=request)
    assert b"C = DE" in shown and b"it@example.org" in shown
