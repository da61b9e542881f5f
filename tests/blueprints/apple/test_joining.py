"""An iPhone, iPad or Mac joins: SCEP, Authenticate, TokenUpdate; and what can be refused on the way."""

from __future__ import annotations

import plistlib
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from mdm.apple import reports
from mdm.apple.check_in import Authenticate, TokenUpdate
from mdm.apple.senders import Sender
from models import AppleEnrolment, Command, Device, Platform, Registration, Status, User
from services import enrolment_tokens, lifecycle, registrations, settings
from services import refused as rules
from services.apple import enrolling, speakers, vault
from simulation.apple_device import AppleDevice
from simulation.apple_scep import Refused
from simulation.apple_transport import Failed
from tests import apple_devices as apple
from tests.conftest import Clock, Visitor
from tests.services.conftest import audited, status_of


@pytest.fixture(autouse=True)
def _on_a_database(app: Flask) -> None:
    """Every test here has the cast's database open."""


def test_a_phone_joins_and_tells_what_it_is(app: Flask, alice: User) -> None:
    device, phone = apple.join(app, alice)
    assert device.status == Status.ACTIVE
    assert (device.model, device.os_name, device.os_version) == ("iPhone 14 Pro", "iOS", "18.5")
    assert (device.stable_id, device.serial, device.imei) == (phone.udid, phone.serial, "356991061234567")
    assert device.name == "iPhone 14 Pro"
    assert audited(device)[-3:] == [
        "device:enrolment:started",
        "device:enrolment:completed",
        "device:refresh:requested",
    ]


def test_all_facts_come_with_its_first_visit(app: Flask, alice: User) -> None:
    device, phone = apple.join(app, alice)
    asked = [
        "DeviceInformation",
        "SecurityInfo",
        "InstalledApplicationList",
        "ProfileList",
        "CertificateList",
    ]
    assert phone.connect() == asked
    device = Device.get_by_id(device.id)
    assert (device.phone_number, device.carrier) == ("+491701234567", "Example Mobile")
    assert device.facts["battery_percent"] == 81
    inventory = AppleEnrolment.get(AppleEnrolment.device == device).inventory
    assert inventory["applications"][0]["name"] == "Notes"
    assert inventory["security"]["has_passcode"] is True
    assert Command.get(Command.device == device).state == "acknowledged"
    assert phone.connect() == []


def test_a_mac_is_known_as_one_whatever_was_registered(app: Flask, alice: User) -> None:
    device, token = apple.verified(alice, Platform.IOS)
    mac = apple.make(app, product="MacBookPro18,3", os_version="15.1")
    mac.install(apple.profile_of(device, token))
    assert Device.get_by_id(device.id).platform == Platform.MACOS


@pytest.mark.parametrize(
    ("key", "value"),
    [("platforms", "linux,ios"), ("proof_macos", "both")],
    ids=["where Macs may not join", "where Macs ask for more proof"],
)
def test_a_mac_with_the_registration_of_an_iphone_is_refused(
    app: Flask, alice: User, key: str, value: str
) -> None:
    settings.put(key, value, by=None)
    device, token = apple.verified(alice, Platform.IOS)
    mac = apple.make(app, product="MacBookPro18,3", os_version="15.1")
    with pytest.raises(Failed, match="400"):
        mac.install(apple.profile_of(device, token))
    assert status_of(device) == Status.EXPIRED
    assert audited(device)[-2:] == ["device:enrolment:refused", "device:enrolment:expired"]


def test_between_the_certificate_and_the_first_token_it_is_enrolling(app: Flask, alice: User) -> None:
    device, token = apple.verified(alice)
    phone = apple.make(app)
    phone.receive(apple.profile_of(device, token))
    assert status_of(device) == Status.ENROLLING
    phone.authenticate()
    phone.authenticate()  # the answer was lost
    assert status_of(device) == Status.ENROLLING
    phone.update_token()
    assert status_of(device) == Status.ACTIVE


@pytest.mark.parametrize("challenge", ["", "guess", "é" * 50])
def test_a_wrong_challenge_gets_no_certificate(app: Flask, alice: User, challenge: str) -> None:
    device, _ = apple.verified(alice)
    with pytest.raises(Refused, match="2"):
        apple.make(app).receive(apple.profile_of(device, challenge))
    assert status_of(device) == Status.VERIFIED


def test_a_challenge_works_once(app: Flask, alice: User) -> None:
    device, token = apple.verified(alice)
    apple.make(app).receive(apple.profile_of(device, token))
    with pytest.raises(Refused, match="2"):
        apple.make(app, 1).receive(apple.profile_of(device, token))


