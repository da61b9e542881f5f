"""How far the mail and the text of a registration are, and why no further."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app
from flask_babel import gettext

from blueprints.shared import organisation, pages, times, words
from models import Medium, Message, MessageState, Registration, Way
from services import outbox, phone_numbers
from services.refused import N_

UNDER_WAY = (MessageState.WAITING, MessageState.SENDING)
TRIED = "tried"  # it waits, and there is a reason why it does

SENTENCES: dict[Medium, dict[str, str]] = {
    Medium.MAIL: {
        MessageState.WAITING: N_("The mail to %(to)s is on its way."),
        TRIED: N_("The mail to %(to)s has not gone out yet."),
        MessageState.SENT: N_("The mail to %(to)s went out at %(time)s."),
        MessageState.FAILED: N_("The mail to %(to)s did not go out."),
        MessageState.CANCELLED: N_("The mail to %(to)s was called off."),
    },
    Medium.SMS: {
        MessageState.WAITING: N_("The text message to %(to)s is on its way."),
        TRIED: N_("The text message to %(to)s has not gone out yet."),
        MessageState.SENT: N_("The text message to %(to)s went out at %(time)s."),
        MessageState.FAILED: N_("The text message to %(to)s did not go out."),
        MessageState.CANCELLED: N_("The text message to %(to)s was called off."),
    },
}
NOTHING_TO_SEND_IT = {
    Medium.MAIL: N_("No mail server is set up here yet, so it waits. An administrator can see that it does."),
    Medium.SMS: N_("No gateway for text messages is set up here any more, so it waits."),
}


@dataclass(frozen=True)
class Sending:
    """One message, as the person who waits for it reads it."""

    message: Message
    sentence: str
    reason: str

    @property
    def has_failed(self) -> bool:
        return self.message.state == MessageState.FAILED

    @property
    def is_under_way(self) -> bool:
        return self.message.state in UNDER_WAY


def of(registration: Registration) -> dict[str, Any]:
    """For registrations/_delivery.html: the newest of each medium, and when to look again."""
    sendings = [_sending(message) for message in _newest(registration)]
    waits, since = any(one.is_under_way for one in sendings), pages.poll_began()
    seconds = pages.next_poll(since) if waits else None
    return {
        "registration": registration,
        "sendings": sendings,
        "has_failed": any(one.has_failed for one in sendings),
        "since": since,
        "seconds": seconds,
        "has_given_up": waits and seconds is None,
    }


def _newest(registration: Registration) -> list[Message]:
    """A QR code was sent to nobody: what went out before is of no use any more."""
    if registration.way == Way.QR:
        return []
    found = [outbox.newest_for(registration.device, medium) for medium in SENTENCES]
    return [message for message in found if message is not None]


def _sending(message: Message) -> Sending:
    medium = Medium(message.medium)
    is_under_way, key = message.state in UNDER_WAY, str(message.state)
    reason = words.message_reason(message)
    if is_under_way and _has_no_server(message):
        key, reason = TRIED, gettext(NOTHING_TO_SEND_IT[medium])
    elif is_under_way:
        key = TRIED if reason else MessageState.WAITING
    to = phone_numbers.shown(message.recipient) if medium == Medium.SMS else message.recipient
    time = times.clock_text(message.sent_at) if message.sent_at else ""
    return Sending(message, gettext(SENTENCES[medium][key], to=to, time=time), reason)


def _has_no_server(message: Message) -> bool:
    if message.medium == Medium.SMS:
        return not organisation.current().sms_gateway
    return not current_app.config["MUSTER"].mail_server
