"""A SCEP server of a few lines over our own code, so that other people's clients can be tried on it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

from mdm.apple import authority as authorities
from mdm.apple import scep
from mdm.apple.errors import Malformed


class ScepServer(ThreadingHTTPServer):
    """Grants whoever knows the challenge; `log` says what was asked, `granted` holds the certificates."""

    daemon_threads = True

    def __init__(self, authority: authorities.Authority, challenge: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.authority = authority
        self.challenge = challenge
        self.log: list[str] = []
        self.granted: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/scep"

    def answer(self, message: bytes) -> bytes:
        request = scep.decode(message, self.authority)
        if request.inside is None or request.inside.challenge != self.challenge:
            self.log.append("refused")
            return scep.failure(request, self.authority)
        now = int(time.time())
        certificate = authorities.issue(request.inside, self.authority, "device-1", "Example", now)
        self.granted.append(certificate)
        self.log.append(f"granted {request.cipher.name}")
        return scep.success(request, certificate, self.authority)


class _Handler(BaseHTTPRequestHandler):
    server: ScepServer

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        operation = query.get("operation", [""])[0]
        self.server.log.append(f"{self.command} {operation}")
        if operation == "GetCACaps":
            self._send(scep.CAPABILITIES_TYPE, scep.CAPABILITIES)
        elif operation == "GetCACert":
            self._send(scep.AUTHORITY_TYPE, self.server.authority.certificate)
        else:
            self._operate(scep.decode_parameter(query["message"][0]))

    def do_POST(self) -> None:
        self.server.log.append("POST PKIOperation")
        self._operate(self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, *_: object) -> None:
        pass

    def _operate(self, message: bytes) -> None:
        try:
            self._send(scep.MESSAGE_TYPE, self.server.answer(message))
        except Malformed as error:
            self.server.log.append(f"malformed {error.code}")
            self.send_error(400)

    def _send(self, content_type: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(authority: authorities.Authority, challenge: str) -> Iterator[ScepServer]:
    """The server, answering in a thread of its own."""
    with ScepServer(authority, challenge) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
