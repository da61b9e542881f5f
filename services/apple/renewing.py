"""A device's certificate is renewed before it ends: who is asked to, and when the new one takes the old one's place."""

from __future__ import annotations

from typing import Any

from peewee import fn

from mdm.apple import certificates
from models import LIVE_COMMAND, AppleEnrolment, Command, CommandState, Device, Status, database
from services import audit, clock, commands, deliveries, device_authority
from services.apple import challenges
from services.channels import apple
from services.refused import N_, Refused

KIND = "renew"
DAY = 86_400
BEFORE_THE_END = 60 * DAY
AGAIN_AFTER = 7 * DAY  # one that failed, or was taken back
AT_ONCE = 100
HERE = (Status.ACTIVE, Status.LOST)


def ask(device: Device) -> Command:
    """Have the device fetch a new certificate, and the present profile with it. Raises Refused."""
    if device.channel != apple.NAME:
        raise Refused(N_("This device has no certificate of ours: it did not join by Apple's protocol."))
    if device.status not in HERE:
        raise Refused(N_("Only a device that is active or reported lost can renew its certificate."))
    return commands.ask(device, KIND, by=None)


def ask_all() -> int:
    """Everybody who is not asked already. Returns how many that were."""
    return _ask_each(AppleEnrolment.select(AppleEnrolment.device), _asked_since(None))


def ask_due() -> int:
    """Those whose certificate ends within 60 days. Returns how many."""
    now = clock.now()
    ends_soon = AppleEnrolment.select(AppleEnrolment.device).where(
        AppleEnrolment.certificate_ends_at.between(now, now + BEFORE_THE_END)
    )
    return _ask_each(ends_soon, _asked_since(now - AGAIN_AFTER), limit=AT_ONCE)


def take_over(device_id: int, certificate: bytes) -> bool:
    """The renewed certificate (DER) was used for the first time: from now on the old one is not believed.

    False: it does not count any more.
    """
    fingerprint = certificates.fingerprint(certificate)
    ends_at = certificates.check(certificate, device_authority.certificate(), clock.now()).not_after
    with database.atomic():
        won = (
            AppleEnrolment.update(**challenges.NONE, next_credential_hash=None, certificate_ends_at=ends_at)
            .where(AppleEnrolment.device == device_id, AppleEnrolment.next_credential_hash == fingerprint)
            .execute()
        )
        device = Device.get_by_id(device_id)
        if won != 1:  # another of its messages was faster, or the renewal came to nothing
            return bool(device.credential_hash == fingerprint)
        Device.update(credential_hash=fingerprint).where(Device.id == device_id).execute()
        audit.append("device:certificate:replaced", by=device, device=device)
        for order in Command.select().where(
            Command.device == device, Command.kind == KIND, Command.state == CommandState.SENT
        ):
            deliveries.finish(device, order.code, "acknowledged")
    return True


def _asked_since(since: int | None) -> Any:
    """Orders that are under way, or that were made since then."""
    lately = Command.state.in_(LIVE_COMMAND)
    if since is not None:
        lately |= Command.created_at > since
    return Command.select().where(Command.device == Device.id, Command.kind == KIND, lately)


def _ask_each(whom: Any, asked: Any, limit: int | None = None) -> int:
    found = Device.select().where(Device.id.in_(whom), Device.status.in_(HERE), ~fn.EXISTS(asked))
    count = 0
    for device in list(found.limit(limit)):
        try:
            ask(device)
        except Refused:  # it left, or was asked, at this very instant
            continue
        count += 1
    return count
