"""A gateway for texts on the loopback, good and bad: what an organisation's own JSON hook would be."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

REASON = '{"error": "no credit left"}'


@dataclass
class Hook:
    """Sends one text for one key. `answers` says how it behaves, in turn; the last goes on for ever.

    A number is a status; "silent" takes the text and says nothing; "half" breaks off in the middle of its answer;
    "drops" takes it and goes on answering, a byte at a time.
    """

    answers: list[int | str] = field(default_factory=lambda: [200])
    port: int = 0
    asked: list[dict[str, Any]] = field(default_factory=list)  # bodies, with the headers under "headers"
    texts: list[str] = field(default_factory=list)  # what went out to phones
    keys: set[str] = field(default_factory=set)
    told: threading.Event = field(default_factory=threading.Event)

    def address(self, rest: str = "") -> str:
        return f"json://user:the-password@127.0.0.1:{self.port}/hidden-path?:to={{number}}&:id={{id}}{rest}"


@contextmanager
def running(*answers: int | str) -> Iterator[Hook]:
    hook = Hook(list(answers) or [200])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            hook.asked.append({**body, "path": self.path, "headers": dict(self.headers)})
            answer = hook.answers.pop(0) if len(hook.answers) > 1 else hook.answers[0]
            if answer in (200, "silent", "half", "drops"):
                key = self.headers["Idempotency-Key"]
                if key in hook.keys:
                    answer = 409
                else:
                    hook.keys.add(key)
                    hook.texts.append(body["message"])
            if answer == "silent":
                hook.told.wait(10)
                self.close_connection = True
            elif answer == "drops":
                self._drip()
            elif answer == "half":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of i")
                self.close_connection = True
            else:
                self._say(int(answer), body)

        def _drip(self) -> None:
            self.close_connection = True
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drops: ")
            with contextlib.suppress(OSError):  # the other side has had enough
                while not hook.told.wait(0.05):
                    self.wfile.write(b"x")

        def _say(self, status: int, body: dict[str, Any]) -> None:
            said = f"{REASON} hidden-path the-password {body['message']}".encode() if status != 200 else b"{}"
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"http://127.0.0.1:{hook.port}/elsewhere")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield hook
    finally:
        hook.told.set()
        server.shutdown()
        thread.join()
        server.server_close()
