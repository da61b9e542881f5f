"""Certificate requests as devices really write them, correct or not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mdm.apple import der
from mdm.apple.certificate_requests import read_request
from mdm.apple.errors import Malformed
from simulation.apple_scep import Client

OpenSsl = Callable[..., bytes]
SHA256_RSA = "1.2.840.113549.1.1.11"
SHA1_RSA_OF_OIW = "1.3.14.3.2.29"
CHALLENGE = "1.2.840.113549.1.9.7"
EXTENSIONS = "1.2.840.113549.1.9.14"


def written(
    key: rsa.RSAPrivateKey,
    attributes: list[bytes],
    name: bytes = der.sequence(),
    algorithm: str = SHA256_RSA,
    digest: hashes.HashAlgorithm | None = None,
) -> bytes:
    """A request with these attributes in this order, whether DER likes it or not."""
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    information = der.sequence(der.integer(0), name, public, der.context(0, *attributes))
    signature = key.sign(information, padding.PKCS1v15(), digest or hashes.SHA256())
    return der.sequence(information, der.algorithm(algorithm), der.element(3, b"\0" + signature))


def attribute(name: str, value: bytes) -> bytes:
    return der.sequence(der.object_identifier(name), der.set_of(value))


def code_of(encoded: bytes) -> str:
    with pytest.raises(Malformed) as caught:
        read_request(encoded)
    return caught.value.code


def test_what_the_simulation_writes(phone_key: rsa.RSAPrivateKey) -> None:
    request = read_request(Client(phone_key, "phone").certificate_request("s3cret"))
    assert request.challenge == "s3cret"
    assert request.key == phone_key.public_key()
    assert "s3cret" not in repr(request)


@pytest.mark.parametrize(
    "kind",
    ["rsa:2048", "rsa:3072", "ec -pkeyopt ec_paramgen_curve:P-256", "ec -pkeyopt ec_paramgen_curve:P-384"],
)
def test_what_openssl_writes(kind: str, tmp_path: Path, openssl: OpenSsl) -> None:
    settings = tmp_path / "settings"
    settings.write_text(
        "[req]\nprompt=no\ndistinguished_name=name\nattributes=attributes\nreq_extensions=extensions\n"
        "[name]\nCN=phone\n[attributes]\nchallengePassword=s3cret\n[extensions]\nkeyUsage=digitalSignature\n"
    )
    options = ("req", "-new", "-nodes", "-outform", "DER", "-config", settings, "-keyout", tmp_path / "key")
    request = read_request(openssl(*options, "-newkey", *kind.split()))
    assert request.challenge == "s3cret"


def test_attributes_in_an_order_that_der_forbids(phone_key: rsa.RSAPrivateKey) -> None:
    wished = attribute(EXTENSIONS, der.sequence())
    challenge = attribute(CHALLENGE, der.printable_string("s3cret"))
    assert sorted([challenge, wished]) == [wished, challenge]
    encoded = written(phone_key, [challenge, wished])
    with pytest.raises(ValueError, match=r"(?i)order"):
        list(x509.load_der_x509_csr(encoded).attributes)
    assert read_request(encoded).challenge == "s3cret"


@pytest.mark.parametrize(
    ("tag", "contents", "text"),
    [
        (0x0C, "schlüssel".encode(), "schlüssel"),
        (0x13, b"with!@#marks", "with!@#marks"),
        (0x14, b"teletex", "teletex"),
        (0x16, b"ia5", "ia5"),
        (0x1E, "breit".encode("utf-16-be"), "breit"),
    ],
)
def test_every_type_of_text(tag: int, contents: bytes, text: str, phone_key: rsa.RSAPrivateKey) -> None:
    assert (
        read_request(written(phone_key, [attribute(CHALLENGE, der.element(tag, contents))])).challenge == text
    )


def test_a_name_that_no_parser_likes_and_an_old_algorithm(phone_key: rsa.RSAPrivateKey) -> None:
    """Seen from a real Windows PC: a PrintableString with "!" and a zero at its end, signed by an identifier
    of 1990.
    """
    part = der.sequence(der.object_identifier("2.5.4.3"), der.element(0x13, b"A!B\0"))
    name = der.sequence(der.set_of(part))
    encoded = written(phone_key, [], name, SHA1_RSA_OF_OIW, hashes.SHA1())  # noqa: S303
    assert read_request(encoded).key == phone_key.public_key()


def test_no_attributes_no_challenge(phone_key: rsa.RSAPrivateKey) -> None:
    assert read_request(written(phone_key, [])).challenge == ""


def test_a_signature_that_does_not_fit(phone_key: rsa.RSAPrivateKey) -> None:
    encoded = written(phone_key, [attribute(CHALLENGE, der.printable_string("s3cret"))])
    assert code_of(encoded.replace(b"s3cret", b"s3creT")) == "bad_signature"


def test_weak_keys(openssl: OpenSsl, tmp_path: Path) -> None:
    options = ("req", "-new", "-nodes", "-outform", "DER", "-subj", "/CN=a", "-keyout", tmp_path / "key")
    assert code_of(openssl(*options, "-newkey", "rsa:1024")) == "weak_key"
    assert (
        code_of(openssl(*options, "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"))
        == "unsupported"
    )
    assert code_of(openssl(*options, "-newkey", "ed25519")) == "unsupported"


def test_challenges_that_are_none(phone_key: rsa.RSAPrivateKey) -> None:
    assert code_of(written(phone_key, [attribute(CHALLENGE, der.integer(5))])) == "wrong_type"
    assert code_of(written(phone_key, [attribute(CHALLENGE, der.element(0x0C, b"\xff"))])) == "wrong_type"
    assert code_of(written(phone_key, [attribute(CHALLENGE, der.element(0x0C, b"a" * 256))])) == "too_long"
    assert (
        code_of(written(phone_key, [der.sequence(der.object_identifier(CHALLENGE), der.set_of())]))
        == "missing"
    )
