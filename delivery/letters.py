"""Writing mails: from a row of the outbox to subject, text and HTML, in the recipient's language and time zone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import flask_babel
from babel import Locale, UnknownLocaleError
from babel.dates import get_timezone
from flask import current_app, g

from blueprints.shared import language, organisation
from delivery import kinds
from models import Message, Status
from services import clock, outbox
from services.apple import push_certificates
from services.settings import Settings

# In which statuses of its device there still is something to do. An enrolment token that lapses makes Verified Pending.
ASKED_FOR_IN = {
    "invitation": (Status.PENDING, Status.VERIFIED),
    "pin": (Status.PENDING, Status.VERIFIED),
    "reminder": (Status.PENDING,),
}


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
    with in_the_words_of(message):
        values = kinds.values(message, params)
        platform = kinds.platform_of(message, params)
        return Letter(
            subject=" ".join(render(message.kind, platform, "subject.txt", values).split()),
            text=render(message.kind, platform, "text.txt", values).strip() + "\n",
            html=render(message.kind, platform, "html.html", values),
        )


def is_out_of_date(message: Message) -> bool:
    """Does it speak of a link that has run out meanwhile, or ask for what is done already?"""
    params = outbox.params_of(message)
    expires_at = params.get("expires_at")
    if expires_at is not None and expires_at <= clock.now():
        return True
    if message.kind == push_certificates.WARNING and not push_certificates.is_still_so(params):
        return True
    is_asked_for_in = ASKED_FOR_IN.get(message.kind)
    return bool(is_asked_for_in and message.device and message.device.status not in is_asked_for_in)


def render(kind: str, platform: str, part: str, values: dict[str, Any]) -> str:
    """The platform's own template of a kind, where there is one, else the kind's."""
    names = [f"mail/{kind}/{platform}/{part}"] * bool(platform) + [f"mail/{kind}/{part}"]
    return current_app.jinja_env.select_template(names).render(values)


@contextmanager
def in_the_words_of(message: Message) -> Iterator[None]:
    """The recipient's language and time zone, else the organisation's; in an app context of its own."""
    with current_app.app_context():
        rules = organisation.current()
        with flask_babel.force_locale(_locale(message, rules)):
            # Flask-Babel has no force_timezone; this is where it keeps the zone for the rest of the context.
            g._flask_babel.babel_tzinfo = _zone(message.time_zone or rules.time_zone)
            yield


def _locale(message: Message, rules: Settings) -> str:
    """A language that we speak, else English, as the organisation's country writes its times."""
    spoken = next((code for code in (message.language, rules.language) if code in language.NAMES), "en")
    try:
        return str(Locale.parse(f"{spoken}_{rules.country}"))
    except (UnknownLocaleError, ValueError):
        return spoken


def _zone(name: str) -> Any:
    try:
        return get_timezone(name)
    except LookupError:
        return get_timezone("UTC")
