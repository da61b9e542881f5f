"""What happened, in order. Each entry holds the keyed hash of the one before it, so a change shows."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Iterable
from typing import Any

from models import AuditEntry, AuditHead, AuditText, Device, User, database
from services import clock, keyring

FIRST = "0" * 64  # what the first entry holds as its predecessor's hash
UNKNOWN = "?"  # what an entry holds when the end of the chain was not as it was left: `verify` names it
Actor = User | Device | None
# Called with every new entry, its actor, its owner and its device, in the same transaction. `services` fills it: whoever
# follows needs settings, and settings append to the audit, so the audit imports none of them.
followers: list[Callable[[AuditEntry, Actor, User | None, Device | None], None]] = []


def append(
    action: str,
    by: Actor,
    user: User | None = None,
    device: Device | None = None,
    params: dict[str, Any] | None = None,
    text: dict[str, str] | None = None,
) -> AuditEntry:
    """Add one entry, in the caller's transaction, whose change it records.

    `action` is subject:action:phase. `params` hold codes and numbers only; names and free text go into
    `text`, which can be erased later. `user` is whose account or device it is (default: the device's owner).
    The transaction's write lock is the appender's lock: SQLite lets one writer in at a time.
    """
    owner = user or (device.user if device else None)
    with database.atomic():
        entry = AuditEntry(
            at=clock.now(),
            action=action,
            actor_kind=_kind_of(by),
            actor=by.code if by else "",
            user=owner.code if owner else "",
            device=device.code if device else "",
            params=params or {},
            previous_hash=_hash_at_the_end(),
        )
        salt = secrets.token_hex(16)
        if text:
            entry.text_digest = _text_digest(salt, text)
        entry.hash = _hash_of(entry)
        entry.save(force_insert=True)
        newest = {"last": entry.id, "hash": _head_hash(entry)}
        AuditHead.insert(id=1, **newest).on_conflict(conflict_target=[AuditHead.id], update=newest).execute()
        if text:
            AuditText.create(entry=entry, salt=salt, text=text)
        for follow in followers:
            follow(entry, by, owner, device)
    return entry


def history(device: Device, limit: int = 50, before: int | None = None) -> list[AuditEntry]:
    """What was done to a device, newest first; `before` is the id that the last page ended with."""
    return _page(AuditEntry.device == device.code, limit, before)


def of_user(user: User, limit: int = 50, before: int | None = None) -> list[AuditEntry]:
    """What a person did, and what was done to their account and devices, newest first."""
    done_to = _page(AuditEntry.user == user.code, limit, before)
    did = _page(AuditEntry.actor == user.code, limit, before)  # apart, so that each follows its own index
    by_id = {entry.id: entry for entry in (*done_to, *did)}
    return [by_id[number] for number in sorted(by_id, reverse=True)[:limit]]


def people(entries: Iterable[AuditEntry]) -> dict[str, str]:
    """Names of the people who acted in these entries, by their code."""
    codes = {entry.actor for entry in entries if entry.actor_kind == "user"}
    if not codes:
        return {}
    rows: Any = User.select(User.code, User.name).where(User.code.in_(codes)).tuples()
    return dict(rows)


def texts(entries: Iterable[AuditEntry]) -> dict[int, dict[str, str]]:
    """The free text of these entries, by the entry's id. Erased texts are not there."""
    ids = [entry.id for entry in entries]
    rows: Any = AuditText.select(AuditText.entry, AuditText.text).where(AuditText.entry.in_(ids)).tuples()
    return dict(rows)


def verify() -> list[str]:
    """Walk the whole chain and name every entry that was changed, removed or inserted. Empty: all is well."""
    problems = []
    previous, last_id = FIRST, 0
    head = AuditHead.get_or_none()  # before the walk: what is appended meanwhile comes after it
    ends_well = head is None and not AuditEntry.select().exists()
    with_texts = AuditEntry.select(AuditEntry, AuditText.salt, AuditText.text.alias("free_text"))
    for entry in with_texts.left_outer_join(AuditText).order_by(AuditEntry.id).objects().iterator():
        if entry.id != last_id + 1:
            problems.append(f"entries {last_id + 1} to {entry.id - 1} are missing")
        if entry.previous_hash != previous:
            problems.append(f"entry {entry.id} does not follow the entry before it")
        if entry.hash != _hash_of(entry):
            problems.append(f"entry {entry.id} was changed")
        if entry.salt is not None and entry.text_digest != _text_digest(entry.salt, entry.free_text):
            problems.append(f"the text of entry {entry.id} was changed")
        previous, last_id = entry.hash, entry.id
        if head is not None and entry.id == head.last:
            ends_well = head.hash == _head_hash(entry)
    if not ends_well:
        problems.append(f"entries after {last_id} are missing, or the last ones were changed")
    return problems


def _page(condition: Any, limit: int, before: int | None) -> list[AuditEntry]:
    query = AuditEntry.select().where(condition).order_by(AuditEntry.id.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    return list(query)


def _kind_of(actor: Actor) -> str:
    if actor is None:
        return "system"
    return "user" if isinstance(actor, User) else "device"


def _hash_of(entry: AuditEntry) -> str:
    """HMAC-SHA-256 over every field but the hash itself, so that a copy of the database cannot forge one."""
    content = [
        entry.at,
        entry.action,
        entry.actor_kind,
        entry.actor,
        entry.user,
        entry.device,
        entry.params,
        entry.text_digest,
        entry.previous_hash,
    ]
    return _keyed("audit chain", content)


def _head_hash(entry: AuditEntry) -> str:
    """Says that the chain ends here. Keyed too: whoever cuts entries off cannot say so of an older one."""
    return _keyed("audit head", [entry.id, entry.hash])


def _hash_at_the_end() -> str:
    """What the next entry holds as its predecessor's hash."""
    head = AuditHead.get_or_none()
    if head is None:
        return FIRST
    last = AuditEntry.get_or_none(AuditEntry.id == head.last)
    return last.hash if last is not None and head.hash == _head_hash(last) else UNKNOWN


def _keyed(purpose: str, content: list[Any]) -> str:
    key = keyring.derive(purpose)
    return hmac.new(key, json.dumps(content, sort_keys=True).encode(), hashlib.sha256).hexdigest()


def _text_digest(salt: str, text: dict[str, str]) -> str:
    return hashlib.sha256((salt + json.dumps(text, sort_keys=True)).encode()).hexdigest()
