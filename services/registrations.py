"""Asking to register a device, in three ways, and what can be done about it until the device joins."""

from __future__ import annotations

from dataclasses import dataclass

from models import Device, Registration, Status, User, Way, database
from services import (
    audit,
    channels,
    clock,
    codes,
    lifecycle,
    outbox,
    permissions,
    phone_numbers,
    registration_rules,
    registration_secrets,
    settings,
)
from services.refused import N_, Forbidden, Refused
from services.registration_secrets import Secrets


@dataclass
class Issued:
    """A registration with its new secrets, which are nowhere else: show them, or lose them.

    Without a link it was asked for before, with the same form: nothing new was made.
    """

    registration: Registration
    device: Device
    link: str
    pin: str | None


def start(
    user: User,
    platform: str,
    way: Way,
    by: User,
    ownership: str | None = None,
    phone_number: str = "",
    country: str = "",
    form_code: str = "",
) -> Issued:
    """Ask to register a device for `user`. Raises Refused with the field that is wrong, or Forbidden.

    `form_code` is different in each form that is shown: the same form with the same answers asks only once.
    """
    if not permissions.may_register_for(by, user):
        raise Forbidden()
    rules = settings.load()
    if platform not in registration_rules.platforms_offered(rules):
        raise Refused(N_("Choose one of these."), field="platform")
    registration_rules.refuse_way(way, user, rules)
    ownership = registration_rules.chosen_ownership(ownership, by, rules)
    number = phone_numbers.parse(phone_number, country or rules.country)
    proof = registration_secrets.proof_for(way, rules.proof(platform))
    issued = registration_secrets.new(proof, rules)
    answers = (by.code, user.code, platform, way, ownership, number)
    code = codes.derived(form_code, *answers, length=8) if form_code else codes.code(8)
    with database.atomic():
        before = by_code(code)
        if before is not None and (before.user_id, before.created_by_id) == (user.id, by.id):
            return Issued(before, before.device, link="", pin=None)
        registration_rules.refuse_over_limit(user, rules)
        device = Device.create(
            code=codes.code(),
            user=user,
            platform=platform,
            channel=channels.of(platform).NAME,
            status=Status.PENDING,
            status_at=clock.now(),
            ownership=ownership,
            phone_number=number or None,
            created_at=clock.now(),
        )
        registration = Registration.create(
            code=codes.code(8) if before else code,
            user=user,
            device=device,
            way=way,
            created_by=by,
            created_at=clock.now(),
            **issued.columns,
        )
        audit.append(
            "device:registration:requested", by=by, device=device, params={"way": way, "platform": platform}
        )
        registration_secrets.send(registration, issued)
    return Issued(registration, device, issued.link, issued.pin)


def renew(
    registration: Registration, by: User, way: Way | None = None, issued: Secrets | None = None
) -> Issued:
    """New secrets, and the old ones are dead; `way` says how the person wants them now (default: as before).

    Whoever calls this in a transaction made them before it (`new_secrets`), because a PIN is hashed.
    """
    owner, device = registration.user, registration.device
    way = way or Way(registration.way)
    rules = settings.load()
    registration_rules.check_again(way, device.platform, owner, by, rules)
    issued = issued or new_secrets(registration, way)
    with database.atomic():
        now_row = Registration.get_by_id(registration.id)
        if now_row.device.status == Status.EXPIRED:
            registration_rules.refuse_over_limit(owner, rules, besides=device)
        lifecycle.change(device, lifecycle.Event.RENEW, by=by, params={"way": way})
        # It may have begun to join once, and given up: what it knew then opens nothing now.
        Device.update(credential_hash=None).where(Device.id == device.id).execute()
        issued_at = max(clock.now(), now_row.issued_at + 1)  # grows, even in two tabs in one second
        columns = {"way": way, **issued.columns, "issued_at": issued_at}
        Registration.update(**columns).where(Registration.id == registration.id).execute()
        registration.__data__.update(columns)
        outbox.cancel_waiting(device)
        registration_secrets.send(registration, issued)
    return Issued(registration, device, issued.link, issued.pin)


def new_secrets(registration: Registration, way: Way) -> Secrets:
    """What `renew` would make for this way. It takes its time: call it outside of a transaction."""
    rules = settings.load()
    proof = registration_secrets.proof_for(way, rules.proof(registration.device.platform))
    return registration_secrets.new(proof, rules)


def cancel(registration: Registration, by: User) -> None:
    """Call it off: the secrets are dead, and mail that has not gone out stays here."""
    if not permissions.may_register_for(by, registration.user):
        raise Forbidden()
    with database.atomic():
        lifecycle.change(registration.device, lifecycle.Event.CANCEL, by=by)
        kill_secrets(registration)
        outbox.cancel_waiting(registration.device)


def kill_secrets(registration: Registration) -> None:
    """Nothing that was handed out opens anything any more. The link's digest stays: /go says what became of it."""
    Registration.update(pin_hash=None, token_hash=None, token=None).where(
        Registration.id == registration.id
    ).execute()


def by_code(code: str) -> Registration | None:
    return Registration.get_or_none(Registration.code == code)


def of_device(device: Device) -> Registration | None:
    return Registration.get_or_none(Registration.device == device)


def is_living(registration: Registration) -> bool:
    """May its link or PIN still be used? Asked at use, whatever the worker has or has not done."""
    waits = registration.device.status == Status.PENDING and registration.verified_at is None
    return (waits or has_lapsed_token(registration)) and registration.expires_at > clock.now()


def has_lapsed_token(registration: Registration) -> bool:
    """Was it accepted, and the enrolment token not used within its hour? Then it may be begun again."""
    return (
        registration.device.status == Status.VERIFIED and (registration.token_expires_at or 0) <= clock.now()
    )


def expire_due() -> int:
    """Store what has run out: registrations nobody finished. Returns how many."""
    query = (
        Registration.select()
        .join(Device)
        .where(Device.status == Status.PENDING, Registration.expires_at <= clock.now())
        .limit(100)
    )
    with database.atomic():  # looked for in the same transaction: it may be renewed at this very instant
        due = list(query)
        for registration in due:
            lifecycle.change(registration.device, lifecycle.Event.EXPIRE, by=None)
            kill_secrets(registration)
    return len(due)
