"""What a person does to a device: each verb asks for the right, changes, and writes the history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from models import AuditText, Command, CommandState, Device, Ownership, Platform, Status, User
from services import commands, deliveries, device_actions, ownership
from services.commands import DAY
from services.refused import Forbidden, Refused
from tests.conftest import Clock
from tests.services.conftest import audited, last_entry, status_of


@pytest.fixture
def device(alice: User, a_device: Callable[..., Device]) -> Device:
    return a_device(alice)


VERBS = {
    "refresh": lambda device, by: device_actions.refresh(device, by=by),
    "lock": lambda device, by: device_actions.lock(device, by=by),
    "message": lambda device, by: device_actions.message(device, "Hello", by=by),
    "wipe": lambda device, by: device_actions.wipe(device, device.code, "", by=by),
    "retire": lambda device, by: device_actions.retire(device, "", by=by),
    "rename": lambda device, by: device_actions.rename(device, "Blue", by=by),
    "change_ownership": lambda device, by: ownership.change(device, "company", by=by),
    "report_lost": lambda device, by: device_actions.report_lost(device, by=by),
}
ORDERS = ("refresh", "lock", "message", "wipe", "retire")


@pytest.mark.parametrize("verb", [*VERBS, "report_found"])
def test_a_stranger_to_the_device_is_refused_and_nothing_changes(
    alice: User, bob: User, a_device: Callable[..., Device], verb: str
) -> None:
    device = a_device(alice, Status.LOST if verb == "report_found" else Status.ACTIVE)
    before = Device.get_by_id(device.id).__data__
    with pytest.raises(Forbidden):
        VERBS.get(verb, device_actions.report_found)(device, by=bob)
    assert Device.get_by_id(device.id).__data__ == before
    assert audited(device) == []
    assert Command.select().count() == 0


@pytest.mark.parametrize("verb", ORDERS)
def test_an_order_is_queued_in_the_name_of_who_asked(device: Device, alice: User, verb: str) -> None:
    command = VERBS[verb](device, alice)
    assert (command.kind, command.state, command.asked_by) == (verb, CommandState.QUEUED, alice)
    assert audited(device) == [f"device:{verb}:requested"]
    assert last_entry(f"device:{verb}:requested").actor == alice.code


@pytest.mark.parametrize("verb", VERBS)
def test_nothing_is_done_to_a_device_that_has_left(
    alice: User, a_device: Callable[..., Device], verb: str
) -> None:
    device = a_device(alice, Status.RETIRED)
    with pytest.raises(Refused):
        VERBS[verb](device, alice)
    assert audited(device) == []


# Lock and message


def test_a_lock_carries_its_text_in_one_line(device: Device, alice: User) -> None:
    command = device_actions.lock(device, by=alice, text="  Please call\r\n 0123 \n456 ")
    assert Command.get_by_id(command.id).params == {"text": "Please call 0123 456"}


def test_a_lock_without_a_text_carries_none(device: Device, alice: User) -> None:
    assert device_actions.lock(device, by=alice).params == {}


def test_a_message_must_say_something(device: Device, alice: User) -> None:
    for text in ("", " \n\t "):
        with pytest.raises(Refused) as refused:
            device_actions.message(device, text, by=alice)
        assert refused.value.field == "text"


@pytest.mark.parametrize(
    "text", ["x" * 301, "a\0b", "\x1b[31m", "\ud800", "right\u202eto left", "x" * 1_000_000]
)
@pytest.mark.parametrize("verb", ["lock", "message"])
def test_a_text_that_cannot_be_shown_is_refused_beside_its_field(
    device: Device, alice: User, verb: str, text: str
) -> None:
    deed = device_actions.lock if verb == "lock" else device_actions.message
    with pytest.raises(Refused) as refused:
        deed(device, text=text, by=alice)
    assert refused.value.field == "text"
    assert Command.select().count() == 0


@pytest.mark.parametrize("text", ["x" * 300, "Grüße 🙂", "<b>'; DROP TABLE device; --", "電話"])
def test_any_other_text_is_kept_as_it_is(device: Device, alice: User, text: str) -> None:
    assert Command.get_by_id(device_actions.message(device, text, by=alice).id).params == {"text": text}


# Wipe and retire


@pytest.mark.parametrize("typed", ["ThinkPad X1", "  thinkpad   x1 ", "THINKPAD X1"])
def test_the_name_confirms_a_wipe_in_any_case_and_spacing(device: Device, alice: User, typed: str) -> None:
    device_actions.wipe(device, typed, "", by=alice)
    assert (status_of(device), device.status) == (Status.WIPE_PENDING, Status.WIPE_PENDING)


def test_the_code_confirms_it_too(device: Device, alice: User) -> None:
    device_actions.wipe(device, device.code.upper(), "", by=alice)
    assert status_of(device) == Status.WIPE_PENDING


@pytest.mark.parametrize("typed", ["", " ", "ThinkPad", "yes", "ThinkPad X1 2", "\0", "x" * 1_000_000])
def test_anything_else_does_not(device: Device, alice: User, typed: str) -> None:
    with pytest.raises(Refused) as refused:
        device_actions.wipe(device, typed, "", by=alice)
    assert (refused.value.field, refused.value.params) == ("confirm", {"name": "ThinkPad X1"})
    assert (status_of(device), audited(device)) == (Status.ACTIVE, [])


def test_a_device_without_a_name_is_confirmed_by_what_it_is(
    alice: User, a_device: Callable[..., Device]
) -> None:
    device = a_device(alice, name="", platform=Platform.MACOS)
    device_actions.wipe(device, "mac", "", by=alice)
    assert status_of(device) == Status.WIPE_PENDING


@pytest.mark.parametrize("verb", ["wipe", "retire"])
@pytest.mark.parametrize("before", [Status.ACTIVE, Status.LOST, Status.BLOCKED])
def test_wipe_and_retire_wait_for_the_device(
    alice: User, a_device: Callable[..., Device], verb: str, before: Status
) -> None:
    device = a_device(alice, before)
    VERBS[verb](device, alice)
    assert status_of(device) == (Status.WIPE_PENDING if verb == "wipe" else Status.RETIRE_PENDING)
    assert Device.get_by_id(device.id).status_before == before


@pytest.mark.parametrize("verb", ["wipe", "retire"])
def test_a_second_time_is_refused(device: Device, alice: User, verb: str) -> None:
    in_the_other_tab = Device.get_by_id(device.id)
    VERBS[verb](device, alice)
    for held in (device, in_the_other_tab):
        with pytest.raises(Refused):
            VERBS[verb](held, alice)
    assert Command.select().count() == 1


@pytest.mark.parametrize("verb", ["wipe", "retire"])
def test_a_double_click_orders_once(
    device: Device, alice: User, at_once: Callable[..., list[Any]], verb: str
) -> None:
    answers = at_once(8, lambda: VERBS[verb](Device.get_by_id(device.id), alice))
    assert sum(isinstance(answer, Command) for answer in answers) == 1
    assert audited(device) == [f"device:{verb}:requested"]


def test_a_device_being_retired_can_be_wiped_but_not_the_other_way_round(
    alice: User, a_device: Callable[..., Device]
) -> None:
    retiring, wiping = a_device(alice), a_device(alice)
    device_actions.retire(retiring, "", by=alice)
    device_actions.wipe(retiring, retiring.code, "", by=alice)
    assert status_of(retiring) == Status.WIPE_PENDING
    device_actions.wipe(wiping, wiping.code, "", by=alice)
    with pytest.raises(Refused):
        device_actions.retire(wiping, "", by=alice)
    assert status_of(wiping) == Status.WIPE_PENDING


@pytest.mark.parametrize("verb", ["wipe", "retire"])
def test_a_reason_stands_in_the_history_beside_the_chain(device: Device, alice: User, verb: str) -> None:
    if verb == "wipe":
        device_actions.wipe(device, device.code, " left in\na taxi ", by=alice)
    else:
        device_actions.retire(device, " left in\na taxi ", by=alice)
    entry = last_entry(f"device:{verb}:explained")
    assert AuditText.get_by_id(entry.id).text == {"reason": "left in a taxi"}
    assert "taxi" not in str(entry.__data__)


@pytest.mark.parametrize("reason", ["x" * 201, "a\0b"])
def test_a_bad_reason_stops_it(device: Device, alice: User, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        device_actions.wipe(device, device.code, reason, by=alice)
    assert (refused.value.field, status_of(device)) == ("reason", Status.ACTIVE)
    with pytest.raises(Refused):
        device_actions.retire(device, reason, by=alice)


def test_carol_wipes_the_companys_device_and_not_the_employees(
    alice: User, carol: User, a_device: Callable[..., Device]
) -> None:
    companys, employees = a_device(alice, ownership=Ownership.COMPANY), a_device(alice)
    device_actions.wipe(companys, companys.code, "", by=carol)
    assert (status_of(companys), last_entry("device:wipe:requested").actor) == (
        Status.WIPE_PENDING,
        carol.code,
    )
    with pytest.raises(Forbidden):
        device_actions.wipe(employees, employees.code, "", by=carol)


# Rename


def test_a_new_name_is_kept_and_can_be_searched(device: Device, alice: User) -> None:
    device_actions.rename(device, "  Blue \n Harbour ", by=alice)
    kept = Device.get_by_id(device.id)
    assert (kept.name, kept.name_search, device.name) == ("Blue Harbour", "blue harbour", "Blue Harbour")
    entry = last_entry("device:name:changed")
    assert AuditText.get_by_id(entry.id).text == {"from": "ThinkPad X1", "to": "Blue Harbour"}


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        ({"model": "X1"}, "X1"),
        ({"model": None, "facts": {"host_name": "harbour-7"}}, "harbour-7"),
        ({"model": None}, ""),
    ],
)
def test_no_name_goes_back_to_what_it_is(
    alice: User, a_device: Callable[..., Device], columns: dict[str, Any], name: str
) -> None:
    device = a_device(alice, name="Blue", **columns)
    device_actions.rename(device, " ", by=alice)
    assert Device.get_by_id(device.id).name == name


def test_a_name_is_given_once_per_owner_among_what_still_lives(
    alice: User, bob: User, a_device: Callable[..., Device]
) -> None:
    first, second = a_device(alice, name="Blue"), a_device(alice, name="Red")
    with pytest.raises(Refused) as refused:
        device_actions.rename(second, "BLUE", by=alice)
    assert (refused.value.field, refused.value.params) == ("name", {"name": "BLUE"})
    assert Device.get_by_id(second.id).name == "Red"
    device_actions.rename(first, "bLUE", by=alice)  # its own
    device_actions.rename(a_device(bob, name="Bob's"), "Blue", by=bob)
    Device.update(status=Status.RETIRED).where(Device.id == first.id).execute()
    device_actions.rename(second, "Blue", by=alice)


@pytest.mark.parametrize("name", ["x" * 61, "a\0b", "\u202eevil", "x" * 1_000_000])
def test_a_bad_name_is_refused_beside_its_field(device: Device, alice: User, name: str) -> None:
    with pytest.raises(Refused) as refused:
        device_actions.rename(device, name, by=alice)
    assert (refused.value.field, Device.get_by_id(device.id).name) == ("name", "ThinkPad X1")


def test_a_device_that_waits_can_be_named_already(alice: User, a_device: Callable[..., Device]) -> None:
    device = a_device(alice, Status.PENDING)
    device_actions.rename(device, "Blue", by=alice)
    assert Device.get_by_id(device.id).name == "Blue"


# Lost and found


def test_a_lost_device_is_locked(device: Device, alice: User) -> None:
    device_actions.report_lost(device, by=alice)
    assert status_of(device) == Status.LOST
    assert audited(device) == ["device:lost:reported", "device:lock:requested"]


def test_a_lock_that_is_under_way_is_enough(device: Device, alice: User) -> None:
    commands.ask(device, "lock", alice)
    device_actions.report_lost(device, by=alice)
    assert (status_of(device), Command.select().count()) == (Status.LOST, 1)


def test_found_again(device: Device, alice: User) -> None:
    device_actions.report_lost(device, by=alice)
    device_actions.report_found(device, by=alice)
    assert status_of(device) == Status.ACTIVE
    assert audited(device)[-2:] == ["device:lost:ended", "device:lock:cancelled"]
    with pytest.raises(Refused):
        device_actions.report_found(device, by=alice)


def the_lock() -> tuple[str, str]:
    lock = Command.select().where(Command.kind == "lock").order_by(Command.id.desc()).get()
    return lock.state, lock.reason


def test_a_device_that_was_found_is_not_locked_for_having_been_lost(device: Device, alice: User) -> None:
    device_actions.report_lost(device, by=alice)
    device_actions.report_found(device, by=alice)
    assert the_lock() == (CommandState.CANCELLED, "found")
    assert deliveries.offer(device) == []
    assert last_entry("device:lock:cancelled").params["reason"] == "found"


def test_a_lock_that_was_sent_before_the_device_was_found_is_not_sent_again_and_believed(
    device: Device, alice: User
) -> None:
    device_actions.report_lost(device, by=alice)
    (lock,) = deliveries.offer(device)
    device_actions.report_found(device, by=alice)
    assert the_lock() == (CommandState.FAILED, "found")
    assert deliveries.offer(device) == []
    assert deliveries.finish(device, lock.code, "acknowledged")
    assert the_lock() == (CommandState.ACKNOWLEDGED, "")


@pytest.mark.parametrize("is_lost_already", [False, True])
def test_a_lock_that_somebody_asked_for_outlives_the_loss(
    device: Device, alice: User, carol: User, is_lost_already: bool
) -> None:
    """Whoever reports a device lost and found again does not take back what an administrator wants."""
    if is_lost_already:
        device_actions.report_lost(device, by=alice)
        commands.cancel(Command.get(), by=alice)
        device_actions.lock(device, by=carol)
    else:
        device_actions.lock(device, by=carol)
        device_actions.report_lost(device, by=alice)
    device_actions.report_found(device, by=alice)
    assert the_lock() == (CommandState.QUEUED, "")


@pytest.mark.parametrize("days_before", [0, 29])
def test_a_lock_waits_as_long_as_the_device_is_lost_and_then_for_as_long_as_any(
    device: Device, alice: User, clock: Clock, days_before: int
) -> None:
    device_actions.lock(device, by=alice)
    clock.move(days_before * DAY)
    device_actions.report_lost(device, by=alice)
    clock.move(40 * DAY)
    assert commands.expire_due() == 0
    device_actions.report_found(device, by=alice)
    assert Command.get().expires_at == clock.now + 30 * DAY


def test_a_lock_that_is_asked_for_while_the_device_is_lost_waits_as_long(
    alice: User, a_device: Callable[..., Device]
) -> None:
    assert device_actions.lock(a_device(alice, Status.LOST), by=alice).expires_at is None


def test_lost_and_found_as_often_as_one_likes(device: Device, alice: User) -> None:
    for _ in range(3):
        device_actions.report_lost(device, by=alice)
        device_actions.report_found(device, by=alice)
    device_actions.report_lost(device, by=alice)
    assert [command.kind for command in deliveries.offer(device)] == ["lock"]
    assert status_of(device) == Status.LOST
