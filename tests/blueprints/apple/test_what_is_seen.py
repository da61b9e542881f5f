"""What an iPhone, iPad or Mac is asked for: its page shows it, and people are told that the organisation sees it."""

from __future__ import annotations

import plistlib
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from flask import Flask

from mdm.apple import commands, facts, reports
from models import AppleEnrolment, Device, User
from services import check_ins
from services.channels import apple as channel
from tests import apple_devices as apple
from tests.blueprints.enrolment.conftest import Invite, Travel
from tests.conftest import Answer, Visitor

Visit = Callable[[User | None], Visitor]

FIRST = {"Slot": "CTSubscriptionSlotOne", "Label": "Work", "ICCID": "8944 2000 0000 0000 011"}
SECOND = {
    "Slot": "CTSubscriptionSlotTwo",
    "Label": "Travel",
    "CurrentCarrierNetwork": "Seaway Mobile",
    "PhoneNumber": "447700900142",
    "ICCID": "8944 2000 0000 0000 022",
    "IMEI": "35 209900 176148 1",
    "IsDataPreferred": True,
}


class Told(NamedTuple):
    """An answer, the fact that the page makes of it, and the words with which people were told of it before."""

    answer: Any
    fact: tuple[str, str]
    words: str
    together_with: dict[str, Any] = {}


PHONE = {"ProductName": "iPhone15,2"}
TOLD = {
    "DeviceName": Told("Alice's best", ("Host name", "Alice's best"), "the name that you gave the device"),
    "ProductName": Told("iPhone17,3", ("Model", "iPhone 16"), "The model"),
    "ModelName": Told("MacBook Air", ("Model", "MacBook Air"), "The model", {"ProductName": "Mac15,12"}),
    "OSVersion": Told("18.6", ("System", "iOS 18.6"), "The system and its version", PHONE),
    "SupplementalOSVersionExtra": Told(
        "(a)", ("System", "iOS 18.6 (a)"), "The system and its version", {**PHONE, "OSVersion": "18.6"}
    ),
    "IMEI": Told("35 209900 176148 1", ("IMEI", "352099001761481"), "the IMEI"),
    "PhoneNumber": Told("447700900142", ("Phone number", "+44 7700 900142"), "The phone number"),
    "CurrentCarrierNetwork": Told("Seaway Mobile", ("Carrier", "Seaway Mobile"), "the carrier"),
    "SubscriberCarrierNetwork": Told("Seaway Home", ("Carrier", "Seaway Home"), "the carrier"),
    "ServiceSubscriptions": Told(
        [FIRST, SECOND],
        ("SIM 2", "Travel, Seaway Mobile, +44 7700 900142, for data ICCID 8944200000000000022 IMEI 352099001761481"),
        "the card number (ICCID) and the IMEI of each SIM and eSIM, and which one is for calls and for data",
    ),
    "BatteryLevel": Told(0.5, ("Battery", "50%"), "The battery"),
    "DeviceCapacity": Told(
        64.0, ("Free space", "8 of 64 GB"), "how full the device is", {"AvailableDeviceCapacity": 8.0}
    ),
    "AvailableDeviceCapacity": Told(8.0, ("Free space", "8 of ? GB"), "how full the device is"),
    "IsSupervised": Told(True, ("Supervised", "yes"), "whether it is supervised"),
    "IsActivationLockEnabled": Told(True, ("Activation Lock", "on"), "Activation Lock"),
    "IsDeviceLocatorServiceEnabled": Told(False, ("Find My", "off"), "Find My"),
    "IsMDMLostModeEnabled": Told(False, ("Lost mode", "off"), "lost mode"),
}  # fmt: skip


def facts_of(answer: Answer) -> dict[str, str]:
    return {
        line.dt.get_text(): " ".join(line.dd.get_text(" ").replace(" ,", ",").split())
        for line in answer.soup.select(".facts div")
    }


def answered(device: Device, **answers: Any) -> None:
    body = {"UDID": "A-1", "Status": "Acknowledged", "CommandUUID": "c-1", "QueryResponses": answers}
    said = facts.from_device_information(reports.decode(plistlib.dumps(body)))
    check_ins.store_facts(device, channel.facts(said))


@pytest.fixture
def blank(app: Flask, alice: User, a_device: Callable[..., Device]) -> Device:
    """A phone that has told nothing."""
    return a_device(alice, channel="apple", platform="ios", model=None, manufacturer=None, os_name=None,
                    os_version=None, facts={}, stable_id=None)  # fmt: skip


def test_nothing_is_asked_for_that_is_not_told_here() -> None:
    assert sorted(TOLD) == sorted(commands.QUERIES)


