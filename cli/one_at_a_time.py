"""The application as a web process serves it: one request computes at a time, whatever the number of threads."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

from services import turns

log = logging.getLogger("muster.server")

SMALL = (
    1024 * 1024
)  # bytes of a body that is waited for before the turn; for a larger one the turn is given up
PATIENCE = 0.1  # seconds to wait until somebody else's body has come
RETRY_AFTER = "5"  # seconds


class OneAtATime:
    """A WSGI application (PEP 3333) whose requests take turns. The threads are for those that wait.

    Half of them at most wait for what clients send. Who would be one more is told to come back: so the others stay
    free for everybody else, however many clients are slow.
    """

    def __init__(self, application: Any, threads: int) -> None:
        self.application = application
        self._bodies = threading.BoundedSemaphore(max(1, threads // 2))

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        length = _length(environ)
        if length == 0:
            return self._answer(environ, start_response)
        if not self._bodies.acquire(timeout=PATIENCE):
            return _come_back(start_response)
        try:
            if length is None or length > SMALL:
                environ["wsgi.input"] = _Large(environ["wsgi.input"])
                return self._answer(environ, start_response)
            environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(length))
        finally:
            self._bodies.release()
        return self._answer(environ, start_response)

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with turns.taken():
            answer: Iterable[bytes] = self.application(environ, start_response)
        return answer


def _length(environ: dict[str, Any]) -> int | None:
    """Of the body, in bytes. None: as long as the client likes.

    Where it is said, it counts: without the server's word that the end is the end, a body that breaks off is not
    taken for a whole one.
    """
    if "HTTP_TRANSFER_ENCODING" in environ:
        return None
    environ.pop("wsgi.input_terminated", None)
    said = environ.get("CONTENT_LENGTH") or "0"
    return int(said) if said.isascii() and said.isdigit() else 0


def _come_back(start_response: Any) -> Iterable[bytes]:
    log.warning("too many requests wait for their bodies: one was sent away")
    start_response(
        "503 Service Unavailable",
        [("Content-Type", "text/plain"), ("Retry-After", RETRY_AFTER), ("Cache-Control", "no-store")],
    )
    return [b"The server waits for too many slow requests. Try again in a few seconds.\n"]


class _Large:
    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def read(self, *size: int) -> bytes:
        with turns.given_up():
            return bytes(self.stream.read(*size))

    def readline(self, *size: int) -> bytes:
        with turns.given_up():
            return bytes(self.stream.readline(*size))

    def readlines(self, *hint: int) -> list[bytes]:
        with turns.given_up():
            return list(self.stream.readlines(*hint))

    def __iter__(self) -> Iterator[bytes]:
        while line := self.readline():
            yield line
