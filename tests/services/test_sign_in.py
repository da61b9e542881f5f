"""Checking who somebody is: one answer for every failure, and waits that a stranger cannot turn against the owner."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from models import AuditEntry, AuditText, Role, Throttle, User
from services import passwords, settings, sign_in, throttle, users
from services.sign_in import TooMany, Wrong
from tests.conftest import PASSWORD, Clock
from tests.services.conftest import audited, last_entry

HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"


def attempt(username: str = "alice", password: str = PASSWORD, address: str = HERE, **more: Any) -> User:
    return sign_in.attempt(username, password, address, **more)


def fail(times: int, username: str = "alice", address: str = HERE, **more: Any) -> None:
    for _ in range(times):
        with pytest.raises(Wrong):
            attempt(username, "wrong", address, **more)


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Each password check: was it against somebody's own hash?"""
    made = []
    verify = passwords.verify

    def counting(password_hash: Any, value: str) -> Any:
        made.append(password_hash is not None)
        return verify(password_hash, value)

    monkeypatch.setattr(passwords, "verify", counting)
    return made


@pytest.fixture
def strangers(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many of them, each at an address of their own, have tried Alice's account until it waits its longest."""
    monkeypatch.setattr(sign_in, "ACCOUNT_LIMIT", 6)
    for number in range(4):
        Throttle.update(blocked_until=0).execute()
        fail(4, address=f"203.0.113.{number}")


@pytest.mark.parametrize("username", ["alice", "ALICE", "  Alice "])
def test_the_right_password_signs_in(alice: User, username: str) -> None:
    assert attempt(username) == alice


def test_every_failure_reads_the_same_and_computes_one_hash(
    alice: User, bob: User, carol: User, checks: list[bool]
) -> None:
    users.disable(bob, by=None)
    users.set_roles(carol, {Role.USER_PORTAL, Role.ADMINISTRATOR}, by=None)
    fail(6, "carol")
    users.set_roles(alice, {Role.WIPE}, by=None)
    said = set()
    for username, password in (
        ("nobody", PASSWORD),  # unknown
        ("dave", "wrong"),  # wrong
        ("carol", PASSWORD),  # locked
        ("bob", PASSWORD),  # disabled
        ("alice", PASSWORD),  # without the User Portal role
        ("", ""),
    ):
        checks.clear()
        with pytest.raises(Wrong) as wrong:
            attempt(username, password)
        said.add((str(wrong.value), wrong.value.message, wrong.value.field, str(wrong.value.params)))
        assert len(checks) == 1, username
    assert len(said) == 1


def test_a_locked_account_is_not_even_compared(checks: list[bool]) -> None:
    fail(6)
    checks.clear()
    with pytest.raises(Wrong):
        attempt()
    assert checks == [False]


@pytest.mark.parametrize("limit", [3, 6, 20])
def test_the_limit_is_exact(decide: Callable[..., None], limit: int) -> None:
    decide(sign_in_failures=limit)
    fail(limit - 1)
    assert attempt()
    fail(limit)
    with pytest.raises(Wrong):
        attempt()


def test_the_limit_is_exact_under_32_tries_at_the_same_instant(
    alice: User, at_once: Callable[..., list[Any]], checks: list[bool]
) -> None:
    answers = at_once(32, lambda: attempt(password="wrong"))
    assert all(isinstance(answer, Wrong) for answer in answers)
    assert (checks.count(True), len(checks)) == (6, 32)
    assert audited(alice).count("user:sign_in:failed") == 32


def test_the_wait_grows_and_ends(clock: Clock) -> None:
    fail(6)
    for seconds in (30, 60, 120):
        clock.move(seconds - 1)
        with pytest.raises(Wrong):
            attempt()
        clock.move(1)
        fail(1)
    clock.move(240)
    assert attempt()


def test_a_success_begins_the_count_anew() -> None:
    fail(5)
    attempt()
    fail(5)
    assert attempt()


def test_waiting_for_one_account_is_not_waiting_for_another(bob: User) -> None:
    fail(6, "alice")
    assert attempt("bob") == bob


def test_failures_elsewhere_do_not_lock_the_owner_out_here(alice: User) -> None:
    fail(6, address=ELSEWHERE)
    assert attempt(address=HERE) == alice


def test_one_stranger_at_one_address_never_makes_the_owner_wait(alice: User, clock: Clock) -> None:
    for _ in range(60):
        with pytest.raises((Wrong, TooMany)):
            attempt(password="wrong", address=ELSEWHERE)
        clock.move(1)
    assert attempt(address=HERE) == alice


def test_many_strangers_make_new_browsers_wait_but_not_for_long(
    alice: User, clock: Clock, strangers: None
) -> None:
    with pytest.raises(Wrong):
        attempt(address=HERE)
    clock.move(sign_in.ACCOUNT_LONGEST_WAIT)
    assert attempt(address=HERE) == alice


def test_a_known_browser_does_not_wait_for_what_strangers_did(alice: User, strangers: None) -> None:
    fail(6, address=HERE)
    assert attempt(address=HERE, known_browser=True) == alice


def test_a_known_browser_waits_for_its_own_failures(clock: Clock) -> None:
    fail(6, known_browser=True)
    with pytest.raises(Wrong):
        attempt(known_browser=True)
    clock.move(30)
    assert attempt(known_browser=True)


@pytest.fixture
def flood(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody tried name after name from ELSEWHERE, and has just begun."""
    monkeypatch.setattr(sign_in, "ADDRESS_LIMIT", 10)
    for number in range(10):
        fail(1, f"nobody-{number}", ELSEWHERE)
    assert is_flooded()


def is_flooded() -> bool:
    return throttle.wait(f"address:{ELSEWHERE}") > 0


def test_another_address_of_the_same_ipv6_network_does_not_start_the_count_again(alice: User) -> None:
    fail(settings.load().sign_in_failures, address="2001:db8::1")
    with pytest.raises(Wrong):
        attempt(address="2001:db8::2")
    assert attempt(address="2001:db8:0:1::2") == alice


def test_from_an_address_that_floods_one_try_in_five_seconds_is_made_whatever_account_it_is_for(
    bob: User, clock: Clock, flood: None, checks: list[bool]
) -> None:
    fail(1, "nobody-else", ELSEWHERE)
    checks.clear()
    with pytest.raises(TooMany) as too_many:
        attempt("bob", address=ELSEWHERE)
    assert too_many.value.seconds == 5
    assert checks == [], "it costs no hash"
    assert attempt("bob", address=HERE) == bob
    clock.move(5)
    assert attempt("bob", address=ELSEWHERE) == bob
    assert is_flooded()


def test_a_flood_that_never_ends_keeps_nobody_behind_the_same_address_out(
    alice: User, clock: Clock, flood: None
) -> None:
    for number in range(60):
        clock.move(50)
        fail(1, f"again-{number}", ELSEWHERE)
        clock.move(10)
        assert attempt("alice", address=ELSEWHERE) == alice
    assert is_flooded()


def test_a_flood_guesses_slowly(clock: Clock, flood: None, checks: list[bool]) -> None:
    checks.clear()
    for second in range(600):
        with pytest.raises((Wrong, TooMany)):
            attempt(("alice", "bob", f"nobody-{second}")[second % 3], "wrong", ELSEWHERE)
        clock.move(1)
    assert len(checks) <= 600 // sign_in.FLOOD_PAUSE
    assert checks.count(True) <= 2 * 5, "each name waits 30, 60, 120, 240 seconds"


def test_where_a_flood_comes_from_each_name_waits_after_its_first_failure(
    carol: User, clock: Clock, flood: None
) -> None:
    fail(1, "bob", ELSEWHERE)
    clock.move(5)
    with pytest.raises(TooMany) as too_many:
        attempt("bob", address=ELSEWHERE)
    assert too_many.value.seconds == 25
    clock.move(5)
    assert attempt("carol", address=ELSEWHERE) == carol


def test_a_success_does_not_forgive_the_address(flood: None) -> None:
    attempt("bob", address=ELSEWHERE)
    assert is_flooded()


def test_a_known_browser_does_not_wait_for_a_flood_from_its_address(bob: User, flood: None) -> None:
    fail(1, "nobody", ELSEWHERE)
    for _ in range(3):
        assert attempt("bob", address=ELSEWHERE, known_browser=True) == bob


def test_a_known_browser_that_waits_for_itself_costs_no_hash_in_a_flood(
    clock: Clock, flood: None, checks: list[bool]
) -> None:
    fail(6, "bob", ELSEWHERE, known_browser=True)
    checks.clear()
    for _ in range(20):
        with pytest.raises(TooMany):
            attempt("bob", address=ELSEWHERE, known_browser=True)
    assert checks == []
    clock.move(30)
    assert attempt("bob", address=ELSEWHERE, known_browser=True)


def test_a_failure_is_in_the_history_with_its_address_beside_the_chain(alice: User) -> None:
    fail(1)
    entry = last_entry("user:sign_in:failed")
    assert (entry.user, entry.actor_kind, entry.params) == (alice.code, "system", {})
    assert AuditText.get_by_id(entry.id).text == {"address": HERE}
    with pytest.raises(Wrong):
        attempt("nobody-we-know")
    entry = last_entry("user:sign_in:failed")
    assert entry.user == ""
    assert "nobody-we-know" not in str(AuditEntry.get_by_id(entry.id).__data__)


def test_the_throttle_holds_no_names() -> None:
    fail(1)
    fail(1, "a-secret-typed-as-name")
    keys = " ".join(row.key for row in Throttle.select())
    assert "alice" not in keys and "a-secret-typed-as-name" not in keys


def test_giving_the_password_once_more(alice: User) -> None:
    sign_in.prove_again(alice, PASSWORD, HERE)
    for _ in range(6):
        with pytest.raises(Wrong):
            sign_in.prove_again(alice, "wrong", HERE)
    with pytest.raises(Wrong):
        sign_in.prove_again(alice, PASSWORD, HERE)


@pytest.mark.parametrize(
    "username", ["\0", "'; DROP TABLE user; --", "x" * 1_000_000, "<b>", "\r\n", "🙂", "alice\0"]
)
@pytest.mark.parametrize("password", ["\0", "x" * 1_000_000, "🙂", "", "\ud800"])
def test_bad_input_is_wrong_and_nothing_worse(username: str, password: str) -> None:
    with pytest.raises(Wrong):
        attempt(username, password)
