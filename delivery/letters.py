"""Writing mails: from a row of the outbox to subject, text and HTML, in the recipient's language and time zone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import flask_babel
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, get_timezone, get_timezone_location
from flask import current_app, g

from blueprints.shared import organisation, times, words
from models import Message, Proof
from services import clock, outbox
from services.settings import Settings


@dataclass(frozen=True)
class Letter:
    """What a person reads."""

    subject: str
    text: str
    html: str


class Unwritable(Exception):
    """The parameters were erased: there is nothing to write."""


def write(message: Message) -> Letter:
    """Render the three templates of the message's kind. Raises Unwritable once it was sent or cancelled."""
    params = outbox.params_of(message)
    if not params:
        raise Unwritable()
    with current_app.app_context(), _in_the_words_of(message, organisation.current()):
        values = _values(message, params, organisation.current())
        return Letter(
            subject=" ".join(_render(message, "subject.txt", values).split()),
            text=_render(message, "text.txt", values).strip() + "\n",
            html=_render(message, "html.html", values),
        )


def is_out_of_date(message: Message) -> bool:
    """Does it speak of a link that has run out meanwhile?"""
    expires_at = outbox.params_of(message).get("expires_at")
    return expires_at is not None and expires_at <= clock.now()


def _values(message: Message, params: dict[str, Any], rules: Settings) -> dict[str, Any]:
    """What the templates may name."""
    address = current_app.config["PUBLIC_URL"]
    proof = Proof(params["proof"])
    return {
        "settings": rules,
        "language": flask_babel.get_locale().language,
        "direction": flask_babel.get_locale().text_direction,
        "first_name": message.user.first_name if message.user else "",
        "username": message.user.username if message.user else "",
        "device": words.platform_word(params["platform"]),
        "link": f"{address}/go/{params['link']}",
        "go": f"{address}/go",
        "pin": params.get("pin"),
        "asks_for_pin": proof.asks_for_pin,
        "asks_for_password": proof.asks_for_password,
        "asked": times.clock_text(params["issued_at"]),
        "until": times.clock_text(params["expires_at"]),
        "until_day": _day(params["expires_at"]),
        "time_zone": get_timezone_location(
            flask_babel.get_timezone(), locale=flask_babel.get_locale(), return_city=True
        ),
    }


def _render(message: Message, name: str, values: dict[str, Any]) -> str:
    return current_app.jinja_env.get_template(f"mail/{message.kind}/{name}").render(values)


def _day(at: int) -> str:
    """18 April 2024, for whoever reads the mail tomorrow."""
    moment = datetime.fromtimestamp(at, flask_babel.get_timezone())
    return str(format_date(moment.date(), "long", locale=flask_babel.get_locale()))


@contextmanager
def _in_the_words_of(message: Message, rules: Settings) -> Iterator[None]:
    """The recipient's language and time zone, else the organisation's. Needs an app context of its own."""
    language = message.language or rules.language
    try:
        locale = str(Locale.parse(f"{language}_{rules.country}"))
    except (UnknownLocaleError, ValueError):
        locale = language
    with flask_babel.force_locale(locale):
        # Flask-Babel has no force_timezone; this is where it keeps the zone for the rest of the context.
        g._flask_babel.babel_tzinfo = _zone(message.time_zone or rules.time_zone)
        yield


def _zone(name: str) -> Any:
    try:
        return get_timezone(name)
    except LookupError:
        return get_timezone("UTC")
