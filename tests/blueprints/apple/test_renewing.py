"""A device renews its certificate: by order, over the air, and so that nobody else gains or is locked out."""

from __future__ import annotations

import plistlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

import worker
from blueprints.shared import apple_site
from mdm.apple import certificates
from models import (
    AppleEnrolment,
    AuditEntry,
    Command,
    CommandState,
    Device,
    Platform,
    Role,
    Status,
    User,
    UserRole,
)
from services import audit, commands, device_actions, lifecycle, settings
from services.apple import push_certificates, renewing, sites
from services.apple.profiles import IDENTIFIER
from services.refused import Refused
from simulation.apple_device import AppleDevice
from simulation.apple_scep import Refused as NotGranted
from simulation.apple_scep import fetch
from simulation.apple_signing import content_of
from tests import apple_devices as apple
from tests.blueprints.enrolment.test_apple_profile import a_web_certificate
from tests.conftest import Clock, Visitor
from tests.push_service import Authority
from tests.services.conftest import audited, status_of

DAY = 86_400
Phone = tuple[Device, AppleDevice]


@pytest.fixture
def phone(app: Flask, alice: User) -> Phone:
    device, hardware = apple.join(app, alice, make_key=lambda: apple.key(7))
    hardware.connect()
    return Device.get_by_id(device.id), hardware


def enrolment(device: Device) -> AppleEnrolment:
    return AppleEnrolment.get(AppleEnrolment.device == device)


def fresh(thing: Any) -> Any:
    return type(thing).get_by_id(thing.id)


def ordered(hardware: AppleDevice) -> bytes:
    """The profile that it is told to install. It does not do so."""
    return plistlib.loads(hardware.report("Idle").body)["Command"]["Payload"]


def identity_in(profile: bytes) -> dict[str, Any]:
    payloads = plistlib.loads(content_of(profile))["PayloadContent"]
    return next(each for each in payloads if each["PayloadType"].endswith("scep"))["PayloadContent"]


def fetched(hardware: AppleDevice, profile: bytes, number: int = 7) -> bytes:
    """SCEP alone, with another key."""
    return fetch(hardware.transport, identity_in(profile), apple.key(number), "phone", "aes256_cbc")


def test_a_phone_renews_and_goes_on_with_the_new_certificate(phone: Phone, clock: Clock) -> None:
    device, hardware = phone
    clock.move(4 * 365 * DAY)
    old, ends_at = hardware.certificate, enrolment(device).certificate_ends_at
    order = renewing.ask(device)
    assert hardware.connect() == ["InstallProfile"]
    assert hardware.certificate != old
    assert fresh(order).state == CommandState.ACKNOWLEDGED
    assert fresh(device).credential_hash == certificates.fingerprint(hardware.certificate)
    row = enrolment(device)
    assert row.certificate_ends_at == ends_at + 4 * 365 * DAY
    assert (row.next_credential_hash, row.challenge_hash, row.issued) == (None, None, None)
    assert audited(device)[-5:] == [
        "device:renew:requested",
        "device:renew:sent",
        "device:certificate:issued",
        "device:certificate:replaced",
        "device:renew:acknowledged",
    ]
    assert audit.verify() == []
    assert hardware.connect() == []


def test_what_it_told_us_when_it_joined_is_kept(phone: Phone) -> None:
    device, hardware = phone
    before = fresh(device)
    renewing.ask(device)
    hardware.connect()
    after = fresh(device)
    assert (after.stable_id, after.serial, after.registered_at) == (
        before.stable_id, before.serial, before.registered_at
    )  # fmt: skip
    assert enrolment(device).inventory["applications"]
    assert Command.select().where(Command.device == device, Command.kind == "refresh").count() == 1


def test_the_old_certificate_is_believed_until_the_new_one_is_used(phone: Phone) -> None:
    device, hardware = phone
    renewing.ask(device)
    new = fetched(hardware, ordered(hardware))
    old = (hardware.key, hardware.certificate)
    assert hardware.report("Idle").status == 200
    assert fresh(device).credential_hash == certificates.fingerprint(old[1])
    hardware.key, hardware.certificate = apple.key(7), new
    assert hardware.report("Idle").status == 200
    hardware.key, hardware.certificate = old
    assert hardware.report("Idle").status == 400
    assert status_of(device) == Status.ACTIVE


def test_an_answer_signed_with_the_old_one_ends_the_order_and_the_new_one_takes_over_later(
    phone: Phone,
) -> None:
    device, hardware = phone
    order = renewing.ask(device)
    new = fetched(hardware, ordered(hardware))
    assert hardware.report("Acknowledged", CommandUUID=f"{order.code}-all").status == 200
    assert fresh(order).state == CommandState.ACKNOWLEDGED
    hardware.key, hardware.certificate = apple.key(7), new
    hardware.update_token()
    assert fresh(device).credential_hash == certificates.fingerprint(new)


