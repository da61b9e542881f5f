"""One request computes at a time, and whoever waits lets the next one go on."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from services import turns

SOON = 60  # seconds, on any machine


def in_a_thread(deed: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=deed)
    thread.start()
    return thread


def takes_it(had: threading.Event) -> Callable[[], None]:
    def take() -> None:
        with turns.taken():
            had.set()

    return take


def test_the_next_one_waits_for_the_end_of_a_turn() -> None:
    had = threading.Event()
    with turns.taken():
        thread = in_a_thread(takes_it(had))
        assert not had.wait(0.1)
    thread.join(SOON)
    assert had.is_set()


def test_whoever_waits_lets_the_next_one_go_on_and_then_waits_for_its_end() -> None:
    told: list[str] = []
    began, may_end = threading.Event(), threading.Event()

    def other() -> None:
        with turns.taken():
            began.set()
            assert may_end.wait(SOON)
            told.append("other")

    with turns.taken():
        thread = in_a_thread(other)
        with turns.given_up():
            assert began.wait(SOON)
            may_end.set()
        told.append("first")
    thread.join(SOON)
    assert told == ["other", "first"]


def test_waiting_twice_in_one_another_gives_one_turn_back() -> None:
    had = threading.Event()
    with turns.taken():
        with turns.given_up(), turns.given_up():
            in_a_thread(takes_it(had)).join(SOON)
        assert had.is_set()
        again = threading.Event()
        thread = in_a_thread(takes_it(again))
        assert not again.wait(0.1), "the turn was not taken back"
    thread.join(SOON)


def test_what_goes_wrong_while_waiting_keeps_nobody_out() -> None:
    with pytest.raises(ZeroDivisionError), turns.taken(), turns.given_up():
        raise ZeroDivisionError
    had = threading.Event()
    in_a_thread(takes_it(had)).join(SOON)
    assert had.is_set()


def test_whoever_has_no_turn_gives_none_up() -> None:
    had = threading.Event()
    with turns.taken():

        def wait() -> None:
            with turns.given_up():
                had.set()

        in_a_thread(wait).join(SOON)
        assert had.is_set()
        other = threading.Event()
        thread = in_a_thread(takes_it(other))
        assert not other.wait(0.1), "a turn of somebody else was given up"
    thread.join(SOON)
