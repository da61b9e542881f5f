"""The sentence over the roll: how the devices are, and whether one of them waits for the person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import flask_babel
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup, escape

from blueprints.shared import words
from models import ENDED, WAITING, Status
from services.devices import HomeRow
from services.refused import N_

NUMBERS = (
    N_("no"), N_("one"), N_("two"), N_("three"), N_("four"), N_("five"), N_("six"), N_("seven"),
    N_("eight"), N_("nine"), N_("ten"), N_("eleven"), N_("twelve"),
)  # fmt: skip


class Other(NamedTuple):
    """What the sentence says of a device that is not simply in good order."""

    status: str
    name: str
    model: str | None
    platform: str


def state_sentence(rows: Iterable[HomeRow]) -> Markup:
    """Three devices. Two are in good order, and <mark>the Pixel 8 is waiting for you</mark>."""
    good, others = 0, []
    for row in rows:
        if row.status == Status.ACTIVE:
            good += 1
        elif row.status not in ENDED:
            others.append(Other(row.status, row.name, row.model, row.platform))
    return _sentence(str(flask_babel.get_locale()), good, tuple(others)) if good or others else Markup()


def number_word(number: int) -> str:
    """Three; from thirteen on, figures."""
    return _(NUMBERS[number]) if number < len(NUMBERS) else str(number)


@lru_cache(maxsize=1000)
def _sentence(locale: str, good: int, others: tuple[Other, ...]) -> Markup:
    """Kept, because everybody reads the same one again and again.

    `locale` must be the reader's, in which gettext speaks now: it keeps the languages apart.
    """
    count = good + len(others)
    number = number_word(count)
    counted = escape(ngettext("%(number)s device.", "%(number)s devices.", count, number=number))
    how_they_are = _how_they_are(good, others) if others else _all_are_good(good)
    return _starting_large(counted) + " " + how_they_are


def _all_are_good(count: int) -> Markup:
    if count == 1:
        return escape(_("It is in good order."))
    return escape(_("Both are in good order.") if count == 2 else _("All are in good order."))


def _how_they_are(good: int, others: Sequence[Other]) -> Markup:
    clauses = [_are_good(good)] if good else []
    troubles = [clause for clause in (_waiting(others), _joining(others), *_leaving(others)) if clause]
    troubles[0] = Markup("<mark>{}</mark>").format(troubles[0])
    return _starting_large(_joined(clauses + troubles)) + "."


def _are_good(count: int) -> Markup:
    number = number_word(count)
    return escape(
        ngettext("%(number)s is in good order", "%(number)s are in good order", count, number=number)
    )


def _waiting(rows: Sequence[Other]) -> Markup | None:
    waiting = [row for row in rows if row.status in WAITING and row.status != Status.ENROLLING]
    if len(waiting) > 1:
        return escape(_("%(number)s are waiting for you", number=number_word(len(waiting))))
    return escape(_("%(device)s is waiting for you", device=_called(waiting[0]))) if waiting else None


def _joining(rows: Sequence[Other]) -> Markup | None:
    joining = [row for row in rows if row.status == Status.ENROLLING]
    if len(joining) > 1:
        return escape(_("%(number)s are joining", number=number_word(len(joining))))
    return escape(_("%(device)s is joining", device=_called(joining[0]))) if joining else None


def _leaving(rows: Sequence[Other]) -> list[Markup]:
    """Lost, blocked and leaving devices, each by its name: there are few."""
    said = {
        Status.LOST: _("%(device)s is reported lost"),
        Status.BLOCKED: _("%(device)s is blocked"),
        Status.RETIRE_PENDING: _("%(device)s is about to leave"),
        Status.WIPE_PENDING: _("%(device)s is about to be wiped"),
    }
    return [
        escape(said[Status(row.status)].replace("%(device)s", _called(row)))
        for row in rows
        if row.status in said
    ]


def _called(row: Other) -> str:
    """The Pixel 8, but Alice's laptop: a name that a person gave takes no article."""
    name = row.name or words.platform_word(row.platform)
    return _("the %(device)s", device=name) if row.name in ("", row.model) else name


def _joined(clauses: Sequence[Markup]) -> Markup:
    sentence = clauses[0]
    for place, clause in enumerate(clauses[1:], start=2):
        if place == len(clauses):
            sentence = escape(_("%(clauses)s, and %(last)s")) % {"clauses": sentence, "last": clause}
        else:
            sentence = escape(_("%(clauses)s, %(next)s")) % {"clauses": sentence, "next": clause}
    return sentence


def _starting_large(sentence: Markup) -> Markup:
    """The first letter as a sentence begins, also behind the mark."""
    tag = Markup("<mark>") if sentence.startswith("<mark>") else Markup()
    rest = sentence[len(tag) :]
    return tag + rest[:1].upper() + rest[1:]
