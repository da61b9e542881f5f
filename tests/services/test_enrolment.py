"""The device's half of joining: the token works once, and hardware that comes again replaces its older row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from models import Command, CommandState, Device, Registration, Role, Status, User, Way
from services import (
    check_ins,
    commands,
    device_actions,
    enrolment,
    enrolment_tokens,
    registrations,
    users,
    verification,
)
from services.codes import digest
from services.enrolment import KnownElsewhere, NotOffered, UnknownToken
from tests.conftest import Clock
from tests.services.conftest import audited, entries, last_entry, status_of

FACTS = {
    "model": "ThinkPad X1",
    "os_name": "Debian",
    "os_version": "12.5",
    "stable_id": "machine-1",
    "disk_free_bytes": 5,
}
HOUR = 3600


@pytest.fixture
def verified(alice: User) -> tuple[Registration, str]:
    return a_token(alice)


def a_token(user: User, platform: str = "linux") -> tuple[Registration, str]:
    """(registration, token) of somebody who has accepted the terms."""
    registration = registrations.start(user, platform, Way.QR, by=user).registration
    return registration, enrolment_tokens.accept(registration, registration.issued_at)


def begin(token: str, channel: str = "agent", platform: str = "linux", **facts: Any) -> tuple[Device, str]:
    return enrolment.begin(token, channel, platform, {**FACTS, **facts})


def fresh(registration: Registration) -> Registration:
    return Registration.get_by_id(registration.id)


def test_the_token_is_traded_for_a_secret_of_the_devices_own(
    verified: tuple[Registration, str], clock: Clock
) -> None:
    registration, token = verified
    device, secret = begin(token)
    assert device == registration.device
    assert status_of(device) == device.status == Status.ENROLLING
    assert Device.get_by_id(device.id).credential_hash == digest(secret)
    assert check_ins.device_of(secret) == device
    kept = fresh(registration)
    assert (kept.token_hash, kept.token, kept.pin_hash) == (None, None, None)
    assert kept.completed_at == clock.now
    assert audited(device)[-1] == "device:enrolment:started"
    assert last_entry("device:enrolment:started").actor_kind == "device"


def test_the_facts_are_kept_and_the_model_is_its_first_name(verified: tuple[Registration, str]) -> None:
    device = Device.get_by_id(begin(verified[1])[0].id)
    assert (device.model, device.os_name, device.os_version) == ("ThinkPad X1", "Debian", "12.5")
    assert (device.stable_id, device.facts) == ("machine-1", {"disk_free_bytes": 5})
    assert (device.name, device.name_search) == ("ThinkPad X1", "thinkpad x1")


def test_a_name_that_the_owner_gave_stays(verified: tuple[Registration, str], alice: User) -> None:
    registration, token = verified
    device_actions.rename(registration.device, "Blue", by=alice)
    assert Device.get_by_id(begin(token)[0].id).name == "Blue"


def test_without_a_model_it_is_called_by_its_host_name(verified: tuple[Registration, str]) -> None:
    assert begin(verified[1], model=None, host_name="harbour-7")[0].name == "harbour-7"


def test_what_the_device_runs_is_what_it_says_within_its_channel(verified: tuple[Registration, str]) -> None:
    assert Device.get_by_id(begin(verified[1], platform="macos")[0].id).platform == "macos"


def test_the_token_works_once(verified: tuple[Registration, str]) -> None:
    device, secret = begin(verified[1])
    with pytest.raises(UnknownToken):
        begin(verified[1])
    assert check_ins.device_of(secret) == device


def test_of_24_at_the_same_instant_one_wins(
    verified: tuple[Registration, str], at_once: Callable[..., list[Any]]
) -> None:
    answers = at_once(24, lambda: begin(verified[1]))
    winners = [answer for answer in answers if isinstance(answer, tuple)]
    assert len(winners) == 1
    assert sum(isinstance(answer, UnknownToken) for answer in answers) == 23
    assert Device.get_by_id(verified[0].device_id).credential_hash == digest(winners[0][1])


@pytest.mark.parametrize("token", ["", "x", "\0", "\ud800", "a" * 10_000])
def test_a_token_that_nobody_made_is_unknown(verified: tuple[Registration, str], token: str) -> None:
    with pytest.raises(UnknownToken):
        begin(token)


def test_link_code_and_digest_are_no_tokens(alice: User) -> None:
    issued = registrations.start(alice, "linux", Way.PIN, by=alice)
    enrolment_tokens.accept(issued.registration, issued.registration.issued_at)
    for known in (issued.link, issued.pin, issued.registration.code, fresh(issued.registration).token_hash):
        with pytest.raises(UnknownToken):
            begin(known)


def test_a_token_of_another_channel_is_unknown(verified: tuple[Registration, str]) -> None:
    with pytest.raises(UnknownToken):
        begin(verified[1], channel="apple")
    assert status_of(verified[0].device) == Status.VERIFIED


@pytest.mark.parametrize("stop", ["renewed", "cancelled", "disabled", "role taken"])
def test_the_token_dies_with_what_gave_it(verified: tuple[Registration, str], alice: User, stop: str) -> None:
    registration, token = verified
    if stop == "renewed":
        registrations.renew(fresh(registration), by=alice)
    elif stop == "cancelled":
        registrations.cancel(fresh(registration), by=alice)
    elif stop == "disabled":
        users.disable(alice, by=None)
    else:
        users.set_roles(alice, {Role.USER_PORTAL}, by=None)
    with pytest.raises(UnknownToken):
        begin(token)
    assert Device.get_by_id(registration.device_id).credential_hash is None


# Running out


def test_the_token_lives_an_hour_to_the_second(verified: tuple[Registration, str], clock: Clock) -> None:
    clock.move(HOUR - 1)
    enrolment.expire_due()
    assert status_of(verified[0].device) == Status.VERIFIED
    clock.move(1)
    with pytest.raises(UnknownToken):
        begin(verified[1])
    assert status_of(verified[0].device) == Status.VERIFIED, "whatever the worker has or has not done"


def test_a_token_that_ran_out_leads_back_to_pending_while_the_registration_lives(
    alice: User, clock: Clock
) -> None:
    issued = registrations.start(alice, "linux", Way.QR, by=alice)
    token = enrolment_tokens.accept(issued.registration, issued.registration.issued_at)
    clock.move(HOUR)
    enrolment.expire_due()
    kept = fresh(issued.registration)
    assert status_of(issued.device) == Status.PENDING
    assert (kept.verified_at, kept.token_hash, kept.token) == (None, None, None)
    assert audited(issued.device)[-1] == "device:enrolment:expired"
    again = verification.opened(issued.link)
    new_token = enrolment_tokens.accept(again, again.issued_at)
    with pytest.raises(UnknownToken):
        begin(token)
    assert begin(new_token)[0] == issued.device


def test_a_token_that_ran_out_after_its_registration_leads_to_expired(alice: User, clock: Clock) -> None:
    issued = registrations.start(alice, "linux", Way.QR, by=alice)
    clock.move(3.5 * HOUR)
    enrolment_tokens.accept(issued.registration, issued.registration.issued_at)
    clock.move(HOUR)
    enrolment.expire_due()
    kept = fresh(issued.registration)
    assert status_of(issued.device) == Status.EXPIRED
    assert (kept.verified_at, kept.token_hash, kept.token, kept.pin_hash) == (None, None, None, None)
    assert audited(issued.device)[-1] == "device:registration:expired"
    with pytest.raises(verification.Gone, match="has run out"):
        verification.opened(issued.link)


def test_a_device_that_is_joining_is_left_alone_for_a_day(
    verified: tuple[Registration, str], clock: Clock
) -> None:
    device, secret = begin(verified[1])
    clock.move(24 * HOUR - 1)
    enrolment.expire_due()
    registrations.expire_due()
    assert status_of(device) == Status.ENROLLING
    check_ins.record(check_ins.device_of(secret), FACTS)
    assert status_of(device) == Status.ACTIVE


def test_after_a_day_it_is_given_up(verified: tuple[Registration, str], clock: Clock) -> None:
    device, _ = begin(verified[1])
    clock.move(24 * HOUR)
    enrolment.expire_due()
    assert status_of(device) == Status.EXPIRED
    assert audited(device)[-1] == "device:enrolment:expired"


def test_one_that_was_given_up_cannot_come_in_late(verified: tuple[Registration, str], clock: Clock) -> None:
    device, secret = begin(verified[1])
    clock.move(24 * HOUR)
    enrolment.expire_due()
    check_ins.record(check_ins.device_of(secret), FACTS)
    assert status_of(device) == Status.EXPIRED


# The same hardware again


def other_row(a_device: Callable[..., Device], user: User, status: Status = Status.ACTIVE) -> Device:
    return a_device(user, status, stable_id="machine-1", credential_hash=digest(f"old {status}"))


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.LOST, Status.BLOCKED, Status.RETIRE_PENDING])
def test_the_owners_older_row_is_retired_and_its_orders_end(
    verified: tuple[Registration, str], alice: User, a_device: Callable[..., Device], status: Status
) -> None:
    older = other_row(a_device, alice, status)
    order = commands.ask(older, "lock", alice)
    device, _ = begin(verified[1])
    assert (status_of(older), status_of(device)) == (Status.RETIRED, Status.ENROLLING)
    assert Command.get_by_id(order.id).state == CommandState.CANCELLED
    assert audited(older)[-2:] == ["device:replaced:done", "device:lock:cancelled"]
    assert last_entry("device:replaced:done").params == {"by": device.code}
    assert last_entry("device:lock:cancelled").actor == device.code


def test_an_older_row_that_waits_to_be_wiped_counts_as_wiped(
    verified: tuple[Registration, str], alice: User, a_device: Callable[..., Device]
) -> None:
    older = other_row(a_device, alice)
    order = device_actions.wipe(older, older.code, "", by=alice)
    begin(verified[1])
    assert status_of(older) == Status.WIPED
    assert Command.get_by_id(order.id).state == CommandState.CANCELLED


def test_an_older_row_that_never_finished_joining_is_given_up(
    verified: tuple[Registration, str], alice: User, a_device: Callable[..., Device]
) -> None:
    older = other_row(a_device, alice, Status.ENROLLING)
    begin(verified[1])
    assert status_of(older) == Status.EXPIRED


@pytest.mark.parametrize("status", [Status.RETIRED, Status.WIPED, Status.EXPIRED, Status.CANCELLED])
@pytest.mark.parametrize("owner", ["alice", "bob"])
def test_rows_that_have_ended_are_in_nobodys_way(
    verified: tuple[Registration, str],
    request: pytest.FixtureRequest,
    a_device: Callable[..., Device],
    status: Status,
    owner: str,
) -> None:
    older = other_row(a_device, request.getfixturevalue(owner), status)
    device, _ = begin(verified[1])
    assert (status_of(older), status_of(device)) == (status, Status.ENROLLING)


@pytest.mark.parametrize(
    "status", [Status.ACTIVE, Status.LOST, Status.BLOCKED, Status.RETIRE_PENDING, Status.WIPE_PENDING]
)
def test_another_owners_row_is_never_touched_and_the_token_survives(
    verified: tuple[Registration, str],
    bob: User,
    carol: User,
    a_device: Callable[..., Device],
    status: Status,
) -> None:
    registration, token = verified
    others = other_row(a_device, bob, status)
    before = Device.get_by_id(others.id).__data__
    with pytest.raises(KnownElsewhere):
        begin(token)
    assert Device.get_by_id(others.id).__data__ == before
    assert audited(others) == []
    assert status_of(registration.device) == Status.VERIFIED
    assert Device.get_by_id(registration.device_id).credential_hash is None
    assert audited(registration.device)[-1] == "device:enrolment:refused"
    Device.update(status=Status.RETIRED).where(Device.id == others.id).execute()
    assert begin(token)[0].status == Status.ENROLLING, "once an administrator has released it"


def test_with_rows_of_both_the_owners_own_is_not_touched_either(
    verified: tuple[Registration, str], alice: User, bob: User, a_device: Callable[..., Device]
) -> None:
    own, others = other_row(a_device, alice, Status.LOST), other_row(a_device, bob)
    with pytest.raises(KnownElsewhere):
        begin(verified[1])
    assert (status_of(own), status_of(others)) == (Status.LOST, Status.ACTIVE)


def test_a_stranger_who_only_began_with_that_id_keeps_nobody_out(
    verified: tuple[Registration, str], bob: User, a_device: Callable[..., Device]
) -> None:
    strangers = other_row(a_device, bob, Status.ENROLLING)
    device, _ = begin(verified[1])
    assert (status_of(strangers), status_of(device)) == (Status.ENROLLING, Status.ENROLLING)


def test_a_device_without_a_stable_id_replaces_nothing(
    verified: tuple[Registration, str], alice: User, a_device: Callable[..., Device]
) -> None:
    older = a_device(alice, stable_id=None)
    begin(verified[1], stable_id=None)
    assert status_of(older) == Status.ACTIVE


def test_a_row_that_never_finished_is_known_by_what_joins_with_it_next(alice: User, clock: Clock) -> None:
    registration, token = a_token(alice)
    device, _ = begin(token)
    clock.move(24 * HOUR)
    enrolment.expire_due()
    again = registrations.renew(fresh(registration), by=alice).registration
    begin(enrolment_tokens.accept(again, again.issued_at), stable_id="machine-2")
    assert Device.get_by_id(device.id).stable_id == "machine-2"


def test_the_refusal_says_nothing_about_the_other_person(
    verified: tuple[Registration, str], bob: User, a_device: Callable[..., Device]
) -> None:
    others = other_row(a_device, bob)
    with pytest.raises(KnownElsewhere) as refused:
        begin(verified[1])
    for known in (bob.code, bob.name, bob.username, others.code):
        assert known not in str(refused.value)
    assert [entry.device for entry in entries(True) if entry.action == "device:enrolment:refused"] == [
        verified[0].device.code
    ]


# A platform that an administrator closed in the meantime


def test_the_first_message_of_a_device_whose_platform_was_closed_is_refused_and_uses_nothing_up(
    verified: tuple[Registration, str], decide: Callable[..., None]
) -> None:
    registration, token = verified
    decide(platforms="windows,ios")
    with pytest.raises(NotOffered, match="This kind of device may not be registered here"):
        begin(token)
    assert status_of(registration.device) == Status.VERIFIED
    decide(platforms="linux")
    assert begin(token)[0] == registration.device


def test_a_device_of_another_kind_than_was_said_joins_only_if_that_kind_may(
    verified: tuple[Registration, str], decide: Callable[..., None]
) -> None:
    decide(platforms="linux,ios")
    with pytest.raises(NotOffered):
        begin(verified[1], platform="windows")
    assert begin(verified[1])[0].platform == "linux"


@pytest.mark.parametrize(
    ("way", "said", "came", "may"),
    [
        (Way.QR, "password", "password", True),
        (Way.QR, "password", "both", False),
        (Way.QR, "password", "pin", False),
        (Way.QR, "pin", "password", False),
        (Way.QR, "both", "pin", True),
        (Way.PIN, "password", "password", True),  # both ask for the PIN, then
        (Way.PIN, "password", "both", False),
    ],
)
def test_a_device_of_another_kind_joins_only_if_that_kind_asks_for_no_more_than_was_proved(
    alice: User, decide: Callable[..., None], way: Way, said: str, came: str, may: bool
) -> None:
    decide(proof_linux=said, proof_windows=came)
    registration = registrations.start(alice, "linux", way, by=alice).registration
    token = enrolment_tokens.accept(registration, registration.issued_at)
    if may:
        assert begin(token, platform="windows")[0].platform == "windows"
        return
    with pytest.raises(NotOffered, match="needs a registration of its own"):
        begin(token, platform="windows")
    assert status_of(registration.device) == Status.VERIFIED
    assert begin(token)[0].platform == "linux", "the kind that was said may join as before"


def test_what_its_own_kind_asks_for_since_then_does_not_stop_a_registration(
    verified: tuple[Registration, str], decide: Callable[..., None]
) -> None:
    decide(proof_linux="both")
    assert begin(verified[1])[0].status == Status.ENROLLING
