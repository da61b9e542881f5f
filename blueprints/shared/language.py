"""In which language and time zone a page speaks: the reader's, else the organisation's, else the browser's."""

from __future__ import annotations

from datetime import tzinfo
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import get_timezone
from flask import Flask, has_request_context, request
from flask_babel import Babel
from flask_login import current_user

from blueprints.shared import organisation
from models import User
from services import setting_rules

# Each language in its own words. A language is here when its catalogue is complete.
NAMES = {"en": "English"}
assert set(NAMES) == set(setting_rules.LANGUAGES), "a language without a name"


def init(app: Flask) -> None:
    Babel(app, locale_selector=locale, timezone_selector=time_zone)


def locale() -> Locale:
    """The language, with the organisation's country for how it writes times: en in GB is 14:32, in US 2:32 PM."""
    return _locale_of(_language(), organisation.current().country)


def time_zone() -> tzinfo:
    reader = _reader()
    try:
        return get_timezone((reader.time_zone if reader else "") or organisation.current().time_zone)
    except LookupError:
        return get_timezone("UTC")


@lru_cache(maxsize=256)
def _locale_of(language: str, country: str) -> Locale:
    try:
        return Locale.parse(f"{language}_{country}")
    except (UnknownLocaleError, ValueError):
        return Locale.parse(language)


def _language() -> str:
    reader = _reader()
    for wanted in (reader.language if reader else "", organisation.current().language):
        if wanted in NAMES:
            return wanted
    from_browser = request.accept_languages.best_match(list(NAMES)) if has_request_context() else None
    return from_browser or "en"


def _reader() -> User | None:
    if not has_request_context() or not current_user.is_authenticated:
        return None
    user: User = current_user.signed_in.user
    return user
