"""The longer answers of a device: security, apps, profiles, certificates, place."""

from __future__ import annotations

import plistlib
from typing import Any

import pytest

from mdm.apple import inventories, reports
from mdm.apple.errors import Malformed
from mdm.apple.inventories import Application, Location, Profile
from mdm.apple.reports import Report
from tests import cpu

PLACE = {"Latitude": 52.520008, "Longitude": 13.404954}


def report(**results: Any) -> Report:
    body = {"UDID": "A-1", "Status": "Acknowledged", "CommandUUID": "c-1", **results}
    return reports.decode(plistlib.dumps(body))


@pytest.mark.parametrize(
    ("answers", "is_encrypted"),
    [
        ({"HardwareEncryptionCaps": 3, "PasscodePresent": True}, True),
        ({"HardwareEncryptionCaps": 3, "PasscodePresent": False}, False),
        ({"HardwareEncryptionCaps": 1, "PasscodePresent": True}, False),
        ({"FDE_Enabled": True}, True),
        ({"FDE_Enabled": False}, False),
        ({}, None),
        ({"PasscodePresent": "yes", "HardwareEncryptionCaps": True}, None),
    ],
)
def test_encryption_protects_only_with_a_passcode(answers: dict[str, Any], is_encrypted: bool | None) -> None:
    assert inventories.security(report(SecurityInfo=answers)).is_encrypted is is_encrypted


def test_security_of_a_mac() -> None:
    found = inventories.security(report(SecurityInfo={"FirewallSettings": {"FirewallEnabled": True}}))
    assert (found.has_firewall, found.has_passcode) == (True, None)


def test_applications() -> None:
    listed = [
        {
            "Identifier": "org.example.notes",
            "Name": "Notes",
            "ShortVersion": "2.1",
            "Version": "210",
        },
        {"Name": "Tool", "Version": "1"},
        "odd",
    ]
    assert inventories.applications(report(InstalledApplicationList=listed)) == (
        Application("org.example.notes", "Notes", "2.1"),
        Application(None, "Tool", "1"),
    )


def test_profiles() -> None:
    listed = [
        {
            "PayloadIdentifier": "org.a",
            "PayloadDisplayName": "Wi-Fi",
            "PayloadOrganization": "Example",
        }
    ]
    assert inventories.profiles(report(ProfileList=listed)) == (Profile("org.a", "Wi-Fi", "Example"),)


def test_certificates() -> None:
    listed = [
        {"CommonName": "phone-1", "IsIdentity": True, "Data": b"der"},
        {"Data": "text"},
    ]
    found = inventories.certificates(report(CertificateList=listed))
    assert {each.common_name for each in found} == {"phone-1", None}


def test_location() -> None:
    found = inventories.location(
        report(**PLACE, HorizontalAccuracy=12.5, Timestamp="2026-01-31T12:00:00+01:00")
    )
    assert found == Location(52.520008, 13.404954, 12.5, 1_769_857_200)


@pytest.mark.parametrize(
    ("keys", "accuracy", "at"),
    [
        ({"HorizontalAccuracy": -1, "Timestamp": "2026-01-31T11:00:00Z"}, None, 1_769_857_200),
        ({"Timestamp": "2026-01-31T11:00:00"}, None, 1_769_857_200),
        ({"Timestamp": "yesterday"}, None, None),
        ({"Timestamp": "0001-01-01T00:00:00+23:59"}, None, None),
        ({"Timestamp": "1969-12-31T23:59:59Z"}, None, None),
        ({"Timestamp": "9999-12-31T23:59:59Z"}, None, None),
        ({}, None, None),
    ],
)
def test_locations_that_leave_something_open(
    keys: dict[str, Any], accuracy: float | None, at: int | None
) -> None:
    found = inventories.location(report(**PLACE, **keys))
    assert found.accuracy == accuracy
    assert found.at == at


@pytest.mark.parametrize(
    "place", [{"Latitude": 91.0}, {"Longitude": -181.0}, {"Latitude": float("nan")}, {"Latitude": "x"}]
)
def test_places_that_are_not_on_earth(place: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        inventories.location(report(**{**PLACE, **place}))


def test_the_message_of_a_lock() -> None:
    assert inventories.lock_message(report(MessageResult="NoPasscodeSet")) == "NoPasscodeSet"
    assert inventories.lock_message(report()) is None


@pytest.mark.parametrize(
    "read", [inventories.security, inventories.applications, inventories.profiles, inventories.certificates]
)
def test_no_results_at_all(read: Any) -> None:
    with pytest.raises(Malformed, match="missing"):
        read(report())


def test_of_a_long_list_the_first_by_name_are_kept_and_all_are_counted() -> None:
    listed = [{"Name": f"{'aB'[number % 2]}{number:04}"} for number in range(900)]
    said = report(InstalledApplicationList=[{}, *listed, "odd"])
    found = [each.name for each in inventories.applications(said)]
    assert len(found) == inventories.MOST_LISTED == 500
    assert (found[0], found[448:451]) == ("a0000", ["a0896", "a0898", "B0001"])
    assert inventories.how_many(said, "applications") == 901


def test_what_has_no_name_pushes_out_nothing_that_has_one() -> None:
    said = report(CertificateList=[*[{"CommonName": ""}] * 500, {"CommonName": "\u53f0\u7063 root"}])
    found = [each.common_name for each in inventories.certificates(said)]
    assert (len(found), found[:2]) == (500, ["\u53f0\u7063 root", None])


def test_one_long_text_in_many_places_does_not_keep_the_server_busy() -> None:
    """A binary property list writes it once."""
    body = {"UDID": "A-1", "Status": "Acknowledged", "CommandUUID": "c-1"}
    body |= {"InstalledApplicationList": [{"Name": "\u202aA" * 250_000}] * 5_000}
    encoded = plistlib.dumps(body, fmt=plistlib.FMT_BINARY)
    assert cpu.least_seconds(lambda: inventories.applications(reports.decode(encoded))) < cpu.MUCH
