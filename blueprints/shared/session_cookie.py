"""Flask's session in a signed cookie, for people. Device software has no cookie: no session is opened for it."""

from __future__ import annotations

from typing import Any

from flask import Flask, Request
from flask.sessions import NullSession, SecureCookieSession, SecureCookieSessionInterface

from services import clock

PATHS = ("/apple/", "/api/agent/")
MOST_KEPT = 10_000  # cookies, of some 300 bytes each
KEPT = 24 * 3600  # seconds; then it is verified anew, and Flask takes none that is older than 31 days


class SessionsOfPeople(SecureCookieSessionInterface):
    """Flask's own, except for the paths that only devices call.

    What a cookie holds is kept once its signature was verified: a browser sends the same one with every request.
    """

    def __init__(self) -> None:
        self._read: dict[str, tuple[int, dict[str, Any]]] = {}  # by cookie: until when, and what it holds

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if request.path.startswith(PATHS):
            return NullSession()
        cookie = request.cookies.get(self.get_cookie_name(app), "")
        until, held = self._read.get(cookie, (0, {}))
        if clock.now() < until:
            return self.session_class(held)
        session = super().open_session(app, request)
        if session and all(
            isinstance(value, str | bool) for value in session.values()
        ):  # nothing that a view could change
            self._keep(cookie, dict(session))
        return session

    def _keep(self, cookie: str, held: dict[str, Any]) -> None:
        if len(self._read) >= MOST_KEPT:
            self._read.clear()
        self._read[cookie] = (clock.now() + KEPT, held)


def init(app: Flask) -> None:
    app.session_interface = SessionsOfPeople()
