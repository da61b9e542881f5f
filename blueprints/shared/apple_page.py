"""What the page of an iPhone, iPad or Mac shows beside what every device shows."""

from __future__ import annotations

from typing import Any

from blueprints.shared import words
from blueprints.shared.words.apple import hints
from mdm.apple.inventories import Application, Certificate, Profile, Security
from models import Command, Device, User
from services import permissions
from services.apple import kept, pushes, vault
from services.channels import apple
from services.permissions import Action


def of(device: Device, person: User, ordered: list[Command]) -> dict[str, Any] | None:
    """For devices/_apple.html; None for every other device."""
    row = vault.enrolment_of(device) if device.channel == apple.NAME else None
    if row is None:
        return None
    found = row.inventory
    waits_for = pushes.why_not(device) if any(command.is_live for command in ordered) else ""
    may_locate = permissions.still_may(person, device, Action.LOCATE)
    return {
        "not_woken": words.obstacle_sentence(waits_for) if waits_for else "",
        "has_pin": bool(vault.pins_of(device)),
        "hints": hints(kept.one(Security, found.get("security"))),
        "applications": kept.each(Application, found.get("applications")),
        "profiles": kept.each(Profile, found.get("profiles")),
        "certificates": kept.each(Certificate, found.get("certificates")),
        "place": found.get("place") if may_locate and device.status == "lost" else None,
        "place_at": found.get("place_at"),
    }
