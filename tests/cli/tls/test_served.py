"""flask doctor looks at the certificate that devices will be shown: of our file, or of what answers."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from cli.tls.served import public_roots
from services.apple import tls_root
from services.apple.tls_root import name_of
from tests.certificates import HOST, Holder, authority, server, weak_key
from tests.mail_servers import free_port, silent, tls_context

Configure = Callable[..., None]
OWN = authority("Harbour Root")
BETWEEN = authority("Harbour Intermediate", OWN)


@pytest.fixture
def configure(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """configure(root=OWN, public_url=...): how this server is set up."""

    def put(root: Holder | None = None, **changes: Any) -> None:
        monkeypatch.setitem(app.config, "MUSTER", replace(app.config["MUSTER"], **changes))
        if root is not None:
            (tmp_path / "root.pem").write_bytes(root.pem())
            monkeypatch.setitem(app.config, "TLS_ROOT", tls_root.read(tmp_path / "root.pem"))

    return put


@pytest.fixture
def doctor(app: Flask) -> Callable[[], tuple[Result, list[str]]]:
    """How it ends, and what it says of the certificate."""

    def run() -> tuple[Result, list[str]]:
        result = app.test_cli_runner().invoke(args=["doctor"])
        return result, [line for line in result.output.splitlines() if "TLS" in line]

    return run


@contextmanager
def listening(files: tuple[Path, Path], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A TLS server on the loopback, and nothing behind it."""
    encrypted = context or tls_context(files)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                    with connection, encrypted.wrap_socket(connection, server_side=True):
                        pass
                except ssl.SSLError:
                    continue
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_without_https_there_is_no_certificate_to_look_at(doctor) -> None:
    result, lines = doctor()
    assert (result.exit_code, lines) == (0, [])


def test_our_own_file_is_looked_at(configure: Configure, doctor, tmp_path: Path) -> None:
    files = server(BETWEEN).write(tmp_path, BETWEEN)
    configure(OWN, public_url=f"https://{HOST}", tls_certificate=files[0], tls_key=files[1])
    result, (line,) = doctor()
    assert result.exit_code == 0, result.output
    assert line.startswith(f"ok  Apple: the TLS certificate of {HOST}")
    assert "your own authority, Harbour Root" in line


def test_a_file_that_devices_refuse_is_bad(configure: Configure, doctor, tmp_path: Path) -> None:
    files = server(BETWEEN, usage=None).write(tmp_path)
    configure(public_url=f"https://{HOST}", tls_certificate=files[0], tls_key=files[1])
    result, lines = doctor()
    assert result.exit_code == 1
    assert [line[:12] for line in lines] == ["BAD Apple: d", "BAD Apple: t"]
    files[0].write_text("hello")
    result, (line,) = doctor()
    assert result.exit_code == 1
    assert "cannot be read" in line


def test_what_answers_at_the_public_address_is_looked_at(
    configure: Configure, doctor, tmp_path: Path
) -> None:
    with listening(server(BETWEEN, hosts=["localhost"]).write(tmp_path, BETWEEN)) as port:
        configure(OWN, public_url=f"https://localhost:{port}")
        result, (line,) = doctor()
    assert result.exit_code == 0, result.output
    assert line.startswith(
        "ok  Apple: the TLS certificate of localhost (until 2026-12-10) leads to your own authority"
    )


def test_a_proxy_that_forgets_the_intermediate_is_found_out(
    configure: Configure, doctor, tmp_path: Path
) -> None:
    files = server(BETWEEN, hosts=["127.0.0.1"], key=weak_key()).write(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    context.load_cert_chain(*files)
    with listening(files, context) as port:
        configure(OWN, public_url=f"https://127.0.0.1:{port}")
        result, lines = doctor()
    assert result.exit_code == 1
    assert "which the server does not send along" in lines[0]
    assert "the IP address has to stand" in lines[1]
    assert "1024 bits" in lines[2]


def test_a_server_that_is_not_there_is_no_fault_by_itself(configure: Configure, doctor) -> None:
    port = free_port()
    configure(public_url=f"https://localhost:{port}")
    result, (line,) = doctor()
    assert result.exit_code == 0, result.output
    assert line.startswith(
        f"ok  Apple: the TLS certificate was not looked at, because localhost, port {port}, cannot be"
    )


def test_one_that_says_nothing_is_not_waited_for(
    configure: Configure, doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.tls.served.TIMEOUT_SECONDS", 0.2)
    with silent() as port:
        configure(public_url=f"https://127.0.0.1:{port}")
        _, (line,) = doctor()
    assert "cannot be reached from here" in line and "timed out" in line


def test_one_that_does_not_speak_tls_is_bad(configure: Configure, doctor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
                connection.recv(4096)

        thread = threading.Thread(target=greet)
        thread.start()
        configure(public_url=f"https://127.0.0.1:{listener.getsockname()[1]}")
        result, (line,) = doctor()
        thread.join()
    assert result.exit_code == 1
    assert "does not speak TLS as devices do" in line


def test_the_public_authorities_are_known() -> None:
    assert {"ISRG Root X1", "DigiCert Global Root G2"} <= {name_of(each) for each in public_roots()}
