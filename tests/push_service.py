"""Apple's place in the tests: an authority that issues push certificates, and nghttpd as the push service, with HTTP/2,
TLS, and a client certificate that it insists on. Its log has the headers and no bodies, so it sends those back."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from socket import create_connection

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from services.apple import push_certificates
from services.apple.push_certificates import Installed
from tests.conftest import Clock
from tests.mail_servers import free_port

TOPIC = "com.apple.mgmt.External.11111111-2222-3333-4444-555555555555"


@cache
def _key(of: str) -> rsa.RSAPrivateKey:
    """One for all tests: making one takes a while."""
    return rsa.generate_private_key(65537, 2048)


class Authority:
    """Issues the service's certificate and, in Apple's place, push certificates."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = _key("authority")
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority of the tests")])
        own = self._builder(self.name, self.key.public_key(), 3650)
        self.certificate = own.add_extension(x509.BasicConstraints(True, None), True).sign(
            self.key, hashes.SHA256()
        )
        self.file = folder / "authority.pem"
        self.file.write_bytes(self.certificate.public_bytes(Encoding.PEM))

    def push_certificate(self, request: bytes, topic: str = TOPIC, days: int = 365) -> bytes:
        """What Apple makes of a request (PEM)."""
        public = x509.load_pem_x509_csr(request).public_key()
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.USER_ID, topic),
                x509.NameAttribute(NameOID.COMMON_NAME, f"APSP:{topic[-36:]}"),
            ]
        )
        made = self._builder(subject, public, days).sign(self.key, hashes.SHA256())
        return made.public_bytes(Encoding.PEM)

    def server_files(self) -> tuple[Path, Path]:
        key = _key("server")
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        builder = self._builder(name, key.public_key(), 30)
        made = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False).sign(
            self.key, hashes.SHA256()
        )
        certificate_file, key_file = self.folder / "push-server.pem", self.folder / "push-server.key"
        certificate_file.write_bytes(made.public_bytes(Encoding.PEM))
        key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return certificate_file, key_file

    def _builder(self, subject: x509.Name, key: rsa.RSAPublicKey, days: int) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key)
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(
            now - timedelta(days=400)
        )
        return builder.not_valid_after(now + timedelta(days=days))


def install(authority: Authority, clock: Clock, days_left: float, days: int = 365) -> Installed:
    """A new push certificate that lives for `days`, and the clock `days_left` before its end (after it, if below zero)."""
    clock.now = time.time()  # the authority knows no other clock
    request = push_certificates.request("it@harbour.example")
    installed = push_certificates.install(authority.push_certificate(request, days=days))
    clock.now = installed.ends_at - days_left * 86_400
    return installed


class PushService:
    """What was asked of it stands in its log."""

    def __init__(self, port: int, log: Path) -> None:
        self.port = port
        self.url = f"https://localhost:{port}"
        self.log = log

    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def connections(self) -> int:
        """How many it has let in so far. It numbers them, and writes the number before each line."""
        return len(set(re.findall(r"^\[id=(\d+)\].*:method: POST", self.said(), re.MULTILINE)))


@contextmanager
def nghttpd(authority: Authority, port: int = 0) -> Iterator[PushService]:
    """Answers 200 and what it was sent. Whoever has no certificate is not let in. Without a port it finds one."""
    port = port or free_port()
    certificate, key = authority.server_files()
    log = authority.folder / "nghttpd.log"
    command = ["nghttpd", "-v", "--address=127.0.0.1", "--echo-upload", "--verify-client"]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*command, str(port), str(key), str(certificate)], stdout=output, stderr=output
        )
        try:
            _wait_for(port)
            yield PushService(port, log)
        finally:
            process.terminate()
            process.wait(60)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
