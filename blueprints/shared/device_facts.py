"""What is known about a device, as lines to read; what is not known says why."""

from __future__ import annotations

from typing import NamedTuple

from babel import numbers
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup, escape

from blueprints.shared import organisation, times, words
from mdm.apple.facts import Subscription
from models import Device, Ownership, Platform, Registration, User
from services import phone_numbers
from services.apple import kept
from services.refused import N_

HAS_A_SIM = frozenset({Platform.IOS, Platform.ANDROID})
GIGABYTE = 1_000_000_000
SLOTS = {"CTSubscriptionSlotOne": 1, "CTSubscriptionSlotTwo": 2}
# What a device says yes or no to: how it is called, and the words for yes and for no.
ANSWERS = {
    "is_supervised": (N_("Supervised"), N_("yes"), N_("no")),
    "has_activation_lock": (N_("Activation Lock"), N_("on"), N_("off")),
    "is_locator_on": (N_("Find My"), N_("on"), N_("off")),
    "is_in_lost_mode": (N_("Lost mode"), N_("on"), N_("off")),
}


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
        *_sims(device),
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


def _sims(device: Device) -> list[Fact]:
    """Each card and eSIM, since a device has more to tell of them than one number."""
    found = kept.each(Subscription, device.facts.get("subscriptions"))
    return [
        Fact(_("SIM %(number)s", number=SLOTS.get(sim.slot or "", place)), _sim(sim))
        for place, sim in enumerate(found, 1)
    ]


def _sim(sim: Subscription) -> Markup:
    """Primary, Seaway Mobile, +44 7700 900142, for calls and data; below it the numbers of the card and of its slot."""
    number = _figures(phone_numbers.shown(sim.phone_number)) if sim.phone_number else None
    said = [part for part in (sim.label, sim.carrier, number, _use(sim)) if part]
    lines = [Markup(", ").join(said or [_("empty")])]
    for name, figures in ((_("ICCID"), sim.iccid), (_("IMEI"), sim.imei)):
        if figures:
            lines.append(Markup('<span class="soft">{} {}</span>').format(name, _figures(figures)))
    return Markup("<br>").join(lines)


def _use(sim: Subscription) -> str | None:
    if sim.is_for_voice and sim.is_for_data:
        return _("for calls and data")
    if sim.is_for_voice:
        return _("for calls")
    return _("for data") if sim.is_for_data else None


def _figures(figures: str) -> Markup:
    return Markup('<span class="num">{}</span>').format(figures)


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
    for name, (label, yes, no) in ANSWERS.items():
        if isinstance(found.get(name), bool):
            lines.append(Fact(_(label), _(yes) if found[name] else _(no)))
    if found.get("agent_version"):
        lines.append(Fact(_("Agent"), str(found["agent_version"])))
    return lines


def _gigabytes(size: int) -> str:
    return numbers.format_decimal(round(size / GIGABYTE, 1), locale=get_locale())
