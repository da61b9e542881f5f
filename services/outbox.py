"""Messages on their way out: queued in the transaction of what they tell of, claimed and sent by the worker."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from models import Device, Medium, Message, MessageState, User, database
from services import clock, codes, keyring, settings, text_messages
from services.refused import N_, Refused

LEASE_SECONDS = 60  # how long a claimed message belongs to its worker
LONGEST_WAIT = 900  # seconds between two tries
LONGEST_DETAIL = 300
UNSENT = (MessageState.WAITING, MessageState.SENDING)
WITH_SECRETS = ("invitation", "pin")  # kinds that bring a registration's link
OF_REGISTRATIONS = (*WITH_SECRETS, "reminder")  # kinds that are out of date once it is renewed or called off


def queue(
    kind: str,
    user: User | None,
    recipient: str,
    params: dict[str, Any],
    device: Device | None = None,
    medium: Medium = Medium.MAIL,
) -> Message:
    """Put a message into the outbox, in the caller's transaction. The worker renders it when it sends it.

    `params` may hold secrets: they are encrypted, and erased once the message is sent. A text over its number's
    quota is kept as failed. Raises Refused for a recipient that could smuggle lines into a header.
    """
    if medium == Medium.SMS:
        text_messages.refuse_odd_number(recipient)
    elif not recipient or any(ord(character) < 32 or ord(character) == 127 for character in recipient):
        raise Refused(N_("This is not an e-mail address."), field="email")
    code = codes.code(12)
    with database.atomic():
        is_over = medium == Medium.SMS and text_messages.is_over_quota(recipient)
        return Message.create(
            code=code,
            kind=kind,
            medium=medium,
            recipient=recipient,
            user=user,
            device=device,
            language=user.language if user else "",
            time_zone=user.time_zone if user else "",
            params=keyring.seal(json.dumps(params).encode(), _place(code)),
            state=MessageState.FAILED if is_over else MessageState.WAITING,
            reason="quota" if is_over else "",
            next_at=clock.now(),
            created_at=clock.now(),
        )


def params_of(message: Message) -> dict[str, Any]:
    """What the message says, secrets and all. Empty once they were erased."""
    if message.params is None:
        return {}
    params: dict[str, Any] = json.loads(keyring.unseal(message.params, _place(message.code)))
    return params


def rewrite(message: Message, params: dict[str, Any]) -> None:
    """Let a message that still waits say something else, in the caller's transaction."""
    sealed = keyring.seal(json.dumps(params).encode(), _place(message.code))
    Message.update(params=sealed).where(
        Message.id == message.id, Message.state == MessageState.WAITING
    ).execute()


def message_id(message: Message, host: str) -> str:
    """The Message-ID (RFC 5322, 3.6.4): the same at every try, so that a mail sent twice can be told."""
    return f"<{message.code}@{host}>"


def newest_for(device: Device, medium: Medium = Medium.MAIL) -> Message | None:
    """The last mail or text with a registration's link: has the invitation gone out?"""
    is_one = (Message.device == device) & Message.kind.in_(WITH_SECRETS) & (Message.medium == medium)
    return Message.select().where(is_one).order_by(Message.id.desc()).first()


def cancel_waiting(device: Device) -> None:
    """What was to be said of a registration is out of date: its link was renewed, or it was called off."""
    of_it = (Message.device == device) & Message.kind.in_(OF_REGISTRATIONS)
    with database.atomic():
        call_off(of_it & Message.state.in_(UNSENT))
        # What did not go out stays to be seen; nobody can have it tried again.
        Message.update(params=None).where(of_it, Message.state == MessageState.FAILED).execute()


def is_anything_due(medium: Medium = Medium.MAIL) -> bool:
    """A look that takes no lock, so that an idle worker costs nothing."""
    waits = (Message.state == MessageState.WAITING) & (Message.next_at <= clock.now())
    is_stale = (Message.state == MessageState.SENDING) & (Message.leased_until <= clock.now())
    return Message.select().where(waits | is_stale, Message.medium == medium).exists()


