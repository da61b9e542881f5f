"""What is known about a device, as lines to read; what is not known says why."""

from __future__ import annotations

from typing import NamedTuple

from babel import numbers
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup, escape

from blueprints.shared import organisation, times, words
from models import Device, Ownership, Platform, Registration, User
from services import phone_numbers

HAS_A_SIM = frozenset({Platform.IOS, Platform.ANDROID})
GIGABYTE = 1_000_000_000


class Fact(NamedTuple):
    """One line: what it is called, what it says, and whether it is figures."""

    label: str
    value: str | Markup
    is_figures: bool = False


def facts_of(device: Device, registration: Registration | None, reader: User) -> list[Fact]:
    """Every fact, in the order of the page."""
    return [
        Fact(_("Model"), device.model or words.not_reported()),
        Fact(_("Manufacturer"), device.manufacturer or words.not_reported()),
        Fact(_("System"), words.system_word(device) if device.os_name else words.not_reported()),
        Fact(_("Last check-in"), _last_check_in(device)),
        _phone_number(device),
        Fact(_("Carrier"), device.carrier or _of_phones(device)),
        Fact(_("IMEI"), device.imei or _of_phones(device), bool(device.imei)),
        Fact(_("Serial number"), device.serial or words.not_reported()),
        Fact(_("Ownership"), _ownership(device, reader)),
        Fact(_("Registered"), _registered(device, registration)),
        *_reported_beside(device),
    ]


def ownership_in_full(device: Device, ownership: str, reader: User) -> str:
    """Employee (yours); Company (Harbour Clinic)."""
    word = words.ownership_word(ownership)
    if ownership == Ownership.COMPANY:
        whose = organisation.current().organisation
    else:
        whose = _("yours") if device.user_id == reader.id else device.user.name
    return _("%(ownership)s (%(whose)s)", ownership=word, whose=whose)


def _last_check_in(device: Device) -> Markup:
    if device.last_check_in_at is None:
        return escape(_("never yet"))
    return Markup("{} ({})").format(
        times.ago(device.last_check_in_at), times.exact_text(device.last_check_in_at)
    )


def _phone_number(device: Device) -> Fact:
    if device.phone_number:
        return Fact(_("Phone number"), phone_numbers.shown(device.phone_number), True)
    return Fact(_("Phone number"), _of_phones(device))


def _of_phones(device: Device) -> str:
    """Why a fact that phones have is missing."""
    return words.not_reported() if device.platform in HAS_A_SIM else words.does_not_apply()


def _ownership(device: Device, reader: User) -> str:
    now = ownership_in_full(device, device.ownership, reader)
    if not device.next_ownership:
        return now
    then = words.ownership_word(device.next_ownership)
    return _("%(now)s. %(then)s from the next check-in on.", now=now, then=then)


def _registered(device: Device, registration: Registration | None) -> str | Markup:
    at = device.registered_at
    if at is None:
        return _("not yet")
    if registration is None:
        return times.day(at)
    return Markup("{}, {}").format(times.day(at), words.way_word(registration.way))


def _reported_beside(device: Device) -> list[Fact]:
    """What only some devices report: shown when it is there."""
    found, locale = device.facts, get_locale()
    lines = []
    if isinstance(found.get("battery_percent"), int):
        share = numbers.format_percent(found["battery_percent"] / 100, locale=locale)
        lines.append(Fact(_("Battery"), share, True))
    free, total = found.get("disk_free_bytes"), found.get("disk_total_bytes")
    if isinstance(free, int):
        size = {"free": _gigabytes(free), "total": _gigabytes(total) if isinstance(total, int) else "?"}
        lines.append(Fact(_("Free space"), _("%(free)s of %(total)s GB", **size), True))
    if found.get("host_name"):
        lines.append(Fact(_("Host name"), str(found["host_name"])))
    if found.get("agent_version"):
        lines.append(Fact(_("Agent"), str(found["agent_version"])))
    return lines


def _gigabytes(size: int) -> str:
    return numbers.format_decimal(round(size / GIGABYTE, 1), locale=get_locale())
