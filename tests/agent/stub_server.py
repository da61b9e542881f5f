"""A stub of the server on the loopback, which takes nothing from the agent that the real one would refuse."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from mdm.agent import wire


class StubServer:
    """Answers what it was told to answer, in order, and then that there is nothing to do."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.enrolls: list[wire.Enroll] = []
        self.checkins: list[wire.CheckIn] = []
        self.secrets: list[str | None] = []
        self.paths: list[str] = []
        self.before_answering: Callable[[], None] = lambda: None
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def will_answer(self, status: int, body: bytes, content_type: str, **headers: str) -> None:
        self.answers.append((status, {"Content-Type": content_type, **headers}, body))

    def will_send(self, *commands: tuple[str, str], poll_seconds: int = 60, **params: str) -> None:
        """At the next check-in, these commands: pairs of id and type."""
        listed = [{"id": name, "type": kind, "params": params} for name, kind in commands]
        body = json.dumps({"commands": listed, "poll_seconds": poll_seconds}).encode()
        self.will_answer(200, body, wire.CONTENT_TYPE)

    def will_refuse(self, status: int, code: str) -> None:
        self.will_answer(
            status, wire.encode_problem(status, code, f"It is {code}."), wire.PROBLEM_CONTENT_TYPE
        )

    @property
    def results(self) -> list[tuple[str, str]]:
        """Command id and status of all results reported so far."""
        return [(result.command_id, result.status) for checkin in self.checkins for result in checkin.results]


def _handler(stub: StubServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            stub.paths.append(self.path)
            if self.path.endswith("/enroll"):
                stub.enrolls.append(wire.decode_enroll(body))
                usual = 201, wire.encode_enrolled("device-1", "s3cret", 60)
            else:
                stub.checkins.append(wire.decode_checkin(body))
                stub.secrets.append(self.headers["Authorization"])
                usual = 200, wire.encode_commands([], 60)
            stub.before_answering()
            status, headers, answer = usual[0], {"Content-Type": wire.CONTENT_TYPE}, usual[1]
            if stub.answers:
                status, headers, answer = stub.answers.pop(0)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def do_GET(self) -> None:
            """Where a redirect would end; the protocol has no GET."""
            stub.paths.append(self.path)
            self.send_error(404)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
