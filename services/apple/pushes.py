"""Pushes: they say nothing, and make an Apple device come for its orders. At most one a device and minute.

Apple: "Sending MDM commands to a device". One may be lost, above all soon after a device has joined; several are as
good as one.
"""

from __future__ import annotations

from typing import Any

from peewee import fn

from mdm.apple import push
from models import (
    ENROLLED,
    AppleEnrolment,
    Command,
    CommandState,
    Device,
    Medium,
    Message,
    PushCertificate,
    Status,
    database,
)
from services import clock, outbox
from services.apple import vault

KIND = "wake"
ONE_EVERY = 60  # seconds
SHORTEST_PAUSE = 120  # seconds, before the second push for an order
LONGEST_PAUSE = 86_400  # seconds; Apple keeps one push of ours for a device that is off, and promises nothing
AT_ONCE = 100
KEPT = 7 * 86_400  # seconds; longer than the longest pause, which counts from the last one
FOR_EVER = ("other_topic", "no_token")  # waiting helps nobody: the device has to act


class CannotBeWoken(Exception):
    """The device is gone, or is out of reach; `reason` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def ask(device: Device, pause: int = 0) -> None:
    """Wake it in so many seconds, in the caller's transaction. Several orders at once are one push, at the earliest of
    their times; one that could never go out is none.
    """
    row = vault.enrolment_of(device)
    if row is None or _why_not(row) in FOR_EVER:
        return
    earliest = max(row.pushed_at + ONE_EVERY, clock.now() + pause)
    waiting = _one_that_waits(device)
    message = waiting or outbox.queue(
        KIND, None, device.code, {"device": device.code}, device, medium=Medium.PUSH
    )
    if waiting is None or (earliest < message.next_at and not message.tries):
        Message.update(next_at=earliest).where(Message.id == message.id).execute()


def ask_due() -> int:
    """Wake everybody who has not come when an order is about 2, 10, 50 and 250 minutes old, at 21 hours, and then every
    day. Returns how many.
    """
    return ask_again(LONGEST_PAUSE, AT_ONCE)


def ask_again(longest_pause: int = 0, limit: int | None = None) -> int:
    """Wake everybody whose orders wait, and whom nobody tried to wake for so many seconds, or for four fifths of the age
    of the newest one. Returns how many.
    """
    certificate = _certificate()
    if certificate is None or _has_ended(certificate):
        return 0
    waits = Command.state.in_((CommandState.QUEUED, CommandState.SENT))
    age = clock.now() - fn.MAX(Command.created_at)
    pause = fn.MIN(longest_pause, fn.MAX(SHORTEST_PAUSE, age * 4 / 5))
    # Without an order that waits it is NULL, and no push was before that.
    since = Command.select(clock.now() - pause).where(Command.device == Device.id, waits)
    is_push = Message.medium == Medium.PUSH
    on_its_way = is_push & Message.state.in_(outbox.UNSENT) & Message.device.is_null(False)
    lately = is_push & (Message.device == AppleEnrolment.device) & (Message.created_at > since)
    found = (
        Device.select()
        .join(AppleEnrolment)
        .where(
            Device.status.in_(ENROLLED),
            Device.status != Status.BLOCKED,  # it would be told nothing
            AppleEnrolment.push_token.is_null(False),
            AppleEnrolment.topic == certificate.topic,
            AppleEnrolment.pushed_at <= since,
            AppleEnrolment.device.not_in(Message.select(Message.device).where(on_its_way)),
            ~fn.EXISTS(Message.select().where(lately)),
        )
        .limit(limit)
    )
    devices = list(found)
    if devices:  # as a rule there is none, and the look has taken no lock
        with database.atomic():
            for device in devices:
                ask(device)
    return len(devices)


def purge() -> None:
    """Drop what went out, or was given up, a week ago: a push says nothing that anybody would look for later."""
    is_over = Message.state.not_in(outbox.UNSENT) & (Message.next_at < clock.now() - KEPT)
    with database.atomic():
        Message.delete().where(Message.medium == Medium.PUSH, is_over).execute()


def written(message: Message, topic: str) -> push.Push:
    """What to send to Apple. Raises CannotBeWoken."""
    device: Device | None = message.device
    row = vault.enrolment_of(device) if device is not None else None
    if device is None or row is None or not (device.is_enrolled or device.is_waiting):
        raise CannotBeWoken("device_left")
    if row.topic != topic:
        raise CannotBeWoken("other_topic")
    if row.push_token is None:
        raise CannotBeWoken("no_token")
    magic = vault.opened(row, "push_magic") or b""
    return push.request(bytes(row.push_token), magic.decode(), row.topic, clock.now() + push.MOST_SECONDS)


def went_out(message: Message) -> None:
    with database.atomic():
        outbox.sent(message)
        AppleEnrolment.update(pushed_at=clock.now()).where(AppleEnrolment.device == message.device).execute()


def forget(message: Message, token: bytes, reason: str) -> None:
    """Apple says that the token is dead, or none at all: no more pushes until the device sends another one.

    It may have done so while Apple answered; then that one is tried.
    """
    is_it = (AppleEnrolment.device == message.device) & (AppleEnrolment.push_token == token)
    with database.atomic():
        outbox.drop(message, reason)
        was_it = AppleEnrolment.update(push_token=None).where(is_it).execute()
        if not was_it and message.device is not None:
            ask(message.device)


def is_possible() -> bool:
    """Is there a push certificate that counts today? Without one, orders wait until the device comes by itself."""
    certificate = _certificate()
    return certificate is not None and not _has_ended(certificate)


def why_not(device: Device) -> str:
    """Why this device cannot be woken, as a code; nothing when it can."""
    return _why_not(vault.enrolment_of(device))


def out_of_reach() -> int:
    """How many devices joined under another topic: whatever certificate comes, they have to join again to be woken."""
    certificate = _certificate()
    return _joined(AppleEnrolment.topic != certificate.topic) if certificate is not None else 0


def joined_under(topic: str) -> int:
    """How many devices only a certificate with this topic can wake."""
    return _joined(AppleEnrolment.topic == topic)


def _why_not(row: AppleEnrolment | None) -> str:
    certificate = _certificate()
    if certificate is None:
        return "not_configured"
    if row is not None and row.topic != certificate.topic:
        return "other_topic"
    if _has_ended(certificate):
        return "certificate_ended"
    return "no_token" if row is None or row.push_token is None else ""


def _joined(condition: Any) -> int:
    return int(AppleEnrolment.select().join(Device).where(Device.status.in_(ENROLLED), condition).count())


def _certificate() -> PushCertificate | None:
    return PushCertificate.get_or_none(PushCertificate.certificate.is_null(False))


def _has_ended(certificate: PushCertificate) -> bool:
    return (certificate.ends_at or 0) <= clock.now()


def _one_that_waits(device: Device) -> Message | None:
    waits = Message.state.in_(outbox.UNSENT)
    found: Message | None = Message.get_or_none(
        Message.device == device, Message.medium == Medium.PUSH, waits
    )
    return found
