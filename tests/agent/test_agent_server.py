"""Whom the agent talks to, and what it takes from them."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from pathlib import Path
from types import ModuleType

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.agent.stub_server import StubServer


@pytest.mark.parametrize(
    "address",
    [
        "https://muster.example.org",
        "https://muster.example.org:8443/portal",
        "http://localhost:8000",
        "http://127.0.0.1",
        "http://127.8.9.10:80",
        "http://[::1]:8000",
    ],
)
def test_good_addresses(agent: ModuleType, address: str) -> None:
    assert agent.checked_server(address + "/", insecure_http=False) == address


def test_the_scheme_is_kept_in_lower_case(agent: ModuleType) -> None:
    assert (
        agent.checked_server("HTTPS://Muster.example.org", insecure_http=False)
        == "https://Muster.example.org"
    )


@pytest.mark.parametrize(
    "address",
    [
        "http://muster.example.org",
        "http://192.168.1.5:8000",
        "http://localhost.example.org",
        "http://127.0.0.1.example.org",
        "http://localhost@example.org",
        "http://0.0.0.0",
        "https://user:password@muster.example.org",
        "https://muster.example.org/?a=b",
        "https://muster.example.org/#a",
        "https://muster.example.org:port",
        "https://muster.example.org\r\nHost: other",
        "https://",
        "https://[",
        "file:///etc/passwd",
        "ftp://localhost",
        "muster.example.org",
        "",
    ],
)
def test_bad_addresses(agent: ModuleType, address: str) -> None:
    with pytest.raises(agent.AgentError) as caught:
        agent.checked_server(address, insecure_http=False)
    assert caught.value.exit_code == agent.WRONG_USAGE


def test_plain_http_needs_to_be_asked_for(agent: ModuleType) -> None:
    assert agent.checked_server("http://10.0.0.1", insecure_http=True) == "http://10.0.0.1"


def test_http_to_another_computer_sends_nothing(
    agent: ModuleType, state_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["enroll", "--server", "http://10.0.0.1", "--token", "t", "--state", str(state_file)]
    assert agent.main(arguments) == 2
    assert "plain http" in capsys.readouterr().err


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_refused(
    agent: ModuleType,
    server: StubServer,
    enrolled: Path,
    status: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    server.will_answer(status, b"", "text/plain", Location=f"{server.url}/elsewhere")
    assert agent.main(["once", "--state", str(enrolled)]) == 1
    assert server.paths[-1] == "/api/agent/v1/checkin"
    assert "redirects" in capsys.readouterr().err
    assert enrolled.exists()


def test_a_huge_answer_is_not_taken(agent: ModuleType, server: StubServer, enrolled: Path) -> None:
    huge = b'{"commands": [], "ignored": "' + b"x" * agent.LARGEST_ANSWER + b'"}'
    server.will_answer(200, huge, "application/json")
    assert agent.main(["once", "--state", str(enrolled)]) == 1


def test_no_proxy_reads_what_goes_to_the_loopback(
    agent: ModuleType, server: StubServer, enrolled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert agent.main(["once", "--state", str(enrolled)]) == 0


def test_a_server_that_is_down_is_an_error(agent: ModuleType, server: StubServer, enrolled: Path) -> None:
    server.http.shutdown()
    server.http.server_close()
    assert agent.main(["once", "--state", str(enrolled)]) == 1
    assert enrolled.exists()


def test_what_a_server_says_cannot_take_over_the_terminal(
    agent: ModuleType, server: StubServer, enrolled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.will_refuse(403, "blocked\x1b]0;owned\x07")
    agent.main(["once", "--state", str(enrolled)])
    assert "\x1b" not in capsys.readouterr().err


def test_a_certificate_must_be_trusted(
    agent: ModuleType,
    server: StubServer,
    state_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    certificate = tmp_path / "certificate.pem"
    certificate.write_bytes(self_signed_certificate())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.http.socket = context.wrap_socket(server.http.socket, server_side=True)
    address = server.url.replace("http:", "https:")
    arguments = ["enroll", "--server", address, "--token", "t", "--state", str(state_file), "--once"]

    assert agent.main(arguments) == 1
    assert "CERTIFICATE_VERIFY_FAILED" in capsys.readouterr().err
    assert server.enrolls == []
    assert agent.main([*arguments, "--ca-file", str(certificate)]) == 0
    assert agent.main(["once", "--state", str(state_file)]) == 0
    assert agent.main([*arguments, "--ca-file", str(tmp_path / "none.pem")]) == 2


def self_signed_certificate() -> bytes:
    """Key and certificate for 127.0.0.1, valid for a day, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "stub")])
    now = datetime.datetime.now(datetime.UTC)
    addresses = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(hours=1))
    builder = builder.not_valid_after(now + datetime.timedelta(days=1)).add_extension(
        addresses, critical=False
    )
    certificate = builder.sign(key, hashes.SHA256())
    encoding, no_encryption = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, no_encryption)
    return private + certificate.public_bytes(encoding)
