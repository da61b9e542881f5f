"""Lost and found, again and again: what a supervised phone gets to hear that does not come by in between."""

from __future__ import annotations

import plistlib
from typing import Any

import flask_babel
import pytest
from flask import Flask

from blueprints.shared import apple_site, language
from models import AppleEnrolment, Command, CommandState, Device, Status, User
from services import commands, device_actions, permissions, settings
from services.apple import actions
from simulation.apple_device import AppleDevice
from tests import apple_devices as apple
from tests.services.conftest import status_of

Phone = tuple[Device, AppleDevice]


@pytest.fixture
def phone(app: Flask, alice: User) -> Phone:
    device, hardware = apple.join(app, alice, is_supervised=True)
    hardware.connect()
    return device, hardware


@pytest.fixture
def plain(app: Flask, alice: User) -> Phone:
    """Not supervised: it knows no lost mode."""
    device, hardware = apple.join(app, alice, 1)
    hardware.connect()
    return device, hardware


def now(device: Device) -> Device:
    return Device.get_by_id(device.id)


def lose(device: Device, by: User) -> None:
    device_actions.report_lost(now(device), by=by)


def find(device: Device, by: User) -> None:
    device_actions.report_found(now(device), by=by)


def outcome(kind: str) -> tuple[Any, Any]:
    order = Command.select().where(Command.kind == kind).order_by(Command.id.desc()).get()
    return order.state, order.reason


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_lost_found_and_lost_again_ends_in_lost_mode(phone: Phone, alice: User, rounds: int) -> None:
    device, hardware = phone
    for _ in range(rounds):
        lose(device, alice)
        find(device, alice)
    lose(device, alice)
    assert hardware.connect() == ["EnableLostMode"]
    assert (status_of(device), hardware.is_in_lost_mode) == (Status.LOST, True)


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_found_before_it_came_by_it_hears_of_nothing(phone: Phone, alice: User, rounds: int) -> None:
    device, hardware = phone
    for _ in range(rounds):
        lose(device, alice)
        find(device, alice)
    assert hardware.connect() == []
    assert (status_of(device), hardware.is_in_lost_mode) == (Status.ACTIVE, False)


def test_what_is_in_lost_mode_stays_in_it_when_it_was_found_and_lost_in_between(
    phone: Phone, alice: User
) -> None:
    device, hardware = phone
    lose(device, alice)
    hardware.connect()
    find(device, alice)
    lose(device, alice)
    assert outcome("report_found") == (CommandState.CANCELLED, "lost_again")
    assert hardware.connect() == ["EnableLostMode"]
    assert hardware.is_in_lost_mode


def test_lost_mode_that_an_earlier_round_began_is_ended_by_the_last(phone: Phone, alice: User) -> None:
    device, hardware = phone
    lose(device, alice)
    hardware.connect()
    find(device, alice)
    lose(device, alice)
    find(device, alice)
    assert hardware.connect() == ["DisableLostMode"]
    assert not hardware.is_in_lost_mode
    lose(device, alice)
    find(device, alice)
    assert hardware.connect() == [], "it confirmed the end, and nothing has begun since"


def test_an_end_whose_confirmation_comes_after_the_next_loss_does_not_end_that_one(
    phone: Phone, alice: User
) -> None:
    device, hardware = phone
    lose(device, alice)
    hardware.connect()
    find(device, alice)
    assert b"DisableLostMode" in hardware.report("Idle").body
    end = Command.get(Command.kind == "report_found")
    lose(device, alice)
    assert outcome("report_found") == (CommandState.FAILED, "lost_again")
    hardware.is_in_lost_mode = False
    answer = hardware.report("Acknowledged", CommandUUID=f"{end.code}-all")
    assert b"EnableLostMode" in answer.body
    assert outcome("report_found") == (CommandState.ACKNOWLEDGED, "")
    find(device, alice)
    assert hardware.connect() == ["DisableLostMode"], "it had been sent, and may be on"