def claim(limit: int, medium: Medium = Medium.MAIL) -> list[Message]:
    """Take what is due, oldest first; it belongs to the caller for 60 seconds. Each claim counts as a try."""
    due = (
        Message.select(Message.id)
        .where(
            Message.state == MessageState.WAITING,
            Message.next_at <= clock.now(),
            Message.medium == medium,
        )
        .order_by(Message.next_at, Message.id)
        .limit(limit)
    )
    taken = {
        "state": MessageState.SENDING,
        "tries": Message.tries + 1,
        "leased_until": clock.now() + LEASE_SECONDS,
    }
    with database.atomic():
        claimed = Message.update(**taken).where(Message.id.in_(due)).returning(Message).execute()
        return sorted(claimed, key=lambda message: message.id)


def sent(message: Message) -> None:
    """The mail server has it; if it was called off meanwhile, it has it all the same."""
    done = {"state": MessageState.SENT, "sent_at": clock.now(), "params": None, "leased_until": None}
    with database.atomic():
        Message.update(**done, reason="", detail="").where(
            Message.id == message.id, Message.state != MessageState.SENT
        ).execute()


def failed(message: Message, reason: str, detail: str = "", final: bool = False) -> None:
    """It did not go out. Tried again after 1, 2, 4 ... 900 seconds, up to the settings' number of tries.

    What it says is kept, so that an administrator can have it tried again.
    """
    is_over = final or message.tries >= settings.load().message_tries
    wait = min(2 ** min(message.tries - 1, 20), LONGEST_WAIT)
    with database.atomic():
        Message.update(
            state=MessageState.FAILED if is_over else MessageState.WAITING,
            next_at=clock.now() + wait,
            leased_until=None,
            reason=reason,
            detail=" ".join(detail.split())[:LONGEST_DETAIL],
        ).where(_is_still_mine(message)).execute()


def give_back(messages: Iterable[Message]) -> None:
    """Claimed and not tried, because something else went wrong before it was their turn."""
    with database.atomic():
        for message in messages:
            Message.update(state=MessageState.WAITING, tries=message.tries - 1, leased_until=None).where(
                _is_still_mine(message)
            ).execute()


def drop(message: Message, reason: str) -> None:
    """It would say something that is no longer true, so it stays here."""
    with database.atomic():
        call_off(Message.id == message.id, reason)


def release_stale() -> int:
    """Give back what a worker claimed and never finished, because it was killed. Returns how many."""
    with database.atomic():
        return int(
            Message.update(state=MessageState.WAITING, next_at=clock.now(), leased_until=None)
            .where(Message.state == MessageState.SENDING, Message.leased_until <= clock.now())
            .execute()
        )


def note_not_configured(medium: Medium = Medium.MAIL, reason: str = "not_configured") -> None:
    """Nothing that could send it is set up, or nothing that counts today: what waits says so. It counts as no try."""
    waits = (Message.state == MessageState.WAITING) & (Message.medium == medium)
    is_news = waits & (Message.reason != reason)
    if Message.select().where(is_news).exists():
        with database.atomic():
            Message.update(reason=reason, detail="").where(is_news).execute()


def call_off(condition: Any, reason: str = "cancelled_by_person") -> bool:
    """Cancel the messages of a condition and erase what they say. Was there one?"""
    ended = {"state": MessageState.CANCELLED, "params": None, "leased_until": None, "reason": reason}
    return bool(Message.update(**ended, detail="").where(condition).execute())


def _is_still_mine(message: Message) -> Any:
    return (
        (Message.id == message.id)
        & (Message.state == MessageState.SENDING)
        & (Message.leased_until == message.leased_until)
    )


def _place(code: str) -> str:
    return f"message:{code}:params"
