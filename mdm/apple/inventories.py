"""The longer answers of a device, in the portal's words: security, apps, profiles, certificates, place.

Each reads the results of one command (apple/device-management, mdm/commands), and raises Malformed without them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from mdm.apple.errors import Malformed
from mdm.apple.fields import Document, dictionaries, dictionary, real, text, whole, yes_or_no
from mdm.apple.reports import Report

MOST_LISTED = 500
"""Apps, profiles or certificates of one device: the first by name. What is beyond is only counted."""

LONGEST_SORTED = 40
"""Characters of a name that count for its place in a list."""
_LAST = "\U0010ffff"  # the place of what has no name, and is the least worth keeping

LISTS = {
    "applications": "InstalledApplicationList",
    "profiles": "ProfileList",
    "certificates": "CertificateList",
}

LATEST = 4_102_444_800
"""Epoch seconds of the year 2100: a clock that says more is wrong, and so is one from before 1970."""

_BLOCKS_AND_FILES = 3
"""HardwareEncryptionCaps of a device that encrypts blocks and files; only with a passcode does that protect
anything.
"""


@dataclass(frozen=True)
class Security:
    """None is "not reported". Passcodes are reported by phones and tablets, FileVault and firewall by Macs."""

    has_passcode: bool | None
    is_passcode_compliant: bool | None
    encrypts_blocks_and_files: bool | None
    has_file_vault: bool | None
    has_firewall: bool | None

    @property
    def is_encrypted(self) -> bool | None:
        """Whether what is on the device is safe from somebody who has it in hand."""
        if self.has_file_vault is not None:
            return self.has_file_vault
        if self.encrypts_blocks_and_files is None or self.has_passcode is None:
            return None
        return self.encrypts_blocks_and_files and self.has_passcode


@dataclass(frozen=True)
class Application:
    """One app; the identifier may be missing on Macs."""

    identifier: str | None
    name: str | None
    version: str | None


@dataclass(frozen=True)
class Profile:
    """One profile."""

    identifier: str
    name: str | None
    organisation: str | None


@dataclass(frozen=True)
class Certificate:
    """One certificate. Its name is enough to show: what it proves is checked elsewhere."""

    common_name: str | None


@dataclass(frozen=True)
class Location:
    """Degrees; `accuracy` is the radius in metres, None if unknown; `at` is when it was there by the device's clock,
    in epoch seconds, None if not told.
    """

    latitude: float
    longitude: float
    accuracy: float | None
    at: int | None


def security(report: Report) -> Security:
    """The results of SecurityInfo."""
    found = dictionary(report.results, "SecurityInfo")
    if found is None:
        raise Malformed("missing", "SecurityInfo")
    capabilities = whole(found, "HardwareEncryptionCaps")
    return Security(
        has_passcode=yes_or_no(found, "PasscodePresent"),
        is_passcode_compliant=yes_or_no(found, "PasscodeCompliant"),
        encrypts_blocks_and_files=None if capabilities is None else capabilities == _BLOCKS_AND_FILES,
        has_file_vault=yes_or_no(found, "FDE_Enabled"),
        has_firewall=yes_or_no(dictionary(found, "FirewallSettings") or {}, "FirewallEnabled"),
    )


def applications(report: Report) -> tuple[Application, ...]:
    """The results of InstalledApplicationList, the first 500 by name."""
    return tuple(
        Application(
            identifier=text(each, "Identifier"),
            name=text(each, "Name"),
            version=text(each, "ShortVersion") or text(each, "Version"),
        )
        for each in _listed(report, "applications", "Name", "Identifier")
    )


def profiles(report: Report) -> tuple[Profile, ...]:
    """The results of ProfileList, the first 500 by name."""
    return tuple(
        Profile(
            identifier=text(each, "PayloadIdentifier") or "",
            name=text(each, "PayloadDisplayName"),
            organisation=text(each, "PayloadOrganization"),
        )
        for each in _listed(report, "profiles", "PayloadDisplayName", "PayloadIdentifier")
    )


def certificates(report: Report) -> tuple[Certificate, ...]:
    """The results of CertificateList, the first 500 by name."""
    return tuple(
        Certificate(common_name=text(each, "CommonName"))
        for each in _listed(report, "certificates", "CommonName")
    )


def how_many(report: Report, part: str) -> int:
    """How long the list was before it was cut."""
    return len(dictionaries(report.results, LISTS[part]))


def location(report: Report) -> Location:
    """The results of DeviceLocation."""
    latitude, longitude = real(report.results, "Latitude"), real(report.results, "Longitude")
    if latitude is None or longitude is None:
        raise Malformed("missing", "Latitude" if latitude is None else "Longitude")
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise Malformed("unknown_value", "Latitude" if abs(latitude) > 90 else "Longitude")
    accuracy = real(report.results, "HorizontalAccuracy")
    return Location(
        latitude, longitude, accuracy if accuracy is not None and accuracy >= 0 else None, _at(report.results)
    )


def lock_message(report: Report) -> str | None:
    """What became of the message of DeviceLock: Success, DeviceInLostMode, NoPasscodeSet, Unknown; None if
    there was none.
    """
    return text(report.results, "MessageResult")


def _listed(report: Report, part: str, *named_by: str) -> list[Document]:
    if not isinstance(report.results.get(LISTS[part]), list):
        raise Malformed("missing", LISTS[part])
    found = dictionaries(report.results, LISTS[part])
    return sorted(found, key=lambda each: _place_of(each, named_by))[:MOST_LISTED]


def _place_of(each: Document, named_by: tuple[str, ...]) -> str:
    """As the device wrote it: thousands of names are compared, and only those that are kept are worth cleaning."""
    names = (each.get(key) for key in named_by)
    return next((name[:LONGEST_SORTED].casefold() for name in names if name and isinstance(name, str)), _LAST)


def _at(results: Document) -> int | None:
    try:
        moment = datetime.fromisoformat(text(results, "Timestamp") or "")
        at = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None
    return at if 0 <= at < LATEST else None
