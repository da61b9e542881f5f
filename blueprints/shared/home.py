"""The home page: the sentence, the roll, how many more, and the panel to register another.

Everybody opens it all the time. So what is the same from one time to the next is written once and kept, and each
answer puts its own sentence, questions, lines, CSRF token, the form's code and the end of its session in.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

import flask_babel
from flask import render_template, session
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup

from blueprints.shared import (
    access,
    organisation,
    ownership_question,
    register_panel,
    roll,
    security,
    session_end,
)
from blueprints.shared.state_sentence import number_word, state_sentence
from models import Role, User
from services import devices, registration_rules
from services.settings import Settings

PAGE = "devices/index.html"
# These differ from answer to answer, and so does the CSRF token.
FILLED_IN = ("sentence", "questions", "here", "gone")
PLACE = re.compile("\x00([a-z]+)\x00")


class Frame(NamedTuple):
    """All that a home page depends on besides what is filled in. Two people whose frames are equal see the same."""

    locale: str
    rules: Settings
    first_name: str
    has_email: bool
    roles: frozenset[Role]
    limit: str
    has_devices: bool
    has: tuple[bool, ...]  # which of FILLED_IN are there


def roll_of(person: User) -> dict[str, Any]:
    """The part that changes when a device does."""
    rows = devices.as_of_now(devices.home(person))
    here, gone = devices.folded(rows)
    shared = roll.reading()
    return {
        "has_devices": bool(rows),
        "sentence": state_sentence(rows),
        "questions": ownership_question.on_home(rows, person),
        "here": roll.lines(here, shared),
        "gone": roll.lines(gone, shared),
        "limit": _limit_sentence(person),
        "may_register": access.may_register(),
    }


def page(person: User) -> str:
    """The whole page."""
    parts = roll_of(person)
    if "_flashes" in session:  # what was said to this person is for no other answer
        return render_template(PAGE, **parts, panel=register_panel.panel(person))
    frame = Frame(
        str(flask_babel.get_locale()),
        organisation.current(),
        person.first_name,
        bool(person.email),
        access.signed_in().roles,
        parts["limit"],
        parts["has_devices"],
        tuple(bool(parts[name]) for name in FILLED_IN),
    )
    once = {"csrf": security.csrf_token(), "session": _session(), "form": register_panel.new_form_code()}
    values = {**parts, **once}
    pieces = _kept(frame)
    return "".join(values[piece] if place % 2 else piece for place, piece in enumerate(pieces))


@lru_cache(maxsize=64)
def _kept(frame: Frame) -> tuple[str, ...]:
    """The page of whoever asks now, who fits the frame: text and names of what goes in, by turns."""
    places = {
        name: Markup(f"\x00{name}\x00") if has else Markup()  # noqa: S704 - names of our own
        for name, has in zip(FILLED_IN, frame.has, strict=True)
    }
    html = render_template(
        PAGE,
        **places,
        has_devices=frame.has_devices,
        limit=frame.limit,
        may_register=access.may_register(),
        panel=register_panel.panel(access.person(), form_code="\x00form\x00"),
    )
    html = html.replace(security.csrf_token(), "\x00csrf\x00").replace(_session(), "\x00session\x00")
    return tuple(PLACE.split(html))


def _session() -> str:
    """As the layout has it."""
    return f'data-session="{session_end.seconds()}"'


def _limit_sentence(person: User) -> str:
    """You may register five devices, so there is room for two more. Nothing where there is no limit."""
    rules = organisation.current()
    room = registration_rules.room_left(person, rules) if access.may_register() else None
    if room is None:
        return ""
    most = ngettext(
        "You may register one device",
        "You may register %(number)s devices",
        rules.devices_per_user,
        number=number_word(rules.devices_per_user),
    )
    if room == 0:
        return _("%(most)s, and there is no room for another. Retire or cancel one first.", most=most)
    return ngettext(
        "%(most)s, so there is room for one more.",
        "%(most)s, so there is room for %(number)s more.",
        room,
        most=most,
        number=number_word(room),
    )
