"""Mails that nobody asked for: to the owner when somebody else acted, when their device has joined, or when it may not
have been erased; the last to administrators too.
"""

from __future__ import annotations

from models import AuditEntry, Device, Message, MessageState, User
from services import audit, clock, lifecycle, outbox, settings, users

TOGETHER_SECONDS = 60  # what is done at one go, and has not gone out yet, goes out in one mail
MOST_TOGETHER = 20


def follow(entry: AuditEntry, by: audit.Actor, owner: User | None, device: Device | None) -> None:
    """Queue what the entry should tell, in the transaction of what it records. The audit calls it for each."""
    if owner is None:
        return
    if entry.action == "device:enrolment:completed":
        _queue("registered", owner, {"at": entry.at}, device)
    elif entry.action == "device:wipe:doubted":
        _warn(entry, owner, device)
    elif (
        isinstance(by, User)
        and by.code != owner.code
        and is_a_deed(entry.action)
        and not _only_follows(entry)
    ):
        _tell_of(entry, owner, device)


def is_a_deed(action: str) -> bool:
    """Was something done that its owner should hear of? A look, or a message sent again, changes nothing."""
    subject, _, what = action.partition(":")
    return subject in ("device", "user") and what not in ("looked:done", "account:created")


def _only_follows(entry: AuditEntry) -> bool:
    """An order that ended because its device left: the leaving itself is told."""
    return bool(entry.params.get("reason") == lifecycle.DEVICE_LEFT)


def _warn(entry: AuditEntry, owner: User, device: Device | None) -> None:
    """What is on it may be in strange hands, so everybody who can do something hears of it, and nobody switches it off."""
    for person in {each.id: each for each in (owner, *users.administrators())}.values():
        if person.email:
            outbox.queue("wipe_doubted", person, person.email, {"at": entry.at}, device)


def _tell_of(entry: AuditEntry, owner: User, device: Device | None) -> None:
    """The entry's id is enough: the worker makes the sentence of it, in the owner's language."""
    waiting = (
        Message.select()
        .where(
            Message.kind == "action_done",
            Message.user == owner,
            Message.device == device,
            Message.state == MessageState.WAITING,
            Message.tries == 0,
            Message.created_at > clock.now() - TOGETHER_SECONDS,
        )
        .order_by(Message.id.desc())
        .first()
    )
    entries = outbox.params_of(waiting)["entries"] if waiting else []
    if waiting and len(entries) < MOST_TOGETHER:
        outbox.rewrite(waiting, {"entries": [*entries, entry.id]})
    else:
        _queue("action_done", owner, {"entries": [entry.id]}, device)


def _queue(kind: str, owner: User, params: dict[str, object], device: Device | None) -> None:
    if owner.email and settings.load().notifies(kind):
        outbox.queue(kind, user=owner, recipient=owner.email, params=params, device=device)
