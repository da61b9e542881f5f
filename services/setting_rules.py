"""What each setting may be: its limits, its choices, and how what a person types is read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from zoneinfo import available_timezones

from models import Ownership, Platform, Proof
from services import phone_numbers, sms_gateways
from services.refused import N_, Refused

LONGEST_TEXT = 20_000
OF_MANY_LINES = ("terms", "help_desk_text")  # all others stand in one line, some in a mail's header
LANGUAGES = ("en",)
# Kinds of mail that can be switched off.
NOTIFICATIONS = ("reminder", "registered", "action_done", "new_sign_in")
OF_SEVERAL_CHOICES = ("platforms", "notifications")  # separated by commas
MAY_BE_NONE = ("notifications",)
SECRETS = ("sms_gateway",)  # kept encrypted, and never shown again
PROOFS = tuple(Proof)
YES = ("on", "yes", "true", "1")
NO = ("off", "no", "false", "0")


@dataclass(frozen=True)
class Rule:
    """What one setting may be, and what it means. `least` and `most` count characters for a text."""

    meaning: str
    least: int = 0
    most: int = 200
    choices: tuple[str, ...] = ()


RULES: dict[str, Rule] = {
    "organisation": Rule(N_("The organisation's name, on every page and mail"), 1, 80),
    "help_desk_name": Rule(N_("Who the help desk is")),
    "help_desk_email": Rule(N_("The help desk's e-mail address")),
    "help_desk_phone": Rule(N_("The help desk's telephone number"), most=40),
    "help_desk_page": Rule(N_("Address of the help desk's own page, https://...")),
    "help_desk_hours": Rule(N_("When the help desk answers")),
    "help_desk_text": Rule(N_("Anything else about the help desk"), most=1000),
    "registration_hours": Rule(N_("Hours that a link or PIN lives; above 4 is a risk"), 1, 4320),
    "pin_length": Rule(N_("Digits of a PIN"), 6, 12),
    "pin_registration": Rule(N_("May people request a PIN?")),
    "qr_registration": Rule(N_("May people generate a QR code?")),
    "devices_per_user": Rule(N_("Most devices a person may have; 0 sets no limit"), 0, 50),
    "platforms": Rule(N_("Platforms people may register, separated by commas"), choices=tuple(Platform)),
    "proof_linux": Rule(N_("What /go asks for on Linux"), choices=PROOFS),
    "proof_macos": Rule(N_("What /go asks for on a Mac"), choices=PROOFS),
    "proof_windows": Rule(N_("What /go asks for on Windows"), choices=PROOFS),
    "proof_ios": Rule(N_("What /go asks for on iPhone and iPad"), choices=PROOFS),
    "proof_android": Rule(N_("What /go asks for on Android"), choices=PROOFS),
    "default_ownership": Rule(N_("Whose a new device is"), choices=tuple(Ownership)),
    "users_may_choose_ownership": Rule(N_("May people choose the ownership when they register?")),
    "idle_minutes": Rule(N_("Minutes without a click until a session ends"), 5, 90),
    "absolute_hours": Rule(N_("Hours until a session ends in any case"), 1, 24),
    "time_zone": Rule(N_("The organisation's time zone, such as Europe/London")),
    "language": Rule(N_("The organisation's language"), choices=LANGUAGES),
    "country": Rule(N_("Country of phone numbers without a country, two letters"), 2, 2),
    "sign_in_failures": Rule(N_("Failed sign-ins before a wait"), 3, 20),
    "terms": Rule(N_("Terms of service; empty: a short text of our own"), most=LONGEST_TEXT),
    "admin_wipes_employee_devices": Rule(N_("May administrators wipe devices that employees own?")),
    "agent_poll_seconds": Rule(N_("Seconds between check-ins of the agent"), 5, 86_400),
    "reminder_minutes": Rule(
        N_("Minutes before a registration ends that a reminder goes out; 0: none"), 0, 10_080
    ),
    "notifications": Rule(N_("Which notifications go out, separated by commas"), choices=NOTIFICATIONS),
    "sms_gateway": Rule(N_("Address of the gateway for text messages (kept encrypted)"), most=1000),
    "sms_per_day": Rule(N_("Most text messages to one number in a day"), 0, 100),
    "message_tries": Rule(N_("Tries before a message is given up"), 1, 50),
}


def parse(key: str, text: str, default: str | int | bool) -> str | int | bool:
    """What a typed text means for this setting, whose default tells its type. Raises Refused."""
    rule, text = RULES[key], text.strip()
    if isinstance(default, bool):
        return _switch(key, text)
    if isinstance(default, int):
        return _number(key, text, rule)
    if rule.choices:
        return _choice(key, text, rule)
    return _text(key, text, rule)


def _switch(key: str, text: str) -> bool:
    if text.lower() not in YES + NO:
        raise Refused(N_("Answer on or off."), field=key)
    return text.lower() in YES


def _number(key: str, text: str, rule: Rule) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and rule.least <= int(text) <= rule.most):
        raise Refused(
            N_("Give a whole number from %(least)s to %(most)s."), field=key, least=rule.least, most=rule.most
        )
    return int(text)


def _choice(key: str, text: str, rule: Rule) -> str:
    chosen = [part.strip() for part in text.split(",")] if key in OF_SEVERAL_CHOICES else [text]
    if not text and key in MAY_BE_NONE:
        return ""
    if not all(part in rule.choices for part in chosen):
        raise Refused(N_("Choose from: %(choices)s."), field=key, choices=", ".join(rule.choices))
    return ",".join(chosen)


def _text(key: str, text: str, rule: Rule) -> str:
    text = text.replace("\r\n", "\n")
    allowed = "\n\t" if key in OF_MANY_LINES else ""
    if any(_is_control(character) and character not in allowed for character in text):
        raise Refused(N_("This has characters that cannot be shown."), field=key)
    if not rule.least <= len(text) <= rule.most:
        raise Refused(
            N_("Give %(least)s to %(most)s characters."), field=key, least=rule.least, most=rule.most
        )
    if key == "time_zone" and text not in _time_zones():
        raise Refused(N_("There is no time zone called that. One is Europe/London."), field=key)
    if key == "help_desk_page" and text and not text.startswith(("https://", "http://")):
        raise Refused(N_("Give a whole address that starts with https://"), field=key)
    if key == "sms_gateway" and text:
        return _gateway(text)
    if key == "country":
        return _country(text.upper())
    return text


def _is_control(character: str) -> bool:
    """Also lone surrogates, which no page could be encoded with."""
    return character < " " or character == "\x7f" or "\ud800" <= character <= "\udfff"


def _gateway(address: str) -> str:
    try:
        sms_gateways.check(address)
    except Refused as refused:
        raise Refused(refused.message, field="sms_gateway", **refused.params) from None
    return address


def _country(code: str) -> str:
    if not phone_numbers.is_country(code):
        raise Refused(N_("There is no country with this code. One is GB."), field="country")
    return code


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())
