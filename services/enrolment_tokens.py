"""Enrolment tokens: what a person earns by accepting the terms, and the device trades for its credential."""

from __future__ import annotations

from models import Device, Registration, Status, database
from services import clock, codes, keyring, lifecycle
from services.lifecycle import Event
from services.refused import N_
from services.verification import Gone, why_not

TOKEN_SECONDS = 3600


def accept(registration: Registration, issued_at: int, browser: str = "") -> str:
    """The person accepts the terms: Pending becomes Verified. Returns the enrolment token.

    One atomic update decides: of many at once, one wins, and the others get Gone. `browser` is the code of the one in
    which it happens, without spaces; no other is shown the token again.
    """
    token, now = codes.secret(), clock.now()
    why = why_not(registration)
    if why:
        raise Gone(why)
    lapse(registration)
    with database.atomic():
        won = (
            Registration.update(
                verified_at=now,
                accepted_terms_at=now,
                token_hash=codes.digest(token),
                token_expires_at=now + TOKEN_SECONDS,
                token=keyring.seal(f"{browser} {token}".encode(), _place(registration)),
            )
            .where(
                Registration.id == registration.id,
                Registration.issued_at == issued_at,
                Registration.verified_at.is_null(),
                Registration.expires_at > now,
                Registration.device.in_(Device.select(Device.id).where(Device.status == Status.PENDING)),
            )
            .execute()
        )
        if won != 1:
            raise Gone(N_("This registration was used already, or renewed. Look at the portal."))
        lifecycle.change(registration.device, Event.ACCEPT, by=registration.user)
    return token


def token_shown_again(registration: Registration, browser: str = "") -> str | None:
    """The enrolment token, for the browser that earned it, until the device uses it or it runs out."""
    row = Registration.get_by_id(registration.id)
    if row.token is None or (row.token_expires_at or 0) <= clock.now():
        return None
    earned_in, _, token = keyring.unseal(row.token, _place(row)).decode().rpartition(" ")
    return token if earned_in == browser else None


def lapse(registration: Registration) -> None:
    """Store that the token ran out unused: the link or PIN works again, while the registration lives."""
    now = clock.now()
    with database.atomic():
        device = Device.get_by_id(registration.device_id)
        row = Registration.get_by_id(registration.id)
        if device.status != Status.VERIFIED or (row.token_expires_at or 0) > now:
            return
        lifecycle.change(device, Event.TOKEN_RAN_OUT if row.expires_at > now else Event.EXPIRE, by=None)
        Registration.update(verified_at=None, accepted_terms_at=None, token_hash=None, token=None).where(
            Registration.id == row.id
        ).execute()


def _place(registration: Registration) -> str:
    return f"registration:{registration.code}:token"
