"""Handing orders to a device that came by, and taking its answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from models import Command, CommandState, Device, Ownership, Role, Status, User
from services import commands, deliveries, device_actions, users
from tests.conftest import Clock
from tests.services.conftest import audited, last_entry, status_of


@pytest.fixture
def device(alice: User, a_device: Callable[..., Device]) -> Device:
    return a_device(alice)


def fresh(thing: Any) -> Any:
    return type(thing).get_by_id(thing.id)


def offer(device: Device) -> list[tuple[str, str]]:
    return [(command.kind, command.code) for command in deliveries.offer(fresh(device))]


def finish(device: Device, command: Command, status: str = "acknowledged", detail: str = "") -> bool:
    return deliveries.finish(fresh(device), command.code, status, detail)


def wipe(device: Device, by: User) -> Command:
    return device_actions.wipe(fresh(device), device.code, "", by=by)


def outcome(command: Command) -> tuple[str, str]:
    return (fresh(command).state, fresh(command).reason)


def test_what_is_queued_is_offered_and_becomes_sent(device: Device, alice: User, clock: Clock) -> None:
    command = commands.ask(device, "lock", alice)
    clock.move(10)
    assert offer(device) == [("lock", command.code)]
    assert fresh(command).state == CommandState.SENT
    assert (fresh(command).sent_at, fresh(command).sent_count) == (clock.now, 1)
    assert audited(device) == ["device:lock:requested", "device:lock:sent"]


def test_nothing_waits_nothing_is_offered(device: Device) -> None:
    assert offer(device) == []


def test_an_unconfirmed_one_is_offered_again_under_the_same_code(
    device: Device, alice: User, clock: Clock
) -> None:
    command = commands.ask(device, "lock", alice)
    first_sent_at = clock.now
    for count in range(1, 4):
        assert offer(device) == [("lock", command.code)]
        assert fresh(command).sent_count == count
        clock.move(60)
    assert fresh(command).sent_at == first_sent_at
    assert audited(device).count("device:lock:sent") == 1


def test_what_is_not_due_yet_waits(device: Device, alice: User, clock: Clock) -> None:
    command = commands.ask(device, "lock", alice)
    Command.update(not_before=clock.now + 10).execute()
    assert offer(device) == []
    clock.move(10)
    assert offer(device) == [("lock", command.code)]


@pytest.mark.parametrize("status", list(Status))
def test_orders_go_only_to_a_device_that_is_here(
    alice: User, a_device: Callable[..., Device], status: Status
) -> None:
    device = a_device(alice)
    command = commands.ask(device, "lock", alice)
    Device.update(status=status).where(Device.id == device.id).execute()
    device = Device.get_by_id(device.id)
    here = (Status.ACTIVE, Status.LOST, Status.RETIRE_PENDING, Status.WIPE_PENDING)
    assert offer(device) == ([("lock", command.code)] if status in here else [])


@pytest.mark.parametrize("state", [CommandState.HELD, CommandState.CANCELLED, CommandState.EXPIRED])
def test_what_is_held_or_over_is_not_offered(device: Device, alice: User, state: CommandState) -> None:
    commands.ask(device, "lock", alice)
    Command.update(state=state).execute()
    assert offer(device) == []


def test_another_devices_orders_are_not_offered_nor_answered(
    device: Device, alice: User, a_device: Callable[..., Device]
) -> None:
    other = a_device(alice)
    command = commands.ask(other, "lock", alice)
    assert offer(device) == []
    offer(other)
    assert not finish(device, command)
    assert fresh(command).state == CommandState.SENT


def test_retire_is_the_last_thing_a_device_hears(device: Device, alice: User) -> None:
    device_actions.retire(device, "", by=alice)
    commands.ask(device, "refresh", alice)
    assert [kind for kind, _ in offer(device)] == ["refresh", "retire"]


def test_what_it_is_ordered_to_do_comes_before_what_it_is_asked(device: Device, alice: User) -> None:
    """Its answers may be long, or never come."""
    commands.ask(device, "refresh", alice)
    commands.ask(device, "message", alice)
    commands.ask(device, "lock", alice)
    assert [kind for kind, _ in offer(device)] == ["message", "lock", "refresh"]


def test_while_a_wipe_waits_nothing_else_is_sent(device: Device, alice: User) -> None:
    for kind in ("lock", "message", "refresh"):
        commands.ask(device, kind, alice)
    wipe(device, alice)
    assert [kind for kind, _ in offer(device)] == ["wipe"]
    assert {command.state for command in Command.select() if command.kind != "wipe"} == {CommandState.QUEUED}


# Answers


@pytest.mark.parametrize("kind", ["lock", "refresh", "message"])
def test_an_order_that_was_carried_out(device: Device, alice: User, kind: str, clock: Clock) -> None:
    command = commands.ask(device, kind, alice)
    offer(device)
    clock.move(3)
    assert finish(device, command)
    assert outcome(command) == (CommandState.ACKNOWLEDGED, "")
    assert fresh(command).finished_at == clock.now
    assert audited(device)[-1] == f"device:{kind}:acknowledged"
    assert last_entry(f"device:{kind}:acknowledged").actor == device.code
    assert status_of(device) == Status.ACTIVE
    assert offer(device) == []


def test_an_order_that_failed_keeps_the_devices_words(device: Device, alice: User) -> None:
    command = commands.ask(device, "lock", alice)
    offer(device)
    assert finish(device, command, "failed", "no screen " + "x" * 600)
    assert outcome(command) == (CommandState.FAILED, "reported_by_device")
    assert len(fresh(command).detail) == 500
    assert audited(device)[-1] == "device:lock:failed"


@pytest.mark.parametrize("again", ["acknowledged", "failed", "not_now"])
@pytest.mark.parametrize("first", ["acknowledged", "failed"])
def test_a_repeated_answer_changes_nothing(device: Device, alice: User, first: str, again: str) -> None:
    command = commands.ask(device, "lock", alice)
    offer(device)
    finish(device, command, first)
    before, history = fresh(command).__data__, audited(device)
    assert not finish(device, command, again, "again")
    assert fresh(command).__data__ == before
    assert audited(device) == history


def test_answers_at_the_same_instant_count_once(
    device: Device, alice: User, at_once: Callable[..., list[Any]]
) -> None:
    command = wipe(device, alice)
    offer(device)
    answers = at_once(8, lambda: finish(device, command))
    assert answers.count(True) == 1 and answers.count(False) == 7
    assert audited(device).count("device:wipe:acknowledged") == 1
    assert status_of(device) == Status.WIPED


@pytest.mark.parametrize("state", [CommandState.QUEUED, CommandState.CANCELLED, CommandState.EXPIRED])
def test_an_answer_to_what_was_not_sent_or_is_over_changes_nothing(
    device: Device, alice: User, state: CommandState
) -> None:
    command = commands.ask(device, "lock", alice)
    Command.update(state=state).execute()
    assert not finish(device, command)
    assert fresh(command).state == state


@pytest.mark.parametrize("status", ["acknowledged", "failed", "not_now"])
def test_an_answer_after_cancelling_changes_nothing(device: Device, alice: User, status: Status) -> None:
    command = wipe(device, alice)
    commands.cancel(command, by=alice)
    assert not finish(device, command, status)
    assert outcome(command) == (CommandState.CANCELLED, "cancelled_by_person")
    assert status_of(device) == Status.ACTIVE


@pytest.mark.parametrize("code", ["", "nothing", "\0", "x" * 64])
def test_an_answer_to_an_order_that_there_is_not(device: Device, code: str) -> None:
    assert not deliveries.finish(device, code, "acknowledged")


def test_not_now_puts_it_back_for_a_minute(device: Device, alice: User, clock: Clock) -> None:
    command = commands.ask(device, "lock", alice)
    offer(device)
    assert finish(device, command, "not_now")
    assert outcome(command) == (CommandState.QUEUED, "")
    assert offer(device) == []
    clock.move(60)
    assert offer(device) == [("lock", command.code)]
    assert (fresh(command).sent_at, fresh(command).sent_count) == (clock.now, 1), (
        "as if it was not sent before"
    )


def test_after_not_now_it_can_be_taken_back(device: Device, alice: User) -> None:
    command = wipe(device, alice)
    offer(device)
    finish(device, command, "not_now")
    commands.cancel(fresh(command), by=alice)
    assert status_of(device) == Status.ACTIVE


# Wipe and retire


def test_a_confirmed_wipe_leaves_the_device_wiped_and_its_queue_empty(device: Device, alice: User) -> None:
    lock = commands.ask(device, "lock", alice)
    command = wipe(device, alice)
    offer(device)
    finish(device, command)
    assert (status_of(device), outcome(command)) == (Status.WIPED, (CommandState.ACKNOWLEDGED, ""))
    assert outcome(lock) == (CommandState.CANCELLED, "device_left")
    assert audited(device)[-2:] == ["device:wipe:acknowledged", "device:lock:cancelled"]
    assert offer(device) == []


def test_a_confirmed_retire_leaves_the_device_retired(device: Device, alice: User) -> None:
    command = device_actions.retire(device, "", by=alice)
    offer(device)
    finish(device, command)
    assert (status_of(device), outcome(command)) == (Status.RETIRED, (CommandState.ACKNOWLEDGED, ""))


@pytest.mark.parametrize("before", [Status.ACTIVE, Status.LOST])
@pytest.mark.parametrize("kind", ["wipe", "retire"])
def test_a_failed_wipe_or_retire_puts_the_device_back(
    alice: User, a_device: Callable[..., Device], before: Status, kind: str
) -> None:
    device = a_device(alice, before)
    command = wipe(device, alice) if kind == "wipe" else device_actions.retire(device, "", by=alice)
    offer(device)
    finish(device, command, "failed", "not allowed here")
    assert status_of(device) == before
    assert outcome(command) == (CommandState.FAILED, "reported_by_device")


def test_a_wipe_supersedes_a_retire_and_a_failed_one_goes_back_to_it(device: Device, alice: User) -> None:
    retire = device_actions.retire(device, "", by=alice)
    offer(device)
    command = wipe(device, alice)
    assert status_of(device) == Status.WIPE_PENDING
    assert [kind for kind, _ in offer(device)] == ["wipe"]
    finish(device, command, "failed")
    assert status_of(device) == Status.RETIRE_PENDING
    assert offer(device) == [("retire", retire.code)]
    finish(device, retire)
    assert status_of(device) == Status.RETIRED


def test_a_wipe_that_supersedes_a_retire_can_be_cancelled_and_then_the_retire(
    device: Device, alice: User
) -> None:
    retire = device_actions.retire(device, "", by=alice)
    commands.cancel(wipe(device, alice), by=alice)
    assert status_of(device) == Status.RETIRE_PENDING
    commands.cancel(retire, by=alice)
    assert status_of(device) == Status.ACTIVE


def test_a_retire_taken_back_while_the_wipe_waits_leaves_the_wipe(device: Device, alice: User) -> None:
    retire = device_actions.retire(device, "", by=alice)
    command = wipe(device, alice)
    commands.cancel(retire, by=alice)
    assert status_of(device) == Status.WIPE_PENDING
    commands.cancel(command, by=alice)
    assert status_of(device) == Status.ACTIVE


def test_a_device_that_confirms_its_retire_while_a_wipe_waits_has_left(device: Device, alice: User) -> None:
    retire = device_actions.retire(device, "", by=alice)
    offer(device)
    command = wipe(device, alice)
    finish(device, retire)
    assert status_of(device) == Status.RETIRED
    assert outcome(command) == (CommandState.CANCELLED, "device_left")


# Rights are asked again when an order is sent


def called_off(device: Device, command: Command, reason: str) -> None:
    assert offer(device) == []
    assert outcome(command) == (CommandState.CANCELLED, reason)
    assert audited(device)[-1] == f"device:{command.kind}:cancelled"
    assert last_entry(f"device:{command.kind}:cancelled").params == {
        "command": command.code,
        "reason": reason,
    }
    assert last_entry(f"device:{command.kind}:cancelled").actor_kind == "system"


def test_the_role_was_taken_meanwhile(device: Device, alice: User) -> None:
    command = commands.ask(device, "lock", alice)
    users.set_roles(alice, {Role.USER_PORTAL}, by=None)
    called_off(device, command, "role_revoked")


def test_the_user_portal_was_taken_meanwhile(device: Device, alice: User) -> None:
    command = commands.ask(device, "lock", alice)
    users.set_roles(alice, {Role.LOCK}, by=None)
    called_off(device, command, "role_revoked")


def test_the_asker_was_disabled_meanwhile(device: Device, alice: User) -> None:
    command = commands.ask(device, "lock", alice)
    users.disable(alice, by=None)
    called_off(device, command, "asker_disabled")


def test_the_help_desk_role_was_taken_meanwhile(device: Device, dave: User) -> None:
    command = commands.ask(device, "lock", dave)
    users.set_roles(dave, {Role.USER_PORTAL, Role.LOCK}, by=None)
    called_off(device, command, "role_revoked")


def test_a_wipe_whose_asker_lost_the_role_puts_the_device_back(device: Device, alice: User) -> None:
    command = wipe(device, alice)
    users.set_roles(alice, {Role.USER_PORTAL}, by=None)
    called_off(device, command, "role_revoked")
    assert status_of(device) == Status.ACTIVE


def test_the_ownership_changed_while_an_administrators_wipe_waits(
    alice: User, carol: User, a_device: Callable[..., Device]
) -> None:
    device = a_device(alice, ownership=Ownership.COMPANY)
    command = wipe(device, carol)
    Device.update(ownership=Ownership.EMPLOYEE).execute()
    called_off(device, command, "ownership_changed")
    assert status_of(device) == Status.ACTIVE


def test_the_ownership_changed_while_the_owners_wipe_waits(device: Device, alice: User) -> None:
    command = wipe(device, alice)
    Device.update(ownership=Ownership.COMPANY).execute()
    assert offer(device) == [("wipe", command.code)]


def test_the_setting_that_allowed_the_wipe_was_switched_off_meanwhile(
    device: Device, carol: User, decide: Callable[..., None]
) -> None:
    decide(admin_wipes_employee_devices=True)
    command = wipe(device, carol)
    decide(admin_wipes_employee_devices=False)
    called_off(device, command, "ownership_changed")


def test_the_device_went_to_another_owner_meanwhile(device: Device, alice: User, bob: User) -> None:
    command = wipe(device, alice)
    Device.update(user=bob).execute()
    assert offer(device) == []
    assert fresh(command).state == CommandState.CANCELLED
    assert status_of(device) == Status.ACTIVE


def test_what_was_sent_already_and_lost_its_right_is_not_sent_again(device: Device, alice: User) -> None:
    command = commands.ask(device, "lock", alice)
    offer(device)
    users.disable(alice, by=None)
    assert offer(device) == []
    assert outcome(command) == (CommandState.FAILED, "asker_disabled")


def test_a_right_that_came_back_in_time_is_enough(device: Device, alice: User) -> None:
    command = commands.ask(device, "lock", alice)
    users.disable(alice, by=None)
    users.enable(alice, by=None)
    assert offer(device) == [("lock", command.code)]


def test_the_other_orders_go_on_when_a_wipe_is_called_off(
    alice: User, carol: User, a_device: Callable[..., Device]
) -> None:
    device = a_device(alice, ownership=Ownership.COMPANY)
    lock = commands.ask(device, "lock", alice)
    wipe(device, carol)
    Device.update(ownership=Ownership.EMPLOYEE).execute()
    assert offer(device) == [("lock", lock.code)]


def test_one_offer_at_the_same_instant_is_audited_once(
    device: Device, alice: User, at_once: Callable[..., list[Any]]
) -> None:
    command = commands.ask(device, "lock", alice)
    at_once(8, lambda: offer(device))
    assert fresh(command).state == CommandState.SENT
    assert audited(device).count("device:lock:sent") == 1


def test_what_was_cancelled_between_reading_and_calling_off_is_called_off_once(
    device: Device, alice: User, at_once: Callable[..., list[Any]]
) -> None:
    wipe(device, alice)
    users.disable(alice, by=None)
    at_once(8, lambda: offer(device))
    assert audited(device).count("device:wipe:cancelled") == 1
    assert status_of(device) == Status.ACTIVE


# What was given up after it was sent, and is done all the same


@pytest.fixture
def given_up(device: Device, alice: User) -> Callable[[str], Command]:
    """given_up("wipe"): it was sent, then Alice's account was shut, so that it is not sent again."""

    def make(kind: str) -> Command:
        asked = {
            "wipe": lambda: wipe(device, alice),
            "retire": lambda: device_actions.retire(device, "", by=alice),
        }
        command = asked.get(kind, lambda: commands.ask(device, kind, alice))()
        offer(device)
        users.disable(alice, by=None)
        assert offer(device) == []
        assert outcome(command) == (CommandState.FAILED, "asker_disabled")
        assert status_of(device) == Status.ACTIVE
        return command

    return make


