"""The application as a web process serves it: one request computes at a time, whatever the number of threads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

from services import turns

SMALL = 65_536  # bytes of a body that is waited for before the turn; for a larger one the turn is given up


class OneAtATime:
    """A WSGI application (PEP 3333) whose requests take turns. The threads are for those that wait."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["wsgi.input"] = _body(environ)
        with turns.taken():
            answer: Iterable[bytes] = self.application(environ, start_response)
        return answer


def _body(environ: dict[str, Any]) -> Any:
    """What the client sends, as slowly as it likes."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isascii() and length.isdigit() and len(length) <= len(str(SMALL)) and int(length) <= SMALL:
        return BytesIO(environ["wsgi.input"].read(int(length)))
    return _Large(environ["wsgi.input"])


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
