"""What the help desk and administrators see of the outbox, and may do about it. Never what a message says."""

from __future__ import annotations

from peewee import JOIN

from models import Device, Medium, Message, MessageState, User, database
from services import audit, clock, outbox, permissions, text_messages
from services.refused import N_, Forbidden, Refused

OPEN = (MessageState.WAITING, MessageState.FAILED)


def recent(limit: int, before: int = 2**63 - 1) -> list[Message]:
    """Newest first, with their users and devices; `before` is the id that the last page ended with."""
    query = Message.select(Message, User, Device)
    for other in (User, Device):
        query = query.join_from(Message, other, join_type=JOIN.LEFT_OUTER)
    return list(query.where(Message.id < before).order_by(Message.id.desc()).limit(limit))


def by_code(code: str) -> Message | None:
    return Message.get_or_none(Message.code == code)


def retry(message: Message, by: User) -> None:
    """Have it tried again, now, with all its tries. Raises Refused when it has ended, or is over its number's quota."""
    _refuse_others(by)
    with database.atomic():
        changed = (
            Message.update(state=MessageState.WAITING, tries=0, next_at=clock.now(), reason="", detail="")
            .where(Message.id == message.id, Message.state.in_(OPEN), Message.params.is_null(False))
            .execute()
        )
        if not changed:
            raise Refused(N_("This message cannot be sent again: it was sent, or cancelled."))
        if _is_over_quota(message):
            raise Refused(N_("This number has had as many text messages in 24 hours as it may have."))
        _audit("message:delivery:retried", message, by)


def cancel(message: Message, by: User) -> None:
    """Keep it from going out. Raises Refused when it is under way or has ended."""
    _refuse_others(by)
    with database.atomic():
        if not outbox.call_off((Message.id == message.id) & Message.state.in_(OPEN)):
            raise Refused(N_("This message cannot be cancelled any more: it is under way, or has ended."))
        _audit("message:delivery:cancelled", message, by)


def may_be_retried(message: Message) -> bool:
    return message.state in OPEN and message.params is not None and not _is_over_quota(message)


def may_be_cancelled(message: Message) -> bool:
    return message.state in OPEN


def _refuse_others(by: User) -> None:
    if not permissions.may_help(by):
        raise Forbidden()


def _is_over_quota(message: Message) -> bool:
    """Whoever asks: the quota keeps a number, and who pays for it, from more than that in a day."""
    return message.medium == Medium.SMS and text_messages.is_over_quota(message.recipient, message)


def _audit(action: str, message: Message, by: User) -> None:
    audit.append(action, by=by, user=message.user, device=message.device, params={"message": message.code})
