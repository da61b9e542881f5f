"""What text messages have of their own in the outbox: each costs money, so a number gets only so many in a day."""

from __future__ import annotations

import re

from models import Medium, Message, MessageState
from services import clock, settings
from services.refused import N_, Refused

DAY = 86_400
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")  # E.164


def refuse_odd_number(number: str) -> None:
    """Raises Refused for what is no E.164 number, line ends and all."""
    if not NUMBER.fullmatch(number):
        raise Refused(N_("This is not a phone number."), field="phone_number")


def is_over_quota(number: str, besides: Message | None = None) -> bool:
    """Has the number had its texts of the last 24 hours? Asked in the transaction of the next one, so exactly.

    A text counts from when it was last due, so that an old one that is tried again counts anew. `besides` is the one
    that is asked about.
    """
    was_refused = (Message.state == MessageState.FAILED) & (Message.reason == "quota")
    was_never_tried = (Message.state == MessageState.CANCELLED) & (Message.tries == 0)
    counted = Message.select().where(
        Message.recipient == number,
        Message.next_at > clock.now() - DAY,
        Message.medium == Medium.SMS,
        ~was_refused,
        ~was_never_tried,
        Message.id != (besides.id if besides else 0),
    )
    return bool(counted.count() >= settings.load().sms_per_day)


def hold_up(seconds: int, besides: Message) -> None:
    """The gateway is gone or has enough: what else waits for it waits a little, so that mails go on."""
    until = clock.now() + seconds
    Message.update(next_at=until).where(
        Message.medium == Medium.SMS,
        Message.state == MessageState.WAITING,
        Message.next_at < until,
        Message.id != besides.id,
    ).execute()
