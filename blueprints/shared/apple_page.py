"""What the page of an iPhone, iPad or Mac shows beside what every device shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from blueprints.shared import words
from blueprints.shared.words.apple import hints
from mdm.apple import inventories
from mdm.apple.inventories import Application, Certificate, Profile, Security
from models import ApplePin, Command, CommandState, Device, Status, User
from services import deliveries, permissions
from services.apple import kept, pushes, vault, wiped
from services.channels import apple


def of(device: Device, person: User, ordered: list[Command]) -> dict[str, Any] | None:
    """For devices/_apple.html; None for every other device."""
    row = vault.enrolment_of(device) if device.channel == apple.NAME else None
    if row is None:
        return None
    found = row.inventory
    pins = vault.pins_of(device) if permissions.may_see_pin(person, device) else []
    waits_for = pushes.why_not(device) if any(command.is_live for command in ordered) else ""
    return {
        "not_woken": words.obstacle_sentence(waits_for) if waits_for else "",
        "is_wipe_in_doubt": device.status == Status.WIPED and wiped.is_in_doubt(device),
        "has_pin": bool(pins),
        "may_be_locked": bool(pins) and _may_be_locked_with(pins[0], device),
        "hints": hints(kept.one(Security, found.get("security"))),
        "applications": kept.each(Application, found.get("applications")),
        "profiles": kept.each(Profile, found.get("profiles")),
        "certificates": kept.each(Certificate, found.get("certificates")),
        "how_many": {part: _how_many(found, part) for part in inventories.LISTS},
        "place": found.get("place") if permissions.may_see_place(person, device) else None,
        "place_at": found.get("place_at"),
    }


def _how_many(found: Mapping[str, Any], part: str) -> str:
    """Long lists are cut. What an older version of Muster stored was not counted."""
    shown = len(found.get(part) or [])
    count = found.get(f"{part}_count") or shown
    return str(count) if count == shown else _("%(shown)s of %(count)s", shown=shown, count=count)


def _may_be_locked_with(pin: ApplePin, device: Device) -> bool:
    """Was its lock sent and given up without an answer, and has the Mac been silent since?"""
    lock: Command = pin.command
    if lock.kind != "lock" or not deliveries.may_be_confirmed_late(lock):
        return False
    given_up_at = lock.finished_at or 0
    if lock.state == CommandState.EXPIRED and (lock.expires_at is None or given_up_at < lock.expires_at):
        return False  # before its time: the Mac came by once more than it is sent
    return (device.last_check_in_at or 0) <= given_up_at
