"""Every row of the status table, and that everything else is refused."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from models import Command, CommandState, Device, DeviceStatus, Status, User
from services import commands, lifecycle
from services.lifecycle import Event
from services.refused import Refused
from tests.conftest import Clock
from tests.services.conftest import audited, last_entry, status_of

P, V, N, A = Status.PENDING, Status.VERIFIED, Status.ENROLLING, Status.ACTIVE
L, B, RP, WP = Status.LOST, Status.BLOCKED, Status.RETIRE_PENDING, Status.WIPE_PENDING
R, W, X, C = Status.RETIRED, Status.WIPED, Status.EXPIRED, Status.CANCELLED

# The whole table of the design, written out a second time: from, event, to.
ALLOWED = {
    (P, Event.CANCEL): C,
    (V, Event.CANCEL): C,
    (P, Event.EXPIRE): X,
    (V, Event.EXPIRE): X,
    (P, Event.RENEW): P,
    (V, Event.RENEW): P,
    (N, Event.RENEW): P,
    (X, Event.RENEW): P,
    (P, Event.ACCEPT): V,
    (V, Event.TOKEN_RAN_OUT): P,
    (V, Event.BEGIN): N,
    (X, Event.COME_LATE): N,
    (N, Event.CONFIRM): A,
    (N, Event.GIVE_UP): X,
    (A, Event.LOSE): L,
    (L, Event.FIND): A,
    (A, Event.ASK_WIPE): WP,
    (L, Event.ASK_WIPE): WP,
    (B, Event.ASK_WIPE): WP,
    (RP, Event.ASK_WIPE): WP,
    **{(status, Event.CONFIRM_WIPE): W for status in (A, L, B, RP, WP)},
    (A, Event.ASK_RETIRE): RP,
    (L, Event.ASK_RETIRE): RP,
    (B, Event.ASK_RETIRE): RP,
    **{(status, Event.CONFIRM_RETIRE): R for status in (A, L, B, RP, WP)},
    (WP, Event.TAKE_BACK): A,
    (RP, Event.TAKE_BACK): A,
    **{(status, Event.LEAVE): R for status in (A, L, B, RP, WP)},
    **{(status, Event.RETIRE_WITHOUT_DEVICE): R for status in (A, L, B, RP, WP)},
    **{(status, Event.REPLACE): R for status in (A, L, B, RP, WP)},
    (WP, Event.REPLACE_WIPED): W,
    (A, Event.BLOCK): B,
    (B, Event.UNBLOCK): A,
}

# What each event writes into the history. The others are written by whoever knows the command.
AUDITED = {
    Event.CANCEL: "device:registration:cancelled",
    Event.EXPIRE: "device:registration:expired",
    Event.RENEW: "device:registration:renewed",
    Event.ACCEPT: "device:registration:accepted",
    Event.TOKEN_RAN_OUT: "device:enrolment:expired",
    Event.BEGIN: "device:enrolment:started",
    Event.COME_LATE: "device:enrolment:resumed",
    Event.CONFIRM: "device:enrolment:completed",
    Event.GIVE_UP: "device:enrolment:expired",
    Event.LOSE: "device:lost:reported",
    Event.FIND: "device:lost:ended",
    Event.LEAVE: "device:left:done",
    Event.RETIRE_WITHOUT_DEVICE: "device:left:forced",
    Event.REPLACE: "device:replaced:done",
    Event.REPLACE_WIPED: "device:replaced:done",
    Event.BLOCK: "device:block:started",
    Event.UNBLOCK: "device:block:ended",
}


def test_all_twelve_statuses_are_rows_of_the_lookup_table() -> None:
    assert {row.name for row in DeviceStatus.select()} == set(Status)
    assert len(Status) == 12


@pytest.mark.parametrize(("status", "event"), list(product(Status, Event)))
def test_an_event_leads_where_the_table_says_or_is_refused(
    alice: User, a_device: Callable[..., Device], clock: Clock, status: Status, event: Event
) -> None:
    device = a_device(alice, status)
    clock.move(60)
    target = ALLOWED.get((status, event))
    if target is None:
        with pytest.raises(Refused):
            lifecycle.change(device, event, by=alice)
        assert (status_of(device), device.status) == (status, status)
        assert Device.get_by_id(device.id).status_at == clock.now - 60
        assert audited(device) == []
    else:
        lifecycle.change(device, event, by=alice)
        assert (status_of(device), device.status) == (target, target)
        assert Device.get_by_id(device.id).status_at == clock.now
        assert audited(device) == ([AUDITED[event]] if event in AUDITED else [])


def test_the_entry_says_who_did_it_and_whose_device_it_is(
    alice: User, carol: User, a_device: Callable[..., Device]
) -> None:
    device = a_device(alice)
    lifecycle.change(device, Event.BLOCK, by=carol, params={"because": 1}, text={"reason": "found in a taxi"})
    entry = last_entry("device:block:started")
    assert (entry.actor_kind, entry.actor) == ("user", carol.code)
    assert (entry.user, entry.device, entry.params) == (alice.code, device.code, {"because": 1})


def test_the_database_decides_not_what_the_caller_last_saw(
    alice: User, a_device: Callable[..., Device]
) -> None:
    device = a_device(alice)
    stale = Device.get_by_id(device.id)
    lifecycle.change(device, Event.LOSE, by=alice)
    with pytest.raises(Refused):
        lifecycle.change(stale, Event.BLOCK, by=alice)
    assert status_of(device) == L


def test_of_many_at_once_one_wins(
    alice: User, a_device: Callable[..., Device], at_once: Callable[..., list[Any]]
) -> None:
    device = a_device(alice)
    answers = at_once(8, lambda: lifecycle.change(Device.get_by_id(device.id), Event.LOSE, by=alice))
    assert answers.count(None) == 1
    assert sum(isinstance(answer, Refused) for answer in answers) == 7
    assert audited(device) == ["device:lost:reported"]


def test_a_row_that_is_gone_is_refused(alice: User, a_device: Callable[..., Device]) -> None:
    device = a_device(alice)
    Device.delete_by_id(device.id)
    with pytest.raises(Refused):
        lifecycle.change(device, Event.LOSE, by=alice)


@pytest.mark.parametrize("before", [A, L, B])
@pytest.mark.parametrize("asked", [Event.ASK_WIPE, Event.ASK_RETIRE])
def test_taking_back_leads_to_where_the_device_was(
    alice: User, a_device: Callable[..., Device], before: Status, asked: Event
) -> None:
    device = a_device(alice, before)
    lifecycle.change(device, asked, by=alice)
    assert Device.get_by_id(device.id).status_before == before
    lifecycle.change(device, Event.TAKE_BACK, by=None)
    assert status_of(device) == before
    assert Device.get_by_id(device.id).status_before is None


@pytest.mark.parametrize("before", [A, L, B])
def test_a_wipe_after_a_retire_goes_back_to_the_retire_that_still_runs(
    alice: User, a_device: Callable[..., Device], before: Status
) -> None:
    device = a_device(alice, before)
    lifecycle.change(device, Event.ASK_RETIRE, by=alice)
    commands.ask(device, "retire", alice)
    lifecycle.change(device, Event.ASK_WIPE, by=alice)
    assert Device.get_by_id(device.id).status_before == before
    lifecycle.change(device, Event.TAKE_BACK, by=None)
    assert status_of(device) == RP
    lifecycle.change(device, Event.TAKE_BACK, by=None)
    assert status_of(device) == before


def test_a_wipe_after_a_retire_that_ended_goes_back_to_the_beginning(
    alice: User, a_device: Callable[..., Device]
) -> None:
    device = a_device(alice, L)
    lifecycle.change(device, Event.ASK_RETIRE, by=alice)
    lifecycle.change(device, Event.ASK_WIPE, by=alice)
    lifecycle.change(device, Event.TAKE_BACK, by=None)
    assert status_of(device) == L


def test_going_back_does_not_trust_what_the_caller_last_saw(
    alice: User, a_device: Callable[..., Device]
) -> None:
    device = a_device(alice)
    stale = Device.get_by_id(device.id)
    lifecycle.change(device, Event.ASK_RETIRE, by=alice)
    commands.ask(device, "retire", alice)
    lifecycle.change(device, Event.ASK_WIPE, by=alice)
    lifecycle.change(stale, Event.TAKE_BACK, by=None)
    assert status_of(device) == RP


@pytest.mark.parametrize(
    ("status", "event"),
    [
        (RP, Event.CONFIRM_RETIRE),
        (WP, Event.CONFIRM_WIPE),
        (A, Event.LEAVE),
        (A, Event.RETIRE_WITHOUT_DEVICE),
    ],
)
def test_nothing_more_is_sent_to_a_device_that_is_gone(
    alice: User, a_device: Callable[..., Device], clock: Clock, status: Status, event: Event
) -> None:
    device = a_device(alice, status)
    command = commands.ask(device, "lock", alice)
    lifecycle.change(device, event, by=device)
    command = Command.get_by_id(command.id)
    assert (command.state, command.reason) == (CommandState.CANCELLED, "device_left")
    assert command.finished_at == clock.now
    entry = last_entry("device:lock:cancelled")
    assert entry.params == {"command": command.code, "reason": "device_left"}
    assert (entry.actor_kind, entry.actor) == ("device", device.code)


def test_each_order_that_ends_with_its_device_has_its_entry_by_whoever_caused_it(
    alice: User, carol: User, a_device: Callable[..., Device]
) -> None:
    device = a_device(alice)
    for kind in ("lock", "message"):
        commands.ask(device, kind, alice)
    ended = commands.ask(device, "refresh", alice)
    commands.cancel(ended, by=alice)
    lifecycle.change(device, Event.RETIRE_WITHOUT_DEVICE, by=carol)
    left = ["device:left:forced", "device:lock:cancelled", "device:message:cancelled"]
    assert audited(device)[-3:] == left
    assert audited(device).count("device:refresh:cancelled") == 1
    assert last_entry("device:lock:cancelled").actor == carol.code


def test_orders_to_other_devices_go_on(alice: User, a_device: Callable[..., Device]) -> None:
    device, other = a_device(alice), a_device(alice)
    command = commands.ask(other, "lock", alice)
    lifecycle.change(device, Event.LEAVE, by=device)
    assert Command.get_by_id(command.id).state == CommandState.QUEUED
