"""SCEP from both sides: the simulated client asks, we answer, and openssl looks at the answers."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, unquote_plus

import pytest
from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from mdm.apple import authority as authorities
from mdm.apple import scep
from mdm.apple.authority import Authority
from mdm.apple.errors import Malformed
from simulation.apple_scep import CIPHERS, Client, Refused, seal
from simulation.apple_signing import signed_data, signer_info

from .conftest import NOW

OpenSsl = Callable[..., bytes]


@pytest.fixture
def client(phone_key: rsa.RSAPrivateKey) -> Client:
    return Client(phone_key, "phone")


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("cipher", CIPHERS)
def test_a_device_gets_its_certificate(
    cipher: str, digest: str, authority: Authority, phone_key: rsa.RSAPrivateKey
) -> None:
    client = Client(phone_key, "phone", cipher, digest)
    request = scep.decode(client.request(authority.certificate, "s3cret"), authority)
    assert request.inside is not None
    assert (request.message_type, request.transaction, request.nonce) == (
        "19",
        client.transaction,
        client.nonce,
    )
    assert request.inside.challenge == "s3cret"
    certificate = authorities.issue(request.inside, authority, "phone-1", "Example", NOW)
    answer = scep.success(request, certificate, authority)
    assert client.read_answer(answer, authority.certificate) == certificate


def test_the_answer_uses_the_family_of_ciphers_that_the_request_used(
    authority: Authority, phone_key: rsa.RSAPrivateKey
) -> None:
    used = {
        cipher: scep.decode(
            Client(phone_key, "a", cipher).request(authority.certificate, "x"), authority
        ).cipher.name
        for cipher in CIPHERS
    }
    assert used == {"aes256_cbc": "AES-256", "aes128_cbc": "AES-128", "tripledes_3key": "3DES", "des": "3DES"}


def test_a_refusal_names_the_request_and_nothing_else(client: Client, authority: Authority) -> None:
    request = scep.decode(client.request(authority.certificate, "wrong"), authority)
    with pytest.raises(Refused, match="2"):
        client.read_answer(scep.failure(request, authority), authority.certificate)


def test_whatever_was_wrong_inside_the_refusal_is_the_same(client: Client, authority: Authority) -> None:
    stranger = authorities.new_authority("Stranger", NOW, bits=2048).certificate
    inside = client.certificate_request("s3cret")
    contents = [
        seal(inside, stranger, "aes256_cbc"),
        seal(inside[:-1] + bytes((inside[-1] ^ 1,)), authority.certificate, "aes256_cbc"),
        seal(b"", authority.certificate, "aes256_cbc"),
        seal(b"no request", authority.certificate, "des"),
        seal(inside, authority.certificate, "aes256_cbc")[:-1],
        inside,
        b"",
    ]
    requests = [scep.decode(client.message(content), authority) for content in contents]
    assert len({dataclasses.replace(each) for each in requests}) == 1
    assert requests[0].inside is None
    sizes = {len(scep.failure(each, authority)) for each in requests}
    assert len(sizes) == 1


def test_who_signs_with_a_key_that_nothing_can_be_sealed_to_is_refused_too(
    client: Client, authority: Authority, mac_key: ec.EllipticCurvePrivateKey, mac_identity: bytes
) -> None:
    message = cms.ContentInfo.load(client.request(authority.certificate, "s3cret"))
    holder = asn1_x509.Certificate.load(mac_identity)
    attributes = message["content"]["signer_infos"][0]["signed_attrs"]
    signature = mac_key.sign(b"\x31" + attributes.dump()[1:], ec.ECDSA(hashes.SHA256()))
    signer = signer_info(holder, "sha256", "sha256_ecdsa", signature, attributes)
    content = message["content"]["encap_content_info"]["content"].native
    request = scep.decode(signed_data(holder, signer, content), authority)
    assert request.certificate == mac_identity and request.inside is None


@pytest.mark.parametrize("message_type", ["17", "20", "21", "22", "3", "99"])
def test_other_messages_are_read_no_further(message_type: str, client: Client, authority: Authority) -> None:
    request = scep.decode(client.request(authority.certificate, "x", message_type), authority)
    assert request.message_type == message_type and request.inside is None


def test_what_cannot_be_answered(client: Client, authority: Authority) -> None:
    message = client.request(authority.certificate, "s3cret")
    for wrong in (
        b"",
        message[:-1],
        message[:-1] + bytes((message[-1] ^ 1,)),
        message.replace(client.nonce, bytes(16)),
    ):
        with pytest.raises(Malformed):
            scep.decode(wrong, authority)
    client.transaction = "a" * 256
    with pytest.raises(Malformed, match="too_long"):
        scep.decode(client.request(authority.certificate, "s3cret"), authority)


def test_openssl_verifies_the_answers(
    client: Client, authority: Authority, tmp_path: Path, openssl: OpenSsl
) -> None:
    request = scep.decode(client.request(authority.certificate, "s3cret"), authority)
    assert request.inside is not None
    certificate = authorities.issue(request.inside, authority, "phone-1", "Example", NOW)
    root = tmp_path / "root.pem"
    root.write_bytes(authority.parsed.public_bytes(Encoding.PEM))
    options = ("-verify", "-inform", "DER", "-CAfile", root, "-purpose", "any", "-no_check_time")
    sealed = openssl("cms", *options, given=scep.success(request, certificate, authority))
    assert cms.ContentInfo.load(sealed)["content_type"].native == "enveloped_data"
    for program in ("cms", "smime"):
        assert openssl(program, *options, given=scep.failure(request, authority)) == b""


def test_the_authority_is_served_as_it_is(authority: Authority) -> None:
    assert b"AES" in scep.CAPABILITIES and b"POSTPKIOperation" in scep.CAPABILITIES
    parsed = x509.load_der_x509_certificate(authority.certificate)
    usage = parsed.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.key_encipherment and usage.digital_signature and usage.key_cert_sign


MESSAGE = b"0" + bytes(range(256)) * 8 + b"\xfb\xef\xbe" * 60 + b"\xff\xff\xbe"


@pytest.mark.parametrize(
    "as_sent",
    [
        quote(base64.b64encode(MESSAGE), safe=""),
        quote(base64.b64encode(MESSAGE), safe="+/="),  # "+" arrives as a space
        quote(base64.b64encode(MESSAGE).rstrip(b"="), safe=""),
        quote(base64.urlsafe_b64encode(MESSAGE), safe=""),
        quote(base64.urlsafe_b64encode(MESSAGE).rstrip(b"="), safe=""),
        quote(base64.encodebytes(MESSAGE), safe=""),
        quote(base64.encodebytes(MESSAGE).replace(b"\n", b"\r\n"), safe="+"),
    ],
)
def test_every_way_of_putting_a_message_into_an_address(as_sent: str) -> None:
    assert scep.decode_parameter(unquote_plus(as_sent)) == MESSAGE


@pytest.mark.parametrize("text", ["!", "é", "AAAAA", "AA=A"])
def test_what_is_no_message(text: str) -> None:
    with pytest.raises(Malformed, match="not_base64"):
        scep.decode_parameter(text)


def test_a_message_that_is_too_long() -> None:
    with pytest.raises(Malformed, match="too_large"):
        scep.decode_parameter("A" * 200_000)
