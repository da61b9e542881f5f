"""Pushes: they say nothing, and make an Apple device come for its orders. At most one a device and minute."""

from __future__ import annotations

from mdm.apple import push
from models import AppleEnrolment, Device, Message, MessageState, PushCertificate, database
from services import clock, outbox
from services.apple import vault

MEDIUM = "push"
KIND = "wake"
ONE_EVERY = 60  # seconds
LIVES = 7 * 86_400  # how long Apple keeps one for a device that is off


def ask(device: Device) -> None:
    """Wake it, in the caller's transaction. Several orders at once are one push; without a token nothing can be done."""
    row = vault.enrolment_of(device)
    if row is None or row.push_token is None or _one_is_waiting(device):
        return
    message = outbox.queue(KIND, None, device.code, {"device": device.code}, device, medium=MEDIUM)
    earliest = row.pushed_at + ONE_EVERY
    if earliest > message.next_at:
        Message.update(next_at=earliest).where(Message.id == message.id).execute()


def written(message: Message, topic: str) -> push.Push | None:
    """What to send to Apple; None when the device cannot be reached any more.

    A device that joined under another topic, because there was no push certificate yet, never can be.
    """
    device: Device | None = message.device
    row = vault.enrolment_of(device) if device is not None else None
    if (
        device is None
        or row is None
        or row.push_token is None
        or row.topic != topic
        or not (device.is_enrolled or device.is_waiting)
    ):
        return None
    magic = vault.opened(row, "push_magic") or b""
    return push.request(bytes(row.push_token), magic.decode(), row.topic, clock.now() + LIVES)


def went_out(message: Message) -> None:
    with database.atomic():
        outbox.sent(message)
        AppleEnrolment.update(pushed_at=clock.now()).where(AppleEnrolment.device == message.device).execute()


def forget(message: Message, reason: str = "device_left") -> None:
    """Apple says that the token is dead, or none at all: no more pushes until the device sends another one."""
    with database.atomic():
        AppleEnrolment.update(push_token=None).where(AppleEnrolment.device == message.device).execute()
        outbox.drop(message, reason)


def is_possible() -> bool:
    """Is there a push certificate? Without one, orders wait until the device comes by itself."""
    return PushCertificate.select().where(PushCertificate.certificate.is_null(False)).exists()


def _one_is_waiting(device: Device) -> bool:
    waits = Message.state.in_((MessageState.WAITING, MessageState.SENDING))
    return Message.select().where(Message.device == device, Message.medium == MEDIUM, waits).exists()