def test_a_phone_that_confirms_without_having_asked_has_not_renewed(phone: Phone) -> None:
    device, hardware = phone
    order = renewing.ask(device)
    ordered(hardware)
    hardware.report("Acknowledged", CommandUUID=f"{order.code}-all")
    assert (fresh(order).state, fresh(order).reason) == (CommandState.FAILED, "no_new_certificate")
    assert hardware.connect() == []


def test_an_error_shows_apples_words_and_kills_the_challenge(phone: Phone) -> None:
    device, hardware = phone
    order = renewing.ask(device)
    profile = ordered(hardware)
    link = {"ErrorCode": 4001, "ErrorDomain": "MCInstallationErrorDomain", "LocalizedDescription": "No."}
    hardware.report("Error", CommandUUID=f"{order.code}-all", ErrorChain=[link])
    assert (fresh(order).state, fresh(order).detail) == (
        CommandState.FAILED, "No. (MCInstallationErrorDomain 4001)"
    )  # fmt: skip
    with pytest.raises(NotGranted):
        fetched(hardware, profile)
    assert hardware.connect() == []


def test_after_an_error_a_certificate_that_was_fetched_does_not_count(phone: Phone) -> None:
    device, hardware = phone
    order = renewing.ask(device)
    new = fetched(hardware, ordered(hardware))
    hardware.report("Error", CommandUUID=f"{order.code}-all")
    hardware.key, hardware.certificate = apple.key(7), new
    assert hardware.report("Idle").status == 400


def test_not_now_is_offered_again(phone: Phone) -> None:
    device, hardware = phone
    renewing.ask(device)
    hardware.replies["InstallProfile"] = ["NotNow"]
    assert hardware.connect() == ["InstallProfile"]
    assert hardware.connect() == ["InstallProfile"]
    assert "device:renew:acknowledged" in audited(device)


# What is sent


def test_the_profile_is_its_own_with_nothing_that_may_not_change(phone: Phone) -> None:
    device, hardware = phone
    settings.put("organisation", "Harbour Clinic", by=None)
    renewing.ask(device)
    profile = plistlib.loads(ordered(hardware))
    assert profile["PayloadIdentifier"] == IDENTIFIER == hardware.enrolment_profile
    assert profile["PayloadOrganization"] == "Harbour Clinic"
    assert profile["PayloadDisplayName"] == "Harbour Clinic: device management"
    assert "Harbour Clinic looks after this device" in profile["PayloadDescription"]
    management = next(each for each in profile["PayloadContent"] if each["PayloadType"] == "com.apple.mdm")
    for name in ("ServerURL", "CheckInURL", "Topic", "AccessRights"):
        assert management[name] == hardware.management[name]


def test_a_topic_that_changed_since_it_joined_is_not_sent(phone: Phone, tmp_path: Path) -> None:
    device, hardware = phone
    joined_under = hardware.management["Topic"]
    made = Authority(tmp_path).push_certificate(push_certificates.request("it@harbour.example"), days=36_500)
    assert push_certificates.install(made).topic != joined_under
    renewing.ask(device)
    assert hardware.connect() == ["InstallProfile"]
    assert hardware.management["Topic"] == joined_under
    assert "device:renew:acknowledged" in audited(device)


@pytest.mark.parametrize("registered", [Platform.MACOS, Platform.IOS])
def test_a_mac_renews_whatever_was_registered(app: Flask, alice: User, registered: Platform) -> None:
    mac_book = {"product": "MacBookPro18,3", "os_version": "15.1"}
    device, mac = apple.join(app, alice, platform=registered, **mac_book)
    mac.connect()
    before = mac.management["ServerCapabilities"]
    renewing.ask(fresh(device))
    assert mac.connect() == ["InstallProfile"]
    assert mac.management["ServerCapabilities"] == before
    assert "device:certificate:replaced" in audited(device)


def test_a_phone_that_joined_when_only_macs_had_a_user_channel_renews(app: Flask, alice: User) -> None:
    device, token = apple.verified(alice)
    profile = plistlib.loads(apple.profile_of(device, token))
    for each in profile["PayloadContent"]:
        each.pop("ServerCapabilities", None)
    hardware = apple.make(app)
    hardware.install(plistlib.dumps(profile))
    hardware.connect()
    AppleEnrolment.update(has_user_channel=False).where(AppleEnrolment.device == device).execute()
    order = renewing.ask(fresh(device))
    assert hardware.connect() == ["InstallProfile"]
    assert (fresh(order).state, fresh(order).detail) == (CommandState.ACKNOWLEDGED, "")
    assert "device:certificate:replaced" in audited(device)