def test_lost_mode_that_was_sent_and_never_confirmed_is_ended(phone: Phone, alice: User) -> None:
    device, hardware = phone
    lose(device, alice)
    assert b"EnableLostMode" in hardware.report("Idle").body
    hardware.is_in_lost_mode = True
    find(device, alice)
    assert outcome("lock") == (CommandState.FAILED, "found")
    assert hardware.connect() == ["DisableLostMode"]
    assert not hardware.is_in_lost_mode


def test_lost_mode_that_is_on_its_way_at_this_very_instant_is_ended(phone: Phone, alice: User) -> None:
    """Another process has marked the order as sent, and not written it yet."""
    device, hardware = phone
    lose(device, alice)
    Command.update(state=CommandState.SENT, sent_count=1).where(Command.kind == "lock").execute()
    find(device, alice)
    assert hardware.connect() == ["DisableLostMode"]


def test_where_it_is_is_not_asked_once_it_was_found(phone: Phone, alice: User) -> None:
    device, hardware = phone
    lose(device, alice)
    actions.locate(now(device), by=alice)
    actions.play_sound(now(device), by=alice)
    find(device, alice)
    assert hardware.connect() == []
    assert not hardware.is_in_lost_mode
    for kind in ("locate", "play_sound"):
        assert outcome(kind) == (CommandState.CANCELLED, "not_lost")


def test_a_question_that_was_put_off_until_it_was_found_locks_nobody_out(phone: Phone, alice: User) -> None:
    device, hardware = phone
    lose(device, alice)
    hardware.connect()
    actions.locate(now(device), by=alice)
    hardware.replies["DeviceLocation"] = ["NotNow", "NotNow"]
    hardware.connect()
    hardware.connect()
    find(device, alice)
    assert hardware.connect() == ["DisableLostMode"]
    assert (status_of(device), hardware.is_in_lost_mode) == (Status.ACTIVE, False)


def test_where_it_is_is_not_kept_when_the_answer_comes_after_it_was_found(phone: Phone, alice: User) -> None:
    device, hardware = phone
    lose(device, alice)
    hardware.connect()
    actions.locate(now(device), by=alice)
    hardware.report("Idle")
    order = Command.get(Command.kind == "locate")
    asked = hardware.report("Acknowledged", CommandUUID=f"{order.code}-lost-mode")
    assert b"DeviceLocation" in asked.body
    find(device, alice)
    hardware.report(
        "Acknowledged",
        CommandUUID=f"{order.code}-place",
        Latitude=52.5,
        Longitude=13.4,
        HorizontalAccuracy=1.0,
    )
    assert outcome("locate") == (CommandState.FAILED, "not_lost")
    assert not AppleEnrolment.get(AppleEnrolment.device == device).inventory.get("place")


@pytest.mark.parametrize("kind", ["locate", "play_sound"])
def test_what_only_a_lost_one_does_is_asked_again_when_it_is_sent(
    phone: Phone, alice: User, kind: str
) -> None:
    """It was reported lost, and is to leave now."""
    device, hardware = phone
    lose(device, alice)
    hardware.connect()
    ask = {"locate": actions.locate, "play_sound": actions.play_sound}[kind]
    ask(now(device), by=alice)
    device_actions.retire(now(device), "", by=alice)
    assert hardware.connect() == ["RemoveProfile"]
    order = Command.get(Command.kind == kind)
    assert (order.state, order.reason) == (CommandState.CANCELLED, "not_lost")


def test_a_phone_without_lost_mode_is_not_locked_in_its_owners_hand(plain: Phone, alice: User) -> None:
    device, hardware = plain
    lose(device, alice)
    find(device, alice)
    assert hardware.connect() == []
    assert not hardware.is_locked


