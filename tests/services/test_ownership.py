"""Whose a device is: changing it, and the owner's consent where an administrator asks for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from models import Device, Ownership, Role, Status, User
from services import check_ins, device_actions, lifecycle, ownership, settings, users
from services.lifecycle import Event
from services.refused import Forbidden, Refused
from tests.services.conftest import audited, last_entry


@pytest.fixture
def device(alice: User, a_device: Callable[..., Device]) -> Device:
    return a_device(alice)


def row(device: Device) -> Device:
    return Device.get_by_id(device.id)


def is_asked(device: Device) -> bool:
    return row(device).asked_ownership is not None


# By the owner


def test_the_change_waits_for_the_next_check_in(device: Device, alice: User) -> None:
    ownership.change(device, "company", by=alice)
    kept = Device.get_by_id(device.id)
    assert (kept.ownership, kept.next_ownership) == (Ownership.EMPLOYEE, Ownership.COMPANY)
    assert last_entry("device:ownership:requested").params == {"to": "company"}


def test_until_then_it_can_be_taken_back(device: Device, alice: User) -> None:
    ownership.change(device, "company", by=alice)
    ownership.change(device, "employee", by=alice)
    assert Device.get_by_id(device.id).next_ownership is None
    assert audited(device) == ["device:ownership:requested"] * 2


@pytest.mark.parametrize("status", [Status.RETIRED, Status.WIPE_PENDING])
def test_a_device_that_left_since_the_page_was_opened_is_not_changed(
    device: Device, alice: User, status: Status
) -> None:
    Device.update(status=status).where(Device.id == device.id).execute()
    with pytest.raises(Refused):
        ownership.change(device, "company", by=alice)
    assert row(device).next_ownership is None
    assert audited(device) == []


@pytest.mark.parametrize("wanted", ["", "nobody", "COMPANY", "\0"])
def test_an_ownership_that_there_is_not(device: Device, alice: User, wanted: str) -> None:
    with pytest.raises(Refused) as refused:
        ownership.change(device, wanted, by=alice)
    assert refused.value.field == "ownership"


def test_what_is_so_already_is_not_changed(device: Device, alice: User) -> None:
    with pytest.raises(Refused):
        ownership.change(device, "employee", by=alice)
    ownership.change(device, "company", by=alice)
    with pytest.raises(Refused):
        ownership.change(device, "company", by=alice)
    assert audited(device) == ["device:ownership:requested"]


# By an administrator, with the owner's consent


def test_an_administrator_only_asks_and_nothing_changes(device: Device, alice: User, carol: User) -> None:
    ownership.change(device, "company", by=carol)
    kept = row(device)
    assert (kept.ownership, kept.next_ownership, kept.asked_ownership) == ("employee", None, "company")
    assert ownership.asked_by(kept) == carol
    entry = last_entry("device:ownership:asked")
    assert (entry.actor, entry.user, entry.params) == (carol.code, alice.code, {"to": "company"})
    check_ins.record(kept, {})
    assert row(device).ownership == Ownership.EMPLOYEE


def test_the_rule_against_wiping_is_not_two_clicks_deep(device: Device, alice: User, carol: User) -> None:
    """Whatever an administrator does alone, an employee's device is not wiped."""

    def wipe() -> Any:
        return device_actions.wipe(row(device), device.code, "", by=carol)

    for step in (
        lambda: None,
        lambda: ownership.change(device, "company", by=carol),
        lambda: check_ins.record(row(device), {}),
    ):
        step()
        with pytest.raises(Forbidden):
            wipe()
    with pytest.raises(Forbidden):
        ownership.answer(device, True, by=carol)
    ownership.answer(device, True, by=alice)
    with pytest.raises(Forbidden):
        wipe()
    check_ins.record(row(device), {})
    assert wipe().kind == "wipe", "the owner has agreed, and the device has heard of it"


def test_the_owner_agrees_and_it_counts_from_the_next_check_in_on(
    device: Device, alice: User, carol: User
) -> None:
    ownership.change(device, "company", by=carol)
    ownership.answer(device, True, by=alice)
    kept = row(device)
    assert (kept.ownership, kept.next_ownership, kept.asked_ownership) == ("employee", "company", None)
    check_ins.record(kept, {})
    assert row(device).ownership == Ownership.COMPANY
    assert audited(device) == [
        "device:ownership:asked",
        "device:ownership:agreed",
        "device:ownership:changed",
    ]


def test_agreeing_takes_no_role(device: Device, alice: User, carol: User) -> None:
    users.set_roles(alice, {Role.USER_PORTAL}, by=None)
    ownership.change(device, "company", by=carol)
    ownership.answer(device, True, by=alice)
    assert row(device).next_ownership == Ownership.COMPANY


def test_the_owner_declines_and_can_be_asked_again(device: Device, alice: User, carol: User) -> None:
    ownership.change(device, "company", by=carol)
    ownership.answer(device, False, by=alice)
    kept = row(device)
    assert (kept.next_ownership, kept.asked_ownership, kept.asked_ownership_by) == (None, None, None)
    ownership.change(device, "company", by=carol)
    assert is_asked(device)
    assert audited(device) == [
        "device:ownership:asked",
        "device:ownership:declined",
        "device:ownership:asked",
    ]


def test_while_it_waits_nobody_asks_a_second_time(device: Device, carol: User) -> None:
    ownership.change(device, "company", by=carol)
    with pytest.raises(Refused) as refused:
        ownership.change(device, "company", by=carol)
    assert str(refused.value) == "Alice Moreno was asked already, and has not answered yet."
    assert audited(device) == ["device:ownership:asked"]


