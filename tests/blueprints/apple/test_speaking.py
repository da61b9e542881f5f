"""Who is believed: only the device itself, for itself, with exactly what it signed."""

from __future__ import annotations

import logging
import plistlib

import pytest
from flask import Flask

from models import AppleEnrolment, Device, Status, User
from services import audit, lifecycle
from services.apple import conversation
from simulation.apple_signing import Style
from simulation.apple_transport import Failed
from tests import apple_devices as apple
from tests.conftest import Clock
from tests.services.conftest import status_of


@pytest.fixture(autouse=True)
def _on_a_database(app: Flask) -> None:
    """Every test here has the cast's database open."""


def test_one_device_cannot_speak_for_another(app: Flask, alice: User) -> None:
    first, phone = apple.join(app, alice, 0)
    second, other = apple.join(app, alice, 1)
    phone.udid = other.udid
    assert phone.report("Idle").status == 400
    assert phone.leave().status == 400
    assert (status_of(first), status_of(second)) == (Status.ACTIVE, Status.ACTIVE)


@pytest.mark.parametrize("style", Style)
def test_every_way_of_signing_is_read(app: Flask, alice: User, style: Style) -> None:
    _, phone = apple.join(app, alice, style=style)
    assert phone.connect()[0] == "DeviceInformation"


def test_a_body_changed_by_one_byte_is_400(app: Flask, alice: User) -> None:
    _, phone = apple.join(app, alice)
    body = plistlib.dumps({"UDID": phone.udid, "Status": "Idle"})
    headers = phone.signed(body)
    assert phone.transport("PUT", "/apple/mdm", headers, body).status == 200
    assert phone.transport("PUT", "/apple/mdm", headers, body.replace(b"Idle", b"idle")).status == 400
    assert phone.transport("PUT", "/apple/mdm", {}, body).status == 400


def test_a_binary_property_list_and_a_post_will_do(app: Flask, alice: User) -> None:
    _, phone = apple.join(app, alice)
    body = plistlib.dumps({"UDID": phone.udid, "Status": "Idle"}, fmt=plistlib.FMT_BINARY)
    assert phone.transport("POST", "/apple/check-in", phone.signed(body), body).status == 200


def test_a_certificate_of_nobody_we_know_is_400_and_not_a_reason_to_leave(app: Flask, alice: User) -> None:
    device, phone = apple.join(app, alice)
    Device.update(credential_hash=None).where(Device.id == device.id).execute()
    assert phone.report("Idle").status == 400


