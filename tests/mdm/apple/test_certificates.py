"""The device authority: what it issues holds, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mdm.apple import authority as authorities
from mdm.apple import certificates
from mdm.apple.authority import Authority
from mdm.apple.certificate_requests import read_request
from mdm.apple.errors import Malformed
from simulation.apple_scep import Client

from .conftest import NOW

OpenSsl = Callable[..., bytes]
DAY = 86_400


def code_of(certificate: bytes, authority: Authority, now: int = NOW) -> str:
    with pytest.raises(Malformed) as caught:
        certificates.check(certificate, authority.certificate, now)
    return caught.value.code


def test_an_identity_says_which_it_is_and_until_when_it_holds(authority: Authority, identity: bytes) -> None:
    found = certificates.check(identity, authority.certificate, NOW)
    assert found.fingerprint == certificates.fingerprint(identity)
    assert found.not_before == NOW - authorities.CLOCKS_DIFFER_BY
    assert found.not_after == NOW + authorities.IDENTITY_DAYS * DAY


def test_the_names_are_ours_and_not_those_of_the_request(
    identity: bytes, phone_key: rsa.RSAPrivateKey
) -> None:
    parsed = x509.load_der_x509_certificate(identity)
    assert parsed.subject.rfc4514_string() == "CN=phone-1,O=Example"
    assert parsed.public_key() == phone_key.public_key()
    usages = parsed.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usages) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not parsed.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_openssl_believes_the_chain(
    authority: Authority, identity: bytes, tmp_path: Path, openssl: OpenSsl
) -> None:
    (tmp_path / "root.pem").write_bytes(authority.parsed.public_bytes(Encoding.PEM))
    parsed = x509.load_der_x509_certificate(identity)
    (tmp_path / "identity.pem").write_bytes(parsed.public_bytes(Encoding.PEM))
    options = ("-x509_strict", "-purpose", "sslclient", "-attime", NOW, "-CAfile", tmp_path / "root.pem")
    assert b"OK" in openssl("verify", *options, tmp_path / "identity.pem")


def test_dates(authority: Authority, identity: bytes) -> None:
    assert code_of(identity, authority, NOW - authorities.CLOCKS_DIFFER_BY - 1) == "not_yet_valid"
    assert code_of(identity, authority, NOW + authorities.IDENTITY_DAYS * DAY + 1) == "expired"


def test_an_identity_never_outlives_its_authority(phone_key: rsa.RSAPrivateKey) -> None:
    short = authorities.new_authority("Example", NOW, days=10, bits=2048)
    request = read_request(Client(phone_key, "phone").certificate_request("x"))
    issued = authorities.issue(request, short, "phone-1", "Example", NOW)
    assert certificates.check(issued, short.certificate, NOW).not_after == NOW + 10 * DAY


def test_another_authority_of_the_same_name(phone_key: rsa.RSAPrivateKey, authority: Authority) -> None:
    double = authorities.new_authority("Example", NOW, bits=2048)
    request = read_request(Client(phone_key, "phone").certificate_request("x"))
    forged = authorities.issue(request, double, "phone-1", "Example", NOW)
    assert code_of(forged, authority) == "not_issued_here"


def test_certificates_that_are_not_for_devices(authority: Authority, phone_key: rsa.RSAPrivateKey) -> None:
    assert code_of(authority.certificate, authority) == "wrong_usage"
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(authority.parsed.subject)
    builder = builder.public_key(phone_key.public_key()).serial_number(7)
    builder = builder.not_valid_before(authority.parsed.not_valid_before_utc)
    builder = builder.not_valid_after(authority.parsed.not_valid_after_utc)
    server = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
    for each in (builder, server):
        issued = each.sign(authority.key, hashes.SHA256()).public_bytes(Encoding.DER)
        assert code_of(issued, authority) == "wrong_usage"


def test_a_certificate_that_signed_itself_or_is_none(
    authority: Authority, phone_key: rsa.RSAPrivateKey
) -> None:
    own = Client(phone_key, "phone").certificate.public_bytes(Encoding.DER)
    assert code_of(own, authority) == "not_issued_here"
    assert code_of(b"\x30\x00", authority) == code_of(bytes(5_000), authority) == "not_issued_here"


def test_an_authority_comes_back_from_its_bytes(authority: Authority) -> None:
    again = Authority.read(authority.key_bytes(), authority.certificate)
    assert again.key.private_numbers() == authority.key.private_numbers()
    assert again.certificate == authority.certificate
    assert str(authority.key.private_numbers().d) not in repr(again)


def test_an_authority_whose_halves_do_not_fit(authority: Authority) -> None:
    other = authorities.new_authority("Other", NOW, bits=2048)
    with pytest.raises(Malformed, match="bad_signature"):
        Authority.read(authority.key_bytes(), other.certificate)
    with pytest.raises(Malformed, match="unsupported"):
        Authority.read(b"no key", other.certificate)
