"""Limits and races: what happens when two things happen at once, or in an order that nobody wished for.

Here stand those that cross from one rule into another. Others stand with their rule: the per-user limit under 20
parallel requests (test_registration_rules), 64 at once on one secret (tests/test_redemption_races), cancel against
sent (test_commands), an answer after cancelling, a role revoked, an asker disabled and an ownership changed with
commands queued (test_deliveries), renewing kills the old secrets (test_registrations), a stable id that is known
already and a device that is joining is left alone (test_enrolment), two clicks in a browser (tests/browser).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from models import (
    Command,
    CommandState,
    Device,
    Message,
    MessageState,
    Ownership,
    Registration,
    Role,
    Status,
    User,
    Way,
)
from services import (
    audit,
    check_ins,
    commands,
    deliveries,
    device_actions,
    enrolment,
    enrolment_tokens,
    ownership,
    registrations,
    users,
    verification,
)
from services.refused import Forbidden, Refused
from tests.conftest import Clock, Mail
from tests.services.conftest import audited, status_of

AtOnce = Callable[..., list[Any]]
FACTS = {"model": "ThinkPad X1", "stable_id": "machine-1"}


def in_turns(*deeds: Callable[[], Any]) -> Callable[[], Any]:
    """For `at_once`: each thread takes the next of the deeds."""
    turn = list(range(100))
    return lambda: deeds[turn.pop() % len(deeds)]()


def started(user: User, way: Way = Way.QR) -> Registration:
    return registrations.start(user, "linux", way, by=user).registration


def fresh(registration: Registration) -> Registration:
    return Registration.get_by_id(registration.id)


def with_token(user: User) -> tuple[Registration, str]:
    registration = started(user)
    return registration, enrolment_tokens.accept(registration, registration.issued_at)


def begin(token: str) -> tuple[Device, str]:
    return enrolment.begin(token, "agent", "linux", FACTS)


# Resend and cancel against redemption


def test_resend_against_redemption_leaves_one_of_the_two(alice: User, at_once: AtOnce) -> None:
    """The device trades its token at the instant in which Alice has the link sent again."""
    registration, token = with_token(alice)
    results = at_once(
        8, in_turns(lambda: begin(token), lambda: registrations.renew(fresh(registration), by=alice))
    )
    began = [result for result in results if isinstance(result, tuple)]
    row = fresh(registration)
    assert len(began) <= 1
    assert row.token_hash is None
    if row.device.status == Status.ENROLLING:
        assert check_ins.device_of(began[0][1]) == row.device
    else:
        assert row.device.status == Status.PENDING
        assert row.device.credential_hash is None
        with pytest.raises(enrolment.UnknownToken):
            begin(token)
    assert audit.verify() == []


def test_resend_after_redemption_ends_what_the_device_has_begun(
    alice: User, dave: User, mailbox: Callable[[], list[Mail]]
) -> None:
    for person in (alice, dave):
        registration, token = with_token(alice)
        device, secret = begin(token)
        registrations.renew(fresh(registration), by=person, way=Way.INVITATION)
        assert status_of(device) == Status.PENDING
        assert check_ins.device_of(secret) is None
    assert [mail.kind for mail in mailbox()].count("invitation") == 2


def test_a_check_in_against_the_resend_leaves_one_of_the_two(alice: User, at_once: AtOnce) -> None:
    """The device confirms at the instant in which Alice, who saw an error on it, begins again."""
    registration, token = with_token(alice)
    device, secret = begin(token)
    at_once(
        8,
        in_turns(
            lambda: check_ins.record(Device.get_by_id(device.id), {}),
            lambda: registrations.renew(fresh(registration), by=alice),
        ),
    )
    is_here = status_of(device) == Status.ACTIVE
    assert is_here or status_of(device) == Status.PENDING
    assert (check_ins.device_of(secret) is not None) == is_here
    assert (fresh(registration).link_hash != registration.link_hash) != is_here


def test_cancel_against_the_device_leaves_no_secret_that_works(alice: User, at_once: AtOnce) -> None:
    registration, token = with_token(alice)
    results = at_once(
        8, in_turns(lambda: begin(token), lambda: registrations.cancel(fresh(registration), by=alice))
    )
    began = [result for result in results if isinstance(result, tuple)]
    if began:
        assert status_of(registration.device) == Status.ENROLLING, "what has begun is not cancelled any more"
        assert "device:registration:cancelled" not in audited(registration.device)
    else:
        assert status_of(registration.device) == Status.CANCELLED
        assert Device.get_by_id(registration.device_id).credential_hash is None


def test_an_older_link_proves_nothing_after_a_resend_and_its_mail_stays_here(
    alice: User, mailbox: Callable[[], list[Mail]]
) -> None:
    issued = registrations.start(alice, "linux", Way.INVITATION, by=alice)
    registrations.renew(issued.registration, by=alice)
    with pytest.raises(Refused):
        verification.opened(issued.link)
    assert [mail.message.state for mail in mailbox()] == [MessageState.CANCELLED, MessageState.WAITING]
    assert mailbox()[0].params == {}


# Orders whose ground gives way


@pytest.mark.parametrize("answer", ["acknowledged", "failed"])
def test_a_result_at_the_instant_of_a_cancel_has_one_outcome(
    alice: User, a_device: Callable[..., Device], at_once: AtOnce, answer: str
) -> None:
    """The order is out; the device says "not now", so it can be cancelled again, and answers after all."""
    device = a_device(alice)
    command = device_actions.wipe(device, device.code, "", by=alice)
    deliveries.offer(device)
    deliveries.finish(device, command.code, "not_now")
    at_once(
        8,
        in_turns(
            lambda: commands.cancel(Command.get_by_id(command.id), by=alice),
            lambda: deliveries.finish(Device.get_by_id(device.id), command.code, answer),
        ),
    )
    assert Command.get_by_id(command.id).state == CommandState.CANCELLED
    assert status_of(device) == Status.ACTIVE, "an answer to what was taken back wipes nothing"
    assert audited(device)[-1] == "device:wipe:cancelled"


def test_an_owner_who_is_disabled_orders_nothing_more_and_others_orders_stand(
    alice: User, carol: User, a_device: Callable[..., Device]
) -> None:
    device = a_device(alice, ownership=Ownership.COMPANY)
    own = device_actions.lock(device, by=alice)
    others = device_actions.refresh(device, by=carol)
    users.disable(alice, by=carol)
    offered = deliveries.offer(Device.get_by_id(device.id))
    assert [command.id for command in offered] == [others.id]
    ended = Command.get_by_id(own.id)
    assert (ended.state, ended.reason) == (CommandState.CANCELLED, "asker_disabled")
    device_actions.wipe(Device.get_by_id(device.id), device.code, "left the company", by=carol)
    assert [command.kind for command in deliveries.offer(Device.get_by_id(device.id))] == ["wipe"]


def test_an_owner_who_is_disabled_finishes_no_registration(alice: User, carol: User) -> None:
    registration, token = with_token(alice)
    waiting = registrations.start(alice, "linux", Way.QR, by=alice)
    users.disable(alice, by=carol)
    with pytest.raises(enrolment.UnknownToken):
        begin(token)
    with pytest.raises(verification.Gone):
        verification.opened(waiting.link)
    assert status_of(registration.device) == Status.VERIFIED


def test_a_role_revoked_between_two_offers_ends_the_order(
    alice: User, a_device: Callable[..., Device]
) -> None:
    device = a_device(alice)
    command = device_actions.lock(device, by=alice)
    assert deliveries.offer(device)
    users.set_roles(alice, {Role.USER_PORTAL}, by=None)
    assert deliveries.offer(Device.get_by_id(device.id)) == []
    assert Command.get_by_id(command.id).reason == "role_revoked"
    assert not deliveries.finish(device, command.code, "not_now")


def test_an_ownership_that_changes_in_the_check_in_in_which_a_wipe_would_go_out(
    alice: User, carol: User, a_device: Callable[..., Device]
) -> None:
    """Carol ordered it while the device was the company's; Alice's change counts from this check-in on."""
    device = a_device(alice, ownership=Ownership.COMPANY)
    ownership.change(device, "employee", by=alice)
    command = device_actions.wipe(device, device.code, "", by=carol)
    check_ins.record(device, {})
    assert deliveries.offer(device) == []
    ended = Command.get_by_id(command.id)
    assert (ended.state, ended.reason) == (CommandState.CANCELLED, "ownership_changed")
    assert status_of(device) == Status.ACTIVE
    with pytest.raises(Forbidden):
        device_actions.wipe(Device.get_by_id(device.id), device.code, "", by=carol)


# The same hardware twice at the same instant


def test_the_same_hardware_begins_twice_at_once_for_one_owner(alice: User, at_once: AtOnce) -> None:
    tokens = [with_token(alice)[1] for _ in range(6)]
    pool = list(tokens)
    began = at_once(6, lambda: begin(pool.pop()))
    assert all(isinstance(result, tuple) for result in began)
    assert [device.status for device in Device.select()].count(Status.ENROLLING) == 1
    for _device, secret in began:
        check_ins.record(check_ins.device_of(secret), FACTS)
    assert [device.status for device in Device.select()].count(Status.ACTIVE) == 1


def test_the_same_hardware_joins_at_once_for_two_owners_and_one_gets_it(
    alice: User, bob: User, carol: User, at_once: AtOnce
) -> None:
    """Neither is in the other's way while both are joining; whose first check-in comes first has it."""
    users.set_roles(bob, {Role.USER_PORTAL, Role.REGISTER}, by=None)
    secrets = [begin(with_token(user)[1])[1] for user in (alice, bob)]
    assert {device.status for device in Device.select()} == {Status.ENROLLING}
    pool = list(secrets)
    at_once(2, lambda: check_ins.record(check_ins.device_of(pool.pop()), FACTS))
    assert sorted(device.status for device in Device.select()) == [Status.ACTIVE, Status.EXPIRED]
    late = Device.get(Device.status == Status.EXPIRED)
    assert audited(late)[-2:] == ["device:enrolment:refused", "device:enrolment:expired"]
    assert audit.verify() == []