def test_an_answer_that_was_lost_can_be_asked_for_again(app: Flask, alice: User) -> None:
    device, token = apple.verified(alice)
    profile = apple.profile_of(device, token)
    phone = apple.make(app)
    phone.receive(profile)
    first = phone.certificate
    phone.fetch_certificate()
    assert phone.certificate == first
    with pytest.raises(Refused, match="2"):
        apple.make(app, 1).receive(profile)
    phone.fetch_certificate()
    phone.authenticate()
    phone.update_token()
    assert status_of(device) == Status.ACTIVE
    assert audited(device).count("device:enrolment:started") == 1


def test_it_cannot_be_asked_for_once_the_device_has_spoken(app: Flask, alice: User) -> None:
    device, token = apple.verified(alice)
    profile = apple.profile_of(device, token)
    phone = apple.make(app)
    phone.receive(profile)
    phone.authenticate()
    row = AppleEnrolment.get(AppleEnrolment.device == device)
    assert (row.issued, row.challenge_hash) == (None, None)
    with pytest.raises(Refused, match="2"):
        phone.fetch_certificate()


@pytest.mark.parametrize("end", ["an hour", "given up"])
def test_it_cannot_be_asked_for_for_ever(app: Flask, alice: User, clock: Clock, end: str) -> None:
    device, token = apple.verified(alice)
    profile = apple.profile_of(device, token)
    phone = apple.make(app)
    phone.receive(profile)
    if end == "an hour":
        clock.move(3600)
    else:
        lifecycle.change(device, lifecycle.Event.GIVE_UP, by=None)
    with pytest.raises(Refused, match="2"):
        phone.fetch_certificate()


@pytest.mark.parametrize("has_spoken", [False, True])
def test_after_an_error_on_the_device_it_joins_with_a_new_link(
    app: Flask, alice: User, visit: Callable[[User], Visitor], has_spoken: bool
) -> None:
    """The profile failed after its certificate was issued; the next try brings a new key, and gets none."""
    device, token = apple.verified(alice)
    phone = apple.make(app)
    phone.receive(apple.profile_of(device, token))
    if has_spoken:
        phone.authenticate()
    before = (phone.key, phone.certificate)
    with pytest.raises(Refused, match="2"):
        phone.receive(apple.profile_of(device, token))
    page = visit(alice).get(f"/devices/{device.code}")
    assert "Did the device show an error?" in page.words("#main")
    again = [form["action"] for form in page.soup.select("#main .panel form")]
    registration = Registration.get(Registration.device == device)
    assert again == [f"/registrations/{registration.code}/{path}" for path in ("qr", "reminder", "pin")]
    assert visit(alice).post(again[0]).status == 303
    registration = Registration.get(Registration.device == device)
    token = enrolment_tokens.accept(registration, registration.issued_at)
    phone.install(apple.profile_of(device, token))
    assert status_of(device) == Status.ACTIVE
    phone.key, phone.certificate = before
    with pytest.raises(Failed, match="400"):
        phone.update_token()


def test_of_many_that_are_the_same_at_once_all_get_the_same_certificate(
    app: Flask, alice: User, at_once: Callable[..., list[Any]]
) -> None:
    device, token = apple.verified(alice)
    profile = apple.profile_of(device, token)

    def certificate() -> bytes:
        phone = apple.make(app)
        phone.receive(profile)
        return phone.certificate

    assert len(set(at_once(8, certificate))) == 1
    assert audited(device).count("device:enrolment:started") == 1


def test_a_challenge_lives_an_hour(app: Flask, alice: User, clock: Clock) -> None:
    device, token = apple.verified(alice)
    clock.move(3600)
    with pytest.raises(Refused, match="2"):
        apple.make(app).receive(apple.profile_of(device, token))


def test_a_token_of_the_agent_gets_no_certificate(app: Flask, alice: User) -> None:
    device, token = apple.verified(alice, Platform.LINUX)
    with pytest.raises(Refused, match="2"):
        apple.make(app).receive(apple.profile_of(device, token))


def test_a_token_before_authenticate_is_refused(app: Flask, alice: User) -> None:
    device, token = apple.verified(alice)
    phone = apple.make(app)
    phone.receive(apple.profile_of(device, token))
    with pytest.raises(Failed, match="400"):
        phone.update_token()
    assert status_of(device) == Status.ENROLLING


def test_a_second_authenticate_of_the_same_device_changes_nothing(app: Flask, alice: User) -> None:
    device, phone = apple.join(app, alice)
    before = (Device.get_by_id(device.id).__data__, AppleEnrolment.get().__data__)
    phone.serial = "F00DF00D01"
    phone.authenticate()
    assert (Device.get_by_id(device.id).__data__, AppleEnrolment.get().__data__) == before
    phone.udid = "another"
    with pytest.raises(Failed, match="400"):
        phone.authenticate()


def test_later_tokens_reset_nothing(app: Flask, alice: User) -> None:
    device, phone = apple.join(app, alice)
    phone.push_token, phone.unlock_token = b"\1" * 32, b"\2" * 100
    phone.update_token()
    row = AppleEnrolment.get(AppleEnrolment.device == device)
    assert bytes(row.push_token) == b"\1" * 32
    assert vault.opened(row, "unlock_token") == b"\2" * 100
    assert Command.select().where(Command.device == device).count() == 1


