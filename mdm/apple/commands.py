"""The commands that we send (apple/device-management, mdm/commands): one function each, from plain values to
a property list.

`command` is our own identifier of the command, which the device repeats in its report: letters, digits and
dashes. What a command needs is in its docstring: a right that the enrolment profile asked for, supervision, a
kind of device. A value that Apple does not allow is a mistake of the caller, and a ValueError.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from mdm.apple import plists

CONTENT_TYPE = "application/xml; charset=UTF-8"

QUERIES = (
    "DeviceName",
    "ProductName",
    "ModelName",
    "OSVersion",
    "SupplementalOSVersionExtra",
    "IMEI",
    "PhoneNumber",
    "CurrentCarrierNetwork",
    "SubscriberCarrierNetwork",
    "ServiceSubscriptions",
    "BatteryLevel",
    "DeviceCapacity",
    "AvailableDeviceCapacity",
    "IsSupervised",
    "IsActivationLockEnabled",
    "IsDeviceLocatorServiceEnabled",
    "IsMDMLostModeEnabled",
)
"""Only what the page of a device shows, and what people are told that we see. The serial number came with the
first message. A device leaves out what it does not know.
"""

APPLICATION_ITEMS = ("Identifier", "Name", "ShortVersion", "Version")
"""Only what is shown: other facts of an app take the device long to find out. Macs know no such choice, and tell all
that they know of each app, up to twelve facts; their list has the system's apps too, and since iOS 26 a phone's as well.
"""

_PIN = re.compile(r"[0-9]{6}\Z")


def device_information(command: str, queries: Iterable[str] = QUERIES) -> bytes:
    """Ask for facts. Rights: 16; phone number, SIM and carrier need 32."""
    return _encode(command, "DeviceInformation", {"Queries": list(queries)})


def security_info(command: str) -> bytes:
    """Ask for passcode, encryption and the kind of management. Right: 1024."""
    return _encode(command, "SecurityInfo")


def installed_application_list(command: str) -> bytes:
    """Ask for all apps. Right: 256."""
    return _encode(command, "InstalledApplicationList", {"Items": list(APPLICATION_ITEMS)})


def profile_list(command: str) -> bytes:
    """Ask for all profiles. Right: 1."""
    return _encode(command, "ProfileList")


def certificate_list(command: str) -> bytes:
    """Ask for all certificates; NotNow before the first unlock. Right: 1."""
    return _encode(command, "CertificateList")


def device_lock(
    command: str, *, message: str | None = None, phone_number: str | None = None, pin: str | None = None
) -> bytes:
    """Lock now. Right: 4. Message and number are shown only where a passcode is set; the answer says whether.

    `pin` is six digits and for Macs alone, which start again and ask for it: store it before this is sent. Never for
    a Mac with Apple silicon before macOS 11.5, which it deactivates.
    """
    return _encode(command, "DeviceLock", {"Message": message, "PhoneNumber": phone_number, "PIN": _pin(pin)})


def clear_passcode(command: str, unlock_token: bytes) -> bytes:
    """Take the passcode off. Right: 4; not on Macs. The token is that of the last TokenUpdate that had
    one.
    """
    if not unlock_token:
        raise ValueError("ClearPasscode needs the unlock token")
    return _encode(command, "ClearPasscode", {"UnlockToken": unlock_token})


def erase_device(command: str) -> bytes:
    """Erase everything on an iPhone or iPad, the data plan of an eSIM too. Right: 8."""
    return _encode(command, "EraseDevice")


def erase_mac(command: str, pin: str) -> bytes:
    """Erase everything on a Mac. Right: 8. `pin` is six digits.

    Since macOS 12 a Mac first tries the gentle way (Erase All Content and Settings) and, if that cannot be, the other
    one. Left to itself it then answers Error and erases itself all the same; ObliterateWithWarning makes it answer
    Acknowledged, which is the truth.
    """
    options = {"PIN": _pin(pin), "ObliterationBehavior": "ObliterateWithWarning"}
    return _encode(command, "EraseDevice", options)


def remove_profile(command: str, identifier: str) -> bytes:
    """Remove a profile by its PayloadIdentifier. Right: 2. With our enrolment profile goes all that it
    brought.
    """
    return _encode(command, "RemoveProfile", {"Identifier": identifier})


def install_profile(command: str, profile: bytes) -> bytes:
    """Install or replace a profile, signed or not. Right: 2.

    If it is the device's own enrolment profile, it fetches a new identity by SCEP, sends Authenticate and
    TokenUpdate once more, and only then answers.
    """
    return _encode(command, "InstallProfile", {"Payload": profile})


def enable_lost_mode(command: str, *, message: str | None = None, phone_number: str | None = None) -> bytes:
    """Lock into lost mode, with a message or a phone number. Supervised iPhones and iPads only."""
    if not message and not phone_number:
        raise ValueError("EnableLostMode needs a message or a phone number")
    options = {"Message": message, "PhoneNumber": phone_number}
    return _encode(command, "EnableLostMode", options)


def device_location(command: str) -> bytes:
    """Ask where the device is. Supervised iPhones and iPads in lost mode only."""
    return _encode(command, "DeviceLocation")


def play_lost_mode_sound(command: str) -> bytes:
    """Make it sound until somebody stops it there, or lost mode ends. Supervised iPhones and iPads in lost
    mode only.
    """
    return _encode(command, "PlayLostModeSound")


def disable_lost_mode(command: str) -> bytes:
    """End lost mode. Supervised iPhones and iPads only."""
    return _encode(command, "DisableLostMode")


def restart_device(command: str) -> bytes:
    """Restart at once. Right: 4. Macs, and supervised iPhones and iPads."""
    return _encode(command, "RestartDevice")


def _encode(command: str, request: str, options: Mapping[str, Any] | None = None) -> bytes:
    given = {key: value for key, value in (options or {}).items() if value is not None and value != ""}
    return plists.write({"CommandUUID": command, "Command": {"RequestType": request, **given}})


def _pin(pin: str | None) -> str | None:
    if pin is not None and not _PIN.match(pin):
        raise ValueError("a PIN is six digits")
    return pin