@pytest.mark.parametrize(("kind", "status"), [("wipe", Status.WIPED), ("retire", Status.RETIRED)])
def test_a_device_that_leaves_after_the_right_was_lost_has_left(
    device: Device, given_up: Callable[[str], Command], kind: str, status: Status, clock: Clock
) -> None:
    command = given_up(kind)
    clock.move(30)
    assert finish(device, command)
    assert (status_of(device), outcome(command)) == (status, (CommandState.ACKNOWLEDGED, ""))
    assert fresh(command).finished_at == clock.now
    assert audited(device)[-2:] == [f"device:{kind}:failed", f"device:{kind}:acknowledged"]
    assert last_entry(f"device:{kind}:acknowledged").actor == device.code
    assert offer(device) == []


def test_a_lock_that_is_confirmed_after_the_right_was_lost_is_done(
    device: Device, given_up: Callable[[str], Command]
) -> None:
    command = given_up("lock")
    assert finish(device, command)
    assert outcome(command) == (CommandState.ACKNOWLEDGED, "")
    assert status_of(device) == Status.ACTIVE


@pytest.mark.parametrize("again", ["acknowledged", "failed", "not_now"])
def test_the_second_late_answer_changes_nothing(
    device: Device, given_up: Callable[[str], Command], again: str
) -> None:
    command = given_up("lock")
    finish(device, command)
    before, history = fresh(command).__data__, audited(device)
    assert not finish(device, command, again)
    assert (fresh(command).__data__, audited(device)) == (before, history)


