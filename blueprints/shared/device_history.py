"""What was done to a device, as sentences for whoever reads it."""

from __future__ import annotations

from typing import NamedTuple

from blueprints.shared import words
from models import Device, User
from services import audit

NEWEST = 11  # on the device's page: ten, and one more to know whether there are others


class Told(NamedTuple):
    """One entry."""

    id: int
    at: int
    sentence: str


def told(device: Device, reader: User, limit: int = NEWEST, before: int | None = None) -> list[Told]:
    """Newest first; `before` is the id that the page before ended with."""
    entries = audit.history(device, limit, before)
    people, texts = audit.people(entries), audit.texts(entries)
    return [
        Told(entry.id, entry.at, words.audit_sentence(entry, reader, people, texts.get(entry.id)))
        for entry in entries
    ]
