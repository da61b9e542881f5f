"""Looks at other people's pages, written down for their owners: a look that is repeated within the hour is one."""

from __future__ import annotations

from typing import Any

from models import AuditEntry, Device, User, database
from services import audit, clock

ONE_LOOK_SECONDS = 3600


def note_device(device: Device, by: User) -> None:
    """Somebody else looked at the device's page: the owner reads so in its history."""
    if device.user_id != by.id:
        _note("device:looked:done", AuditEntry.device == device.code, by, device=device)


def note_person(person: User, by: User) -> None:
    """Somebody else looked at what belongs to a person: the person reads so in their activity."""
    if person.id != by.id:
        _note("user:looked:done", AuditEntry.user == person.code, by, user=person)


def _note(action: str, about: Any, by: User, **of: Any) -> None:
    """What is no news takes no lock: a page that waits is looked at every few seconds. Of two tabs at once one is news."""
    if not _is_news(action, about, by):
        return
    with database.atomic():
        if _is_news(action, about, by):
            audit.append(action, by=by, **of)


def _is_news(action: str, about: Any, by: User) -> bool:
    lately = AuditEntry.select().where(
        about,
        AuditEntry.actor == by.code,
        AuditEntry.action == action,
        AuditEntry.at > clock.now() - ONE_LOOK_SECONDS,
    )
    return not lately.exists()
