"""A cookie that says: this account was signed in here before. Strangers' failures do not lock this browser out."""

from __future__ import annotations

import secrets

from flask import Response, current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from models import User
from services import keyring, users

LIVES = 180 * 86_400  # seconds


def remember(answer: Response, user: User) -> None:
    """It opens nothing by itself: the password is asked for as everywhere."""
    answer.set_cookie(
        _name(),
        _signer().dumps([user.code, secrets.token_urlsafe(12)]),
        max_age=LIVES,
        path="/",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )


def is_known_for(username: str) -> bool:
    """Was the account of this name signed in here?"""
    cookie = request.cookies.get(_name())
    if not cookie:
        return False
    try:
        code, _ = _signer().loads(cookie, max_age=LIVES)
    except (BadData, ValueError, TypeError):
        return False
    user = users.find(username)
    return user is not None and bool(user.code == code)


def _name() -> str:
    return f"{current_app.config['SESSION_COOKIE_NAME']}-known"


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(keyring.derive("known browser"), salt="known browser")
