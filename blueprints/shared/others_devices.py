"""The devices of another person, a line each, with what the reader may do about those that wait."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask_babel import gettext

from blueprints.shared.device_registration import AGAIN, may_have_again
from models import Status, User, Way
from services import devices
from services.devices import HomeRow


class Line(NamedTuple):
    """One device; `again` is the word on the button that has its invitation sent, or nothing."""

    device: HomeRow
    again: str


def lines(person: User, reader: User) -> dict[str, Any]:
    """Those that are here, and those that have left, newest first."""
    here, gone = devices.folded(devices.as_of_now(devices.home(person)))
    return {
        "here": [Line(row, _again(row, person, reader)) for row in here],
        "gone": [Line(row, "") for row in gone],
    }


def _again(row: HomeRow, owner: User, reader: User) -> str:
    if not may_have_again(row, Way.INVITATION, owner, reader):
        return ""
    again, anew, instead = AGAIN[Way.INVITATION]
    if row.way != Way.INVITATION:
        return gettext(instead)
    return gettext(anew if row.status == Status.EXPIRED else again)