def test_what_was_given_up_and_put_off_stays_as_it_is(
    device: Device, given_up: Callable[[str], Command]
) -> None:
    command = given_up("wipe")
    history = audited(device)
    assert not finish(device, command, "not_now")
    assert outcome(command) == (CommandState.FAILED, "asker_disabled")
    assert (status_of(device), audited(device)) == (Status.ACTIVE, history)


def test_what_was_given_up_and_could_not_be_done_says_so_and_leaves_the_next_one_alone(
    device: Device, carol: User, given_up: Callable[[str], Command], decide: Callable[..., None]
) -> None:
    command = given_up("wipe")
    decide(admin_wipes_employee_devices=True)
    another = wipe(device, carol)
    assert finish(device, command, "failed")
    assert outcome(command) == (CommandState.FAILED, "reported_by_device")
    assert audited(device)[-1] == "device:wipe:failed"
    assert (status_of(device), outcome(another)) == (Status.WIPE_PENDING, (CommandState.QUEUED, ""))


def test_a_late_wipe_ends_the_one_that_was_asked_for_since(
    device: Device, carol: User, given_up: Callable[[str], Command], decide: Callable[..., None]
) -> None:
    command = given_up("wipe")
    decide(admin_wipes_employee_devices=True)
    another = wipe(device, carol)
    assert finish(device, command)
    assert status_of(device) == Status.WIPED
    assert outcome(another) == (CommandState.CANCELLED, "device_left")


