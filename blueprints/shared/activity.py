"""What a person did, and what was done to their account and devices, as sentences with what each is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from flask_babel import gettext as _

from blueprints.shared import words
from models import AuditEntry, Device, User
from services import audit, devices, permissions, users


class Deed(NamedTuple):
    """One entry: `about` names a device, or the account of somebody else; `url` is its page, if it has one."""

    id: int
    at: int
    sentence: str
    about: str
    url: str


def told(reader: User, limit: int, before: int | None = None) -> list[Deed]:
    """Newest first; `before` is the id that the page before ended with. As many queries for one as for fifty."""
    entries = audit.of_user(reader, limit, before)
    people, texts = audit.people(entries), audit.texts(entries)
    named = devices.by_codes(entry.device for entry in entries)
    owners = users.names(entry.user for entry in entries)
    return [
        Deed(
            entry.id,
            entry.at,
            words.audit_sentence(entry, reader, people, texts.get(entry.id)),
            *_about(entry, reader, named, owners),
        )
        for entry in entries
    ]


def _about(
    entry: AuditEntry, reader: User, named: Mapping[str, Device], owners: Mapping[str, str]
) -> tuple[str, str]:
    is_own = entry.user in ("", reader.code)
    owner = "" if is_own else owners.get(entry.user) or _("somebody who has left")
    if not entry.device:
        url = (
            f"/help-desk/people/{entry.user}" if entry.user in owners and permissions.may_help(reader) else ""
        )
        return owner, "" if is_own else url
    device = named.get(entry.device)
    name = words.display_name(device) if device else entry.device.upper()
    about = name if is_own else _("%(device)s of %(owner)s", device=name, owner=owner)
    may_see = device is not None and permissions.may_see(reader, device)
    return about, f"/devices/{entry.device}" if may_see else ""
