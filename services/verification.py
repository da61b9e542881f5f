"""The person's half of joining: the link opens, they prove who they are, and they accept the terms."""

from __future__ import annotations

from models import Device, Proof, Registration, Role, Status, User
from services import (
    clock,
    codes,
    passwords,
    permissions,
    registration_rules,
    registrations,
    settings,
    sign_in,
    users,
)
from services.refused import N_, Refused

MOST_PIN_TRIES = 5
NOT_THIS_ACCOUNT = N_("This account may not register devices any more. Ask the help desk.")


class Gone(Refused):
    """The link was good once: it was used, renewed, called off, or has run out."""


def link_digest(secret: str) -> str:
    return codes.digest(secret)


def opened(secret: str) -> Registration:
    """The registration that a link opens. Looking uses nothing up. Raises Refused (unknown) or Gone."""
    registration = Registration.get_or_none(Registration.link_hash == codes.digest(secret[:200]))
    if registration is None:
        raise Refused(N_("This link does not open anything. It may have been replaced by a newer one."))
    _refuse_dead(registration)
    return registration


def still_opens(registration_code: str, digest: str) -> Registration | None:
    """The registration behind a link that was opened before in this browser, if the link still lives."""
    registration = registrations.by_code(registration_code)
    if registration is None or registration.link_hash != digest or not registrations.is_living(registration):
        return None
    return registration if may_join(registration) else None


def newest_living(username: str, platform: str) -> Registration | None:
    """What bare /go takes: the person's newest registration for the platform that can still be used."""
    user = users.find(username[:200])
    if user is None:
        return None
    now = clock.now()
    waits = (Device.status == Status.PENDING) & Registration.verified_at.is_null()
    has_lapsed_token = (Device.status == Status.VERIFIED) & (Registration.token_expires_at <= now)
    found = (
        Registration.select()
        .join(Device)
        .where(
            Registration.user == user,
            Device.platform == platform,
            waits | has_lapsed_token,
            Registration.expires_at > now,
        )
        .order_by(Registration.issued_at.desc(), Registration.id.desc())
        .first()
    )
    return found if found is not None and may_join(found) else None


def prove(
    registration: Registration | None,
    username: str,
    password: str,
    pin: str,
    address: str,
    with_link: bool,
    known_browser: bool = False,
) -> Registration:
    """Check the password, the PIN or both, as the registration asks. Uses nothing up.

    With the link, wrong PINs count against the PIN: five, then it is burnt. Without it they count against
    the sign-in, so that a stranger who knows a name burns nobody's PIN. No stranger has the link, so nobody who has
    it waits for what strangers did. Raises Refused.
    """
    pin = "".join(character for character in pin if not character.isspace() and character != "-")
    if registration is not None and with_link:
        return _prove_with_link(registration, password, pin, address)

    def is_right(user: User | None) -> bool:
        return _is_right(registration if user else None, user, password, pin)

    user = sign_in.attempt_with(username, is_right, address, "browser" if known_browser else "")
    if registration is None or registration.user_id != user.id:
        raise Refused(
            N_("Nothing is waiting for this kind of device. Ask for a registration in the portal first.")
        )
    return registration


def may_join(registration: Registration) -> bool:
    return not why_not(registration)


def why_not(registration: Registration) -> str:
    """What an administrator may have changed is asked again: the account, its role, and the platforms.

    A sentence (message id); nothing where the device may join.
    """
    if not owner_may_join(registration):
        return NOT_THIS_ACCOUNT
    return "" if is_offered(registration) else registration_rules.NOT_OFFERED


def owner_may_join(registration: Registration) -> bool:
    """May the person still have a device? What somebody else registered for them needs no role to register."""
    user = registration.user
    roles = permissions.roles_of(user)
    for_themselves = registration.created_by_id in (None, user.id)
    has_role = Role.USER_PORTAL in roles and (Role.REGISTER in roles or not for_themselves)
    return has_role and not user.is_disabled


def is_offered(registration: Registration) -> bool:
    """May devices of this kind still join?"""
    return registration.device.platform in registration_rules.platforms_offered(settings.load())


def _prove_with_link(registration: Registration, password: str, pin: str, address: str) -> Registration:
    proof = Proof(registration.proof)
    _refuse_dead(registration)
    if proof.asks_for_pin and not _reserve_pin_try(registration):
        raise Refused(
            N_("This PIN is spent: it was wrong five times. Ask for a new one in the portal."), field="pin"
        )
    try:
        if proof.asks_for_password:
            sign_in.attempt_with(
                registration.user.username,
                lambda user: _is_right(registration if user else None, user, password, pin),
                address,
                known_by="link",
            )
        elif not _is_right(registration, registration.user, password, pin):
            sign_in.count_failure(address)
            raise sign_in.Wrong()
    except sign_in.TooMany:
        _give_back_pin_try(registration, proof)
        raise
    _give_back_pin_try(registration, proof)
    return registration


def _is_right(registration: Registration | None, user: User | None, password: str, pin: str) -> bool:
    """Both hashes are always computed, so that the time does not tell what is asked for."""
    proof = Proof(registration.proof) if registration is not None else Proof.PASSWORD
    password_is_right = passwords.verify(user.password_hash if user else None, password)
    pin_is_right = passwords.verify(registration.pin_hash if registration is not None else None, pin)
    return (password_is_right or not proof.asks_for_password) and (pin_is_right or not proof.asks_for_pin)


def _reserve_pin_try(registration: Registration) -> bool:
    """Count the try before it is made, so that tries in parallel are counted too."""
    return bool(
        Registration.update(pin_tries=Registration.pin_tries + 1)
        .where(Registration.id == registration.id, Registration.pin_tries < MOST_PIN_TRIES)
        .execute()
    )


def _give_back_pin_try(registration: Registration, proof: Proof) -> None:
    """The PIN was right, or was not looked at."""
    if proof.asks_for_pin:
        Registration.update(pin_tries=Registration.pin_tries - 1).where(
            Registration.id == registration.id
        ).execute()


def _refuse_dead(registration: Registration) -> None:
    why = why_not(registration)
    if why:
        raise Gone(why)
    if registration.device.status == Status.CANCELLED:
        raise Gone(N_("This registration was called off. Start a new one in the portal."))
    if registrations.is_living(registration):
        return
    if registration.verified_at is not None and not registrations.has_lapsed_token(registration):
        raise Gone(N_("This link was used already. It works once."))
    raise Gone(N_("This link has run out. Ask for a new one in the portal."))
