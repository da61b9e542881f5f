"""A cookie that says: these accounts were signed in here before. Strangers' failures do not lock this browser out."""

from __future__ import annotations

from flask import Response, current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from models import User
from services import keyring, users

LIVES = 180 * 86_400  # seconds
MOST = 5  # accounts that share a browser


def remember(answer: Response, user: User) -> None:
    """It opens nothing by itself: the password is asked for as everywhere."""
    others = [code for code in _codes() if code != user.code]
    answer.set_cookie(
        _name(),
        _signer().dumps([user.code, *others][:MOST]),
        max_age=LIVES,
        path="/",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )


def is_known_for(username: str) -> bool:
    """Was the account of this name signed in here?"""
    codes = _codes()
    user = users.find(username) if codes else None
    return user is not None and user.code in codes


def _codes() -> list[str]:
    """Of the accounts that were signed in here, the newest first."""
    try:
        codes: list[str] = _signer().loads(request.cookies.get(_name(), ""), max_age=LIVES)
    except (BadData, ValueError, TypeError):
        return []
    return codes


def _name() -> str:
    return f"{current_app.config['SESSION_COOKIE_NAME']}-known"


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(keyring.derive("known browser"), salt="known browser")
