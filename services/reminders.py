"""Reminders: a mail before a registration ends that nobody has finished."""

from __future__ import annotations

from typing import Any

from models import Device, Medium, Registration, Status, User, database
from services import audit, clock, outbox, settings
from services.settings import Settings
from services.verification import may_join

AT_ONCE = 100


def remind_due() -> int:
    """Remind the owners of what soon ends, once for each link or PIN that was given out. Returns how many.

    The mail leads to bare /go and renews nothing: a code that stands on somebody's screen goes on working.
    """
    rules = settings.load()
    if not rules.reminder_minutes or not rules.notifies("reminder"):
        return 0
    if not _due(rules).exists():  # the usual look: it takes no lock
        return 0
    with database.atomic():  # looked for in the same transaction: it may be renewed at this very instant
        due = list(_due(rules).limit(AT_ONCE))
        for registration in due:
            _remind(registration, rules)
    return len(due)


def _due(rules: Settings) -> Any:
    """Those whose last minutes have begun, unless they had no more than that from the start."""
    last_minutes = Registration.expires_at - rules.reminder_minutes * 60
    return (
        Registration.select(Registration, Device, User)
        .join_from(Registration, Device)
        .join_from(Registration, User)
        .where(
            Device.status == Status.PENDING,
            Registration.reminded_at.is_null(),
            Registration.expires_at > clock.now(),
            last_minutes <= clock.now(),
            last_minutes > Registration.issued_at,
            User.email != "",
            ~User.is_disabled,
        )
    )


def _remind(registration: Registration, rules: Settings) -> None:
    Registration.update(reminded_at=clock.now()).where(Registration.id == registration.id).execute()
    if not may_join(registration):  # it would be turned away: the role was taken away, say
        return
    params = {
        "platform": registration.device.platform,
        "proof": registration.proof,
        "issued_at": registration.issued_at,
        "expires_at": registration.expires_at,
    }
    owner, device = registration.user, registration.device
    outbox.queue("reminder", owner, owner.email, params, device)
    if device.phone_number and rules.sms_gateway:
        outbox.queue("reminder", owner, device.phone_number, params, device, Medium.SMS)
    audit.append("device:registration:reminded", by=None, device=device)
