"""The secrets of a registration, and the mail and the text that carry them."""

from __future__ import annotations

from dataclasses import dataclass

from models import Medium, Proof, Registration, Way
from services import clock, codes, outbox, passwords, settings
from services.settings import Settings


@dataclass
class Secrets:
    """What a person gets, and what the registration's row keeps of it."""

    link: str
    pin: str | None
    columns: dict[str, object]


def new(proof: Proof, rules: Settings) -> Secrets:
    """Made outside the transaction, because hashing a PIN takes 25 ms."""
    link = codes.secret()
    pin = codes.pin(rules.pin_length) if proof.asks_for_pin else None
    columns: dict[str, object] = {
        "proof": proof,
        "issued_at": clock.now(),
        "expires_at": clock.now() + rules.registration_hours * 3600,
        "link_hash": codes.digest(link),
        "pin_hash": passwords.hash(pin) if pin else None,
        "pin_tries": 0,
        "verified_at": None,
        "accepted_terms_at": None,
        "token_hash": None,
        "token_expires_at": None,
        "token": None,
        "completed_at": None,
        "reminded_at": None,
    }
    return Secrets(link, pin, columns)


def proof_for(way: Way, of_platform: Proof) -> Proof:
    """A registration by Request PIN always asks for its PIN."""
    return Proof.PIN if way == Way.PIN and not of_platform.asks_for_pin else of_platform


def is_enough_for(registration: Registration, platform: str, rules: Settings) -> bool:
    """Would a device of another platform have been asked for no more than this registration asks for?"""
    asked = proof_for(Way(registration.way), rules.proof(platform))
    return Proof(registration.proof).is_enough_for(asked)


def send(registration: Registration, issued: Secrets) -> None:
    """Invitation and PIN go out by mail, and by text to a device with a number where there is a gateway.

    A PIN that stands on the screen is not sent as well.
    """
    if registration.way == Way.QR:
        return
    user, device = registration.user, registration.device
    params: dict[str, object] = {
        "link": issued.link,
        "platform": device.platform,
        "issued_at": registration.issued_at,
        "expires_at": registration.expires_at,
        "proof": registration.proof,
    }
    if registration.way == Way.INVITATION and issued.pin:
        params["pin"] = issued.pin
    if user.email:
        outbox.queue(registration.way, user, user.email, params, device)
    if device.phone_number and settings.load().sms_gateway:
        outbox.queue(registration.way, user, device.phone_number, params, device, Medium.SMS)
