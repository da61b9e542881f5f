"""The devices of another person, a line each, with what the reader may do about those that wait."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask_babel import gettext

from blueprints.shared import roll
from blueprints.shared.device_registration import AGAIN
from models import Status, User, Way
from services import devices, permissions
from services.devices import HomeRow


class Line(NamedTuple):
    """One device; `again` is the word on the button that has its invitation sent, or nothing."""

    device: HomeRow
    again: str


def lines(person: User, reader: User) -> dict[str, Any]:
    """Those that are here, and those that have left, newest first."""
    here, gone = roll.folded(roll.as_of_now(devices.home(person)))
    may_resend = bool(person.email) and permissions.may_resend_for(reader, person)
    return {
        "here": [Line(row, _again(row) if may_resend else "") for row in here],
        "gone": [Line(row, "") for row in gone],
    }


def _again(row: HomeRow) -> str:
    if row.registration_code is None or row.status not in (Status.PENDING, Status.VERIFIED, Status.EXPIRED):
        return ""
    again, anew, instead = AGAIN[Way.INVITATION]
    if row.way != Way.INVITATION:
        return gettext(instead)
    return gettext(anew if row.status == Status.EXPIRED else again)
