"""Simulation: what a device answers to each command, after apple/device-management, mdm/commands."""

from __future__ import annotations

import plistlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from simulation import apple_facts
from simulation.apple_signing import content_of

if TYPE_CHECKING:
    from simulation.apple_device import AppleDevice

Reply = dict[str, Any]

NOT_IN_LOST_MODE = 12067
NOT_KNOWN = 12021
"""The first is in Apple's schema (device.lostmode.location.yaml) and on its page of DisableLostMode; the second is what devices say to requests
they do not serve.
"""

_SUPERVISED_ONLY = ("EnableLostMode", "DeviceLocation", "PlayLostModeSound", "DisableLostMode")


def carry_out(device: AppleDevice, command: Mapping[str, Any]) -> Reply:
    """Do a command, or what `device.replies` says instead, and make the report: Status and results."""
    request = command["RequestType"]
    planned = device.replies.get(request)
    if planned:
        status = planned.pop(0)
        return (
            {"Status": status}
            if status == "NotNow"
            else failed("The operation could not be completed.", status=status)
        )
    needs_supervision = request in _SUPERVISED_ONLY or (request == "RestartDevice" and not device.is_mac)
    if request not in _COMMANDS or (needs_supervision and not device.is_supervised):
        return failed(f"“{request}” is not a valid request type.")
    reply = _COMMANDS[request](device, command)
    reply.setdefault("Status", "Acknowledged")
    if reply["Status"] == "Acknowledged":
        reply |= device.results.get(request, {})
        device.done.append(request)
    return reply


def failed(
    words: str, code: int = NOT_KNOWN, domain: str = "MCMDMErrorDomain", status: str = "Error"
) -> Reply:
    """A report of failure with one link in its chain."""
    link = {
        "ErrorCode": code,
        "ErrorDomain": domain,
        "LocalizedDescription": words,
        "USEnglishDescription": words,
    }
    return {"Status": status, "ErrorChain": [link]}


def _lock(device: AppleDevice, command: Mapping[str, Any]) -> Reply:
    if device.is_mac and "PIN" not in command:
        return failed("A PIN is required.")
    device.is_locked = True
    if "Message" not in command and "PhoneNumber" not in command:
        return {}
    return {"MessageResult": "Success" if device.has_passcode else "NoPasscodeSet"}


def _clear_passcode(device: AppleDevice, command: Mapping[str, Any]) -> Reply:
    if command["UnlockToken"] != device.unlock_token:
        return failed("The passcode could not be cleared.")
    device.has_passcode = False
    return {}


def _erase(device: AppleDevice, command: Mapping[str, Any]) -> Reply:
    """A Mac that cannot be erased gently is erased roughly, and says Error unless it was told to say otherwise."""
    behaviour = command.get("ObliterationBehavior", "Default")
    is_rough = device.is_mac and not device.erases_gently and behaviour != "Always"
    if is_rough and behaviour == "DoNotObliterate":
        return failed("The device could not be erased.")
    device.is_erased, device.is_enrolled = True, False
    return failed("The device could not be erased.") if is_rough and behaviour == "Default" else {}


def _remove_profile(device: AppleDevice, command: Mapping[str, Any]) -> Reply:
    if command["Identifier"] == device.enrolment_profile:
        device.is_enrolled = False
    elif device.profiles.pop(command["Identifier"], None) is None:
        return failed("The profile is not installed.", code=12013)
    return {}


def _install_profile(device: AppleDevice, command: Mapping[str, Any]) -> Reply:
    identifier = plistlib.loads(content_of(command["Payload"]))["PayloadIdentifier"]
    if identifier != device.enrolment_profile:
        device.profiles[identifier] = command["Payload"]
    elif not device.renew(command["Payload"]):
        return failed("The profile could not be installed.", code=4001, domain="MCInstallationErrorDomain")
    return {}


def _begin_lost_mode(device: AppleDevice, _: Mapping[str, Any]) -> Reply:
    device.is_in_lost_mode = True
    return {}


def _end_lost_mode(device: AppleDevice, _: Mapping[str, Any]) -> Reply:
    if not device.is_in_lost_mode:
        return failed("The device is not in Lost Mode.", NOT_IN_LOST_MODE)
    device.is_in_lost_mode = False
    return {}


def _location(device: AppleDevice, _: Mapping[str, Any]) -> Reply:
    if not device.is_in_lost_mode:
        return failed("The device is not in Lost Mode.", NOT_IN_LOST_MODE)
    place = {
        "Latitude": 52.520008,
        "Longitude": 13.404954,
        "HorizontalAccuracy": 12.5,
        "VerticalAccuracy": -1.0,
    }
    return place | {"Altitude": 34.0, "Speed": -1.0, "Course": -1.0, "Timestamp": "2026-01-31T12:00:00Z"}


def _sound(device: AppleDevice, _: Mapping[str, Any]) -> Reply:
    return {} if device.is_in_lost_mode else failed("The device is not in Lost Mode.", NOT_IN_LOST_MODE)


def _restart(device: AppleDevice, _: Mapping[str, Any]) -> Reply:
    device.is_locked = device.has_passcode
    return {}


_COMMANDS: dict[str, Callable[[AppleDevice, Mapping[str, Any]], Reply]] = {
    "DeviceInformation": apple_facts.device_information,
    "SecurityInfo": apple_facts.security_info,
    "InstalledApplicationList": apple_facts.applications,
    "ProfileList": apple_facts.profiles,
    "CertificateList": apple_facts.certificates,
    "DeviceLock": _lock,
    "ClearPasscode": _clear_passcode,
    "EraseDevice": _erase,
    "RemoveProfile": _remove_profile,
    "InstallProfile": _install_profile,
    "EnableLostMode": _begin_lost_mode,
    "DisableLostMode": _end_lost_mode,
    "DeviceLocation": _location,
    "PlayLostModeSound": _sound,
    "RestartDevice": _restart,
}
