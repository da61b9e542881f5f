"""The device's half of joining: it trades the enrolment token for a credential of its own."""

from __future__ import annotations

from typing import Any

from models import Device, Registration, Status, database
from services import (
    audit,
    check_ins,
    clock,
    codes,
    enrolment_tokens,
    lifecycle,
    registration_rules,
    registration_secrets,
    settings,
    verification,
)
from services.lifecycle import Event
from services.refused import N_, Refused

# What joined with an earlier token of this row and never finished may have been another device.
NOTHING_KNOWN = {"stable_id": None, "serial": None, "serial_search": ""}
ENROLLING_SECONDS = 24 * 3600  # a grace of its own: a device in the middle of joining is not thrown out

_REPLACED_BY = {Status.WIPE_PENDING: Event.REPLACE_WIPED, Status.ENROLLING: Event.GIVE_UP}


class UnknownToken(Refused):
    """No registration waits for this enrolment token."""

    def __init__(self) -> None:
        super().__init__(N_("This enrolment token is not valid. It works once, for an hour."))


class KnownElsewhere(Refused):
    """The device is on another person's account."""

    def __init__(self) -> None:
        super().__init__(
            N_("This device belongs to another account. An administrator must release it first.")
        )


class NotOffered(Refused):
    """Devices of this kind may not join; they may have been allowed to when the registration was made."""

    def __init__(self, why: str = registration_rules.NOT_OFFERED) -> None:
        super().__init__(why)


def waiting(token: str, channel: str) -> Registration:
    """The registration that this token was made for. Looking uses nothing up. Raises UnknownToken or NotOffered."""
    registration = Registration.get_or_none(Registration.token_hash == codes.digest(token))
    if registration is None or registration.device.channel != channel:
        raise UnknownToken()
    if not verification.owner_may_join(registration):
        raise UnknownToken()
    if not verification.is_offered(registration):
        raise NotOffered()
    return registration


def begin(
    token: str, channel: str, platform: str, facts: dict[str, Any], credential_hash: str = ""
) -> tuple[Device, str]:
    """A device starts its protocol with the token. Returns it and its own secret: Verified becomes Enrolling.

    `credential_hash`: the device keeps a credential of its own making, and needs no secret from us.

    Raises UnknownToken; NotOffered, also when it is of another kind than was said (`refuse_kind`); or KnownElsewhere
    when its stable id stands on another person's account. After these two the token still works.
    """
    now, secret = clock.now(), codes.secret()
    registration = waiting(token, channel)
    device = registration.device
    refuse_kind(device, platform)
    try:
        with database.atomic():
            won = (
                Registration.update(token_hash=None, token=None, pin_hash=None, completed_at=now)
                .where(
                    Registration.id == registration.id,
                    Registration.token_hash == codes.digest(token),
                    Registration.token_expires_at > now,
                )
                .execute()
            )
            if won != 1:
                raise UnknownToken()
            make_room(device, facts)
            name = device.name or facts.get("model") or facts.get("host_name") or ""
            Device.update(
                platform=platform,
                credential_hash=credential_hash or codes.digest(secret),
                name=name,
                name_search=name.casefold(),
                **NOTHING_KNOWN,
            ).where(Device.id == device.id).execute()
            device = Device.get_by_id(device.id)
            lifecycle.change(device, Event.BEGIN, by=device)
            check_ins.store_facts(device, facts)
    except KnownElsewhere:
        audit.append("device:enrolment:refused", by=None, device=registration.device)
        raise
    return device, secret


def refuse_kind(device: Device, platform: str) -> None:
    """What came may be of another kind than was said, but not to get round what that kind asks for.

    Raises NotOffered, if devices of this kind may not join, or only after a proof that nobody was asked for here.
    """
    rules = settings.load()
    if platform not in registration_rules.platforms_offered(rules):
        raise NotOffered()
    if platform != device.platform:
        registration = Registration.get(Registration.device == device)
        if not registration_secrets.is_enough_for(registration, platform, rules):
            raise NotOffered(registration_rules.NEEDS_ITS_OWN)


def make_room(device: Device, facts: dict[str, Any]) -> None:
    """The same hardware coming again: the owner's older row is replaced; another person's is never touched.

    Raises KnownElsewhere when it is on another person's account.
    """
    for older in check_ins.same_hardware(device, facts):
        if older.user_id != device.user_id:
            raise KnownElsewhere()
        lifecycle.change(
            older,
            _REPLACED_BY.get(Status(older.status), Event.REPLACE),
            by=device,
            params={"by": device.code},
        )


def expire_due() -> None:
    """Store what has run out: enrolment tokens, and devices that began and never confirmed."""
    now = clock.now()
    due = (
        Registration.select()
        .join(Device)
        .where(Device.status == Status.VERIFIED, Registration.token_expires_at <= now)
        .limit(100)
    )
    for registration in list(due):
        enrolment_tokens.lapse(registration)
    stuck = Device.select().where(
        Device.status == Status.ENROLLING, Device.status_at <= now - ENROLLING_SECONDS
    )
    with database.atomic():  # looked for in the same transaction: one may confirm at this very instant
        for device in list(stuck.limit(100)):
            lifecycle.change(device, Event.GIVE_UP, by=None)
