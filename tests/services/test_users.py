"""People's accounts: who may be created, what may be changed, and that somebody can always administer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from models import AuditEntry, Role, User, UserRole, UserSession
from services import passwords, sessions, users
from services.refused import Refused
from tests.conftest import Clock
from tests.services.conftest import audited, last_entry

GOOD = "quiet island eleven ferries"


def create(
    username: str = "erin",
    name: str = "Erin Walsh",
    email: str = "erin@harbour.example",
    password: str = GOOD,
    roles: Role = (),
    **more: Any,
) -> User:
    return users.create(username, name, email, password, roles, by=None, **more)


def change(user: User, **changed: Any) -> None:
    details = {"name": user.name, "email": user.email, "phone_number": "", "language": "", "time_zone": ""}
    users.change_details(user, by=user, **{**details, **changed})


def roles_of(user: User) -> set[str]:
    return {row.role for row in UserRole.select().where(UserRole.user == user)}


# Creating


def test_a_new_account(carol: User, clock: Clock) -> None:
    roles = [Role.USER_PORTAL, Role.LOCK, Role.LOCK]
    user = users.create(" Erin ", " Erin   Walsh ", " erin@harbour.example ", GOOD, roles, by=carol)
    row = User.get_by_id(user.id)
    assert (row.username, row.name, row.name_search, row.email) == (
        "erin", "Erin Walsh", "erin walsh", "erin@harbour.example"
    )  # fmt: skip
    assert passwords.verify(row.password_hash, GOOD)
    assert (row.password_changed_at, row.created_at, row.is_disabled) == (clock.now, clock.now, False)
    assert roles_of(user) == {Role.USER_PORTAL, Role.LOCK}
    entry = last_entry("user:account:created")
    assert (entry.actor, entry.user, entry.params) == (
        carol.code,
        user.code,
        {"roles": ["lock", "user_portal"]},
    )


def test_an_account_without_roles_or_password_is_possible() -> None:
    user = create(password=None, roles=())
    assert (User.get_by_id(user.id).password_hash, roles_of(user)) == (None, set())


@pytest.mark.parametrize("username", ["e", "erin.walsh", "erin_w-2@harbour#$", "x" * 64, "STRASSE"])
def test_user_names_that_will_do(username: str) -> None:
    assert create(username).username == username.lower()


@pytest.mark.parametrize(
    "username", ["", " ", "x" * 65, "erin walsh", "érin", "erin\0", "er\nin", "<b>", "../x", "🙂", "a'b"]
)
def test_user_names_that_will_not(username: str) -> None:
    count = User.select().count()
    with pytest.raises(Refused) as refused:
        create(username)
    assert refused.value.field == "username"
    assert User.select().count() == count


def test_a_user_name_is_given_once_in_any_case(alice: User) -> None:
    with pytest.raises(Refused) as refused:
        create("ALICE")
    assert refused.value.field == "username"


def test_of_many_at_the_same_instant_one_gets_the_name(at_once: Callable[..., list[Any]]) -> None:
    answers = at_once(8, create)
    assert sum(isinstance(answer, User) for answer in answers) == 1
    assert sum(isinstance(answer, Refused) and answer.field == "username" for answer in answers) == 7


@pytest.mark.parametrize("name", ["", " ", "x" * 81, "a\0b", "\u202eevil", "\ud800"])
def test_names_that_will_not_do(alice: User, name: str) -> None:
    for attempt in (lambda: create(name=name), lambda: change(alice, name=name)):
        with pytest.raises(Refused) as refused:
            attempt()
        assert refused.value.field == "name"


@pytest.mark.parametrize("name", ["X", "x" * 80, "Zoë Ó Briain", "李 小龍", "O'Neil <b>"])
def test_names_that_will_do(alice: User, name: str) -> None:
    change(alice, name=name)
    assert User.get_by_id(alice.id).name == name


@pytest.mark.parametrize(
    "email",
    [
        "x",
        "@x",
        "x@",
        "a b@c.de",
        "a@b@c",
        "a@-b.c",
        "a@b\nBcc: c@d",
        "a,b@c.de",
        "<a@b.c>",
        "a@b.c\0",
        "x" * 65 + "@b.c",
    ],
)
def test_addresses_that_will_not_do(alice: User, email: str) -> None:
    for attempt in (lambda: create(email=email), lambda: change(alice, email=email)):
        with pytest.raises(Refused) as refused:
            attempt()
        assert refused.value.field == "email"


@pytest.mark.parametrize(
    "email", ["", "a@b", "erin.walsh+muster@mail.harbour.example", "üser@harbour.example"]
)
def test_addresses_that_will_do(alice: User, email: str) -> None:
    change(alice, email=email)
    assert User.get_by_id(alice.id).email == email


def test_a_bad_password_creates_nobody() -> None:
    count = User.select().count()
    for password in ("short", "erin walsh erin", "passwordpassword"):
        with pytest.raises(Refused) as refused:
            create(password=password)
        assert refused.value.field == "password"
    assert User.select().count() == count


def test_the_organisations_name_is_no_password(decide: Callable[..., None]) -> None:
    decide(organisation="Harbour Veterinary Clinic")
    with pytest.raises(Refused):
        create(password="harbour veterinary clinic")


# Finding


def test_finding_by_name_in_any_case_and_by_code(alice: User) -> None:
    assert users.find(" ALICE") == alice
    assert users.by_code(alice.code) == alice
    for nothing in ("", "nobody", "\0", "x" * 100_000, alice.code):
        assert users.find(nothing) is None
    assert users.by_code("alice") is None


# Details


def test_changed_details_are_named_in_the_history_but_not_told(alice: User) -> None:
    change(alice, name="Alice Grant", phone_number="07700 900142", time_zone="Europe/London", language="en")
    row = User.get_by_id(alice.id)
    assert (row.name, row.name_search, row.phone_number) == ("Alice Grant", "alice grant", "+447700900142")
    assert (row.time_zone, row.language, alice.name) == ("Europe/London", "en", "Alice Grant")
    assert last_entry("user:details:changed").params == {
        "changed": ["language", "name", "phone_number", "time_zone"]
    }
    assert "Grant" not in str([entry.__data__ for entry in AuditEntry.select()])


def test_nothing_changed_is_no_entry(alice: User) -> None:
    change(alice)
    assert "user:details:changed" not in audited(alice)


@pytest.mark.parametrize(
    ("field", "value"),
    [("language", "tlh"), ("time_zone", "Mars/Base"), ("time_zone", "../etc/passwd"), ("phone_number", "12")],
)
def test_other_details_that_will_not_do(alice: User, field: str, value: str) -> None:
    with pytest.raises(Refused) as refused:
        change(alice, **{field: value})
    assert refused.value.field == field
    assert "user:details:changed" not in audited(alice)


# Passwords


def test_a_new_password_ends_the_sessions_of_that_account_alone(alice: User, bob: User) -> None:
    sessions.start(alice)
    sessions.start(bob)
    users.store_password(alice, users.new_hash(alice, GOOD), by=None)
    assert [session.user for session in UserSession.select()] == [bob]


# Roles, disabling, and the last administrator


def test_roles_are_replaced(alice: User, carol: User) -> None:
    users.set_roles(alice, {Role.USER_PORTAL, Role.WIPE}, by=carol)
    assert roles_of(alice) == {Role.USER_PORTAL, Role.WIPE}
    assert last_entry("user:roles:changed").params == {"roles": ["user_portal", "wipe"]}
    users.set_roles(alice, [], by=carol)
    assert roles_of(alice) == set()


def test_disabling_and_enabling(alice: User, carol: User) -> None:
    sessions.start(alice)
    users.disable(alice, by=carol)
    assert User.get_by_id(alice.id).is_disabled and alice.is_disabled
    assert UserSession.select().count() == 0
    users.enable(alice, by=carol)
    assert not User.get_by_id(alice.id).is_disabled
    assert audited(alice)[-2:] == ["user:account:disabled", "user:account:enabled"]


@pytest.mark.parametrize(
    "left", [set(), {Role.USER_PORTAL}, {Role.ADMINISTRATOR}], ids=["none", "no admin", "no portal"]
)
def test_the_last_administrator_keeps_what_administering_takes(carol: User, left: set[Role]) -> None:
    with pytest.raises(Refused, match="last administrator"):
        users.set_roles(carol, left, by=carol)
    assert roles_of(carol) == {Role.USER_PORTAL, Role.ADMINISTRATOR}
    with pytest.raises(Refused, match="last administrator"):
        users.disable(carol, by=carol)
    assert not User.get_by_id(carol.id).is_disabled


def test_the_last_administrator_may_get_more_roles(carol: User) -> None:
    users.set_roles(carol, {Role.USER_PORTAL, Role.ADMINISTRATOR, Role.WIPE}, by=carol)


@pytest.mark.parametrize(
    "spare", [{Role.USER_PORTAL}, {Role.ADMINISTRATOR}, {Role.USER_PORTAL, Role.HELP_DESK}]
)
def test_somebody_who_cannot_administer_is_no_spare(carol: User, spare: set[Role]) -> None:
    create(roles=spare)
    with pytest.raises(Refused):
        users.disable(carol, by=carol)


def test_a_disabled_one_is_no_spare_either(carol: User) -> None:
    erin = create(roles={Role.USER_PORTAL, Role.ADMINISTRATOR})
    users.disable(erin, by=carol)
    with pytest.raises(Refused):
        users.disable(carol, by=carol)
    users.enable(erin, by=carol)
    users.disable(carol, by=erin)
    assert users.administrators().count() == 1


def test_two_administrators_cannot_both_leave_at_the_same_instant(
    carol: User, at_once: Callable[..., list[Any]]
) -> None:
    both = [carol, create(roles={Role.USER_PORTAL, Role.ADMINISTRATOR})]
    waiting = list(both)
    answers = at_once(2, lambda: users.disable(waiting.pop(), by=None))
    assert answers.count(None) == 1
    assert users.administrators().count() == 1