def test_a_phone_without_lost_mode_is_not_told_that_it_ends(plain: Phone, alice: User) -> None:
    device, hardware = plain
    lose(device, alice)
    assert hardware.connect() == ["DeviceLock"]
    find(device, alice)
    assert hardware.connect() == []


def test_the_end_of_a_lost_mode_that_never_began_is_done(phone: Phone, alice: User) -> None:
    device, hardware = phone
    hardware.replies["EnableLostMode"] = ["Error"]
    lose(device, alice)
    hardware.connect()
    find(device, alice)
    assert hardware.connect() == ["DisableLostMode"]
    assert outcome("report_found") == (CommandState.ACKNOWLEDGED, "")
    lose(device, alice)
    find(device, alice)
    assert hardware.connect() == [], "the phone said that there is nothing to end"


@pytest.mark.parametrize("was_sent", [False, True])
def test_a_restart_that_waits_does_not_put_a_lost_one_out_of_reach(
    phone: Phone, alice: User, was_sent: bool
) -> None:
    device, hardware = phone
    actions.restart(now(device), by=alice)
    if was_sent:
        assert b"RestartDevice" in hardware.report("Idle").body
    lose(device, alice)
    assert hardware.connect() == ["EnableLostMode"]
    assert outcome("restart") == (CommandState.FAILED if was_sent else CommandState.CANCELLED, "lost")


def test_a_restart_that_is_asked_for_at_the_instant_of_the_loss_is_not_sent(
    phone: Phone, alice: User
) -> None:
    device, hardware = phone
    permissions.check(alice, now(device), permissions.Action.RESTART)
    lose(device, alice)
    commands.ask(now(device), "restart", alice)
    assert hardware.connect() == ["EnableLostMode"]
    assert outcome("restart") == (CommandState.CANCELLED, "lost")


def test_a_plain_lock_that_was_sent_before_the_loss_does_not_count_for_lost_mode(
    phone: Phone, alice: User
) -> None:
    device, hardware = phone
    plain = device_actions.lock(now(device), by=alice, text="Call Alice")
    assert b"DeviceLock" in hardware.report("Idle").body
    lose(device, alice)
    answer = hardware.report("Acknowledged", CommandUUID=f"{plain.code}-all")
    assert b"EnableLostMode" in answer.body
    assert b"Call Alice" in answer.body
    assert Command.get_by_id(plain.id).state == CommandState.ACKNOWLEDGED
    find(device, alice)
    assert hardware.connect() == ["DeviceLock", "DisableLostMode"], "it is still what Alice asked for"


def test_an_end_that_did_not_work_is_asked_for_by_the_next_round(phone: Phone, alice: User) -> None:
    device, hardware = phone
    lose(device, alice)
    hardware.connect()
    find(device, alice)
    hardware.replies["DisableLostMode"] = ["Error"]
    hardware.connect()
    assert hardware.is_in_lost_mode
    assert permissions.Action.REPORT_LOST in permissions.allowed_actions(alice, now(device))
    lose(device, alice)
    find(device, alice)
    assert hardware.connect() == ["DisableLostMode"]
    assert not hardware.is_in_lost_mode


def test_whoever_finds_it_reads_whose_it_is_in_the_owners_language(
    phone: Phone, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    device, hardware = phone
    settings.put("organisation", "Harbour Clinic", by=None)
    lose(device, alice)
    order = plistlib.loads(hardware.report("Idle").body)["Command"]
    assert (order["RequestType"], order["Message"]) == (
        "EnableLostMode",
        "This device belongs to Harbour Clinic.",
    )
    monkeypatch.setitem(language.NAMES, "de", "Deutsch")
    User.update(language="de").where(User.id == alice.id).execute()
    monkeypatch.setattr(apple_site, "_", lambda text, **named: f"{flask_babel.get_locale()}: {text % named}")
    order = plistlib.loads(hardware.report("Idle").body)["Command"]
    assert order["Message"] == "de: This device belongs to Harbour Clinic."