def test_a_strangers_message_is_not_read(app: Flask, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading costs more than asking who speaks."""
    _, phone = apple.join(app, alice)
    read: list[bytes] = []
    decode = conversation.decode_any
    monkeypatch.setattr(conversation, "decode_any", lambda body: read.append(body) or decode(body))
    assert phone.report("Idle").status == 200
    assert len(read) == 1
    Device.update(credential_hash=None).execute()
    assert phone.report("Idle").status == 400
    assert len(read) == 1


def test_a_certificate_ends(app: Flask, alice: User, clock: Clock) -> None:
    _, phone = apple.join(app, alice)
    clock.move(1826 * 86_400)
    assert phone.report("Idle").status == 400


def test_only_a_device_that_we_retired_is_told_to_leave(app: Flask, alice: User) -> None:
    device, phone = apple.join(app, alice)
    lifecycle.change(device, lifecycle.Event.RETIRE_WITHOUT_DEVICE, by=None)
    answer = phone.report("Idle")
    assert (answer.status, plistlib.loads(answer.body)["code"]) == (403, "com.apple.unrecognized.device")
    with pytest.raises(Failed, match="403"):
        phone.authenticate()
    Device.update(os_version="16.7").where(Device.id == device.id).execute()
    assert phone.report("Idle").status == 401
    assert phone.leave().status == 200


def test_a_blocked_device_hears_nothing(app: Flask, alice: User, carol: User) -> None:
    device, phone = apple.join(app, alice)
    lifecycle.change(device, lifecycle.Event.BLOCK, by=carol)
    answer = phone.report("Idle")
    assert (answer.status, answer.body) == (200, b"")


def test_a_blocked_mac_gets_no_bootstrap_token_and_what_it_says_once_is_kept(
    app: Flask, alice: User, carol: User
) -> None:
    device, mac = apple.join(app, alice, platform="macos")
    mac.check_in("SetBootstrapToken", BootstrapToken=b"boot")
    lifecycle.change(device, lifecycle.Event.BLOCK, by=carol)
    for message, more in (("GetBootstrapToken", {}), ("DeclarativeManagement", {"Endpoint": "tokens"})):
        answer = mac.check_in(message, **more)
        assert (answer.status, answer.body) == (200, b""), message
    assert mac.check_in("SetBootstrapToken", BootstrapToken=b"newer").status == 200
    mac.push_token = b"\1" * 32
    mac.update_token()
    lifecycle.change(Device.get_by_id(device.id), lifecycle.Event.UNBLOCK, by=carol)
    assert bytes(AppleEnrolment.get(AppleEnrolment.device == device).push_token) == b"\1" * 32
    assert plistlib.loads(mac.check_in("GetBootstrapToken").body) == {"BootstrapToken": b"newer"}


def test_a_blocked_device_may_say_goodbye(app: Flask, alice: User, carol: User) -> None:
    device, phone = apple.join(app, alice)
    lifecycle.change(device, lifecycle.Event.BLOCK, by=carol)
    assert phone.leave().status == 200
    assert status_of(device) == Status.RETIRED


def test_a_device_that_says_goodbye_is_retired_and_its_secrets_are_gone(app: Flask, alice: User) -> None:
    device, phone = apple.join(app, alice)
    assert phone.leave().status == 200
    assert status_of(device) == Status.RETIRED
    row = AppleEnrolment.get(AppleEnrolment.device == device)
    assert (row.push_token, row.push_magic, row.unlock_token) == (None, None, None)


def test_the_users_of_a_mac_are_kept_apart(app: Flask, alice: User) -> None:
    device, mac = apple.join(app, alice, platform="macos")
    before = bytes(AppleEnrolment.get(AppleEnrolment.device == device).push_token)
    user = {"UserID": "U-1", "UserShortName": "alice"}
    assert mac.check_in("UserAuthenticate", **user).status == 410
    assert mac.check_in("TokenUpdate", Token=b"u" * 32, PushMagic="m", **user).status == 200
    answer = mac.report("Idle", **user)
    assert (answer.status, answer.body) == (200, b"")
    assert mac.check_in("CheckOut", **user).status == 200
    assert bytes(AppleEnrolment.get(AppleEnrolment.device == device).push_token) == before
    assert status_of(device) == Status.ACTIVE


def test_a_mac_gets_its_bootstrap_token_back(app: Flask, alice: User) -> None:
    _, mac = apple.join(app, alice, platform="macos")
    assert mac.check_in("GetBootstrapToken").body == b""
    assert mac.check_in("SetBootstrapToken", BootstrapToken=b"boot").status == 200
    assert plistlib.loads(mac.check_in("GetBootstrapToken").body) == {"BootstrapToken": b"boot"}
    mac.check_in("SetBootstrapToken", BootstrapToken=b"")
    assert mac.check_in("GetBootstrapToken").body == b""


def test_what_we_never_announced_is_not_served(app: Flask, alice: User) -> None:
    _, phone = apple.join(app, alice)
    assert phone.check_in("DeclarativeManagement", Endpoint="tokens").status == 404
    assert phone.check_in("GetToken", TokenServiceType="com.apple.maid").status == 400


def test_a_body_that_is_too_large_is_never_read(app: Flask, alice: User) -> None:
    _, phone = apple.join(app, alice)
    assert phone.transport("PUT", "/apple/mdm", {}, b" " * (4 * 1024 * 1024 + 1)).status == 413


def test_an_idle_device_costs_no_writing_and_no_line_in_the_log(
    app: Flask, alice: User, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    device, phone = apple.join(app, alice)
    phone.connect()
    clock.move(59)
    with caplog.at_level(logging.DEBUG):
        before = Device.get_by_id(device.id).last_check_in_at
        phone.connect()
        assert Device.get_by_id(device.id).last_check_in_at == before
        clock.move(1)
        phone.connect()
        assert Device.get_by_id(device.id).last_check_in_at == clock.now
    assert [record for record in caplog.records if record.name.startswith("muster")] == []
    assert audit.verify() == []


def test_the_agents_door_does_not_open_with_a_fingerprint(app: Flask, alice: User) -> None:
    device, phone = apple.join(app, alice)
    client = app.test_client()
    for secret in (device.credential_hash, phone.certificate.hex()):
        headers = {"Authorization": f"Bearer {secret}"}
        assert client.post("/api/agent/v1/checkin", json={"facts": {}}, headers=headers).status_code == 401
