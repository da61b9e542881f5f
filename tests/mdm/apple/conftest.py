"""Keys and certificates that the tests share, since making keys takes a while."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from mdm.apple import authority as authorities
from mdm.apple.certificate_requests import read_request
from simulation.apple_scep import Client

NOW = 1_800_000_000


@pytest.fixture(scope="session")
def authority() -> authorities.Authority:
    return authorities.new_authority("Example", NOW, bits=2048)


@pytest.fixture(scope="session")
def phone_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="session")
def mac_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP384R1())


@pytest.fixture(scope="session")
def identity(authority: authorities.Authority, phone_key: rsa.RSAPrivateKey) -> bytes:
    """The phone's certificate (DER)."""
    request = read_request(Client(phone_key, "phone").certificate_request("x"))
    return authorities.issue(request, authority, "phone-1", "Example", NOW)


@pytest.fixture(scope="session")
def mac_identity(authority: authorities.Authority, mac_key: ec.EllipticCurvePrivateKey) -> bytes:
    """A certificate (DER) for an elliptic curve key."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mac")])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(mac_key, hashes.SHA256())
    encoded = request.public_bytes(Encoding.DER)
    return authorities.issue(read_request(encoded), authority, "mac-1", "Example", NOW)


@pytest.fixture(scope="session")
def openssl() -> Callable[..., bytes]:
    """Runs openssl with these arguments and gives what it printed; fails the test if openssl does."""

    def run(*arguments: object, given: bytes = b"") -> bytes:
        command = ["openssl", *map(str, arguments)]
        finished = subprocess.run(command, input=given, capture_output=True, timeout=60, check=False)
        assert finished.returncode == 0, finished.stderr.decode()
        return finished.stdout

    return run
