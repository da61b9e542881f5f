"""Orders to an iPhone, iPad or Mac, from the person's click to what the device did."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from models import AppleEnrolment, ApplePin, CommandState, Device, Role, Status, User
from services import commands, device_actions, users
from services.apple import actions
from simulation.apple_device import AppleDevice
from tests import apple_devices as apple
from tests.conftest import Clock
from tests.services.conftest import audited, status_of


@pytest.fixture
def phone(app: Flask, alice: User) -> tuple[Device, AppleDevice]:
    device, hardware = apple.join(app, alice)
    hardware.connect()
    return Device.get_by_id(device.id), hardware


@pytest.fixture
def mac(app: Flask, alice: User) -> tuple[Device, AppleDevice]:
    device, hardware = apple.join(app, alice, 1, platform="macos")
    hardware.connect()
    return Device.get_by_id(device.id), hardware


def fresh(thing: Any) -> Any:
    return type(thing).get_by_id(thing.id)


def test_a_phone_is_locked(phone: tuple[Device, AppleDevice], alice: User) -> None:
    device, hardware = phone
    command = device_actions.lock(device, by=alice, text="Call me")
    assert hardware.connect() == ["DeviceLock"]
    assert hardware.is_locked
    assert fresh(command).state == CommandState.ACKNOWLEDGED


def test_the_passcode_is_taken_off_with_the_token_of_the_phone(
    phone: tuple[Device, AppleDevice], alice: User
) -> None:
    device, hardware = phone
    command = commands.ask(device, "unlock", alice)
    assert hardware.connect() == ["ClearPasscode"]
    assert not hardware.has_passcode
    assert fresh(command).state == CommandState.ACKNOWLEDGED


def test_without_that_token_the_order_fails_with_a_reason(
    phone: tuple[Device, AppleDevice], alice: User
) -> None:
    device, hardware = phone
    AppleEnrolment.update(unlock_token=None).execute()
    command = commands.ask(device, "unlock", alice)
    assert hardware.connect() == []
    assert (fresh(command).state, fresh(command).reason) == (CommandState.FAILED, "cannot_be_sent")


def test_a_mac_is_locked_with_a_pin_that_was_stored_before_it_was_sent(
    mac: tuple[Device, AppleDevice], alice: User
) -> None:
    device, hardware = mac
    command = device_actions.lock(device, by=alice)
    assert ApplePin.select().count() == 0
    first, again = hardware.report("Idle").body, hardware.report("Idle").body  # the first answer was lost
    assert first == again
    row = ApplePin.get()
    pin = actions.show_pin(row, by=alice)
    assert f"<string>{pin}</string>".encode() in first
    assert pin.encode() not in bytes(row.pin)
    hardware.report("Acknowledged", CommandUUID=f"{command.code}-all")
    assert fresh(command).state == CommandState.ACKNOWLEDGED
    assert audited(device)[-2:] == ["device:pin:shown", "device:lock:acknowledged"]


def test_not_now_waits_for_the_next_idle_and_others_go_on(
    phone: tuple[Device, AppleDevice], alice: User
) -> None:
    device, hardware = phone
    device_actions.lock(device, by=alice)
    commands.ask(device, "unlock", alice)
    hardware.replies["DeviceLock"] = ["NotNow"]
    assert hardware.connect() == ["DeviceLock", "ClearPasscode"]
    assert hardware.connect() == ["DeviceLock"]
    assert hardware.is_locked


def test_an_error_shows_apples_words(phone: tuple[Device, AppleDevice], alice: User) -> None:
    device, hardware = phone
    command = device_actions.lock(device, by=alice)
    hardware.replies["DeviceLock"] = ["Error"]
    hardware.connect()
    assert fresh(command).state == CommandState.FAILED
    assert fresh(command).detail == "The operation could not be completed. (MCMDMErrorDomain 12021)"
    assert fresh(command).reason == "reported_by_device"


def test_the_same_result_twice_changes_nothing(phone: tuple[Device, AppleDevice], alice: User) -> None:
    device, hardware = phone
    command = device_actions.lock(device, by=alice)
    hardware.connect()
    before = audited(device)
    assert hardware.report("Error", CommandUUID=f"{command.code}-all").status == 200
    assert hardware.report("Acknowledged", CommandUUID="nonsense").status == 200
    assert fresh(command).state == CommandState.ACKNOWLEDGED
    assert audited(device) == before


def test_a_refresh_survives_a_part_that_fails_or_comes_later(
    phone: tuple[Device, AppleDevice], alice: User
) -> None:
    device, hardware = phone
    command = device_actions.refresh(device, by=alice)
    hardware.replies |= {"SecurityInfo": ["Error"], "CertificateList": ["NotNow"]}
    assert hardware.connect()[-1] == "CertificateList"
    assert fresh(command).state == CommandState.QUEUED
    assert hardware.connect() == ["CertificateList"]
    assert fresh(command).state == CommandState.ACKNOWLEDGED


def test_retiring_removes_the_profile_and_then_it_says_goodbye(
    phone: tuple[Device, AppleDevice], alice: User
) -> None:
    device, hardware = phone
    device_actions.retire(device, "", by=alice)
    assert hardware.connect() == ["RemoveProfile"]
    assert status_of(device) == Status.RETIRED
    assert not hardware.is_enrolled


def test_a_goodbye_that_comes_before_the_answer_confirms_the_retire(
    phone: tuple[Device, AppleDevice], alice: User
) -> None:
    device, hardware = phone
    command = device_actions.retire(device, "", by=alice)
    assert b"RemoveProfile" in hardware.report("Idle").body
    assert hardware.leave().status == 200
    assert status_of(device) == Status.RETIRED
    assert fresh(command).state == CommandState.ACKNOWLEDGED


def test_a_wipe_comes_before_everything_else(
    phone: tuple[Device, AppleDevice], alice: User, clock: Clock
) -> None:
    device, hardware = phone
    device_actions.lock(device, by=alice)
    device_actions.wipe(fresh(device), device.code, "", by=alice)
    assert hardware.connect() == ["EraseDevice"]
    assert hardware.is_erased
    assert status_of(device) == Status.WIPED


def test_a_mac_is_wiped_with_a_pin(mac: tuple[Device, AppleDevice], alice: User) -> None:
    device, hardware = mac
    device_actions.wipe(device, device.code, "", by=alice)
    assert hardware.connect() == ["EraseDevice"]
    assert ApplePin.select().where(ApplePin.device == device).count() == 1


def test_a_failed_retire_puts_the_device_back(phone: tuple[Device, AppleDevice], alice: User) -> None:
    device, hardware = phone
    device_actions.retire(device, "", by=alice)
    hardware.replies["RemoveProfile"] = ["Error"]
    hardware.connect()
    assert status_of(device) == Status.ACTIVE


def test_a_lock_that_is_confirmed_after_the_right_was_lost_is_done(
    phone: tuple[Device, AppleDevice], alice: User
) -> None:
    device, hardware = phone
    command = device_actions.lock(device, by=alice)
    assert hardware.report("Idle").body
    users.set_roles(alice, [Role.USER_PORTAL], by=None)
    assert not hardware.report("Idle").body, "it was sent again"
    assert fresh(command).reason == "role_revoked"
    assert hardware.report("Acknowledged", CommandUUID=f"{command.code}-all").status == 200
    assert (fresh(command).state, fresh(command).reason) == (CommandState.ACKNOWLEDGED, "")
    assert audited(device)[-2:] == ["device:lock:failed", "device:lock:acknowledged"]