# What is joining is left alone


def test_a_token_traded_in_its_last_second_is_not_lapsed_by_the_worker(
    alice: User, clock: Clock, at_once: AtOnce
) -> None:
    registration, token = with_token(alice)
    clock.move(enrolment_tokens.TOKEN_SECONDS - 1)
    results = at_once(8, in_turns(lambda: begin(token), enrolment.expire_due, registrations.expire_due))
    assert sum(isinstance(result, tuple) for result in results) == 1
    clock.move(4 * 3600)
    enrolment.expire_due()
    registrations.expire_due()
    assert status_of(registration.device) == Status.ENROLLING


# Two tabs, and a click too many


def test_two_tabs_one_cancels_and_the_other_resends(alice: User, mailbox: Callable[[], list[Mail]]) -> None:
    issued = registrations.start(alice, "linux", Way.INVITATION, by=alice)
    one, other = fresh(issued.registration), fresh(issued.registration)
    registrations.cancel(one, by=alice)
    with pytest.raises(Refused):
        registrations.renew(other, by=alice)
    assert status_of(issued.device) == Status.CANCELLED
    assert [mail.message.state for mail in mailbox()] == [MessageState.CANCELLED]


def test_two_tabs_in_one_the_device_has_left_and_the_other_orders_nothing_more(
    alice: User, a_device: Callable[..., Device]
) -> None:
    device = a_device(alice)
    other_tab = Device.get_by_id(device.id)
    command = device_actions.retire(device, "", by=alice)
    deliveries.offer(device)
    deliveries.finish(device, command.code, "acknowledged")
    for late in (
        lambda: device_actions.retire(other_tab, "", by=alice),
        lambda: device_actions.wipe(other_tab, other_tab.code, "", by=alice),
        lambda: device_actions.report_lost(other_tab, by=alice),
        lambda: device_actions.lock(other_tab, by=alice),
        lambda: device_actions.message(other_tab, "Hello", by=alice),
    ):
        with pytest.raises(Refused):
            late()
    assert status_of(device) == Status.RETIRED
    assert Command.select().count() == 1


