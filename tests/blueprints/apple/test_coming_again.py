"""The same iPhone, iPad or Mac comes again: known by its UDID, and by its serial number once it was erased."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from models import Command, Device, Platform, Status, User, Way
from services import commands, enrolment_tokens, lifecycle, registrations
from simulation.apple_device import AppleDevice
from simulation.apple_transport import Failed
from tests import apple_devices as apple
from tests.services.conftest import audited, status_of

Again = Callable[[AppleDevice], dict[str, str]]


@pytest.fixture(autouse=True)
def _on_a_database(app: Flask) -> None:
    """Every test here has the cast's database open."""


@pytest.fixture(params=["the same UDID", "the same serial", "the serial in small letters"])
def known_again(request: pytest.FixtureRequest) -> Again:
    """What of the hardware is as it was."""

    def of(phone: AppleDevice) -> dict[str, str]:
        if request.param == "the same UDID":
            return {"udid": phone.udid}
        return {"serial": phone.serial if request.param == "the same serial" else phone.serial.lower()}

    return of


def of_bob(bob: User, carol: User) -> tuple[Device, str]:
    issued = registrations.start(bob, Platform.IOS, Way.QR, by=carol)
    return issued.device, enrolment_tokens.accept(issued.registration, issued.registration.issued_at)


def test_on_anothers_account_it_is_refused_and_nothing_of_theirs_changes(
    app: Flask, alice: User, bob: User, carol: User, known_again: Again
) -> None:
    theirs, phone = apple.join(app, alice)
    before = Device.get_by_id(theirs.id).__data__
    own, token = of_bob(bob, carol)
    with pytest.raises(Failed, match="400"):
        apple.make(app, 1, **known_again(phone)).install(apple.profile_of(own, token))
    assert Device.get_by_id(theirs.id).__data__ == before
    assert status_of(own) == Status.EXPIRED
    assert "device:enrolment:refused" in audited(own)
    assert phone.connect()[0] == "DeviceInformation"


def test_the_owner_may_bring_it_in_again_and_the_older_row_is_replaced(
    app: Flask, alice: User, known_again: Again
) -> None:
    older, phone = apple.join(app, alice)
    newer, token = apple.verified(alice)
    apple.make(app, 1, **known_again(phone)).install(apple.profile_of(newer, token))
    assert (status_of(older), status_of(newer)) == (Status.RETIRED, Status.ACTIVE)
    assert audited(older)[-2:] == ["device:replaced:done", "device:refresh:cancelled"]
    assert Command.select().where(Command.device == older, Command.state == "queued").count() == 0


def test_one_that_was_wiped_and_did_not_say_so_counts_as_wiped(app: Flask, alice: User) -> None:
    older, phone = apple.join(app, alice)
    lifecycle.change(older, lifecycle.Event.ASK_WIPE, by=alice)
    wipe = commands.ask(older, "wipe", alice)
    newer, token = apple.verified(alice)
    apple.make(app, 1, serial=phone.serial).install(apple.profile_of(newer, token))
    assert (status_of(older), status_of(newer)) == (Status.WIPED, Status.ACTIVE)
    assert Command.get_by_id(wipe.id).state == "cancelled"


def test_of_two_that_join_at_once_the_second_is_refused(
    app: Flask, alice: User, bob: User, carol: User, known_again: Again
) -> None:
    """Both had begun before either was there."""
    mine, my_token = apple.verified(alice)
    other, their_token = of_bob(bob, carol)
    first = apple.make(app)
    second = apple.make(app, 1, **known_again(first))
    first.receive(apple.profile_of(mine, my_token))
    second.receive(apple.profile_of(other, their_token))
    first.authenticate()
    second.authenticate()
    first.update_token()
    with pytest.raises(Failed, match="400"):
        second.update_token()
    assert (status_of(mine), status_of(other)) == (Status.ACTIVE, Status.EXPIRED)


@pytest.mark.parametrize(
    "serial", ["", "0", "00000000000", "Not Available", "SerialNumber", "SystemSerialNumber", "C02"]
)
def test_a_serial_that_many_boards_share_says_nothing(app: Flask, alice: User, serial: str) -> None:
    older, _ = apple.join(app, alice, 0, serial=serial)
    newer, _ = apple.join(app, alice, 1, serial=serial)
    assert (status_of(older), status_of(newer)) == (Status.ACTIVE, Status.ACTIVE)


def test_the_serial_of_a_computer_with_our_agent_is_only_what_it_says(
    app: Flask, alice: User, bob: User, a_device: Callable[..., Device]
) -> None:
    claimed = a_device(bob, serial="C02ABCDEFG1", serial_search="c02abcdefg1", stable_id="machine")
    device, _ = apple.join(app, alice, serial="C02ABCDEFG1")
    assert (status_of(claimed), status_of(device)) == (Status.ACTIVE, Status.ACTIVE)


def test_a_serial_that_is_claimed_later_is_not_believed(
    app: Flask, alice: User, bob: User, carol: User
) -> None:
    """Or whoever has a device could keep every other one out."""
    own, token = of_bob(bob, carol)
    rogue = apple.make(app, 1)
    rogue.install(apple.profile_of(own, token))
    joined_with, rogue.serial = rogue.serial, "F17ALICE0001"
    assert rogue.connect()[0] == "DeviceInformation"
    assert Device.get_by_id(own.id).serial == joined_with
    device, _ = apple.join(app, alice, 2, serial="F17ALICE0001")
    assert (status_of(own), status_of(device)) == (Status.ACTIVE, Status.ACTIVE)


def test_a_row_that_never_finished_is_known_by_what_joins_with_it_next(
    app: Flask, alice: User, bob: User, carol: User
) -> None:
    device, token = apple.verified(alice)
    first = apple.make(app)
    first.receive(apple.profile_of(device, token))
    first.authenticate()
    lifecycle.change(device, lifecycle.Event.GIVE_UP, by=None)
    registration = registrations.renew(device.registration_rows.get(), by=alice).registration
    token = enrolment_tokens.accept(registration, registration.issued_at)
    second = apple.make(app, 1)
    second.install(apple.profile_of(device, token))
    row = Device.get_by_id(device.id)
    assert (row.stable_id, row.serial) == (second.udid, second.serial)
    other, token = of_bob(bob, carol)
    apple.make(app, 2, udid=first.udid, serial=first.serial).install(apple.profile_of(other, token))
    assert status_of(other) == Status.ACTIVE
