"""Finding devices, what they are called, and the home list in one query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from models import Device, Platform, Registration, Status, User, database
from services import devices


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked of the database."""
    asked = []
    execute = database.execute_sql

    def counting(sql: Any, *more: Any) -> Any:
        asked.append(sql)
        return execute(sql, *more)

    monkeypatch.setattr(database.obj, "execute_sql", counting)
    return asked


def test_home_lists_ones_own_devices_newest_first(
    alice: User, bob: User, a_device: Callable[..., Device]
) -> None:
    first, second = a_device(alice), a_device(alice, Status.RETIRED)
    a_device(bob)
    assert [row.code for row in devices.home(alice)] == [second.code, first.code]


def test_a_row_has_what_the_card_shows(
    alice: User, a_registration: Callable[..., Registration], a_device: Callable[..., Device]
) -> None:
    device = a_device(alice, Status.PENDING, name="Blue", platform=Platform.MACOS)
    registration = a_registration(alice, device)
    (row,) = devices.home(alice)
    for field in (
        "code",
        "name",
        "platform",
        "status",
        "ownership",
        "next_ownership",
        "os_version",
        "created_at",
    ):
        assert getattr(row, field) == getattr(device, field), field
    assert (row.registration_code, row.way, row.proof) == (registration.code, "invitation", "password")
    assert row.expires_at == registration.expires_at


def test_a_device_without_a_registration_is_listed_too(alice: User, a_device: Callable[..., Device]) -> None:
    a_device(alice)
    assert devices.home(alice)[0].registration_code is None


def test_home_is_one_query_however_many_devices(
    alice: User,
    a_device: Callable[..., Device],
    a_registration: Callable[..., Registration],
    queries: list[str],
) -> None:
    for _ in range(20):
        a_registration(alice, a_device(alice))
    queries.clear()
    assert len(devices.home(alice)) == 20
    assert len(queries) == 1


def test_home_ends_at_two_hundred(alice: User, a_device: Callable[..., Device]) -> None:
    for number in range(devices.MOST_AT_HOME + 5):
        a_device(alice, code=f"d{number:05}")  # of so many, two might have the same
    assert len(devices.home(alice)) == 200


def test_a_card_is_the_same_row_for_its_owner_only(
    alice: User, bob: User, a_device: Callable[..., Device], queries: list[str]
) -> None:
    device = a_device(alice)
    queries.clear()
    assert devices.card(alice.id, device.code) == devices.home(alice)[0]
    assert len(queries) == 2
    assert devices.card(bob.id, device.code) is None
    assert devices.card(alice.id, "nothing") is None


def test_it_is_called_by_its_name_or_by_what_it_is(alice: User, a_device: Callable[..., Device]) -> None:
    assert devices.display_name(a_device(alice, name="Blue")) == "Blue"
    for platform in Platform:
        device = a_device(alice, name="", platform=platform)
        assert devices.display_name(device) == devices.PLATFORM_NAMES[platform]
    assert devices.display_name(devices.home(alice)[-1]) == "Blue"


def test_a_code_finds_its_device(alice: User, a_device: Callable[..., Device]) -> None:
    device = a_device(alice, code="kmnpqr")  # a code of digits alone has no capital letters
    assert devices.by_code(device.code) == device
    for other in ("", "nothing", str(device.id), device.code.upper(), "\0"):
        assert devices.by_code(other) is None


@pytest.mark.parametrize("status", list(Status))
def test_the_same_hardware_is_found_where_it_counts(
    alice: User, bob: User, a_device: Callable[..., Device], status: Status
) -> None:
    new = a_device(alice, Status.VERIFIED)
    own, others = a_device(alice, status, stable_id="m"), a_device(bob, status, stable_id="m")
    enrolled = status in (
        Status.ACTIVE, Status.LOST, Status.BLOCKED, Status.RETIRE_PENDING, Status.WIPE_PENDING
    )  # fmt: skip
    expected = {own, others} if enrolled else {own} if status == Status.ENROLLING else set()
    assert set(devices.same_hardware("m", None, besides=new)) == expected
    assert devices.same_hardware("another", None, besides=new) == []


def test_the_same_hardware_that_joined_since_and_left_is_found_when_asked_for(
    alice: User, a_device: Callable[..., Device]
) -> None:
    new = a_device(alice, Status.EXPIRED)
    known = {"stable_id": "m", "status": Status.RETIRED}
    a_device(alice, registered_at=99, **known)
    later = a_device(alice, registered_at=100, **known)
    a_device(alice, Status.EXPIRED, stable_id="m")
    assert devices.same_hardware("m", None, besides=new, since=100) == [later]


def test_a_device_is_not_the_same_hardware_as_itself(alice: User, a_device: Callable[..., Device]) -> None:
    device = a_device(alice, stable_id="m")
    assert devices.same_hardware("m", None, besides=device) == []
