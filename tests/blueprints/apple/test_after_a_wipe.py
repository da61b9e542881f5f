"""A device that confirmed its wipe and speaks all the same: who hears of it, and what it is answered."""

from __future__ import annotations

import plistlib
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from models import Device, Status, User
from services import audit, device_actions
from services.apple import wiped
from simulation.apple_device import AppleDevice
from simulation.apple_transport import Failed
from tests import apple_devices as apple
from tests.conftest import Clock, Mail, Visitor
from tests.services.conftest import audited, status_of

DOUBTED = "device:wipe:doubted"
Mailbox = Callable[[], list[Mail]]
Joined = tuple[Device, AppleDevice]


@pytest.fixture
def mac(app: Flask, alice: User, carol: User) -> Joined:
    """Of Alice's, and wiped as far as we know."""
    device, hardware = apple.join(app, alice, platform="macos")
    hardware.check_in("SetBootstrapToken", BootstrapToken=b"boot")
    hardware.connect()
    device_actions.wipe(Device.get_by_id(device.id), device.code, "", by=alice)
    assert hardware.connect() == ["EraseDevice"]
    assert status_of(device) == Status.WIPED
    return device, hardware


def doubts(mailbox: Mailbox) -> list[str]:
    return [mail.recipient for mail in mailbox() if mail.kind == "wipe_doubted"]


def test_while_it_may_still_erase_itself_nobody_is_alarmed(
    mac: Joined, mailbox: Mailbox, clock: Clock
) -> None:
    device, hardware = mac
    clock.move(wiped.ERASING_SECONDS - 1)
    assert hardware.report("Idle").status == 400
    assert plistlib.loads(hardware.check_in("GetBootstrapToken").body) == {"BootstrapToken": b"boot"}
    assert DOUBTED not in audited(device)
    assert doubts(mailbox) == []


def test_later_its_owner_and_the_administrators_hear_of_it_once(
    mac: Joined, alice: User, mailbox: Mailbox, clock: Clock, at_once: Callable[..., list[Any]]
) -> None:
    device, hardware = mac
    clock.move(wiped.ERASING_SECONDS)
    assert [answer.status for answer in at_once(4, lambda: hardware.report("Idle"))] == [400] * 4
    clock.move(86_400)
    assert hardware.report("Acknowledged", CommandUUID="x").status == 400
    assert plistlib.loads(hardware.check_in("GetBootstrapToken").body) == {"BootstrapToken": b"boot"}
    assert audited(device)[-1] == DOUBTED
    assert audited(device).count(DOUBTED) == 1
    assert sorted(doubts(mailbox)) == ["alice@harbour.example", "carol@harbour.example"]
    assert status_of(device) == Status.WIPED
    assert audit.verify() == []


def test_its_first_message_counts_too(mac: Joined, app: Flask, alice: User, clock: Clock) -> None:
    device, hardware = mac
    _, other = apple.join(app, alice, 1, platform="macos")
    own_udid, hardware.udid = hardware.udid, other.udid
    clock.move(wiped.ERASING_SECONDS)
    with pytest.raises(Failed, match="400"):
        hardware.authenticate()
    assert DOUBTED not in audited(device), "it says that it is another one"
    hardware.udid = own_udid
    with pytest.raises(Failed, match="400"):
        hardware.authenticate()
    assert audited(device)[-1] == DOUBTED


def test_the_page_and_the_history_say_so(
    mac: Joined, alice: User, visit: Callable[[User | None], Visitor], clock: Clock
) -> None:
    device, hardware = mac
    url = f"/devices/{device.code}"
    assert not visit(alice).get(url).soup.select("#wipe-in-doubt")
    clock.move(wiped.ERASING_SECONDS)
    hardware.report("Idle")
    assert "it may not have been erased" in visit(alice).get(url).words("#wipe-in-doubt")
    assert "Spoke after its wipe: it may not have been erased" in visit(alice).get(f"{url}/history").words()


def test_a_goodbye_is_heard_and_noted(mac: Joined, clock: Clock) -> None:
    device, hardware = mac
    clock.move(wiped.ERASING_SECONDS)
    assert hardware.leave().status == 200
    assert audited(device)[-1] == DOUBTED


def test_the_user_of_a_mac_gets_no_bootstrap_token(mac: Joined) -> None:
    assert mac[1].check_in("GetBootstrapToken", UserID="U-1").status == 400


def test_no_other_device_speaks_for_a_wiped_one(app: Flask, mac: Joined, alice: User, clock: Clock) -> None:
    device, hardware = mac
    _, other = apple.join(app, alice, 1, platform="macos")
    other.udid = hardware.udid
    clock.move(wiped.ERASING_SECONDS)
    assert other.report("Idle").status == 400
    answer = other.check_in("GetBootstrapToken")
    assert (answer.status, answer.body) == (400, b"")
    assert DOUBTED not in audited(device)
