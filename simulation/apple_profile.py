"""Simulation: what a device takes of an enrolment profile, and what makes it refuse one."""

from __future__ import annotations

import plistlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from simulation.apple_signing import content_of
from simulation.apple_transport import Failed

FOR_EVER = ("ServerURL", "CheckInURL", "Topic", "AccessRights")
"""What a profile may not change on a device that has it (com.apple.mdm.yaml); rights could become fewer."""
USER_CHANNEL = "com.apple.mdm.per-user-connections"
"""The capability that a Mac asks for, and that stays as it was, too."""
ANY_DEVICE, PHONE, MAC = 0, 1, 5
"""TargetDeviceType (TopLevel.yaml)."""


class Enrolment(NamedTuple):
    """The parts that a device works with."""

    identifier: str
    management: dict[str, Any]
    identity: dict[str, Any]  # how it gets its certificate


def read(profile: bytes, is_mac: bool) -> Enrolment:
    """Signed or not. Raises Failed for one that is meant for another kind of device, or that a Mac does not take."""
    content = plistlib.loads(content_of(profile))
    payloads = {each["PayloadType"]: each for each in content["PayloadContent"]}
    management, scep = payloads["com.apple.mdm"], payloads["com.apple.security.scep"]
    if content.get("TargetDeviceType", ANY_DEVICE) not in (ANY_DEVICE, MAC if is_mac else PHONE):
        raise Failed("the profile is for another kind of device")
    if is_mac and not _has_user_channel(management):
        raise Failed("the profile has no user channel")
    if management["IdentityCertificateUUID"] != scep["PayloadUUID"]:
        raise Failed("no identity")
    return Enrolment(content["PayloadIdentifier"], management, scep["PayloadContent"])


def may_replace(management: Mapping[str, Any], installed: Mapping[str, Any]) -> bool:
    """Is all as it was that nobody may change on a device?"""
    is_same = all(management[name] == installed[name] for name in FOR_EVER)
    return is_same and _has_user_channel(management) == _has_user_channel(installed)


def _has_user_channel(management: Mapping[str, Any]) -> bool:
    return USER_CHANNEL in management.get("ServerCapabilities", ())