def test_it_is_signed_like_the_first_one(
    app: Flask, phone: Phone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device, hardware = phone
    certificate, key = a_web_certificate(tmp_path)
    config = replace(app.config["MUSTER"], tls_certificate=certificate, tls_key=key)
    monkeypatch.setitem(app.config, "MUSTER", config)
    apple_site.init(app)
    renewing.ask(device)
    assert not ordered(hardware).startswith(b"<")
    assert hardware.connect() == ["InstallProfile"]
    assert "device:renew:acknowledged" in audited(device)


def test_without_the_servers_own_certificate_the_order_fails_and_says_why(
    phone: Phone, tmp_path: Path
) -> None:
    device, hardware = phone
    gone = sites.Signer(tmp_path / "gone.pem", tmp_path / "gone.key")
    sites.open_site(sites.Site(apple.SERVER, gone), lambda device: sites.Words("", "", ""))
    order = renewing.ask(device)
    assert hardware.connect() == []
    assert (fresh(order).state, fresh(order).reason) == (CommandState.FAILED, "cannot_be_signed")


def test_the_challenge_is_nowhere_but_in_the_profile(phone: Phone) -> None:
    device, hardware = phone
    renewing.ask(device)
    challenge = identity_in(ordered(hardware))["Challenge"]
    kept = [
        repr(row) for table in (AppleEnrolment, Command, Device, AuditEntry) for row in table.select().dicts()
    ]
    assert challenge not in " ".join(kept)


# Who gets a certificate


def test_a_challenge_works_once_and_the_same_key_gets_the_same_again(phone: Phone) -> None:
    device, hardware = phone
    renewing.ask(device)
    profile = ordered(hardware)
    first = fetched(hardware, profile)
    assert fetched(hardware, profile) == first
    with pytest.raises(NotGranted):
        fetched(hardware, profile, number=8)


def test_a_challenge_lives_an_hour(phone: Phone, clock: Clock) -> None:
    device, hardware = phone
    renewing.ask(device)
    profile = ordered(hardware)
    clock.move(3600)
    with pytest.raises(NotGranted):
        fetched(hardware, profile)


def test_sent_again_it_has_another_challenge_and_the_first_is_dead(phone: Phone) -> None:
    device, hardware = phone
    renewing.ask(device)
    first, second = ordered(hardware), ordered(hardware)
    with pytest.raises(NotGranted):
        fetched(hardware, first)
    assert fetched(hardware, second)


def test_a_certificate_of_one_device_opens_nothing_of_another(app: Flask, phone: Phone, bob: User) -> None:
    """Somebody got hold of the challenge. What it earns speaks for that one device alone, and only with its UDID."""
    device, hardware = phone
    theirs, other = apple.join(app, bob_who_may_register(bob), 1)
    renewing.ask(device)
    stolen = fetched(hardware, ordered(hardware), number=8)
    before = (other.key, other.certificate)
    other.key, other.certificate = apple.key(8), stolen
    assert other.report("Idle").status == 400, "with a UDID of its own"
    assert fresh(device).credential_hash == certificates.fingerprint(hardware.certificate)
    assert hardware.report("Idle").status == 200, "nothing took over"
    other.key, other.certificate = before
    assert other.connect()[0] == "DeviceInformation"
    assert status_of(theirs) == Status.ACTIVE


def bob_who_may_register(bob: User) -> User:
    UserRole.create(user=bob, role=Role.REGISTER)
    return bob


def test_a_blocked_device_gets_none(phone: Phone, carol: User) -> None:
    device, hardware = phone
    renewing.ask(device)
    profile = ordered(hardware)
    lifecycle.change(device, lifecycle.Event.BLOCK, by=carol)
    with pytest.raises(NotGranted):
        fetched(hardware, profile)
    with pytest.raises(Refused, match="active or reported lost"):
        renewing.ask(fresh(device))
    lifecycle.change(device, lifecycle.Event.UNBLOCK, by=carol)
    assert fetched(hardware, profile)
    lifecycle.change(device, lifecycle.Event.BLOCK, by=carol)
    with pytest.raises(NotGranted):
        fetched(hardware, profile)


def test_a_retired_device_gets_none_and_its_order_ends(phone: Phone) -> None:
    device, hardware = phone
    order = renewing.ask(device)
    profile = ordered(hardware)
    lifecycle.change(device, lifecycle.Event.RETIRE_WITHOUT_DEVICE, by=None)
    with pytest.raises(NotGranted):
        fetched(hardware, profile)
    assert fresh(order).state == CommandState.CANCELLED
    assert hardware.report("Idle").status == 403


def test_retired_between_certificate_and_first_use_it_is_told_to_leave(phone: Phone) -> None:
    device, hardware = phone
    renewing.ask(device)
    new = fetched(hardware, ordered(hardware))
    lifecycle.change(device, lifecycle.Event.RETIRE_WITHOUT_DEVICE, by=None)
    hardware.key, hardware.certificate = apple.key(7), new
    assert hardware.report("Idle").status == 403
    assert fresh(device).credential_hash != certificates.fingerprint(new)


def test_a_retire_that_waits_comes_after_the_renewal_and_is_carried_out(phone: Phone, alice: User) -> None:
    device, hardware = phone
    renewing.ask(device)
    device_actions.retire(device, "", by=alice)
    assert hardware.connect() == ["InstallProfile", "RemoveProfile"]
    assert status_of(device) == Status.RETIRED


def test_of_many_that_are_the_same_at_once_all_get_the_same_certificate(
    phone: Phone, at_once: Callable[..., list[Any]]
) -> None:
    device, hardware = phone
    renewing.ask(device)
    profile = ordered(hardware)
    assert len(set(at_once(6, lambda: fetched(hardware, profile)))) == 1
    assert audited(device).count("device:certificate:issued") == 1


def test_of_many_first_messages_at_once_one_takes_over_and_all_are_heard(
    phone: Phone, at_once: Callable[..., list[Any]]
) -> None:
    device, hardware = phone
    renewing.ask(device)
    new = fetched(hardware, ordered(hardware))
    hardware.key, hardware.certificate = apple.key(7), new
    assert at_once(6, lambda: hardware.report("Idle").status) == [200] * 6
    assert audited(device).count("device:certificate:replaced") == 1


# Who is asked


def test_two_orders_at_once_are_one(phone: Phone, at_once: Callable[..., list[Any]]) -> None:
    device, _ = phone
    asked = at_once(4, lambda: renewing.ask(device))
    assert sorted(isinstance(each, Refused) for each in asked) == [False, True, True, True]


def test_a_computer_with_our_agent_has_none(alice: User, a_device: Callable[..., Device]) -> None:
    with pytest.raises(Refused, match="Apple's protocol"):
        renewing.ask(a_device(alice))


def test_muster_asks_sixty_days_before_the_end(phone: Phone, clock: Clock) -> None:
    device, hardware = phone
    clock.now = enrolment(device).certificate_ends_at - 60 * DAY - 1
    assert renewing.ask_due() == 0
    clock.move(1)
    assert renewing.ask_due() == 1
    assert renewing.ask_due() == 0
    order = Command.get(Command.device == device, Command.kind == "renew")
    assert (order.asked_by, order.expires_at - order.created_at) == (None, 30 * DAY)
    assert hardware.connect() == ["InstallProfile"]
    assert renewing.ask_due() == 0
    assert renewing.ask_due in [duty.work for duty in worker.duties()]


def test_after_a_failure_it_asks_again_a_week_later(phone: Phone, clock: Clock) -> None:
    device, hardware = phone
    clock.now = enrolment(device).certificate_ends_at - 50 * DAY
    renewing.ask_due()
    hardware.replies["InstallProfile"] = ["Error"]
    hardware.connect()
    clock.move(7 * DAY - 1)
    assert renewing.ask_due() == 0
    clock.move(1)
    assert renewing.ask_due() == 1


@pytest.mark.parametrize("status", [Status.BLOCKED, Status.RETIRE_PENDING, Status.RETIRED, Status.WIPED])
def test_who_is_not_here_is_not_asked(phone: Phone, clock: Clock, status: Status) -> None:
    device, _ = phone
    clock.now = enrolment(device).certificate_ends_at - DAY
    Device.update(status=status).where(Device.id == device.id).execute()
    assert (renewing.ask_due(), renewing.ask_all()) == (0, 0)


def test_the_command_line_asks_one_or_all(app: Flask, phone: Phone, alice: User) -> None:
    device, _ = phone
    other, _ = apple.join(app, alice, 1)
    run = app.test_cli_runner()
    assert run.invoke(args=["apple", "renew"]).exit_code == 2
    assert run.invoke(args=["apple", "renew", "nothing"]).exit_code == 1
    assert f"Asked {device.code}" in run.invoke(args=["apple", "renew", device.code]).output
    again = run.invoke(args=["apple", "renew", device.code])
    assert (again.exit_code, "on its way" in again.output) == (1, True)
    assert "Asked: 1." in run.invoke(args=["apple", "renew", "--all"]).output
    assert [order.state for order in commands.of_device(other) if order.kind == "renew"] == ["queued"]


def test_the_page_says_what_is_under_way_and_what_was_done(
    phone: Phone, alice: User, visit: Callable[[User], Visitor]
) -> None:
    device, hardware = phone
    renewing.ask(device)
    page = visit(alice).get(f"/devices/{device.code}")
    assert "Renew the certificate: queued" in page.words()
    assert "it gets a new certificate" in page.words()
    hardware.connect()
    page = visit(alice).get(f"/devices/{device.code}")
    for sentence in ("Muster asked it to renew its certificate", "Used its new certificate"):
        assert sentence in page.words()
