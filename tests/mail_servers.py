"""Real mail servers on the loopback, good and bad, for the tests that send."""

from __future__ import annotations

import itertools
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LONGEST_START = 30.0  # seconds; a moment when nothing else runs


class Keeps:
    """Takes every mail, or answers with `refusal` at the step of that name."""

    def __init__(self, **refusals: str) -> None:
        self.mails: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.refusals = refusals

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        envelope.mail_from = address
        return self.refusals.get("sender", "250 OK")

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if "recipient" in self.refusals and not address.startswith("bob"):
            return self.refusals["recipient"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        if "data" in self.refusals:
            return self.refusals["data"]
        self.raw.append(cast(bytes, envelope.content))
        mail = message_from_bytes(self.raw[-1], policy=policy.default)
        self.mails.append(cast(EmailMessage, mail))
        return "250 OK"


@contextmanager
def running(handler: Keeps, port: int = 0, **options: Any) -> Iterator[int]:
    """A mail server on a port of the loopback, for the length of the block."""
    port = port or free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port, ready_timeout=LONGEST_START, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@contextmanager
def silent() -> Iterator[int]:
    """Takes the connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    held.append(listener.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in held:
                connection.close()


# Below the ports that the system gives out by itself, and others for each of the processes that test side by side.
PORTS_EACH = 1000
_lowest = 12_000 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 20 * PORTS_EACH
_turns = itertools.count(os.getpid())  # two runs of the tests on one machine begin at different ones


def free_port() -> int:
    """Nobody else takes it before the server that it is for listens there, or while that one is away for a moment."""
    while True:
        port = _lowest + next(_turns) % PORTS_EACH
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def certificate(folder: Path, address: str = "127.0.0.1") -> tuple[Path, Path]:
    """A certificate that signs itself, for this address, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / f"{address}.pem", folder / f"{address}.key"
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate_file, key_file


def tls_context(files: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    return context


def knows(username: str, password: str) -> Any:
    """An aiosmtpd authenticator that knows one account."""

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        is_right = (data.login, data.password) == (username.encode(), password.encode())
        return AuthResult(success=is_right, handled=is_right)

    return check
