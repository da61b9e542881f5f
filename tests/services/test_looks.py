"""Looks at other people's devices and accounts, as their owners read of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from models import Device, User
from services import audit, looks
from tests.conftest import Clock
from tests.services.conftest import audited


def test_a_look_is_in_the_owners_history_once_an_hour(
    alice: User, carol: User, dave: User, a_device: Callable[..., Device], clock: Clock
) -> None:
    device, other = a_device(alice), a_device(alice)
    for _ in range(3):
        looks.note_device(device, by=dave)
    assert audited(device) == ["device:looked:done"]
    assert audit.history(device)[0].actor == dave.code
    looks.note_device(device, by=carol)
    looks.note_device(other, by=dave)
    assert (len(audited(device)), len(audited(other))) == (2, 1)
    clock.move(3600)
    looks.note_device(device, by=dave)
    assert len(audited(device)) == 3


def test_a_look_at_a_person_is_another_thing_than_one_at_a_device(
    alice: User, dave: User, a_device: Callable[..., Device]
) -> None:
    looks.note_device(a_device(alice), by=dave)
    looks.note_person(alice, by=dave)
    looks.note_person(alice, by=dave)
    assert audited(alice) == ["user:account:created", "device:looked:done", "user:looked:done"]


def test_ones_own_things_are_looked_at_freely(alice: User, a_device: Callable[..., Device]) -> None:
    looks.note_device(a_device(alice), by=alice)
    looks.note_person(alice, by=alice)
    assert audited(alice) == ["user:account:created"]


def test_two_tabs_that_open_at_once_are_one_look(
    alice: User, dave: User, a_device: Callable[..., Device], at_once: Callable[..., list[Any]]
) -> None:
    device = a_device(alice)
    at_once(8, lambda: looks.note_device(device, by=dave))
    at_once(8, lambda: looks.note_person(alice, by=dave))
    assert audited(alice) == ["user:account:created", "device:looked:done", "user:looked:done"]