@pytest.mark.parametrize("query", TOLD)
def test_each_answer_is_shown_and_was_announced(
    blank: Device, alice: User, visit: Visit, invite: Invite, travel: Travel, query: str
) -> None:
    told = TOLD[query]
    label, words = told.fact
    answered(blank, **told.together_with)
    before = facts_of(visit(alice).get(f"/devices/{blank.code}"))
    answered(blank, **{**told.together_with, query: told.answer})
    after = facts_of(visit(alice).get(f"/devices/{blank.code}"))
    assert before.get(label) != words
    assert after[label] == words
    assert told.words in visit(None).get("/privacy").words("#apple-tells")
    assert told.words in travel(invite(alice, "ios"), "terms").get("/go/terms").words("#apple-tells")


def test_what_else_a_device_answers_was_announced_too(visit: Visit) -> None:
    told = visit(None).get("/privacy").words("#apple-tells")
    for words in (
        "the serial number", "names and versions of the apps", "profiles and certificates", "passcode", "encrypted",
        "firewall", "Where it is",
    ):  # fmt: skip
        assert words in told


def test_both_sims_of_a_phone_stand_on_its_page(app: Flask, alice: User, visit: Visit) -> None:
    device, hardware = apple.join(app, alice, more_sims=[SECOND, {"Slot": "CTSubscriptionSlotThree"}])
    hardware.connect()
    told = facts_of(visit(alice).get(f"/devices/{device.code}"))
    assert told["SIM 1"].startswith("Primary, Example Mobile, +49 170 1234567, for calls and data ICCID 8949")
    assert told["SIM 2"].startswith("Travel, Seaway Mobile, +44 7700 900142, for data")
    assert told["SIM 3"] == "empty"
    assert told["Phone number"] == "+49 170 1234567"


def test_what_a_device_calls_itself_cannot_become_part_of_the_page(
    blank: Device, alice: User, visit: Visit
) -> None:
    answered(blank, ServiceSubscriptions=[{**FIRST, "Label": "<b id='x'>Work"}])
    page = visit(alice).get(f"/devices/{blank.code}")
    assert page.soup.select("#x") == []
    assert "<b id='x'>Work" in facts_of(page)["SIM 1"]


def test_what_another_version_kept_is_still_shown(app: Flask, alice: User, visit: Visit) -> None:
    device, hardware = apple.join(app, alice)
    hardware.connect()
    AppleEnrolment.update(
        inventory={
            "security": {"has_passcode": False, "has_a_field_of_tomorrow": True},
            "applications": [{"name": "Notes", "size_bytes": 9}],
            "profiles": [{"name": "Harbour"}],
            "certificates": [{}],
        }
    ).execute()
    Device.update(facts={"subscriptions": [{"label": "Work", "is_stolen": False}]}).execute()
    page = visit(alice).get(f"/devices/{device.code}")
    assert page.status == 200
    assert "It has no passcode" in page.words("main")
    assert "Notes" in page.words("#applications")
    assert "Harbour" in page.words("#profiles")
    assert facts_of(page)["SIM 1"] == "Work"


@pytest.mark.parametrize(
    ("security", "way_out"),
    [
        ({"has_passcode": False}, "Set one: Settings, Face ID & Passcode"),
        ({"has_passcode": True, "is_passcode_compliant": False}, "Choose a longer one: Settings, Face ID & Passcode"),
        ({"has_passcode": True, "encrypts_blocks_and_files": False}, "Turn its passcode off and on again: Settings"),
        ({"has_file_vault": False}, "Turn on FileVault: System Settings"),
        ({"has_firewall": False}, "Turn it on: System Settings, Network, Firewall"),
    ],
)  # fmt: skip
def test_whatever_is_not_safe_comes_with_how_to_mend_it(
    app: Flask, alice: User, visit: Visit, security: dict[str, bool], way_out: str
) -> None:
    device, _hardware = apple.join(app, alice)
    AppleEnrolment.update(inventory={"security": security}).execute()
    (hint,) = visit(alice).get(f"/devices/{device.code}").soup.select(".msg.wait p")
    assert way_out in hint.get_text()


def test_a_pin_is_promised_for_locks_and_for_older_macs_alone_after_a_wipe(
    app: Flask, alice: User, visit: Visit
) -> None:
    device, hardware = apple.join(app, alice, 1, platform="macos")
    browser = visit(alice)
    browser.post(f"/devices/{device.code}/lock")
    hardware.connect()
    assert "after a wipe only a Mac without a T2 or Apple chip" in browser.get(
        f"/devices/{device.code}"
    ).words("#has-pin")
    page = browser.get(f"/devices/{device.code}/pin").words("main")
    assert "A Mac that was locked from here" in page
    assert "A wiped Mac asks for them only if it has neither" in page