def test_what_it_entrusts_to_us_is_sealed(app: Flask, alice: User) -> None:
    device, phone = apple.join(app, alice)
    row = AppleEnrolment.get(AppleEnrolment.device == device)
    assert phone.unlock_token not in bytes(row.unlock_token)
    assert phone.push_magic.encode() not in bytes(row.push_magic)


def test_of_many_first_tokens_at_once_one_makes_it_active_and_all_are_heard(
    app: Flask, alice: User, at_once: Callable[..., list[Any]]
) -> None:
    device, token = apple.verified(alice)
    phone = apple.make(app)
    phone.receive(apple.profile_of(device, token))
    phone.authenticate()
    said = {"Token": phone.push_token, "PushMagic": phone.push_magic, "UnlockToken": phone.unlock_token}
    assert at_once(6, lambda: phone.check_in("TokenUpdate", **said).status) == [200] * 6
    assert status_of(device) == Status.ACTIVE
    assert audited(device).count("device:enrolment:completed") == 1
    assert Command.select().where(Command.device == device).count() == 1


def introduction(phone: AppleDevice) -> Authenticate:
    said = {"MessageType": "Authenticate", "UDID": phone.udid, "Topic": phone.management["Topic"]}
    facts = {"OSVersion": "18.5", "BuildVersion": "22F76", "ProductName": phone.product}
    message = reports.decode_any(plistlib.dumps({**said, **facts, "SerialNumber": phone.serial}))
    assert isinstance(message, Authenticate)
    return message


def test_a_first_message_that_was_overtaken_undoes_nothing(app: Flask, alice: User) -> None:
    """It came on two connections, and one was so slow that the device has joined by the other since."""
    device, token = apple.verified(alice)
    phone = apple.make(app)
    phone.receive(apple.profile_of(device, token))
    as_it_was = speakers.behind(phone.certificate)
    phone.authenticate()
    phone.update_token()
    assert not enrolling.authenticate(as_it_was, introduction(phone))
    assert status_of(device) == Status.ACTIVE
    assert AppleEnrolment.get(AppleEnrolment.device == device).push_token == phone.push_token
    assert Command.get(Command.device == device).state == "queued"


def test_what_was_overtaken_by_a_new_link_changes_nothing_of_what_joins_with_that(
    app: Flask, alice: User
) -> None:
    """Three messages of a device that began with the old link wait for their turn meanwhile."""
    device, token = apple.verified(alice)
    old, new = apple.make(app), apple.make(app, 1)
    old.receive(apple.profile_of(device, token))
    as_it_was = speakers.behind(old.certificate)
    renewed = registrations.renew(registrations.of_device(device), by=alice).registration
    new.receive(apple.profile_of(device, enrolment_tokens.accept(renewed, renewed.issued_at)))
    token_update = TokenUpdate(Sender(old.udid), old.management["Topic"], b"old", "old", None)
    for speak in (
        lambda: enrolling.authenticate(as_it_was, introduction(old)),
        lambda: enrolling.update_token(as_it_was, token_update),
        lambda: enrolling.leave(as_it_was),
    ):
        with pytest.raises(speakers.Unknown):
            speak()
    assert status_of(device) == Status.ENROLLING
    new.authenticate()
    new.update_token()
    row = Device.get_by_id(device.id)
    assert (row.status, row.stable_id, row.serial) == (Status.ACTIVE, new.udid, new.serial)


@pytest.mark.parametrize("is_joining", [True, False])
def test_of_many_goodbyes_at_once_it_leaves_once_and_all_are_heard(
    app: Flask, alice: User, at_once: Callable[..., list[Any]], is_joining: bool
) -> None:
    device, token = apple.verified(alice)
    phone = apple.make(app)
    phone.receive(apple.profile_of(device, token))
    phone.authenticate()
    if not is_joining:
        phone.update_token()
    answers = at_once(6, lambda: phone.leave().status)
    assert set(answers) <= ({200, 400} if is_joining else {200}), "once it is not joining we do not know it"
    assert status_of(device) == (Status.EXPIRED if is_joining else Status.RETIRED)
    gone = "device:enrolment:expired" if is_joining else "device:left:done"
    assert audited(device).count(gone) == 1


def test_a_rule_that_says_no_is_answered_without_a_page(
    app: Flask, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, phone = apple.join(app, alice)

    def say_no(*_: object) -> None:
        raise rules.Refused("a sentence for a person")

    monkeypatch.setattr(enrolling, "update_token", say_no)
    answer = phone.check_in("TokenUpdate", Token=phone.push_token, PushMagic=phone.push_magic)
    assert (answer.status, answer.body) == (400, b"")
