"""Who may do what: the whole matrix of person x action, and what status and channel take away."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from models import Command, Device, Ownership, Role, Status, User, UserRole
from services import channels, permissions, users
from services.channels import agent
from services.permissions import Action
from services.refused import Forbidden, Refused

HERE = {Status.ACTIVE, Status.LOST}
CAN = {Action.REFRESH, Action.LOCK, Action.MESSAGE, Action.RETIRE, Action.WIPE}  # the agent's channel

ADMINISTRATORS_ALONE = {Action.RETIRE_WITHOUT_DEVICE, Action.BLOCK, Action.UNBLOCK}

# What each person of the cast may do to Alice's own device, by right alone.
RIGHTS = {
    "alice": set(Action) - ADMINISTRATORS_ALONE,
    "bob": set(),
    "carol": set(Action) - {Action.RENAME, Action.WIPE},
    "dave": {Action.REFRESH, Action.LOCK},
}

# In which statuses each action is possible.
POSSIBLE = {
    Action.REFRESH: HERE | {Status.RETIRE_PENDING, Status.WIPE_PENDING},
    Action.LOCK: HERE,
    Action.UNLOCK: HERE,
    Action.LOCATE: HERE,
    Action.PLAY_SOUND: {Status.LOST},
    Action.RESTART: HERE,
    Action.MESSAGE: HERE,
    Action.REPORT_LOST: {Status.ACTIVE},
    Action.REPORT_FOUND: {Status.LOST},
    Action.CHANGE_OWNERSHIP: HERE,
    Action.RENAME: set(Status) - {Status.RETIRED, Status.WIPED, Status.EXPIRED, Status.CANCELLED},
    Action.RETIRE: HERE | {Status.BLOCKED},
    Action.WIPE: HERE | {Status.BLOCKED, Status.RETIRE_PENDING},
    Action.RETIRE_WITHOUT_DEVICE: HERE | {Status.BLOCKED, Status.RETIRE_PENDING, Status.WIPE_PENDING},
    Action.BLOCK: {Status.ACTIVE},
    Action.UNBLOCK: {Status.BLOCKED},
}
ORDERS = CAN | {Action.UNLOCK, Action.LOCATE, Action.PLAY_SOUND, Action.RESTART}

# The one role that gives an owner the right; nothing: every owner has it.
OWNERS_ROLE = {
    Action.REFRESH: None,
    Action.RENAME: None,
    Action.LOCK: Role.LOCK,
    Action.MESSAGE: Role.LOCK,
    Action.REPORT_LOST: Role.LOCK,
    Action.REPORT_FOUND: Role.LOCK,
    Action.UNLOCK: Role.UNLOCK,
    Action.LOCATE: Role.LOCATE,
    Action.PLAY_SOUND: Role.LOCATE,
    Action.RESTART: Role.LOCK,
    Action.CHANGE_OWNERSHIP: Role.CHANGE_OWNERSHIP,
    Action.RETIRE: Role.RETIRE,
    Action.WIPE: Role.WIPE,
    **dict.fromkeys(ADMINISTRATORS_ALONE, Role.ADMINISTRATOR),
}


def with_roles(user: User, *roles: Role) -> User:
    users.set_roles(user, roles, by=None)
    return User.get_by_id(user.id)


def answer(user: User, device: Device, action: Action) -> str:
    try:
        permissions.check(user, device, action)
    except Forbidden:
        return "no right"
    except Refused:
        return "not now"
    return "yes"


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("name", RIGHTS)
def test_button_and_deed_give_the_same_answer_for_everybody_in_every_status(
    alice: User, a_device: Callable[..., Device], request: pytest.FixtureRequest, name: str, status: Status
) -> None:
    device, person = a_device(alice, status), request.getfixturevalue(name)
    expected = {}
    for action in Action:
        if action not in RIGHTS[name]:
            expected[action] = "no right"
        elif status in POSSIBLE[action] and (action not in ORDERS or action in CAN):
            expected[action] = "yes"
        else:
            expected[action] = "not now"
    assert {action: answer(person, device, action) for action in Action} == expected
    allowed = {action for action, said in expected.items() if said == "yes"}
    assert permissions.allowed_actions(person, device) == allowed


@pytest.mark.parametrize("action", list(Action))
def test_an_owner_needs_the_one_role_of_the_action(
    alice: User, a_device: Callable[..., Device], action: Action
) -> None:
    device = a_device(alice)
    needed = OWNERS_ROLE[action]
    others = [role for role in Role if role not in (needed, Role.ADMINISTRATOR, Role.HELP_DESK)]
    without = with_roles(alice, *others)
    assert permissions.still_may(without, device, action) == (needed is None)
    if needed is not None:
        assert permissions.still_may(with_roles(alice, Role.USER_PORTAL, needed), device, action)


@pytest.mark.parametrize("name", RIGHTS)
def test_without_the_user_portal_nobody_may_anything(
    alice: User, a_device: Callable[..., Device], request: pytest.FixtureRequest, name: str
) -> None:
    device, person = a_device(alice), request.getfixturevalue(name)
    UserRole.delete().where(UserRole.user == person, UserRole.role == Role.USER_PORTAL).execute()
    assert permissions.allowed_actions(person, device) == frozenset()


def test_a_disabled_account_may_nothing(alice: User, a_device: Callable[..., Device]) -> None:
    device = a_device(alice)
    users.disable(alice, by=None)
    assert permissions.allowed_actions(User.get_by_id(alice.id), device) == frozenset()


def test_roles_act_on_the_next_question(alice: User, bob: User, a_device: Callable[..., Device]) -> None:
    device = a_device(bob)
    assert Action.WIPE not in permissions.allowed_actions(bob, device)
    users.set_roles(bob, {Role.USER_PORTAL, Role.WIPE}, by=None)
    assert Action.WIPE in permissions.allowed_actions(bob, device)


def test_every_role_of_a_user_on_anothers_device_gives_nothing(
    alice: User, bob: User, a_device: Callable[..., Device]
) -> None:
    device = a_device(alice)
    everything = set(Role) - {Role.HELP_DESK, Role.ADMINISTRATOR}
    assert permissions.allowed_actions(with_roles(bob, *everything), device) == frozenset()


# Company and employee


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.LOST, Status.BLOCKED, Status.RETIRE_PENDING])
def test_an_administrator_wipes_what_is_the_companys(
    alice: User, carol: User, a_device: Callable[..., Device], status: Status
) -> None:
    assert answer(carol, a_device(alice, status, ownership=Ownership.COMPANY), Action.WIPE) == "yes"


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.LOST, Status.BLOCKED, Status.RETIRE_PENDING])
def test_an_administrator_does_not_wipe_what_is_the_employees(
    alice: User, carol: User, a_device: Callable[..., Device], status: Status
) -> None:
    assert answer(carol, a_device(alice, status), Action.WIPE) == "no right"


def test_unless_the_organisation_switched_it_on(
    alice: User, carol: User, a_device: Callable[..., Device], decide: Callable[..., None]
) -> None:
    decide(admin_wipes_employee_devices=True)
    assert answer(carol, a_device(alice), Action.WIPE) == "yes"


@pytest.mark.parametrize("ownership", list(Ownership))
def test_the_owner_wipes_either(alice: User, a_device: Callable[..., Device], ownership: str) -> None:
    assert answer(alice, a_device(alice, ownership=ownership), Action.WIPE) == "yes"


def test_what_will_be_the_companys_is_still_the_employees(
    alice: User, carol: User, a_device: Callable[..., Device]
) -> None:
    device = a_device(alice, next_ownership=Ownership.COMPANY)
    assert answer(carol, device, Action.WIPE) == "no right"


def test_an_administrator_may_ask_about_the_ownership_of_others_only(
    alice: User, carol: User, a_device: Callable[..., Device]
) -> None:
    for ownership in Ownership:
        assert answer(carol, a_device(alice, ownership=ownership), Action.CHANGE_OWNERSHIP) == "yes"
    assert answer(carol, a_device(carol), Action.CHANGE_OWNERSHIP) == "no right"


def test_an_administrator_wipes_their_own_device_by_the_role_only(
    carol: User, a_device: Callable[..., Device]
) -> None:
    device = a_device(carol)
    assert answer(carol, device, Action.WIPE) == "no right"
    carol = with_roles(carol, Role.USER_PORTAL, Role.ADMINISTRATOR, Role.WIPE)
    assert answer(carol, device, Action.WIPE) == "yes"


# Seeing, registering, resending, cancelling


def test_who_sees_a_device(
    alice: User, bob: User, carol: User, dave: User, a_device: Callable[..., Device]
) -> None:
    device = a_device(alice)
    seen_by = [permissions.may_see(user, device) for user in (alice, bob, carol, dave)]
    assert seen_by == [True, False, True, True]


def test_who_registers_and_who_resends(alice: User, bob: User, carol: User, dave: User) -> None:
    assert [permissions.may_register_for(by, alice) for by in (alice, bob, carol, dave)] == [
        True,
        False,
        True,
        False,
    ]
    assert [permissions.may_resend_for(by, alice) for by in (alice, bob, carol, dave)] == [
        True,
        False,
        True,
        True,
    ]
    assert not permissions.may_register_for(bob, bob), "without the Register role"


@pytest.mark.parametrize("ownership", list(Ownership))
def test_who_takes_an_administrators_order_back(
    alice: User, bob: User, carol: User, dave: User, a_device: Callable[..., Device], ownership: str
) -> None:
    device = a_device(alice, ownership=ownership)
    command = Command(device=device, asked_by=carol)
    may = {user.username: permissions.may_cancel(user, command) for user in (alice, bob, carol, dave)}
    assert may == {"alice": ownership == Ownership.EMPLOYEE, "bob": False, "carol": True, "dave": False}


# What the channel cannot


def test_what_the_channel_cannot_is_said_in_a_sentence(
    alice: User, bob: User, a_device: Callable[..., Device]
) -> None:
    device = a_device(alice)
    channel = channels.of_device(device)
    said = [channel.why_not(device, action) for action in (Action.UNLOCK, Action.LOCATE)]
    assert permissions.unavailable(alice, device) == said
    assert all(sentence.endswith(".") for sentence in said)
    assert permissions.unavailable(bob, device) == []
    assert permissions.unavailable(with_roles(alice, Role.USER_PORTAL, Role.LOCATE), device) == said[1:]


@pytest.mark.parametrize("status", [Status.PENDING, Status.RETIRED])
def test_it_is_not_said_where_the_action_would_make_no_sense(
    alice: User, a_device: Callable[..., Device], status: Status
) -> None:
    assert permissions.unavailable(alice, a_device(alice, status)) == []


def test_a_channel_that_can_less_takes_the_button_and_the_deed(
    alice: User, a_device: Callable[..., Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    device = a_device(alice)
    monkeypatch.setattr(agent, "CAN", frozenset({"refresh"}))
    assert Action.LOCK not in permissions.allowed_actions(alice, device)
    with pytest.raises(Refused, match="This kind of device cannot do that"):
        permissions.check(alice, device, Action.LOCK)


def test_the_sentence_says_why_not_now(alice: User, a_device: Callable[..., Device]) -> None:
    reasons = {
        (Status.WIPE_PENDING, Action.WIPE): "already being wiped",
        (Status.RETIRE_PENDING, Action.LOCK): "already being retired",
        (Status.RETIRED, Action.LOCK): "has left",
        (Status.BLOCKED, Action.LOCK): "is blocked",
        (Status.ACTIVE, Action.REPORT_FOUND): "not reported lost",
        (Status.LOST, Action.REPORT_LOST): "already reported lost",
        (Status.PENDING, Action.LOCK): "has not joined yet",
    }
    for (status, action), words in reasons.items():
        with pytest.raises(Refused, match=words):
            permissions.check(alice, a_device(alice, status), action)


def test_the_sentence_says_why_an_administrator_cannot_block_or_unblock_now(
    alice: User, carol: User, a_device: Callable[..., Device]
) -> None:
    reasons = {
        (Status.LOST, Action.BLOCK): "when it is found",
        (Status.BLOCKED, Action.BLOCK): "is blocked",
        (Status.PENDING, Action.BLOCK): "has not joined yet",
        (Status.LOST, Action.UNBLOCK): "is not blocked",
        (Status.WIPED, Action.RETIRE_WITHOUT_DEVICE): "has left",
    }
    for (status, action), words in reasons.items():
        with pytest.raises(Refused, match=words):
            permissions.check(carol, a_device(alice, status), action)


def test_known_roles_are_not_asked_for_again(alice: User) -> None:
    alice.known_roles = frozenset({Role.USER_PORTAL})
    assert permissions.roles_of(alice) == {Role.USER_PORTAL}
    assert permissions.roles_of(User.get_by_id(alice.id)) > {Role.USER_PORTAL, Role.WIPE}


@pytest.mark.parametrize("status", sorted(Status))
def test_a_place_is_told_of_a_lost_device_and_to_whoever_may_ask_it(
    alice: User, bob: User, carol: User, dave: User, a_device: Callable[..., Device], status: Status
) -> None:
    device = a_device(alice, status)
    see = [
        person.username for person in (alice, bob, carol, dave) if permissions.may_see_place(person, device)
    ]
    assert see == (["alice", "carol"] if status == Status.LOST else [])
    UserRole.delete().where(UserRole.user == alice, UserRole.role == Role.LOCATE).execute()
    assert not permissions.may_see_place(alice, device)


def test_the_pin_of_a_mac_is_told_to_its_owner_and_to_whoever_helps(
    alice: User, bob: User, carol: User, dave: User, a_device: Callable[..., Device]
) -> None:
    device = a_device(alice)
    see = [person.username for person in (alice, bob, carol, dave) if permissions.may_see_pin(person, device)]
    assert see == ["alice", "carol", "dave"]