def test_a_lock_that_is_confirmed_after_its_time_is_done(device: Device, alice: User, clock: Clock) -> None:
    command = commands.ask(device, "lock", alice)
    offer(device)
    clock.move(31 * 24 * 3600)
    assert commands.expire_due() == 1
    assert outcome(command) == (CommandState.EXPIRED, "not_confirmed")
    assert finish(device, command)
    assert outcome(command) == (CommandState.ACKNOWLEDGED, "")
    assert audited(device)[-2:] == ["device:lock:expired", "device:lock:acknowledged"]
    assert not finish(device, command)


def test_what_the_device_said_it_could_not_do_stays_failed(device: Device, alice: User) -> None:
    command = wipe(device, alice)
    offer(device)
    finish(device, command, "failed", "not allowed here")
    assert not finish(device, command)
    assert (status_of(device), outcome(command)) == (
        Status.ACTIVE,
        (CommandState.FAILED, "reported_by_device"),
    )


def test_late_answers_at_the_same_instant_count_once(
    device: Device, given_up: Callable[[str], Command], at_once: Callable[..., list[Any]]
) -> None:
    command = given_up("wipe")
    answers = at_once(8, lambda: finish(device, command))
    assert answers.count(True) == 1 and answers.count(False) == 7
    assert audited(device).count("device:wipe:acknowledged") == 1
    assert status_of(device) == Status.WIPED
