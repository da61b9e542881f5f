"""What the lines of the roll say, in one language: looked up once, escaped, ready to be joined."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from html import escape  # plain text: joining and formatting Markup costs three times as much

from flask_babel import gettext as _
from markupsafe import Markup

from blueprints.shared import times, words
from blueprints.shared.delivery_state import TRIED, UNDER_WAY
from blueprints.shared.words import names, orders
from models import MessageState, Ownership, Platform, Status, Way
from services.devices import HomeRow

PLACE = "\x00"  # stands where a value will go
Around = tuple[str, str]  # what stands before and after the value


@dataclass(frozen=True)
class RollWords:
    icons: dict[str, str]  # by platform
    platforms: dict[str, str]
    systems: dict[str, str]  # not escaped: a version follows
    statuses: dict[str, str]
    sentences: dict[str, str]  # by status
    owned: dict[str, Around]  # by ownership, around the system
    next_owners: dict[str, str]
    to_do: dict[str, Around]  # by way, around the time
    again: dict[str, str]  # by way
    mails: dict[str, Around]  # by the mail's state, around the time it went out
    correct: str
    last_check_in: Around
    cancel: str
    renew: str
    stopped: str


@lru_cache(maxsize=64)
def roll_words(locale: str, organisation: str, icons: str) -> RollWords:
    """`locale` must be the reader's, in which gettext answers now: it keeps the languages apart."""
    return RollWords(
        icons={platform: _icon(icons, words.platform_icon(platform)) for platform in Platform},
        platforms={platform: escape(words.platform_word(platform)) for platform in Platform},
        systems={platform: _(names.SYSTEMS[platform]) for platform in Platform},
        statuses={status: _status(icons, status) for status in Status},
        sentences={status: escape(words.status_sentence(status)) for status in Status},
        owned={
            Ownership.EMPLOYEE: _around(_("%(system)s, yours.", system=PLACE)),
            Ownership.COMPANY: _around(
                _("%(system)s, belongs to %(organisation)s.", system=PLACE, organisation=organisation)
            ),
        },
        next_owners={
            Ownership.EMPLOYEE: escape(_("Yours from the next check-in on.")),
            Ownership.COMPANY: escape(
                _("%(organisation)s's from the next check-in on.", organisation=organisation)
            ),
        },
        to_do={
            Way.INVITATION: _around(_("Open the invitation on the device before %(time)s.", time=PLACE)),
            Way.PIN: _around(_("Type the PIN on the device before %(time)s.", time=PLACE)),
            Way.QR: _around(_("Scan the code or open its link on the device before %(time)s.", time=PLACE)),
        },
        again={
            Way.INVITATION: escape(_("Send it again")),
            Way.PIN: escape(_("Renew the PIN")),
            Way.QR: escape(_("Renew the code")),
        },
        mails={
            MessageState.WAITING: _around(_("The mail is on its way.")),
            TRIED: _around(_("The mail has not gone out yet.")),
            MessageState.SENT: _around(_("The mail went out at %(time)s.", time=PLACE)),
            MessageState.FAILED: _around(_("The mail did not go out.")),
            MessageState.CANCELLED: _around(_("The mail was called off.")),
        },
        correct=escape(_("Correct the address")),
        last_check_in=_around(_("Last check-in %(time)s.", time=PLACE)),
        cancel=escape(_("Cancel it")),
        renew=escape(_("Renew")),
        stopped=f'{escape(_("We stopped looking for news."))} <a href="/">{escape(_("Look again"))}</a>',
    )


def named(word: str, which: str) -> str:
    """What a button is called to those who hear it; as the macro of this name says it. Both are escaped already."""
    return _("%(word)s: %(which)s", word=word, which=which)


def mail_said(row: HomeRow, words: RollWords, may_correct: bool) -> str:
    """How far the mail with its link is, and what to do when it came no further."""
    if not row.mail_state:
        return ""
    state = row.mail_state
    if state in UNDER_WAY:
        state = TRIED if row.mail_reason else MessageState.WAITING
    before, after = words.mails[state]
    when = times.clock_time(row.mail_sent_at) if state == MessageState.SENT and row.mail_sent_at else ""
    said = f" {before}{when}{after}"
    if row.mail_reason:
        said += f" {escape(orders.reason_sentence(row.mail_reason))}"
    if row.mail_state == MessageState.FAILED and may_correct:
        said += f' <a href="/registrations/{row.registration_code}#email">{words.correct}</a>'
    return said


def _icon(icons: str, name: str) -> str:
    return str(Markup('<svg class="i big" aria-hidden="true"><use href="{}#{}"/></svg>').format(icons, name))


def _status(icons: str, status: Status) -> str:
    look = words.status_look(status)
    html = Markup(
        '<span class="status {}"><svg class="flag" aria-hidden="true"><use href="{}#f-{}"/></svg> {}</span>'
    ).format(look.tone, icons, look.flag, words.status_word(status))
    return str(html)


def _around(sentence: str) -> Around:
    before, _place, after = sentence.partition(PLACE)
    return escape(before), escape(after)
