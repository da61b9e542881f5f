"""Signed-in browsers: what ends a session, what a token is worth, and secrets that are shown once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from models import Role, User, UserSession
from services import own_password, sessions, users
from services.codes import digest
from services.sessions import SignedIn
from tests.conftest import PASSWORD, Clock

MINUTE, HOUR = 60, 3600


@pytest.fixture
def token(alice: User) -> str:
    return sessions.start(alice, "Firefox on Linux", "192.0.2.1")


def load(token: str) -> SignedIn | None:
    return sessions.load(token)


def test_a_token_tells_who_is_asking(token: str, alice: User, clock: Clock) -> None:
    signed_in = load(token)
    assert (signed_in.user, signed_in.user.username) == (alice, "alice")
    assert signed_in.roles == signed_in.user.known_roles >= {Role.USER_PORTAL, Role.WIPE}
    session = signed_in.session
    assert (session.browser, session.address) == ("Firefox on Linux", "192.0.2.1")
    assert (session.created_at, session.last_seen_at, session.proved_at) == (clock.now,) * 3


def test_what_load_gives_is_what_the_rows_hold(token: str, alice: User) -> None:
    user, row = load(token).user, User.get_by_id(alice.id)
    for field in (
        "id",
        "code",
        "username",
        "name",
        "email",
        "phone_number",
        "password_hash",
        "language",
        "time_zone",
    ):
        assert getattr(user, field) == getattr(row, field), field
    assert user.is_disabled is False


def test_the_database_holds_only_the_tokens_digest(token: str) -> None:
    row = UserSession.get()
    assert row.token_hash == digest(token)
    assert token not in str(row.__data__)


@pytest.mark.parametrize("other", ["", "x", "\0", "\ud800", "a" * 100_000, "' OR 1=1 --"])
def test_nobody_elses_token_opens_it(token: str, other: str) -> None:
    assert load(other) is None
    assert load(digest(token)) is None
    assert load(token[:-1]) is None


def test_a_session_is_dead_after_its_end_a_copied_token_too(token: str, alice: User) -> None:
    signed_in = load(token)
    other = sessions.start(alice)
    sessions.end(signed_in.session)
    assert load(token) is None
    assert load(other) is not None


def test_ending_all_but_this_one(token: str, alice: User, bob: User) -> None:
    bobs = sessions.start(bob)
    here = sessions.start(alice)
    sessions.start(alice)
    assert sessions.end_all(alice, except_code=load(here).session.code) == 2
    assert (load(token), load(here) is None, load(bobs) is None) == (None, False, False)
    assert sessions.end_all(alice) == 1
    assert load(here) is None


@pytest.mark.parametrize("minutes", [5, 15, 90])
def test_it_ends_when_idle_to_the_second(
    token: str, clock: Clock, decide: Callable[..., None], minutes: int
) -> None:
    decide(idle_minutes=minutes)
    clock.move(minutes * MINUTE - 1)
    assert load(token) is not None
    clock.move(1)
    assert load(token) is None


def test_doing_something_keeps_it_alive_and_a_poll_does_not(token: str, clock: Clock) -> None:
    clock.move(10 * MINUTE)
    sessions.touch(load(token).session)
    clock.move(10 * MINUTE)
    assert load(token) is not None, "polls only load"
    clock.move(5 * MINUTE)
    assert load(token) is None


def test_last_seen_is_written_at_most_once_a_minute(token: str, clock: Clock) -> None:
    start = clock.now
    clock.move(59)
    sessions.touch(load(token).session)
    assert UserSession.get().last_seen_at == start
    clock.move(1)
    sessions.touch(load(token).session)
    assert UserSession.get().last_seen_at == start + 60


@pytest.mark.parametrize("hours", [1, 24])
def test_it_ends_in_any_case_after_its_hours(
    token: str, clock: Clock, decide: Callable[..., None], hours: int
) -> None:
    decide(absolute_hours=hours)
    for _ in range(hours * 6 - 1):
        clock.move(10 * MINUTE)
        sessions.touch(load(token).session)
    clock.move(10 * MINUTE - 1)
    assert load(token) is not None
    clock.move(1)
    assert load(token) is None


def test_a_disabled_accounts_sessions_are_dead_and_stay_dead(token: str, alice: User) -> None:
    users.disable(alice, by=None)
    assert load(token) is None
    users.enable(alice, by=None)
    assert load(token) is None


def test_a_row_left_behind_by_a_disabled_account_opens_nothing(token: str, alice: User) -> None:
    User.update(is_disabled=True).where(User.id == alice.id).execute()
    assert load(token) is None


def test_without_the_user_portal_role_nobody_is_signed_in(token: str, alice: User) -> None:
    users.set_roles(alice, {Role.WIPE}, by=None)
    assert load(token) is None
    users.set_roles(alice, set(), by=None)
    assert load(token) is None


def test_roles_are_those_of_now(token: str, alice: User) -> None:
    users.set_roles(alice, {Role.USER_PORTAL, Role.LOCK}, by=None)
    assert load(token).roles == {Role.USER_PORTAL, Role.LOCK}


def test_a_new_password_ends_every_session(token: str, alice: User) -> None:
    new = own_password.change(alice, PASSWORD, "quiet island eleven ferries")
    assert load(token) is None
    assert load(new).user == alice


def test_rotating_gives_a_new_token_and_kills_the_old_one(token: str, clock: Clock) -> None:
    session = load(token).session
    clock.move(10 * MINUTE)
    new = sessions.rotate(session)
    assert load(token) is None
    assert load(new).session.code == session.code
    assert (load(new).session.proved_at, session.token_hash) == (clock.now, digest(new))
    assert UserSession.select().count() == 1


def test_rotating_does_not_lengthen_the_absolute_limit(token: str, clock: Clock) -> None:
    created = load(token).session.created_at
    clock.move(MINUTE)
    assert load(sessions.rotate(load(token).session)).session.created_at == created


def test_a_session_that_was_ended_cannot_be_rotated_back_to_life(token: str) -> None:
    session = load(token).session
    sessions.end(session)
    assert load(sessions.rotate(session)) is None


def test_a_password_counts_as_fresh_for_five_minutes(token: str, clock: Clock) -> None:
    assert sessions.is_fresh(load(token).session)
    clock.move(300)
    assert sessions.is_fresh(load(token).session)
    clock.move(1)
    assert not sessions.is_fresh(load(token).session)
    assert sessions.is_fresh(load(sessions.rotate(load(token).session)).session)


def test_where_i_am_signed_in_lists_living_sessions_last_used_first(
    token: str, alice: User, bob: User, clock: Clock
) -> None:
    sessions.start(bob)
    clock.move(10 * MINUTE)
    second = sessions.start(alice, "Chrome")
    listed = sessions.list_for(alice)
    assert [session.token_hash for session in listed] == [digest(second), digest(token)]
    clock.move(5 * MINUTE)
    assert [session.token_hash for session in sessions.list_for(alice)] == [digest(second)]


def test_a_long_browser_name_is_cut(alice: User) -> None:
    assert len(load(sessions.start(alice, "x" * 10_000)).session.browser) == 200


# Shown once


def test_what_is_kept_for_the_next_page_is_shown_once(token: str) -> None:
    session = load(token).session
    sessions.keep_for_next_page(session, "pin", {"pin": "123456"})
    assert sessions.take(session, "pin") == {"pin": "123456"}
    assert sessions.take(session, "pin") is None
    assert UserSession.get().shown_once is None


def test_it_is_encrypted_until_then(token: str) -> None:
    sessions.keep_for_next_page(load(token).session, "pin", {"pin": "123456"})
    assert b"123456" not in bytes(UserSession.get().shown_once)


def test_several_can_be_kept_and_the_newer_of_a_kind_counts(token: str) -> None:
    session = load(token).session
    sessions.keep_for_next_page(session, "a", {"pin": "1"})
    sessions.keep_for_next_page(session, "b", {"pin": "2"})
    sessions.keep_for_next_page(session, "a", {"pin": "3"})
    assert sessions.take(session, "a") == {"pin": "3"}
    assert sessions.take(session, "b") == {"pin": "2"}


def test_another_session_does_not_get_it(token: str, alice: User) -> None:
    sessions.keep_for_next_page(load(token).session, "pin", {"pin": "123456"})
    assert sessions.take(load(sessions.start(alice)).session, "pin") is None
    assert sessions.take(load(token).session, "pin") == {"pin": "123456"}


def test_of_many_at_the_same_instant_one_page_shows_it(token: str, at_once: Callable[..., list[Any]]) -> None:
    session = load(token).session
    sessions.keep_for_next_page(session, "pin", {"pin": "123456"})
    answers = at_once(16, lambda: sessions.take(session, "pin"))
    assert answers.count({"pin": "123456"}) == 1 and answers.count(None) == 15


def test_rotating_keeps_it_and_ending_drops_it(token: str) -> None:
    session = load(token).session
    sessions.keep_for_next_page(session, "pin", {"pin": "123456"})
    rotated = load(sessions.rotate(session)).session
    sessions.end(rotated)
    assert sessions.take(rotated, "pin") is None


def test_purging_drops_only_what_no_setting_could_keep_alive(token: str, alice: User, clock: Clock) -> None:
    clock.move(24 * HOUR)
    sessions.purge()
    assert UserSession.select().count() == 1
    clock.move(1)
    sessions.purge()
    assert UserSession.select().count() == 0
