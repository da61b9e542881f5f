"""Words for statuses, platforms, owners, actions, roles and facts."""

from __future__ import annotations

from typing import NamedTuple

from flask_babel import gettext

from blueprints.shared.words import agent
from models import Device, Ownership, Platform, Role, Status, Way
from services import devices
from services.permissions import Action
from services.refused import N_


class Look(NamedTuple):
    """How a status looks: the tone of its flag, and which flag."""

    tone: str
    flag: str


LOOKS = {
    Status.PENDING: Look("wait", "pending"),
    Status.VERIFIED: Look("wait", "verified"),
    Status.ENROLLING: Look("wait", "enrolling"),
    Status.ACTIVE: Look("good", "active"),
    Status.LOST: Look("bad", "lost"),
    Status.BLOCKED: Look("bad", "blocked"),
    Status.RETIRE_PENDING: Look("wait", "leaving"),
    Status.WIPE_PENDING: Look("bad", "leaving"),
    Status.RETIRED: Look("off", "retired"),
    Status.WIPED: Look("off", "wiped"),
    Status.EXPIRED: Look("off", "expired"),
    Status.CANCELLED: Look("off", "cancelled"),
}

STATUSES = {
    Status.PENDING: N_("Pending"),
    Status.VERIFIED: N_("Verified"),
    Status.ENROLLING: N_("Enrolling"),
    Status.ACTIVE: N_("Active"),
    Status.LOST: N_("Lost"),
    Status.BLOCKED: N_("Blocked"),
    Status.RETIRE_PENDING: N_("Retire pending"),
    Status.WIPE_PENDING: N_("Wipe pending"),
    Status.RETIRED: N_("Retired"),
    Status.WIPED: N_("Wiped"),
    Status.EXPIRED: N_("Expired"),
    Status.CANCELLED: N_("Cancelled"),
}

STATUS_SENTENCES = {
    Status.PENDING: N_("It waits for you to finish on the device."),
    Status.VERIFIED: N_("We know who you are. It waits for the last step on the device."),
    Status.ENROLLING: N_("It is joining. This usually takes a minute."),
    Status.ACTIVE: N_("Nothing needs your attention."),
    Status.LOST: N_("It is reported lost. When you have it again, say so here."),
    Status.BLOCKED: N_("An administrator keeps it out. Ask the help desk."),
    Status.RETIRE_PENDING: N_("It leaves when it is next online."),
    Status.WIPE_PENDING: N_("The wipe reaches it when it is next online."),
    Status.RETIRED: N_("It has left, and is not looked after any more."),
    Status.WIPED: N_("It was wiped and has left."),
    Status.EXPIRED: N_("The time to finish ran out. You can start again."),
    Status.CANCELLED: N_("The registration was called off."),
}

PLATFORM_ICONS = {
    Platform.LINUX: "laptop",
    Platform.MACOS: "laptop",
    Platform.WINDOWS: "laptop",
    Platform.IOS: "phone",
    Platform.ANDROID: "phone",
}

SYSTEMS = {
    Platform.LINUX: N_("Linux"),
    Platform.MACOS: N_("macOS"),
    Platform.WINDOWS: N_("Windows"),
    Platform.IOS: N_("iOS"),
    Platform.ANDROID: N_("Android"),
}

OWNERSHIPS = {Ownership.COMPANY: N_("Company"), Ownership.EMPLOYEE: N_("Employee")}

ACTIONS: dict[Action, tuple[str, str]] = {
    Action.REFRESH: (N_("Refresh"), N_("Asks it to check in")),
    Action.LOCK: (N_("Lock"), N_("Locks the screen")),
    Action.UNLOCK: (N_("Unlock"), N_("Removes the passcode")),
    Action.LOCATE: (N_("Locate"), N_("Asks where it is")),
    Action.PLAY_SOUND: (N_("Play a sound"), N_("Helps to find it")),
    Action.RESTART: (N_("Restart"), N_("Until unlocked it may have no Wi-Fi")),
    Action.MESSAGE: (N_("Message"), N_("Shows a text on it")),
    Action.REPORT_LOST: (N_("Report lost"), N_("Locks it, marks it lost")),
    Action.REPORT_FOUND: (N_("I have it again"), N_("Ends the report")),
    Action.CHANGE_OWNERSHIP: (N_("Ownership"), N_("Says whose it is")),
    Action.RENAME: (N_("Rename"), N_("Gives it a name of your own")),
    Action.RETIRE: (N_("Retire"), N_("Work leaves, yours stays")),
    Action.WIPE: (N_("Wipe"), N_("Everything goes")),
    Action.RETIRE_WITHOUT_DEVICE: (N_("Retire without the device"), N_("Lets it go, asks it nothing")),
    Action.BLOCK: (N_("Block"), N_("Keeps it out for a while")),
    Action.UNBLOCK: (N_("Unblock"), N_("Lets it in again")),
}

ROLES = {
    Role.USER_PORTAL: N_("User portal"),
    Role.REGISTER: N_("Register Device"),
    Role.LOCK: N_("Lock"),
    Role.UNLOCK: N_("Unlock"),
    Role.LOCATE: N_("Locate"),
    Role.WIPE: N_("Wipe"),
    Role.RETIRE: N_("Retire"),
    Role.CHANGE_OWNERSHIP: N_("Change Device Ownership"),
    Role.RESET_PIN: N_("Reset PIN"),
    Role.RESET_SECURE_APPS_PASSCODE: N_("Reset Secure Apps Passcode"),
    Role.TRUST: N_("Trust and Untrust"),
    Role.HELP_DESK: N_("Help desk"),
    Role.ADMINISTRATOR: N_("Administrator"),
}

WAYS = {Way.INVITATION: N_("by invitation"), Way.PIN: N_("by PIN"), Way.QR: N_("by QR code")}


def status_look(status: str) -> Look:
    return LOOKS[Status(status)]


def status_word(status: str) -> str:
    return gettext(STATUSES[Status(status)])


def status_sentence(status: str) -> str:
    """What the status means for the reader: is anything waiting for them?"""
    return gettext(STATUS_SENTENCES[Status(status)])


def platform_word(platform: str) -> str:
    """What kind of thing it is: iPhone or iPad, Linux computer."""
    return gettext(devices.PLATFORM_NAMES[Platform(platform)])


def platform_icon(platform: str) -> str:
    return PLATFORM_ICONS[Platform(platform)]


def system_word(device: Device | devices.HomeRow) -> str:
    """The system in full, as in iOS 17.4.1; before it was reported, only its kind."""
    name = device.os_name or gettext(SYSTEMS[Platform(device.platform)])
    return f"{name} {device.os_version}" if device.os_version else name


def display_name(device: Device | devices.HomeRow) -> str:
    """What to call it: its own name, else its kind."""
    return device.name or platform_word(device.platform)


def ownership_word(ownership: str) -> str:
    return gettext(OWNERSHIPS[Ownership(ownership)])


def action_word(action: str) -> str:
    return gettext(ACTIONS[Action(action)][0])


def action_hint(action: str, device: Device) -> str:
    """A few words on what the action does to such a device."""
    if device.channel == agent.NAME and action in agent.HINTS:
        return gettext(agent.HINTS[action])
    return gettext(ACTIONS[Action(action)][1])


def role_word(role: str) -> str:
    return gettext(ROLES[Role(role)])


def way_word(way: str) -> str:
    return gettext(WAYS[Way(way)])


def not_reported() -> str:
    """A fact that such a device could have told."""
    return gettext("not reported by this device")


def does_not_apply() -> str:
    """A fact that such a device cannot have."""
    return gettext("does not apply")
