"""Orders to devices: asked for, taken back, and run out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from models import LIVE_COMMAND, Command, CommandState, Device, Ownership, Status, User, database
from services import commands, deliveries, device_actions
from services.refused import Forbidden, Refused
from tests.conftest import Clock
from tests.services.conftest import audited, last_entry, status_of

DAY = 24 * 3600
KINDS = ("refresh", "message", "lock", "retire", "wipe")


@pytest.fixture
def device(alice: User, a_device: Callable[..., Device]) -> Device:
    return a_device(alice)


def fresh(command: Command) -> Command:
    return Command.get_by_id(command.id)


def test_an_order_is_queued_with_its_entry(device: Device, alice: User, clock: Clock) -> None:
    command = fresh(commands.ask(device, "lock", alice, {"text": "Call me"}))
    assert (command.state, command.kind, command.params) == (CommandState.QUEUED, "lock", {"text": "Call me"})
    assert (command.not_before, command.created_at, command.asked_by) == (clock.now, clock.now, alice)
    assert audited(device) == ["device:lock:requested"]
    assert last_entry("device:lock:requested").params == {"command": command.code}


@pytest.mark.parametrize("kind", KINDS)
def test_one_of_a_kind_lives_at_a_time(device: Device, alice: User, kind: str) -> None:
    commands.ask(device, kind, alice)
    with pytest.raises(Refused):
        commands.ask(device, kind, alice)
    assert Command.select().count() == 1
    assert audited(device) == [f"device:{kind}:requested"]


@pytest.mark.parametrize("state", list(CommandState))
def test_only_a_live_one_is_in_the_way(device: Device, alice: User, state: CommandState) -> None:
    Command.update(state=state).where(Command.id == commands.ask(device, "lock", alice).id).execute()
    if state in LIVE_COMMAND:
        with pytest.raises(Refused):
            commands.ask(device, "lock", alice)
    else:
        commands.ask(device, "lock", alice)


def test_other_kinds_and_other_devices_are_not_in_the_way(
    device: Device, alice: User, a_device: Callable[..., Device]
) -> None:
    commands.ask(device, "lock", alice)
    commands.ask(device, "refresh", alice)
    commands.ask(a_device(alice), "lock", alice)


def test_a_double_click_asks_once(device: Device, alice: User, at_once: Callable[..., list[Any]]) -> None:
    answers = at_once(8, lambda: device_actions.lock(Device.get_by_id(device.id), by=alice))
    assert sum(isinstance(answer, Command) for answer in answers) == 1
    assert sum(isinstance(answer, Refused) for answer in answers) == 7
    assert audited(device) == ["device:lock:requested"]


@pytest.mark.parametrize("state", list(CommandState))
def test_only_what_was_not_sent_is_taken_back(device: Device, alice: User, state: CommandState) -> None:
    command = commands.ask(device, "lock", alice)
    Command.update(state=state).execute()
    if state in (CommandState.HELD, CommandState.QUEUED):
        commands.cancel(fresh(command), by=alice)
        assert (fresh(command).state, fresh(command).reason) == (
            CommandState.CANCELLED,
            "cancelled_by_person",
        )
        assert audited(device)[-1] == "device:lock:cancelled"
    else:
        with pytest.raises(Refused):
            commands.cancel(fresh(command), by=alice)
        assert fresh(command).state == state
        assert audited(device) == ["device:lock:requested"]


def test_cancel_against_sent_has_one_outcome(device: Device, alice: User) -> None:
    command = commands.ask(device, "lock", alice)
    in_the_other_tab = fresh(command)
    deliveries.offer(device)
    with pytest.raises(Refused, match="sent already"):
        commands.cancel(in_the_other_tab, by=alice)
    assert fresh(command).state == CommandState.SENT


def test_cancel_and_offer_at_the_same_instant_agree(
    device: Device, alice: User, at_once: Callable[..., list[Any]]
) -> None:
    command = device_actions.wipe(device, device.code, "", by=alice)
    turn = list(range(8))

    def either() -> Any:
        if turn.pop() % 2:
            return commands.cancel(fresh(command), by=alice)
        return deliveries.offer(Device.get_by_id(device.id))

    at_once(8, either)
    was_offered = "device:wipe:sent" in audited(device)
    was_cancelled = "device:wipe:cancelled" in audited(device)
    assert was_offered != was_cancelled
    assert fresh(command).state == (CommandState.SENT if was_offered else CommandState.CANCELLED)
    assert status_of(device) == (Status.WIPE_PENDING if was_offered else Status.ACTIVE)


@pytest.mark.parametrize("before", [Status.ACTIVE, Status.LOST])
@pytest.mark.parametrize("kind", ["wipe", "retire"])
def test_taking_back_a_wipe_or_retire_puts_the_device_back(
    alice: User, a_device: Callable[..., Device], before: Status, kind: str
) -> None:
    device = a_device(alice, before)
    if kind == "wipe":
        command = device_actions.wipe(device, device.code, "", by=alice)
    else:
        command = device_actions.retire(device, "", by=alice)
    commands.cancel(command, by=alice)
    assert (status_of(device), command.device.status) == (before, before)
    assert audited(device)[-1] == f"device:{kind}:cancelled"


def test_an_order_that_is_given_more_time_while_the_worker_looks_at_it_does_not_expire(
    device: Device, alice: User, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = commands.ask(device, "lock", alice)
    clock.move(30 * commands.DAY)

    class ReportedLostFirst:
        def atomic(self) -> Any:
            monkeypatch.undo()
            device_actions.report_lost(device, by=alice)
            return database.atomic()

    monkeypatch.setattr(commands, "database", ReportedLostFirst())
    assert commands.expire_due() == 0
    assert Command.get_by_id(command.id).state == CommandState.QUEUED


def test_taking_back_a_lock_leaves_the_status(device: Device, alice: User) -> None:
    command = commands.ask(device, "lock", alice)
    device_actions.wipe(device, device.code, "", by=alice)
    commands.cancel(command, by=alice)
    assert status_of(device) == Status.WIPE_PENDING


@pytest.mark.parametrize(
    ("ownership", "asker", "canceller", "may"),
    [
        ("employee", "alice", "alice", True),
        ("employee", "carol", "alice", True),
        ("company", "carol", "alice", False),
        ("company", "alice", "alice", True),
        ("employee", "alice", "carol", True),
        ("company", "dave", "dave", True),
        ("employee", "alice", "dave", False),
        ("employee", "alice", "bob", False),
    ],
)
def test_who_may_take_back(
    alice: User,
    a_device: Callable[..., Device],
    request: pytest.FixtureRequest,
    ownership: str,
    asker: str,
    canceller: str,
    may: bool,
) -> None:
    device = a_device(alice, ownership=Ownership(ownership))
    command = commands.ask(device, "lock", request.getfixturevalue(asker))
    by = request.getfixturevalue(canceller)
    if may:
        commands.cancel(command, by=by)
        assert last_entry("device:lock:cancelled").actor == by.code
    else:
        with pytest.raises(Forbidden):
            commands.cancel(command, by=by)
        assert fresh(command).state == CommandState.QUEUED


@pytest.mark.parametrize(("kind", "days"), [("refresh", 1), ("message", 7), ("lock", 30)])
@pytest.mark.parametrize("state", [CommandState.QUEUED, CommandState.SENT])
def test_an_order_runs_out_to_the_second(
    device: Device, alice: User, clock: Clock, kind: str, days: int, state: CommandState
) -> None:
    command = commands.ask(device, kind, alice)
    Command.update(state=state).execute()
    clock.move(days * DAY - 1)
    assert commands.expire_due() == 0
    clock.move(1)
    assert commands.expire_due() == 1
    assert (fresh(command).state, fresh(command).reason) == (CommandState.EXPIRED, "not_confirmed")
    assert fresh(command).finished_at == clock.now
    assert audited(device)[-1] == f"device:{kind}:expired"
    assert commands.expire_due() == 0


@pytest.mark.parametrize("state", [CommandState.QUEUED, CommandState.SENT])
def test_wipe_and_retire_wait_for_ever(
    alice: User, a_device: Callable[..., Device], clock: Clock, state: CommandState
) -> None:
    first, second = a_device(alice), a_device(alice)
    device_actions.wipe(first, first.code, "", by=alice)
    device_actions.retire(second, "", by=alice)
    Command.update(state=state).execute()
    clock.move(3650 * DAY)
    assert commands.expire_due() == 0
    assert {command.state for command in Command.select()} == {state}


def test_an_order_that_has_run_out_is_offered_no_more(device: Device, alice: User, clock: Clock) -> None:
    """Whatever the worker has or has not done."""
    commands.ask(device, "refresh", alice)
    clock.move(DAY)
    assert deliveries.offer(device) == []


def test_live_orders_come_first_then_the_newest(device: Device, alice: User) -> None:
    made = {kind: commands.ask(device, kind, alice) for kind in KINDS}
    for kind in ("message", "wipe"):
        Command.update(state=CommandState.FAILED).where(Command.id == made[kind].id).execute()
    listed = [command.kind for command in commands.of_device(device)]
    assert listed == ["retire", "lock", "refresh", "wipe", "message"]
    assert [command.kind for command in commands.of_device(device, limit=2)] == ["retire", "lock"]


def test_a_code_opens_only_its_own_devices_order(
    device: Device, alice: User, a_device: Callable[..., Device]
) -> None:
    command = commands.ask(device, "lock", alice)
    assert commands.by_code(device, command.code) == command
    assert commands.by_code(a_device(alice), command.code) is None
    assert commands.by_code(device, "nothing") is None
