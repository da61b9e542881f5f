"""Requests as the server hands them on: in turn, with their whole body or none of it."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask, request
from werkzeug.test import EnvironBuilder, run_wsgi_app

from cli.one_at_a_time import SMALL, OneAtATime
from services import turns

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def served() -> OneAtATime:
    app = Flask("test")

    @app.post("/")
    def said() -> str:
        return request.form.get("name", "nothing")[:20]

    return OneAtATime(app, threads=2)


def ask(served: OneAtATime, body: bytes, length: int | None, **more: Any) -> tuple[str, bytes]:
    """As granian hands it on: the end of what came is the end."""
    environ = EnvironBuilder("/", method="POST", content_type=FORM).get_environ()
    environ |= {"wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True, **more}
    environ["CONTENT_LENGTH"] = "" if length is None else str(length)
    answer, status, _ = run_wsgi_app(served, environ)
    return status, b"".join(answer)


@pytest.mark.parametrize("padding", [0, SMALL])
def test_a_body_comes_through_whole(served: OneAtATime, padding: int) -> None:
    body = b"name=Margaret+Thatcher&padding=" + b"x" * padding
    served.application.config["MAX_FORM_MEMORY_SIZE"] = None
    assert ask(served, body, len(body)) == ("200 OK", b"Margaret Thatcher")


@pytest.mark.parametrize("padding", [0, SMALL])
def test_a_body_that_breaks_off_is_not_taken_for_a_whole_one(served: OneAtATime, padding: int) -> None:
    served.application.config["MAX_FORM_MEMORY_SIZE"] = None
    body = b"padding=" + b"x" * padding + b"&name=Margaret"
    status, _ = ask(served, body, len(body) + 9)
    assert status == "400 BAD REQUEST"


def test_a_body_of_unknown_length_ends_where_it_ends(served: OneAtATime) -> None:
    assert ask(served, b"name=Margaret", None, HTTP_TRANSFER_ENCODING="chunked") == ("200 OK", b"Margaret")


@pytest.mark.parametrize("length", ["", "-5", "+5", "nonsense"])
def test_without_a_length_there_is_no_body(served: OneAtATime, length: str) -> None:
    environ = EnvironBuilder("/", method="POST", content_type=FORM).get_environ()
    environ |= {"wsgi.input": io.BytesIO(b"name=Margaret"), "CONTENT_LENGTH": length}
    answer, status, _ = run_wsgi_app(served, environ)
    assert (status, b"".join(answer)) == ("200 OK", b"nothing")


def test_the_application_runs_in_its_turn() -> None:
    had: list[bool] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        had.append(turns._turn.locked())
        start_response("200 OK", [])
        return [b""]

    run_wsgi_app(OneAtATime(application, threads=1), EnvironBuilder().get_environ())
    assert had == [True]
    assert not turns._turn.locked()