@pytest.mark.parametrize("verb", ["wipe", "retire", "lock", "refresh"])
def test_a_double_click_is_one_order(
    alice: User, a_device: Callable[..., Device], at_once: AtOnce, verb: str
) -> None:
    device = a_device(alice)
    deeds = {
        "wipe": lambda: device_actions.wipe(Device.get_by_id(device.id), device.code, "", by=alice),
        "retire": lambda: device_actions.retire(Device.get_by_id(device.id), "", by=alice),
        "lock": lambda: device_actions.lock(Device.get_by_id(device.id), by=alice),
        "refresh": lambda: device_actions.refresh(Device.get_by_id(device.id), by=alice),
    }
    results = at_once(4, deeds[verb])
    assert sum(isinstance(result, Command) for result in results) == 1
    assert all(isinstance(result, (Command, Refused)) for result in results)
    assert audited(device) == [f"device:{verb}:requested"]


def test_a_double_click_on_send_it_again_leaves_one_mail_on_its_way(
    alice: User, at_once: AtOnce, mailbox: Callable[[], list[Mail]]
) -> None:
    issued = registrations.start(alice, "linux", Way.INVITATION, by=alice)
    at_once(4, lambda: registrations.renew(fresh(issued.registration), by=alice))
    waiting = Message.select().where(Message.state == MessageState.WAITING)
    assert waiting.count() == 1
    (mail,) = [mail for mail in mailbox() if mail.params]
    assert verification.opened(mail.params["link"]) == issued.registration
