"""Pushes: they say nothing, and make an Apple device come for its orders. At most one a device and minute."""

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
    Message,
    PushCertificate,
    Status,
    database,
)
from services import clock, outbox
from services.apple import vault

MEDIUM = "push"
KIND = "wake"
ONE_EVERY = 60  # seconds
AGAIN_AFTER = 86_400  # seconds; Apple keeps one push of ours for a device that is off, and promises nothing
AT_ONCE = 100
FOR_EVER = ("other_topic", "no_token")  # waiting helps nobody: the device has to act


class CannotBeWoken(Exception):
    """The device is gone, or is out of reach; `reason` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def ask(device: Device) -> None:
    """Wake it, in the caller's transaction. Several orders at once are one push; one that could never go out is none."""
    row = vault.enrolment_of(device)
    if row is None or _why_not(row) in FOR_EVER or _one_is_waiting(device):
        return
    message = outbox.queue(KIND, None, device.code, {"device": device.code}, device, medium=MEDIUM)
    earliest = row.pushed_at + ONE_EVERY
    if earliest > message.next_at:
        Message.update(next_at=earliest).where(Message.id == message.id).execute()


def ask_due() -> int:
    """Wake everybody whose orders still wait a day after the last push. Returns how many."""
    return ask_again(AGAIN_AFTER, AT_ONCE)


def ask_again(quiet: int = 0, limit: int | None = None) -> int:
    """Wake everybody whose orders wait, and whom nobody tried to wake for so many seconds. Returns how many."""
    certificate = _certificate()
    if certificate is None or _has_ended(certificate):
        return 0
    since = clock.now() - quiet
    waits = Command.state.in_((CommandState.QUEUED, CommandState.SENT))
    lately = Message.state.in_(outbox.UNSENT) | (Message.created_at > since)
    found = (
        Device.select()
        .join(AppleEnrolment)
        .where(
            Device.status.in_(ENROLLED),
            Device.status != Status.BLOCKED,  # it would be told nothing
            AppleEnrolment.push_token.is_null(False),
            AppleEnrolment.topic == certificate.topic,
            AppleEnrolment.pushed_at <= since,
            fn.EXISTS(Command.select().where(Command.device == Device.id, waits)),
            ~fn.EXISTS(Message.select().where(Message.device == Device.id, Message.medium == MEDIUM, lately)),
        )
        .limit(limit)
    )
    with database.atomic():
        devices = list(found)
        for device in devices:
            ask(device)
    return len(devices)


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


def _one_is_waiting(device: Device) -> bool:
    waits = Message.state.in_(outbox.UNSENT)
    return Message.select().where(Message.device == device, Message.medium == MEDIUM, waits).exists()
