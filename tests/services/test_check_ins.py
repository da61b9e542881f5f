"""What devices report: how it is kept, and what a check-in sets in motion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from models import Device, Ownership, Status, User
from services import check_ins, ownership
from services.codes import digest
from tests.conftest import Clock
from tests.services.conftest import audited, last_entry, status_of

FACTS = {
    "model": "ThinkPad X1",
    "manufacturer": "Lenovo",
    "os_name": "Debian",
    "os_version": "12.5",
    "serial": "PF-2",
    "stable_id": "machine-1",
    "battery_percent": 80,
    "host_name": None,
}


def seen(device: Device) -> Device:
    return Device.get_by_id(device.id)


def test_a_device_is_known_by_its_secret_alone(alice: User, a_device: Callable[..., Device]) -> None:
    device = a_device(alice, credential_hash=digest("its secret"))
    assert check_ins.device_of("its secret") == device
    for other in ("", "its secre", device.code, digest("its secret"), "\0", "\ud800", "x" * 100_000):
        assert check_ins.device_of(other) is None


def test_the_first_check_in_makes_it_active(
    alice: User, a_device: Callable[..., Device], clock: Clock
) -> None:
    device = a_device(alice, Status.ENROLLING)
    clock.move(5)
    check_ins.record(device, FACTS)
    assert (status_of(device), device.status) == (Status.ACTIVE, Status.ACTIVE)
    assert (seen(device).registered_at, seen(device).last_check_in_at) == (clock.now, clock.now)
    assert audited(device) == ["device:enrolment:completed"]
    assert last_entry("device:enrolment:completed").actor == device.code


def test_first_check_ins_at_the_same_instant_all_succeed(
    alice: User, a_device: Callable[..., Device], at_once: Callable[..., list[Any]]
) -> None:
    device = a_device(alice, Status.ENROLLING)
    assert at_once(8, lambda: check_ins.record(seen(device), FACTS)) == [None] * 8
    assert audited(device) == ["device:enrolment:completed"]


def test_later_ones_change_no_status(alice: User, a_device: Callable[..., Device], clock: Clock) -> None:
    for status in set(Status) - {Status.ENROLLING}:
        device = a_device(alice, status)
        check_ins.record(device, FACTS)
        assert status_of(device) == status


def test_facts_are_columns_and_json(alice: User, a_device: Callable[..., Device], clock: Clock) -> None:
    device = a_device(alice)
    clock.move(5)
    check_ins.record(device, FACTS)
    kept = seen(device)
    assert (kept.manufacturer, kept.serial) == ("Lenovo", "PF-2")
    assert kept.facts == {"battery_percent": 80}
    assert (kept.facts_at, kept.last_check_in_at) == (clock.now, clock.now)


def test_a_column_that_is_not_reported_keeps_what_was_last_known(
    alice: User, a_device: Callable[..., Device]
) -> None:
    device = a_device(alice)
    check_ins.record(device, FACTS)
    check_ins.record(device, {"model": None, "battery_percent": 79})
    assert (seen(device).model, seen(device).serial) == ("ThinkPad X1", "PF-2")
    assert seen(device).facts == {"battery_percent": 79}


def test_a_new_system_version_is_in_the_history_once(alice: User, a_device: Callable[..., Device]) -> None:
    device = a_device(alice, os_version="12.5")
    check_ins.record(device, FACTS)
    assert audited(device) == []
    for _ in range(2):
        check_ins.record(seen(device), {**FACTS, "os_version": "13.1"})
    assert audited(device) == ["device:system:changed"]
    assert seen(device).os_version == "13.1"


def test_the_first_version_that_is_reported_is_no_change(
    alice: User, a_device: Callable[..., Device]
) -> None:
    device = a_device(alice, os_version=None)
    check_ins.record(device, FACTS)
    assert audited(device) == []


def test_the_next_ownership_counts_from_the_check_in_on(alice: User, a_device: Callable[..., Device]) -> None:
    device = a_device(alice)
    ownership.change(device, "company", by=alice)
    assert seen(device).ownership == Ownership.EMPLOYEE
    check_ins.record(device, FACTS)
    assert (seen(device).ownership, seen(device).next_ownership) == (Ownership.COMPANY, None)
    assert audited(device) == ["device:ownership:requested", "device:ownership:changed"]
    assert last_entry("device:ownership:changed").params == {"to": "company"}
    check_ins.record(device, FACTS)
    assert audited(device).count("device:ownership:changed") == 1


def test_an_ownership_taken_back_meanwhile_does_not_come_into_force(
    alice: User, a_device: Callable[..., Device]
) -> None:
    device = a_device(alice)
    ownership.change(device, "company", by=alice)
    in_hand = seen(device)
    ownership.change(device, "employee", by=alice)
    check_ins.record(in_hand, FACTS)
    assert (seen(device).ownership, seen(device).next_ownership) == (Ownership.EMPLOYEE, None)


@pytest.mark.parametrize(
    "claimed", ["platform", "user", "user_id", "status", "credential_hash", "ownership", "id"]
)
def test_a_fact_never_reaches_a_column_that_is_ours(
    alice: User, bob: User, a_device: Callable[..., Device], claimed: str
) -> None:
    device = a_device(alice)
    before = seen(device).__data__[claimed if claimed != "user_id" else "user"]
    check_ins.record(device, {claimed: "wiped"})
    kept = seen(device)
    assert kept.__data__[claimed if claimed != "user_id" else "user"] == before
    assert kept.facts == {claimed: "wiped"}


def test_a_device_cannot_take_another_stable_id_after_it_joined(a_device, alice):
    device = a_device(alice, stable_id="its-own")
    check_ins.record(device, {"stable_id": "of-another-one"})
    assert Device.get_by_id(device.id).stable_id == "its-own"


def test_what_a_device_is_known_by_may_come_with_the_message_that_makes_it_active(
    alice: User, a_device: Callable[..., Device]
) -> None:
    device = a_device(alice, Status.ENROLLING)
    check_ins.record(device, FACTS)
    assert seen(device).stable_id == "machine-1"


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.ENROLLING}))
def test_and_never_later(alice: User, a_device: Callable[..., Device], status: Status) -> None:
    """Or whoever has a device could keep every other one out."""
    device = a_device(alice, status)
    check_ins.record(device, FACTS)
    assert (seen(device).stable_id, seen(device).serial) == (None, "PF-2")
