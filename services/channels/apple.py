"""The Apple channel: iPhone, iPad and Mac by Apple's own device management protocol."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from mdm.apple.facts import Facts, release
from models import Command, Device, Platform, Registration, Status
from services.apple import lost_mode, orders, pushes
from services.channels.steps import Step
from services.refused import N_

NAME = "apple"
KNOWN_BY = frozenset({"stable_id", "serial"})  # an erased one may come with another UDID
HOW_TO_BEGIN = N_(
    "On the device itself, open the link from the mail or the QR code in Safari. Without a link, go to %(go)s and type "
    "your user name, %(username)s."
)
ON_A_PHONE = (
    Step(N_("Tap Download the profile. Safari says that the website wants to download a configuration profile: tap Allow."),
         "phone-allow"),
    Step(N_("Open Settings. At the top stands Profile Downloaded: tap it. If it is not there: General, VPN & Device "
            "Management."), "phone-settings"),
    Step(N_("Tap Install, type the passcode of the device, read what it says and tap Install again."), "phone-install"),
    Step(N_("Tap Trust when it asks about remote management, then Done."), "phone-trust"),
)  # fmt: skip
ON_A_MAC = (
    Step(N_("Choose Download the profile. Safari asks whether to allow the download: choose Allow."), "mac-allow"),
    Step(N_("Open the downloaded file, enrolment.mobileconfig, with a double click."), "mac-file"),
    Step(N_("Open the Apple menu, System Settings, General, Device Management. On older systems: Privacy & Security, "
            "Profiles."), "mac-settings"),
    Step(N_("Open the profile with a double click, choose Install, and type the password of this Mac."), "mac-install"),
)  # fmt: skip
EVERY = frozenset({"refresh", "lock", "retire", "wipe"})
# Before that a lock takes a Mac with Apple silicon out of service: it wants the network, and an administrator of its own,
# to come back (device.lock.yaml). We do not know which chip it has.
FIRST_TO_SURVIVE_A_LOCK = (11, 5)


def can(device: Device) -> frozenset[str]:
    """A Mac keeps its own passwords; where a phone is, only a supervised one tells, and only in lost mode.

    A phone that is locked joins no Wi-Fi after a restart (device.restart.yaml): a lost one would be out of reach.
    """
    if device.platform == Platform.MACOS:
        here = EVERY if _survives_a_lock(device) else EVERY - {"lock"}
        return here | {"restart"}
    here = EVERY | {"unlock"}
    if not lost_mode.is_possible(device):
        return here
    return here | ({"locate", "play_sound"} if device.status == Status.LOST else {"restart"})


def why_not(device: Device, action: str) -> str:
    if action == "lock":
        return N_(
            "Lock is not here: macOS 11.0 to 11.4 may not come back from it. Update this Mac to macOS 11.5 or newer."
        )
    if action == "unlock":
        return N_("Unlock is not here: a Mac's own passwords cannot be taken away from outside.")
    if action == "locate":
        return N_(
            "Locate is not here: Apple lets only a supervised iPhone or iPad say where it is, and only while it "
            "is reported lost. Use Find My with the Apple Account of the device."
        )
    if action == "message":
        return N_("Message is not here: such a device shows a text only when it is locked. Write it there.")
    if action == "restart" and lost_mode.is_possible(device):
        return N_(
            "Restart is not here while it is reported lost: an iPhone or iPad that is locked joins no Wi-Fi after a "
            "restart, and could then be neither located nor wiped."
        )
    return ""


def may_be_repeated(device: Device, kind: str) -> bool:
    """What starts again may lose its answer by that. Repeated, it would start again in the hands of whoever uses it by
    then, and a Mac that was locked would ask for its PIN each time; an unlock would take off the passcode that was set
    since. Whoever has a Mac that is lost has no PIN: it is locked until it says so.
    """
    if kind == "lock":
        return device.platform != Platform.MACOS or device.status == Status.LOST
    return kind not in ("restart", "unlock")


def instructions(platform: str) -> tuple[Step, ...]:
    """How to begin; then what is done on the device, once the terms are accepted."""
    return (Step(HOW_TO_BEGIN), *(ON_A_MAC if platform == Platform.MACOS else ON_A_PHONE))


def has_lost_mode(device: Device) -> bool:
    return lost_mode.is_possible(device)


def may_be_in_lost_mode(device: Device) -> bool:
    return lost_mode.may_be_on(device)


def wake(device: Device) -> None:
    pushes.ask(device)


def next_step(registration: Registration) -> dict[str, Any]:
    """/go shows how to install the profile that carries the enrolment token."""
    return {"step": "apple", "platform": registration.device.platform}


def encode(command: Command) -> bytes:
    """Raises ValueError when the device lacks what the order needs."""
    return orders.encode(command)


def facts(report: Facts) -> dict[str, Any]:
    said = asdict(report)
    for told in (said, *said["subscriptions"]):
        told["phone_number"] = _in_full(told["phone_number"])
    said["subscriptions"] = list(said["subscriptions"]) or None
    said["host_name"] = said.pop("device_name")
    return said


def _survives_a_lock(device: Device) -> bool:
    version = release(device.os_version)
    return version is None or not (11, 0) <= version < FIRST_TO_SURVIVE_A_LOCK


def _in_full(number: str | None) -> str | None:
    """Apple writes the country's code, and leaves out the plus."""
    return f"+{number}" if number and number.isascii() and number.isdigit() else number
