"""What a device answers to an order: long lists, parts that fail, and what it says of a text or a place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from models import AppleEnrolment, Command, CommandState, Device, Status, User
from services import commands, device_actions, settings
from services.refused import Refused
from simulation.apple_device import AppleDevice
from tests import apple_devices as apple
from tests.conftest import Clock, Visitor
from tests.services.conftest import audited, status_of

Visit = Callable[[User | None], Visitor]
Joined = tuple[Device, AppleDevice]

# All that a Mac may tell of an app (application.installed.list.yaml).
TWELVE_FACTS: dict[str, Any] = {
    "Identifier": "org.example.notes",
    "Name": "Notes",
    "ShortVersion": "2.1",
    "Version": "210",
    "BundleSize": 9_000_000,
    "ExternalVersionIdentifier": 840_000_000,
    **dict.fromkeys(("Installing", "HasUpdateAvailable", "DownloadFailed"), False),
    **dict.fromkeys(("DownloadWaiting", "DownloadPaused", "DownloadCancelled"), False),
}


@pytest.fixture
def phone(app: Flask, alice: User) -> Joined:
    device, hardware = apple.join(app, alice)
    hardware.connect()
    return Device.get_by_id(device.id), hardware


@pytest.fixture
def supervised(app: Flask, alice: User) -> Joined:
    device, hardware = apple.join(app, alice, is_supervised=True)
    hardware.connect()
    return Device.get_by_id(device.id), hardware


@pytest.fixture
def mac(app: Flask, alice: User) -> Joined:
    device, hardware = apple.join(app, alice, 1, platform="macos")
    hardware.connect()
    return Device.get_by_id(device.id), hardware


def fresh(command: Command) -> Command:
    return Command.get_by_id(command.id)


def inventory(device: Device) -> dict[str, Any]:
    return AppleEnrolment.get(AppleEnrolment.device == device).inventory


# Long lists


def test_a_mac_with_a_thousand_apps_is_read_and_the_page_says_how_many_are_shown(
    mac: Joined, alice: User, visit: Visit
) -> None:
    device, hardware = mac
    hardware.results["InstalledApplicationList"] = {"InstalledApplicationList": [TWELVE_FACTS] * 1_000}
    command = device_actions.refresh(device, by=alice)
    assert hardware.connect()[-1] == "CertificateList"
    assert (fresh(command).state, fresh(command).reason) == (CommandState.ACKNOWLEDGED, "")
    page = visit(alice).get(f"/devices/{device.code}")
    assert "Apps (500 of 1000)" in page.words("#applications summary")
    assert len(page.soup.select("#applications li")) == 500
    assert page.words("#profiles summary") == "Profiles (1)"


def test_a_list_that_an_older_version_stored_without_counting_is_shown(
    mac: Joined, alice: User, visit: Visit
) -> None:
    stored = {"applications": [{"name": "Notes"}, {"name": "Maps"}]}
    AppleEnrolment.update(inventory=stored).where(AppleEnrolment.device == mac[0]).execute()
    assert visit(alice).get(f"/devices/{mac[0].code}").words("#applications summary") == "Apps (2)"


def test_a_list_that_is_too_long_fails_alone_and_the_page_says_so(
    mac: Joined, alice: User, visit: Visit
) -> None:
    device, hardware = mac
    before = inventory(device)
    hardware.results["InstalledApplicationList"] = {"InstalledApplicationList": [TWELVE_FACTS] * 5_000}
    command = device_actions.refresh(device, by=alice)
    assert hardware.connect()[-1] == "CertificateList"
    assert (fresh(command).state, fresh(command).reason) == (CommandState.ACKNOWLEDGED, "not_all_readable")
    assert inventory(device)["applications"] == before["applications"]
    words = visit(alice).get(f"/devices/{device.code}").words("main")
    assert "Not all that it answered could be read. The rest is up to date." in words


def test_an_answer_that_never_arrives_holds_up_no_order(mac: Joined, alice: User) -> None:
    device, hardware = mac
    hardware.results["InstalledApplicationList"] = {"InstalledApplicationList": [TWELVE_FACTS] * 12_000}
    refresh = device_actions.refresh(device, by=alice)
    assert hardware.connect()[-1] == "InstalledApplicationList", "more than 4 MiB are not even let in"
    lock = device_actions.lock(device, by=alice)
    assert hardware.connect() == ["DeviceLock", "InstalledApplicationList"]
    assert fresh(lock).state == CommandState.ACKNOWLEDGED
    assert fresh(refresh).state == CommandState.SENT


# Parts that fail


def test_apples_words_for_a_part_that_failed_are_kept(phone: Joined, alice: User, visit: Visit) -> None:
    device, hardware = phone
    command = device_actions.refresh(device, by=alice)
    hardware.replies |= {"SecurityInfo": ["Error"], "ProfileList": ["Error"], "CertificateList": ["NotNow"]}
    hardware.connect()
    hardware.connect()
    words = "The operation could not be completed. (MCMDMErrorDomain 12021)"
    assert (fresh(command).state, fresh(command).reason) == (CommandState.ACKNOWLEDGED, "not_all_answered")
    assert fresh(command).detail == f"security: {words} profiles: {words}"
    page = visit(alice).get(f"/devices/{device.code}").words("main")
    assert "It did not answer all that it was asked. The rest is up to date." in page
    assert f"security: {words}" in page


def test_a_part_without_what_was_asked_for_is_not_taken_for_an_answer(phone: Joined, alice: User) -> None:
    device, hardware = phone
    hardware.results["SecurityInfo"] = {"SecurityInfo": "none"}
    command = device_actions.refresh(device, by=alice)
    hardware.connect()
    assert (fresh(command).state, fresh(command).reason) == (CommandState.ACKNOWLEDGED, "not_all_readable")


# Answers without a name


@pytest.mark.parametrize("status", ["Error", "CommandFormatError"])
def test_an_error_that_does_not_say_what_it_answers_fails_nothing_and_holds_up_nothing(
    phone: Joined, alice: User, clock: Clock, status: str
) -> None:
    device, hardware = phone
    lock, refresh = device_actions.lock(device, by=alice), device_actions.refresh(device, by=alice)
    for _ in range(3):  # a minute later they have their turn again, and none is sent twice in one session
        assert b"DeviceLock" in hardware.report("Idle").body
        assert b"DeviceInformation" in hardware.report(status).body, "the lock keeps it from no turn"
        answer = hardware.report(status)
        assert (answer.status, answer.body) == (200, b"")
        assert hardware.report("Idle").body == b""
        assert [fresh(each).state for each in (lock, refresh)] == [CommandState.SENT] * 2
        clock.move(61)
    assert hardware.connect()[:2] == ["DeviceLock", "DeviceInformation"]
    assert [fresh(each).state for each in (lock, refresh)] == [CommandState.ACKNOWLEDGED] * 2


def test_a_wipe_that_was_sent_stays_sent_after_such_an_error(mac: Joined, alice: User) -> None:
    device, hardware = mac
    wipe = device_actions.wipe(device, device.code, "", by=alice)
    assert b"EraseDevice" in hardware.report("Idle").body
    hardware.report("Error")
    with pytest.raises(Refused):
        commands.cancel(fresh(wipe), by=alice)
    hardware.report("Acknowledged", CommandUUID=f"{wipe.code}-all")
    assert (status_of(device), fresh(wipe).state) == (Status.WIPED, CommandState.ACKNOWLEDGED)


# Places


def test_a_place_that_is_none_is_a_failure_with_words(supervised: Joined, alice: User, visit: Visit) -> None:
    device, hardware = supervised
    device_actions.report_lost(device, by=alice)
    command = commands.ask(device, "locate", alice)
    hardware.results["DeviceLocation"] = {"Latitude": "x"}
    hardware.connect()
    assert (fresh(command).state, fresh(command).reason) == (CommandState.FAILED, "unreadable_answer")
    assert audited(device)[-1] == "device:locate:failed"
    page = visit(alice).get(f"/devices/{device.code}")
    assert "The device answered, but what it said could not be read." in page.words("main")
    assert not page.soup.select("#place")


@pytest.mark.parametrize(
    ("said", "words"),
    [("2026-01-31T12:00:00Z", "By its own clock it was there at"), ("0001-01-01T00:00:00+23:59", "")],
)
def test_when_it_was_there_is_told_by_its_own_clock(
    supervised: Joined, alice: User, visit: Visit, said: str, words: str
) -> None:
    device, hardware = supervised
    device_actions.report_lost(device, by=alice)
    commands.ask(device, "locate", alice)
    hardware.results["DeviceLocation"] = {"Timestamp": said}
    hardware.connect()
    page = visit(alice).get(f"/devices/{device.code}")
    assert ("By its own clock" in page.words("#place")) is bool(words)
    assert words in page.words("#place")
    assert "It said so" in page.words("#place")


# Locks


def test_a_mac_shows_the_number_of_the_help_desk(mac: Joined, alice: User) -> None:
    device, hardware = mac
    settings.put("help_desk_phone", "020 7946 0123", by=None)
    device_actions.lock(device, by=alice)
    assert b"<string>020 7946 0123</string>" in hardware.report("Idle").body


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ("NoPasscodeSet", "It has no passcode, so it shows neither a text nor a phone number."),
        ("DeviceInLostMode", "It is in lost mode, and goes on showing what that shows."),
        ("Unknown", "It did not show the text or the phone number."),
    ],
)
def test_a_lock_whose_text_was_not_shown_says_so(
    phone: Joined, alice: User, visit: Visit, result: str, words: str
) -> None:
    device, hardware = phone
    hardware.results["DeviceLock"] = {"MessageResult": result}
    command = device_actions.lock(device, by=alice, text="Call me")
    hardware.connect()
    assert fresh(command).state == CommandState.ACKNOWLEDGED
    assert words in visit(alice).get(f"/devices/{device.code}").words("main")


def test_a_lock_whose_text_was_shown_says_nothing_more(phone: Joined, alice: User) -> None:
    device, hardware = phone
    command = device_actions.lock(device, by=alice, text="Call me")
    hardware.connect()
    assert (fresh(command).state, fresh(command).reason) == (CommandState.ACKNOWLEDGED, "")


@pytest.mark.parametrize("version", ["11.0", "11.4.1"])
def test_a_mac_that_a_lock_would_put_out_of_service_is_not_locked(
    mac: Joined, alice: User, visit: Visit, version: str
) -> None:
    device, hardware = mac
    Device.update(os_version=version).where(Device.id == device.id).execute()
    browser, url = visit(alice), f"/devices/{device.code}"
    assert "Update this Mac to macOS 11.5 or newer." in browser.get(url).words("main")
    assert browser.post(f"{url}/lock").status == 409
    browser.post(f"{url}/lost")
    assert status_of(device) == Status.LOST
    assert hardware.connect() == []


@pytest.mark.parametrize("version", ["10.15.7", "11.5", "15.1", "", None])
def test_every_other_mac_is_locked(mac: Joined, alice: User, version: str | None) -> None:
    device, hardware = mac
    Device.update(os_version=version).where(Device.id == device.id).execute()
    device_actions.lock(Device.get_by_id(device.id), by=alice)
    assert hardware.connect() == ["DeviceLock"]


# Wipes


def test_a_mac_that_cannot_be_erased_gently_says_truly_that_it_is_erased(mac: Joined, alice: User) -> None:
    device, hardware = mac
    hardware.erases_gently = False
    command = device_actions.wipe(device, device.code, "", by=alice)
    assert hardware.connect() == ["EraseDevice"]
    assert hardware.is_erased
    assert (fresh(command).state, status_of(device)) == (CommandState.ACKNOWLEDGED, Status.WIPED)
