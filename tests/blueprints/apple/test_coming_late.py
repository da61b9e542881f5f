"""A device that says its first TokenUpdate after its time to join was over: it repeats it until it is heard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from models import Command, Device, Platform, Status, User, Way
from services import enrolment, enrolment_tokens, lifecycle, registrations, settings, users
from simulation.apple_device import AppleDevice
from simulation.apple_transport import Failed
from tests import apple_devices as apple
from tests.conftest import Clock
from tests.services.conftest import audited, status_of

DAY = 86_400
Late = tuple[Device, AppleDevice]


@pytest.fixture
def late(app: Flask, alice: User, clock: Clock) -> Late:
    """It has its certificate, and has introduced itself; then there was no way to Apple's push service for a day."""
    device, token = apple.verified(alice)
    phone = apple.make(app)
    phone.receive(apple.profile_of(device, token))
    phone.authenticate()
    clock.move(DAY)
    enrolment.expire_due()
    assert status_of(device) == Status.EXPIRED
    return device, phone


def test_it_is_active_as_if_it_had_come_in_time(late: Late) -> None:
    device, phone = late
    phone.update_token()
    assert audited(device)[-4:] == [
        "device:enrolment:expired",
        "device:enrolment:resumed",
        "device:enrolment:completed",
        "device:refresh:requested",
    ]
    assert phone.connect()[0] == "DeviceInformation"
    row = Device.get_by_id(device.id)
    assert (row.status, row.stable_id, row.serial) == (Status.ACTIVE, phone.udid, phone.serial)


def test_nothing_else_that_it_says_brings_it_back(late: Late) -> None:
    device, phone = late
    keys = {"Token": phone.push_token, "PushMagic": phone.push_magic}
    answers = [
        phone.report("Idle"),
        phone.check_in("Authenticate", OSVersion="18.5", BuildVersion="22F76", ProductName=phone.product),
        phone.check_in("TokenUpdate", **keys, UserID="a-user-of-a-mac"),
        phone.check_in("CheckOut", UserID="a-user-of-a-mac"),
    ]
    assert [answer.status for answer in answers] == [400] * 4
    assert status_of(device) == Status.EXPIRED


def disabled(device: Device, phone: AppleDevice, app: Flask, carol: User) -> None:
    users.disable(device.user, by=carol)


def closed_platform(device: Device, phone: AppleDevice, app: Flask, carol: User) -> None:
    settings.put("platforms", "linux", by=None)


def no_room_left(device: Device, phone: AppleDevice, app: Flask, carol: User) -> None:
    registrations.start(device.user, Platform.IOS, Way.QR, by=device.user)
    settings.put("devices_per_user", "1", by=None)


def renewed(device: Device, phone: AppleDevice, app: Flask, carol: User) -> None:
    registrations.renew(registrations.of_device(device), by=device.user)


def came_by_another_registration(device: Device, phone: AppleDevice, app: Flask, carol: User) -> None:
    _, token = apple.verified(device.user)
    apple.make(app, 1, udid=phone.udid).install(apple.profile_of(device, token))


def came_by_another_registration_and_left(
    device: Device, phone: AppleDevice, app: Flask, carol: User
) -> None:
    newer, token = apple.verified(device.user)
    again = apple.make(app, 1, serial=phone.serial)
    again.install(apple.profile_of(newer, token))
    again.leave()


def is_anothers(device: Device, phone: AppleDevice, app: Flask, carol: User) -> None:
    bob = User.get(User.username == "bob")
    issued = registrations.start(bob, Platform.IOS, Way.QR, by=carol)
    token = enrolment_tokens.accept(issued.registration, issued.registration.issued_at)
    apple.make(app, 1, serial=phone.serial).install(apple.profile_of(issued.device, token))


def said_goodbye(device: Device, phone: AppleDevice, app: Flask, carol: User) -> None:
    assert phone.leave().status == 200


@pytest.mark.parametrize(
    "against",
    [
        disabled,
        closed_platform,
        no_room_left,
        renewed,
        came_by_another_registration,
        came_by_another_registration_and_left,
        is_anothers,
        said_goodbye,
    ],
)
def test_what_speaks_against_it_since_keeps_it_out(
    late: Late, app: Flask, bob: User, carol: User, against: Callable[..., None]
) -> None:
    device, phone = late
    against(device, phone, app, carol)
    before = Device.get_by_id(device.id).__data__
    with pytest.raises(Failed, match="400"):
        phone.update_token()
    assert Device.get_by_id(device.id).__data__ == before
    assert "device:enrolment:resumed" not in audited(device)
    assert not Command.select().where(Command.device == device).exists()


@pytest.mark.parametrize(
    ("later", "answered", "status"),
    [(30 * DAY - 1, 200, Status.ACTIVE), (30 * DAY, 400, Status.EXPIRED)],
)
def test_it_has_thirty_days(late: Late, clock: Clock, later: int, answered: int, status: Status) -> None:
    device, phone = late
    clock.move(later)
    keys = {"Token": phone.push_token, "PushMagic": phone.push_magic}
    assert phone.check_in("TokenUpdate", **keys).status == answered
    assert status_of(device) == status


def test_one_that_was_replaced_while_joining_does_not_come_back(app: Flask, alice: User) -> None:
    older, token = apple.verified(alice)
    phone = apple.make(app)
    phone.receive(apple.profile_of(older, token))
    phone.authenticate()
    newer, token = apple.verified(alice)
    apple.make(app, 1, udid=phone.udid).install(apple.profile_of(newer, token))
    lifecycle.change(newer, lifecycle.Event.RETIRE_WITHOUT_DEVICE, by=alice)
    with pytest.raises(Failed, match="400"):
        phone.update_token()
    assert status_of(older) == Status.EXPIRED


def test_who_said_goodbye_while_joining_does_not_come_back(app: Flask, alice: User) -> None:
    device, token = apple.verified(alice)
    phone = apple.make(app)
    phone.receive(apple.profile_of(device, token))
    phone.authenticate()
    assert phone.leave().status == 200
    with pytest.raises(Failed, match="400"):
        phone.update_token()
    assert status_of(device) == Status.EXPIRED
