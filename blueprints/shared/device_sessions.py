"""Device software has no cookie: its requests open no session, and its answers set none."""

from __future__ import annotations

from flask import Flask, Request
from flask.sessions import NullSession, SecureCookieSession, SecureCookieSessionInterface

PATHS = ("/apple/", "/api/agent/")


class SessionsOfPeople(SecureCookieSessionInterface):
    """Flask's own, except for the paths that only devices call."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if request.path.startswith(PATHS):
            return NullSession()
        return super().open_session(app, request)


def init(app: Flask) -> None:
    app.session_interface = SessionsOfPeople()
