"""What devices hear that were retired without being asked, or that are blocked, and who may bring the first in again."""

from __future__ import annotations

import json
import plistlib
from typing import Any

import pytest
from flask import Flask

from models import Command, Device, Platform, Status, User, Way
from services import device_actions, enrolment_tokens, registrations
from tests import apple_devices as apple
from tests.services.conftest import audited, status_of

FACTS = {"model": "ThinkPad X1", "os_name": "Debian", "os_version": "12.5", "stable_id": "machine-1"}


class Computer:
    """What our agent sends; `secret` once it has joined."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client(use_cookies=False)
        self.secret = ""

    def join(self, token: str) -> Any:
        answer = self._send("enroll", {"token": token, "platform": "linux", "facts": FACTS})
        if answer.status_code == 201:
            self.secret = answer.json["secret"]
            assert self.check_in().status_code == 200
        return answer

    def check_in(self) -> Any:
        return self._send("checkin", {"facts": FACTS}, {"Authorization": f"Bearer {self.secret}"})

    def _send(self, what: str, body: object, headers: dict[str, str] | None = None) -> Any:
        return self.client.post(
            f"/api/agent/v1/{what}", data=json.dumps(body), content_type="application/json", headers=headers
        )


@pytest.fixture
def computer(app: Flask) -> Computer:
    return Computer(app)


def registered(owner: User, platform: str, by: User) -> tuple[Device, str]:
    issued = registrations.start(owner, platform, Way.QR, by=by)
    return issued.device, enrolment_tokens.accept(issued.registration, issued.registration.issued_at)


def test_another_person_brings_in_a_computer_that_was_retired_without_it(
    computer: Computer, app: Flask, alice: User, bob: User, carol: User
) -> None:
    older, token = registered(alice, Platform.LINUX, by=alice)
    computer.join(token)
    newer, token = registered(bob, Platform.LINUX, by=carol)
    anew = Computer(app)
    assert anew.join(token).json["code"] == "known_elsewhere"
    device_actions.retire_without_device(Device.get_by_id(older.id), "Bob has it now", by=carol)
    assert anew.join(token).status_code == 201
    assert (status_of(older), status_of(newer)) == (Status.RETIRED, Status.ACTIVE)
    answer = computer.check_in()
    assert (answer.status_code, answer.json["code"]) == (410, "retired")
    assert status_of(newer) == Status.ACTIVE


def test_another_person_brings_in_a_phone_that_was_retired_without_it(
    app: Flask, alice: User, bob: User, carol: User
) -> None:
    older, phone = apple.join(app, alice)
    device_actions.retire_without_device(older, "", by=carol)
    newer, token = registered(bob, Platform.IOS, by=carol)
    apple.make(app, 1, udid=phone.udid, serial=phone.serial).install(apple.profile_of(newer, token))
    assert (status_of(older), status_of(newer)) == (Status.RETIRED, Status.ACTIVE)


def test_a_phone_that_comes_again_is_told_to_leave_and_gets_no_order(
    app: Flask, alice: User, carol: User
) -> None:
    device, phone = apple.join(app, alice)
    device_actions.wipe(device, device.code, "", by=alice)
    device_actions.retire_without_device(device, "", by=carol)
    answer = phone.report("Idle")
    assert (answer.status, plistlib.loads(answer.body)["code"]) == (403, "com.apple.unrecognized.device")
    assert {command.state for command in Command.select().where(Command.device == device)} == {"cancelled"}
    assert audited(device)[-3:] == [
        "device:left:forced",
        "device:refresh:cancelled",
        "device:wipe:cancelled",
    ]


def test_a_blocked_computer_gets_nothing_and_then_what_waited(
    computer: Computer, alice: User, carol: User
) -> None:
    device, token = registered(alice, Platform.LINUX, by=alice)
    computer.join(token)
    device = Device.get_by_id(device.id)
    device_actions.lock(device, by=alice)
    device_actions.block(device, by=carol)
    answer = computer.check_in()
    assert (answer.status_code, answer.json["code"]) == (403, "blocked")
    device_actions.unblock(device, by=carol)
    assert [order["type"] for order in computer.check_in().json["commands"]] == ["lock"]


def test_a_blocked_mac_gets_nothing_and_then_what_waited(app: Flask, alice: User, carol: User) -> None:
    device, mac = apple.join(app, alice, platform=Platform.MACOS)
    while mac.connect():
        pass
    device_actions.lock(device, by=alice)
    device_actions.block(device, by=carol)
    answer = mac.report("Idle")
    assert (answer.status, answer.body) == (200, b"")
    device_actions.unblock(device, by=carol)
    assert mac.connect()[0] == "DeviceLock"
