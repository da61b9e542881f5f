"""The sentence over the roll: how the devices are, and whether one of them waits for the person."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import flask_babel
from babel import Locale
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


def state_sentence(rows: Sequence[HomeRow]) -> Markup:
    """Three devices. Two are in good order, and <mark>the Pixel 8 is waiting for you</mark>."""
    here = [row for row in rows if row.status not in ENDED]
    if not here:
        return Markup()
    if all(row.status == Status.ACTIVE for row in here):
        return _all_are_good(flask_babel.get_locale(), len(here))
    return _counted(len(here)) + " " + _how_they_are(here)


def number_word(number: int) -> str:
    """Three; from thirteen on, figures."""
    return _(NUMBERS[number]) if number < len(NUMBERS) else str(number)


@lru_cache(maxsize=200)
def _all_are_good(locale: Locale, count: int) -> Markup:
    """What most people read most of the time. `locale` is the reader's, in which gettext speaks here."""
    if count == 1:
        good = _("It is in good order.")
    else:
        good = _("Both are in good order.") if count == 2 else _("All are in good order.")
    return _counted(count) + " " + escape(good)


def _counted(count: int) -> Markup:
    number = number_word(count)
    return _starting_large(
        escape(ngettext("%(number)s device.", "%(number)s devices.", count, number=number))
    )


def _how_they_are(rows: Sequence[HomeRow]) -> Markup:
    good = [row for row in rows if row.status == Status.ACTIVE]
    clauses = [_are_good(len(good))] if good else []
    troubles = [clause for clause in (_waiting(rows), _joining(rows), *_others(rows)) if clause]
    troubles[0] = Markup("<mark>{}</mark>").format(troubles[0])
    return _starting_large(_joined(clauses + troubles)) + "."


def _are_good(count: int) -> Markup:
    number = number_word(count)
    return escape(
        ngettext("%(number)s is in good order", "%(number)s are in good order", count, number=number)
    )


def _waiting(rows: Sequence[HomeRow]) -> Markup | None:
    waiting = [row for row in rows if row.status in WAITING and row.status != Status.ENROLLING]
    if len(waiting) > 1:
        return escape(_("%(number)s are waiting for you", number=number_word(len(waiting))))
    return escape(_("%(device)s is waiting for you", device=_called(waiting[0]))) if waiting else None


def _joining(rows: Sequence[HomeRow]) -> Markup | None:
    joining = [row for row in rows if row.status == Status.ENROLLING]
    if len(joining) > 1:
        return escape(_("%(number)s are joining", number=number_word(len(joining))))
    return escape(_("%(device)s is joining", device=_called(joining[0]))) if joining else None


def _others(rows: Sequence[HomeRow]) -> list[Markup]:
    """Lost, blocked and leaving devices, each by its name: there are few."""
    said = {
        Status.LOST: _("%(device)s is reported lost"),
        Status.BLOCKED: _("%(device)s is blocked"),
        Status.RETIRE_PENDING: _("%(device)s is about to leave"),
        Status.WIPE_PENDING: _("%(device)s is about to be emptied"),
    }
    return [
        escape(said[Status(row.status)].replace("%(device)s", _called(row)))
        for row in rows
        if row.status in said
    ]


def _called(row: HomeRow) -> str:
    """The Pixel 8, but Alice's laptop: a name that a person gave takes no article."""
    name = words.display_name(row)
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
