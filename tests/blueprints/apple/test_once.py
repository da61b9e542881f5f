"""A Mac's lock, an unlock and a restart do harm when they are carried out again: what becomes of them when the answer
is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from blueprints.shared import words
from models import ApplePin, AuditEntry, Command, CommandState, Device, Status, User
from services import commands, device_actions
from services.apple import actions
from services.refused import Refused
from simulation.apple_device import AppleDevice
from tests import apple_devices as apple
from tests.conftest import Clock, Mail, Visitor
from tests.services.conftest import audited

Visit = Callable[[User | None], Visitor]
Mac = tuple[Device, AppleDevice]
DAY = 86_400
ASK: dict[str, Callable[..., Command]] = {"lock": device_actions.lock, "restart": actions.restart}


@pytest.fixture
def mac(app: Flask, alice: User) -> Mac:
    device, hardware = apple.join(app, alice, 1, platform="macos")
    hardware.connect()
    return Device.get_by_id(device.id), hardware


def outcome(command: Command) -> tuple[Any, Any]:
    row = Command.get_by_id(command.id)
    return row.state, row.reason


def hears(hardware: AppleDevice) -> bool:
    """It comes by and takes its order, and what it answers is lost."""
    return bool(hardware.report("Idle").body)


@pytest.mark.parametrize("kind", ASK)
def test_it_is_sent_once_more_whenever_the_mac_comes_and_then_ends_unconfirmed(
    mac: Mac, alice: User, clock: Clock, kind: str
) -> None:
    device, hardware = mac
    command = ASK[kind](device, by=alice)
    for _ in range(2):
        clock.move(6 * 3600)
        assert hears(hardware)
        assert (commands.expire_due(), outcome(command)) == (0, (CommandState.SENT, ""))
    assert not hears(hardware)
    assert outcome(command) == (CommandState.EXPIRED, "not_confirmed")
    assert audited(device)[-1] == f"device:{kind}:expired"
    assert ASK[kind](device, by=alice) != command, "it can be asked for again at once"


@pytest.mark.parametrize("kind", ASK)
def test_a_late_confirmation_counts(mac: Mac, alice: User, kind: str) -> None:
    device, hardware = mac
    command = ASK[kind](device, by=alice)
    while hears(hardware):
        pass
    hardware.report("Acknowledged", CommandUUID=f"{command.code}-all")
    assert outcome(command) == (CommandState.ACKNOWLEDGED, "")
    assert audited(device)[-2:] == [f"device:{kind}:expired", f"device:{kind}:acknowledged"]


def test_a_late_error_counts_and_the_page_no_longer_says_that_the_mac_may_be_locked(
    mac: Mac, alice: User, visit: Visit
) -> None:
    device, hardware = mac
    command = device_actions.lock(device, by=alice)
    hears(hardware)
    commands.cancel(Command.get_by_id(command.id), by=alice)
    hardware.report("Error", CommandUUID=f"{command.code}-all")
    assert outcome(command) == (CommandState.FAILED, "reported_by_device")
    assert audited(device)[-2:] == ["device:lock:withdrawn", "device:lock:failed"]
    page = visit(alice).get(f"/devices/{device.code}")
    assert page.words(".command h3") == "Lock: did not work"
    assert "may be locked" not in page.words("#has-pin")


def test_what_the_mac_put_off_counts_as_unsent(mac: Mac, alice: User, visit: Visit, clock: Clock) -> None:
    device, hardware = mac
    command = device_actions.lock(device, by=alice)
    hears(hardware)
    hardware.replies["DeviceLock"] = ["NotNow"]
    assert hardware.connect() == ["DeviceLock"]
    clock.move(60)
    assert [hears(hardware) for _ in range(2)] == [True, True], "it is sent twice again"
    hardware.report("NotNow", CommandUUID=f"{command.code}-all")
    clock.move(30 * DAY)
    assert commands.expire_due() == 1
    page = visit(alice).get(f"/devices/{device.code}")
    assert page.words(".command h3") == "Lock: not carried out in time"
    assert "may be locked" not in page.words("#has-pin")


def test_the_lock_of_a_phone_is_sent_until_it_answers(app: Flask, alice: User, clock: Clock) -> None:
    """A screen that locks once more takes nothing from anybody."""
    device, hardware = apple.join(app, alice)
    hardware.connect()
    device_actions.lock(Device.get_by_id(device.id), by=alice)
    hears(hardware)
    clock.move(29 * DAY)
    assert hardware.connect() == ["DeviceLock"]


def test_an_unlock_does_not_take_off_each_passcode_that_is_set_after_it(app: Flask, alice: User) -> None:
    device, hardware = apple.join(app, alice)
    hardware.connect()
    actions.unlock(Device.get_by_id(device.id), by=alice)
    assert [hears(hardware) for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize("is_lost_first", [True, False])
def test_a_mac_that_is_lost_is_locked_until_it_says_so(
    mac: Mac, alice: User, clock: Clock, is_lost_first: bool
) -> None:
    device, hardware = mac
    if not is_lost_first:
        device_actions.lock(device, by=alice)
        assert hears(hardware)
    device_actions.report_lost(device, by=alice)
    for _ in range(5):
        clock.move(8 * DAY)
        assert commands.expire_due() == 0
        assert hears(hardware)
    assert hardware.connect() == ["DeviceLock"]


def test_a_mac_that_was_found_is_not_locked_at_each_check_in(mac: Mac, alice: User, clock: Clock) -> None:
    device, hardware = mac
    command = device_actions.lock(device, by=alice)
    device_actions.report_lost(device, by=alice)
    assert [hears(hardware) for _ in range(3)] == [True, True, True]
    device_actions.report_found(device, by=alice)
    clock.move(DAY)
    assert not hears(hardware)
    assert outcome(command) == (CommandState.EXPIRED, "not_confirmed")


def test_a_lost_mac_that_is_to_leave_is_not_locked_again_and_again_before_it_does(
    mac: Mac, alice: User
) -> None:
    device, hardware = mac
    device_actions.report_lost(device, by=alice)
    assert [hears(hardware) for _ in range(3)] == [True, True, True]
    device_actions.retire(device, "", by=alice)
    assert hardware.connect() == ["RemoveProfile"]


def test_the_lock_of_a_mac_that_was_just_lost_is_not_cancelled_by_whoever_saw_it_before(
    mac: Mac, alice: User
) -> None:
    device, hardware = mac
    device_actions.lock(device, by=alice)
    hears(hardware)
    seen = Command.get(Command.kind == "lock")
    assert seen.device.status == Status.ACTIVE
    device_actions.report_lost(device, by=alice)
    with pytest.raises(Refused):
        commands.cancel(seen, by=alice)
    assert hears(hardware)


def test_the_pin_stays_and_the_page_says_that_the_mac_may_be_locked_with_it(
    mac: Mac, alice: User, visit: Visit, clock: Clock
) -> None:
    device, hardware = mac
    device_actions.lock(device, by=alice)
    browser, url = visit(alice), f"/devices/{device.code}"
    hears(hardware)
    assert "sent once more at most" in browser.get(url).words(".command")
    clock.move(30 * DAY)
    commands.expire_due()
    browser = visit(alice)
    page = browser.get(url)
    assert page.words(".command h3") == "Lock: not confirmed in time"
    assert "may have been carried out all the same" in page.words(".command")
    assert "may be locked with this PIN" in page.words("#has-pin")
    shown = browser.post(f"{url}/pin").words("main")
    assert actions.show_pin(ApplePin.get(), by=alice) in shown
    assert "may have been carried out all the same" in shown
    clock.move(60)
    assert not hears(hardware)
    assert "may be locked" not in browser.get(url).words("#has-pin"), "it came by, so somebody uses it"
    assert "See the PIN" in browser.get(url).words("#has-pin")


def test_a_mac_that_came_by_once_more_than_its_lock_was_sent_is_not_said_to_be_locked(
    mac: Mac, alice: User, visit: Visit
) -> None:
    device, hardware = mac
    device_actions.lock(device, by=alice)
    while hears(hardware):
        pass
    page = visit(alice).get(f"/devices/{device.code}")
    assert page.words(".command h3") == "Lock: not confirmed in time"
    assert "may be locked" not in page.words("#has-pin")


@pytest.mark.parametrize("kind", ASK)
def test_it_can_be_cancelled_after_it_was_sent(mac: Mac, alice: User, visit: Visit, kind: str) -> None:
    device, hardware = mac
    command = ASK[kind](device, by=alice)
    hears(hardware)
    browser, url = visit(alice), f"/devices/{device.code}"
    way = f"{url}/commands/{command.code}/cancel"
    assert browser.get(url).one(f"#command-{command.code} form")["action"] == way
    answer = browser.post(way, htmx=True)
    assert answer.words(".command h3").endswith(": not sent again")
    assert "cancelled it after it was sent" in answer.words(".command")
    assert ("may be locked with this PIN" in answer.words("#has-pin")) == (kind == "lock")
    assert not hears(hardware)
    assert audited(device)[-1] == f"device:{kind}:withdrawn"
    hardware.report("Acknowledged", CommandUUID=f"{command.code}-all")
    assert outcome(command) == (CommandState.ACKNOWLEDGED, "")


def test_the_owner_is_told_that_what_others_cancelled_may_have_happened(
    app: Flask, mac: Mac, alice: User, carol: User, mailbox: Callable[[], list[Mail]]
) -> None:
    device, hardware = mac
    command = device_actions.lock(device, by=alice)
    hears(hardware)
    before = len(mailbox())
    commands.cancel(Command.get_by_id(command.id), by=carol)
    (mail,) = mailbox()[before:]
    (number,) = mail.params["entries"]
    action = AuditEntry.get_by_id(number).action
    with app.test_request_context():
        assert "may have locked" in words.meaning_sentence(action, device)
