"""Our orders in Apple's words. One order may be several requests, which the device gets one after the other."""

from __future__ import annotations

from collections.abc import Callable

from mdm.apple import commands as apple
from models import Command, Platform, Status
from services import settings
from services.apple import challenges, lost_mode, profiles, sites, vault
from services.refused import Refused

# Every request of an order, in turn. The device repeats `<code of the order>-<part>`.
PARTS = {
    "refresh": ("facts", "security", "applications", "profiles", "certificates"),
    "locate": ("lost-mode", "place"),
}
WHOLE = ("all",)
CANNOT_BE_SENT = "cannot_be_sent"


class CannotBeSent(ValueError):
    """The device lacks what the order needs, or we do; `reason` is a code."""

    def __init__(self, reason: str = CANNOT_BE_SENT) -> None:
        super().__init__(reason)
        self.reason = reason


def encode(command: Command) -> bytes:
    """The next request of an order. Raises CannotBeSent."""
    part = next_part(command)
    if part is None:
        raise CannotBeSent()
    return _REQUESTS[command.kind, part](command, f"{command.code}-{part}")


def parts(command: Command) -> tuple[str, ...]:
    return PARTS.get(command.kind, WHOLE)


def next_part(command: Command) -> str | None:
    """The first one that has not been answered."""
    done = command.params.get("done", [])
    return next((part for part in parts(command) if part not in done), None)


def named(identifier: str) -> tuple[str, str]:
    """An order's code and the part, from what the device repeats."""
    code, _, part = identifier.partition("-")
    return code, part


def _lock(command: Command, identifier: str) -> bytes:
    text, number = command.params.get("text"), settings.load().help_desk_phone
    if command.device.platform == Platform.MACOS:
        return apple.device_lock(identifier, message=text, phone_number=number, pin=vault.pin_for(command))
    if command.device.status == Status.LOST and lost_mode.is_possible(command.device):
        return _lost_mode(command, identifier)
    return apple.device_lock(identifier, message=text, phone_number=number)


def _wipe(command: Command, identifier: str) -> bytes:
    if command.device.platform == Platform.MACOS:
        return apple.erase_mac(identifier, vault.pin_for(command))
    return apple.erase_device(identifier)


def _unlock(command: Command, identifier: str) -> bytes:
    row = vault.enrolment_of(command.device)
    token = vault.opened(row, "unlock_token") if row else None
    if token is None:
        raise CannotBeSent()
    return apple.clear_passcode(identifier, token)


def _lost_mode(command: Command, identifier: str) -> bytes:
    """It wants a text or a number at least."""
    text = command.params.get("text") or sites.words_for(command.device).whose
    lost_mode.begins(command.device)
    return apple.enable_lost_mode(identifier, message=text, phone_number=settings.load().help_desk_phone)


def _renew(command: Command, identifier: str) -> bytes:
    """The profile that it joined with, as it is today, and a challenge that earns one certificate."""
    row = vault.enrolment_of(command.device)
    if row is None:
        raise CannotBeSent()
    try:
        profile = profiles.renewed_profile(row, challenges.new(command.device))
    except Refused:
        raise CannotBeSent("cannot_be_signed") from None
    return apple.install_profile(identifier, profile)


_REQUESTS: dict[tuple[str, str], Callable[[Command, str], bytes]] = {
    ("refresh", "facts"): lambda _, identifier: apple.device_information(identifier),
    ("refresh", "security"): lambda _, identifier: apple.security_info(identifier),
    ("refresh", "applications"): lambda _, identifier: apple.installed_application_list(identifier),
    ("refresh", "profiles"): lambda _, identifier: apple.profile_list(identifier),
    ("refresh", "certificates"): lambda _, identifier: apple.certificate_list(identifier),
    ("lock", "all"): _lock,
    ("unlock", "all"): _unlock,
    ("locate", "lost-mode"): _lost_mode,
    ("locate", "place"): lambda _, identifier: apple.device_location(identifier),
    ("retire", "all"): lambda _, identifier: apple.remove_profile(identifier, profiles.IDENTIFIER),
    ("wipe", "all"): _wipe,
    ("report_found", "all"): lambda _, identifier: apple.disable_lost_mode(identifier),
    ("renew", "all"): _renew,
    ("restart", "all"): lambda _, identifier: apple.restart_device(identifier),
    ("play_sound", "all"): lambda _, identifier: apple.play_lost_mode_sound(identifier),
}
