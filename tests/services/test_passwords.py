"""Passwords and PINs: hashes, equal time, and which passwords are too easy."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from argon2 import PasswordHasher

from models import database
from services import passwords
from services.refused import Refused

GOOD = "calm harbour seven lanterns"


def test_a_hash_belongs_to_its_password_only() -> None:
    kept = passwords.hash(GOOD)
    assert kept.startswith("$argon2id$")
    assert passwords.verify(kept, GOOD)
    for other in ("", GOOD.upper(), GOOD + " ", GOOD[:-1], GOOD + "\0"):
        assert not passwords.verify(kept, other)


def test_equal_passwords_have_different_hashes() -> None:
    assert passwords.hash(GOOD) != passwords.hash(GOOD)


def test_the_cost_is_two_passes_over_19_mebibytes() -> None:
    import importlib.util

    spec = importlib.util.find_spec("services.passwords")
    anew = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(anew)
    cost = (anew.hasher.time_cost, anew.hasher.memory_cost, anew.hasher.parallelism)
    assert cost == (2, 19_456, 1)


@pytest.mark.parametrize("kept", [None, "", "no hash", "$argon2id$v=19$m=8,t=1,p=1$broken"])
def test_without_a_hash_nothing_is_right(kept: Any) -> None:
    for value in (GOOD, "", "nobody has this password"):
        assert not passwords.verify(kept, value)


@pytest.mark.parametrize("kept", ["a hash", None])
@pytest.mark.parametrize("value", [GOOD, "x" * 2_000_000, "\ud800"])
def test_one_hash_is_computed_whatever_is_given(
    monkeypatch: pytest.MonkeyPatch, kept: Any, value: str
) -> None:
    computed = []

    class Counting(PasswordHasher):
        def verify(self, *given: Any) -> Any:
            computed.append(given)
            return super().verify(*given)

    monkeypatch.setattr(passwords, "hasher", Counting(time_cost=1, memory_cost=8, parallelism=1))
    kept = passwords.hash(GOOD) if kept else None
    assert passwords.verify(kept, value) == (kept is not None and value == GOOD)
    assert len(computed) == 1


def test_at_most_two_are_computed_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, guard = 0, 0, threading.Lock()
    pair = threading.Barrier(2)  # each waits for another: however slowly threads start, two run at once

    class Slow(PasswordHasher):
        def verify(self, *given: Any) -> Any:
            nonlocal running, most
            with guard:
                running += 1
                most = max(most, running)
            pair.wait(60)
            threading.Event().wait(0.01)  # long enough for a third one, if it could come
            with guard:
                running -= 1
            return super().verify(*given)

    monkeypatch.setattr(passwords, "hasher", Slow(time_cost=1, memory_cost=8, parallelism=1))
    kept = passwords.hash(GOOD)
    threads = [threading.Thread(target=passwords.verify, args=(kept, GOOD)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "a1b2c3d4e5f6g7h",
        "Donaudampfschiff",
        "日本語のとても長いパスワードです",
        "🙂 some smiling passphrase",
        "qwertzuiop and something else",
        "x" * 10 + "y" * 3 + "zwvu",
        " leading and trailing ",
    ],
)
def test_any_long_password_that_is_not_common_will_do(password: str) -> None:
    passwords.check_policy(password)


@pytest.mark.parametrize("password", ["", "short", "a1b2c3d4e5f6g7", "🙂" * 14])
def test_fifteen_characters_are_the_least(password: str) -> None:
    with pytest.raises(Refused) as refused:
        passwords.check_policy(password)
    assert (refused.value.field, refused.value.params) == ("password", {"least": 15})


def test_1024_characters_are_the_most() -> None:
    long = "".join(chr(97 + number * 7 % 26) + str(number) for number in range(600))
    passwords.check_policy(long[:1024])
    with pytest.raises(Refused) as refused:
        passwords.check_policy(long[:1025])
    assert refused.value.params == {"most": 1024}


@pytest.mark.parametrize("password", ["fifteen and a \0 NUL", "a lone \ud800 surrogate"])
def test_what_cannot_be_hashed_is_refused(password: str) -> None:
    with pytest.raises(Refused):
        passwords.check_policy(password)


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "Password Password",
        "PASSWORDPASSWORDPASS",
        "aaaaaaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc",
        "123123123123123123",
        "abcdefghijklmnopqrs",
        "qponmlkjihgfedcba",
        "1234567890123456",
        "correct horse battery staple",
        "               ",
        "a                 ",
        "p a s s w o r d",
    ],
)
def test_common_ones_and_simple_patterns_are_refused(password: str) -> None:
    with pytest.raises(Refused, match="easy to guess") as refused:
        passwords.check_policy(password)
    assert refused.value.field == "password"


@pytest.mark.parametrize(
    "password",
    [
        "alicemoreno12345",
        "Alice Moreno 2026",
        "morenoalicemoreno",
        "harbour.example1",
        "alice@harbour.example",
        "HARBOURharbour99",
    ],
)
def test_a_persons_own_words_are_refused(password: str) -> None:
    with pytest.raises(Refused, match="easy to guess"):
        passwords.check_policy(password, "alice", "Alice Moreno", "alice harbour example")


def test_an_own_word_that_holds_another_is_found_too() -> None:
    with pytest.raises(Refused, match="easy to guess"):
        passwords.check_policy("benjamin-benjamin", "ben", "Ben Benjamin")


def test_an_own_word_among_enough_others_is_fine() -> None:
    passwords.check_policy("alice sails on quiet water", "alice", "Alice Moreno", "")
    passwords.check_policy(GOOD, "al", "A B", "", "  ")


def test_the_list_holds_only_what_length_alone_would_not_refuse() -> None:
    assert len(passwords._common()) > 1000
    assert all(len(word) >= 8 for word in passwords._common())


def test_nothing_is_hashed_while_others_wait_to_write() -> None:
    kept = passwords.hash(GOOD)
    with database.atomic():
        with pytest.raises(RuntimeError, match="inside a transaction"):
            passwords.hash(GOOD)
        with pytest.raises(RuntimeError, match="inside a transaction"):
            passwords.verify(kept, GOOD)
    assert passwords.verify(kept, GOOD)
