"""The roll: a person's devices, a line each.

Everybody opens this list all the time, so its lines are written by functions out of words that are looked
up once in each language, and kept until they change: twenty lines of Jinja cost more than the rest of the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import lru_cache
from html import escape
from typing import NamedTuple, cast

import flask_babel
from flask import current_app
from markupsafe import Markup

from blueprints.shared import access, organisation, pages, security, times
from blueprints.shared.device_registration import PATHS, may_have_again
from blueprints.shared.roll_words import RollWords, mail_said, named, roll_words
from models import ENDED, ENROLLED, Status, User, Way
from services import clock
from services.devices import HomeRow

POLL, TOKEN = "\x00poll\x00", "\x00token\x00"  # places in kept lines for what differs from answer to answer
BUCKET = 15  # seconds within which "2 minutes ago" is worked out once


class Reader(NamedTuple):
    """What `roll_words` depends on."""

    locale: str
    organisation: str
    icons: str


@dataclass
class Reading:
    """What all lines of one answer share."""

    reader: Reader
    words: RollWords
    now: int
    since: int  # when the page began to wait
    person: User
    may_register: bool


def reading(since: int | None = None) -> Reading:
    """For whoever asks now."""
    reader = Reader(
        str(flask_babel.get_locale()), organisation.current().organisation, _static_url("icons.svg")
    )
    return Reading(
        reader=reader,
        words=roll_words(*reader),
        now=clock.now(),
        since=since or clock.now(),
        person=access.person(),
        may_register=access.may_register(),
    )


def lines(rows: Iterable[HomeRow], shared: Reading) -> Markup:
    return Markup("\n".join(_line(row, shared) for row in rows))  # noqa: S704 - every value is escaped below


def line(row: HomeRow, since: int) -> Markup:
    """One line alone, that has waited since then."""
    return Markup(_line(row, reading(since)))  # noqa: S704


def _line(row: HomeRow, shared: Reading) -> str:
    if row.status in ENROLLED:
        age = max(0, shared.now - (row.last_check_in_at or shared.now))
        return _enrolled_line(row, shared.reader, age // BUCKET)
    may_renew = row.way is not None and may_have_again(row, Way(row.way), shared.person, shared.person)
    if row.status in ENDED:
        html = _ended_line(row, shared.reader, may_renew)
    else:
        poll, zone = _poll(row, shared), flask_babel.get_timezone()
        today = datetime.fromtimestamp(shared.now, zone).date()
        html = _waiting_line(row, shared.reader, may_renew, shared.may_register, not poll, today, zone)
        html = html.replace(POLL, poll)
    return html.replace(TOKEN, security.csrf_token()) if TOKEN in html else html


@lru_cache(maxsize=5000)
def _enrolled_line(row: HomeRow, reader: Reader, age: int) -> str:
    """A line stays as it is until its device reports, or its "2 minutes ago" grows old. `age` is in buckets."""
    words = roll_words(*reader)
    system = row.os_name or words.systems[row.platform]
    before, after = words.owned[row.ownership]
    said = f"{before}{escape(f'{system} {row.os_version}' if row.os_version else system)}{after}"
    if row.next_ownership:
        said += f" {words.next_owners[row.next_ownership]}"
    if row.status != Status.ACTIVE:
        said = f"{words.sentences[row.status]} {said}"
    at = row.last_check_in_at
    if at is not None:
        before, after = words.last_check_in
        ago = escape(times.ago_text(clock.now() - age * BUCKET))
        said += f' {before}<time datetime="{times.iso(at)}">{ago}</time>{after}'
    return _li(row, words, said)


def _li(row: HomeRow, words: RollWords, said: str, buttons: str = "", poll: str = "") -> str:
    return (
        f'<li id="device-{row.code}"{poll}>{words.icons[row.platform]}'
        f'<a class="name" href="/devices/{row.code}">{_name(row, words)}</a>{words.statuses[row.status]}'
        f"<p>{said}</p>{buttons}</li>"
    )


def _name(row: HomeRow, words: RollWords) -> str:
    return escape(row.name) if row.name else words.platforms[row.platform]


@lru_cache(maxsize=2000)
def _waiting_line(
    row: HomeRow,
    reader: Reader,
    may_renew: bool,
    may_register: bool,
    has_stopped: bool,
    today: date,
    zone: tzinfo,
) -> str:
    """With a place for how it asks again. "14:32 today" is out of date tomorrow, and wrong in another time zone."""
    words = roll_words(*reader)
    if row.status == Status.PENDING and row.expires_at is not None and row.way:
        before, after = words.to_do[row.way]
        said = f"{before}{times.clock_time(row.expires_at)}{after}{mail_said(row, words, may_renew)}"
    else:
        said = words.sentences[row.status]
    if has_stopped:
        said += f" {words.stopped}"
    buttons = ""
    if may_register and row.status != Status.ENROLLING and row.registration_code:
        name = _name(row, words)
        again = _once_more(row, name, words.again[row.way or ""]) if may_renew else ""
        cancel = _button(f"/registrations/{row.registration_code}/cancel", words.cancel, name, stays=True)
        buttons = f'<div class="row">{again}{cancel}</div>'
    return _li(row, words, said, buttons, POLL)


@lru_cache(maxsize=2000)
def _ended_line(row: HomeRow, reader: Reader, may_renew: bool) -> str:
    words = roll_words(*reader)
    renew = ""
    if may_renew:
        renew = f'<div class="row">{_once_more(row, _name(row, words), words.renew)}</div>'
    return _li(row, words, words.sentences[row.status], renew)


def _once_more(row: HomeRow, name: str, word: str) -> str:
    """The invitation goes out again in the background; a PIN or code is shown on a page of its own."""
    path = PATHS[Way(row.way or "")]
    return _button(f"/registrations/{row.registration_code}/{path}", word, name, stays=path == "reminder")


def _button(url: str, word: str, name: str, stays: bool) -> str:
    """A form of one button. With `stays`, htmx sends it and the list asks for itself when that is done."""
    htmx = f' data-hx-post="{url}" data-hx-swap="none" data-hx-sync="drop"' if stays else ""
    return (
        f'<form method="post" action="{url}"{htmx}><input type="hidden" name="csrf_token" value="{TOKEN}">'
        f'<button class="btn slim" aria-label="{named(word, name)}">{word}</button></form>'
    )


def _poll(row: HomeRow, shared: Reading) -> str:
    """A line asks for itself while its device is on the way, and not for ever."""
    seconds = pages.next_poll(shared.since)
    if seconds is None:
        return ""
    url = f"/devices/{row.code}/card?since={shared.since}&amp;was={row.status}"
    return f' data-hx-get="{url}" data-hx-trigger="every {seconds}s" data-hx-swap="outerHTML"'


def _static_url(name: str) -> str:
    find = cast(Callable[[str], str], current_app.jinja_env.globals["static_url"])
    return find(name)
