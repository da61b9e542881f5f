"""Envelopes: what openssl and the simulation close is opened, what we close is opened by them, and failures
look alike.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from asn1crypto import cms, core
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mdm.apple import ciphers, envelopes
from mdm.apple.errors import Malformed
from simulation import apple_scep

CONTENT = bytes(range(256)) * 5
OpenSsl = Callable[..., bytes]
OPTIONS = {
    "DES": ("-des-cbc", "-provider", "legacy", "-provider", "default"),
    "3DES": ("-des3",),
    "AES-128": ("-aes128",),
    "AES-192": ("-aes192",),
    "AES-256": ("-aes256",),
}


def code_of(message: bytes, key: rsa.RSAPrivateKey, certificate: bytes) -> str:
    with pytest.raises(Malformed) as caught:
        envelopes.unseal(message, key, certificate)
    return str(caught.value)


def shows_nothing(message: bytes, key: rsa.RSAPrivateKey, certificate: bytes) -> bool:
    """With a wrong key one message in 256 ends in what looks like padding, and is opened to noise."""
    try:
        opened = envelopes.unseal(message, key, certificate)
    except Malformed as refused:
        return str(refused) == "unreadable"
    return CONTENT[16:48] not in opened.content


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, phone_key: rsa.RSAPrivateKey, identity: bytes) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    key = phone_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(key)
    certificate = x509.load_der_x509_certificate(identity)
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    return folder


@pytest.mark.parametrize("stream", [(), ("-stream",)])
@pytest.mark.parametrize("name", OPTIONS)
def test_what_openssl_seals(
    name: str,
    stream: tuple[str, ...],
    phone_key: rsa.RSAPrivateKey,
    identity: bytes,
    files: Path,
    openssl: OpenSsl,
) -> None:
    options = ("cms", "-encrypt", "-binary", "-outform", "DER", *OPTIONS[name], *stream)
    sealed = openssl(*options, files / "certificate.pem", given=CONTENT)
    opened = envelopes.unseal(sealed, phone_key, identity)
    assert (opened.content, opened.cipher.name) == (CONTENT, name)


@pytest.mark.parametrize(
    "options",
    [
        ("rsa_padding_mode:oaep",),
        ("rsa_padding_mode:oaep", "rsa_oaep_md:sha256"),
        ("rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha1"),
        ("rsa_padding_mode:oaep", "rsa_oaep_md:sha512", "rsa_mgf1_md:sha512"),
    ],
)
def test_oaep(
    options: tuple[str, ...], phone_key: rsa.RSAPrivateKey, identity: bytes, files: Path, openssl: OpenSsl
) -> None:
    asked = [word for option in options for word in ("-keyopt", option)]
    recipient = ("-recip", files / "certificate.pem", *asked)
    sealed = openssl("cms", "-encrypt", "-binary", "-aes256", "-outform", "DER", *recipient, given=CONTENT)
    assert envelopes.unseal(sealed, phone_key, identity).content == CONTENT


def test_a_key_identifier_instead_of_a_number(
    phone_key: rsa.RSAPrivateKey, identity: bytes, files: Path, openssl: OpenSsl
) -> None:
    options = ("cms", "-encrypt", "-binary", "-outform", "DER", "-keyid", "-aes128")
    sealed = openssl(*options, files / "certificate.pem", given=CONTENT)
    assert envelopes.unseal(sealed, phone_key, identity).content == CONTENT


def test_the_right_recipient_of_two(
    phone_key: rsa.RSAPrivateKey, identity: bytes, files: Path, tmp_path: Path, openssl: OpenSsl
) -> None:
    other = apple_scep.Client(rsa.generate_private_key(65537, 2048), "other").certificate
    (tmp_path / "other.pem").write_bytes(other.public_bytes(Encoding.PEM))
    options = ("cms", "-encrypt", "-binary", "-outform", "DER", "-aes128", tmp_path / "other.pem")
    sealed = openssl(*options, files / "certificate.pem", given=CONTENT)
    assert envelopes.unseal(sealed, phone_key, identity).content == CONTENT
    strangers = openssl(*options, tmp_path / "other.pem", given=CONTENT)
    assert shows_nothing(strangers, phone_key, identity)


@pytest.mark.parametrize("cipher", apple_scep.CIPHERS)
def test_what_the_simulation_seals(cipher: str, phone_key: rsa.RSAPrivateKey, identity: bytes) -> None:
    sealed = apple_scep.seal(CONTENT, identity, cipher)
    assert envelopes.unseal(sealed, phone_key, identity).content == CONTENT


def test_encrypted_content_in_pieces(phone_key: rsa.RSAPrivateKey, identity: bytes) -> None:
    """scepclient writes the implicit [0] around a whole OCTET STRING, which asn1crypto cannot read."""
    sealed = cms.ContentInfo.load(apple_scep.seal(CONTENT, identity, "des"))
    encrypted = sealed["content"]["encrypted_content_info"]["encrypted_content"].native
    pieces = core.OctetString(encrypted[:800]).dump() + core.OctetString(encrypted[800:]).dump()
    primitive = b"\x80\x82" + len(encrypted).to_bytes(2, "big") + encrypted
    constructed = b"\xa0\x80" + pieces + b"\0\0"
    # The layers outside get indefinite lengths, so that none has to be computed again.
    message = sealed.dump()
    start = message.index(primitive)
    assert message.endswith(primitive)
    layers = b"".join(layer_as_indefinite(message, start))
    assert envelopes.unseal(layers + constructed + b"\0\0" * 4, phone_key, identity).content == CONTENT


@pytest.mark.parametrize("cipher", ciphers.READ.values(), ids=lambda cipher: cipher.name)
def test_what_we_seal(
    cipher: ciphers.Cipher, phone_key: rsa.RSAPrivateKey, identity: bytes, files: Path, openssl: OpenSsl
) -> None:
    sealed = envelopes.seal(CONTENT, identity, cipher)
    assert apple_scep.unseal(sealed, phone_key) == CONTENT
    assert envelopes.unseal(sealed, phone_key, identity).content == CONTENT
    keys = ("-recip", files / "certificate.pem", "-inkey", files / "key.pem")
    providers = ("-provider", "legacy", "-provider", "default")
    options = ("cms", "-decrypt", "-binary", "-inform", "DER", *keys, *providers)
    assert openssl(*options, given=sealed) == CONTENT
    assert cms.ContentInfo.load(sealed, strict=True)["content"]["version"].native == "v0"


def test_nothing_can_be_sealed_to_an_elliptic_curve(mac_identity: bytes) -> None:
    with pytest.raises(Malformed):
        envelopes.seal(CONTENT, mac_identity, ciphers.AES_256)


def test_an_answer_is_never_in_single_des() -> None:
    assert ciphers.to_answer(ciphers.DES) is ciphers.TRIPLE_DES
    assert ciphers.to_answer(ciphers.AES_128) is ciphers.AES_128


def test_every_failure_looks_the_same(phone_key: rsa.RSAPrivateKey, identity: bytes) -> None:
    sealed = apple_scep.seal(CONTENT, identity, "aes256_cbc")
    stranger = rsa.generate_private_key(65537, 2048)
    content_key = cms.ContentInfo.load(sealed)["content"]["recipient_infos"][0].chosen["encrypted_key"].native
    for wrong_key in bytes(len(content_key)), content_key[::-1]:
        assert shows_nothing(sealed.replace(content_key, wrong_key), phone_key, identity)
    assert shows_nothing(sealed, stranger, identity)
    wrong = [
        sealed[:-17] + bytes((sealed[-17] ^ 0x80,)) + sealed[-16:],  # the padding: its last byte is above 128
        sealed[:-16],  # a length
        sealed.replace(
            b"\x60\x86\x48\x01\x65\x03\x04\x01\x2a", b"\x60\x86\x48\x01\x65\x03\x04\x01\x2e"
        ),  # AES-GCM
        b"",
        b"\x30\x00",
    ]
    assert {code_of(each, phone_key, identity) for each in wrong} == {"unreadable"}


def layer_as_indefinite(message: bytes, until: int) -> list[bytes]:
    """The elements before the encrypted content, with the ones around it opened as indefinite."""
    parts: list[bytes] = []
    at = 0
    while at < until:
        header = 2 if message[at + 1] < 0x80 else 2 + (message[at + 1] & 0x7F)
        length = message[at + 1] if header == 2 else int.from_bytes(message[at + 2 : at + header], "big")
        if at + header + length == len(message):
            parts.append(message[at : at + 1] + b"\x80")
            at += header
        else:
            parts.append(message[at : at + header + length])
            at += header + length
    return parts