def test_the_question_is_taken_back(device: Device, alice: User, carol: User) -> None:
    ownership.change(device, "company", by=carol)
    ownership.change(device, "employee", by=carol)
    assert not is_asked(device)
    assert audited(device) == ["device:ownership:asked", "device:ownership:withdrawn"]
    with pytest.raises(Refused):
        ownership.answer(device, True, by=alice)


def test_making_it_the_employees_needs_nobodys_consent(
    alice: User, carol: User, a_device: Callable[..., Device]
) -> None:
    device = a_device(alice, ownership=Ownership.COMPANY)
    ownership.change(device, "employee", by=carol)
    assert (row(device).next_ownership, is_asked(device)) == (Ownership.EMPLOYEE, False)
    ownership.change(device, "company", by=carol)
    assert row(device).next_ownership is None, "it was the company's all the time"


def test_what_the_owner_said_meanwhile_stands(device: Device, alice: User, carol: User) -> None:
    ownership.change(row(device), "company", by=carol)
    ownership.change(row(device), "company", by=alice)
    kept = row(device)
    assert (kept.next_ownership, kept.asked_ownership) == (Ownership.COMPANY, None)
    with pytest.raises(Refused):
        ownership.change(device, "company", by=carol)
    ownership.change(device, "employee", by=carol)
    assert row(device).next_ownership is None


@pytest.mark.parametrize("event", [Event.LEAVE, Event.RETIRE_WITHOUT_DEVICE, Event.REPLACE])
def test_a_device_that_leaves_takes_the_question_with_it(
    device: Device, alice: User, carol: User, event: Event
) -> None:
    ownership.change(device, "company", by=carol)
    lifecycle.change(device, event, by=None)
    assert not is_asked(device)
    with pytest.raises(Refused):
        ownership.answer(row(device), True, by=alice)


@pytest.mark.parametrize("status", [Status.WIPE_PENDING, Status.RETIRE_PENDING, Status.BLOCKED])
def test_a_device_that_is_leaving_can_only_be_kept(
    device: Device, alice: User, carol: User, status: Status
) -> None:
    ownership.change(device, "company", by=carol)
    Device.update(status=status).where(Device.id == device.id).execute()
    with pytest.raises(Refused):
        ownership.answer(device, True, by=alice)
    ownership.answer(device, False, by=alice)
    assert not is_asked(device)


@pytest.mark.parametrize("end", ["role", "account"])
def test_who_may_ask_no_more_asks_no_more(
    device: Device, alice: User, bob: User, carol: User, end: str
) -> None:
    users.set_roles(bob, {Role.USER_PORTAL, Role.ADMINISTRATOR}, by=None)
    ownership.change(device, "company", by=bob)
    if end == "role":
        users.set_roles(bob, {Role.USER_PORTAL}, by=None)
    else:
        users.disable(bob, by=None)
    assert ownership.asked_by(row(device)) is None
    with pytest.raises(Refused):
        ownership.answer(row(device), True, by=alice)
    assert row(device).next_ownership is None
    ownership.change(row(device), "company", by=carol)
    assert ownership.asked_by(row(device)) == carol


def test_nobody_answers_for_another(device: Device, alice: User, bob: User, carol: User, dave: User) -> None:
    ownership.change(device, "company", by=carol)
    for person in (bob, carol, dave):
        with pytest.raises(Forbidden):
            ownership.answer(device, True, by=person)
    assert is_asked(device)


def test_nobody_else_asks(device: Device, bob: User, dave: User) -> None:
    for person in (bob, dave):
        with pytest.raises(Forbidden):
            ownership.change(device, "company", by=person)


def test_an_administrator_does_not_ask_themselves(carol: User, a_device: Callable[..., Device]) -> None:
    own = a_device(carol)
    with pytest.raises(Forbidden):
        ownership.change(own, "company", by=carol)
    users.set_roles(carol, {Role.USER_PORTAL, Role.ADMINISTRATOR, Role.CHANGE_OWNERSHIP}, by=None)
    ownership.change(own, "company", by=User.get_by_id(carol.id))
    assert (row(own).next_ownership, is_asked(own)) == (Ownership.COMPANY, False)


def test_agreeing_and_taking_back_at_once_end_in_one_of_the_two(
    device: Device, alice: User, carol: User, at_once: Callable[..., list[Any]]
) -> None:
    ownership.change(device, "company", by=carol)
    deeds = iter([
        lambda: ownership.answer(row(device), True, by=User.get_by_id(alice.id)),
        lambda: ownership.change(row(device), "employee", by=User.get_by_id(carol.id)),
    ])  # fmt: skip
    at_once(2, lambda: next(deeds)())
    kept = row(device)
    assert kept.asked_ownership is None
    assert audited(device)[1:] in (
        ["device:ownership:withdrawn"],
        ["device:ownership:agreed"],
        ["device:ownership:agreed", "device:ownership:requested"],  # agreed, and taken back after it
    )
    assert (kept.next_ownership == Ownership.COMPANY) == (audited(device)[-1] == "device:ownership:agreed")


def test_where_administrators_wipe_all_devices_consent_is_still_asked(device: Device, carol: User) -> None:
    settings.put("admin_wipes_employee_devices", "on", by=None)
    ownership.change(device, "company", by=carol)
    assert (row(device).next_ownership, is_asked(device)) == (None, True)
