"""Failed attempts: counted exactly, with waits that grow and end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from models import Throttle
from services import throttle
from tests.conftest import Clock


def fail(times: int, limit: int = 3) -> list[int]:
    return [throttle.allow("key", limit) for _ in range(times)]


def test_attempts_below_the_limit_do_not_wait() -> None:
    assert fail(2) == [0, 0]
    assert throttle.wait("key") == 0


def test_the_attempt_at_the_limit_is_made_and_the_next_one_waits() -> None:
    assert fail(4) == [0, 0, 0, 30]
    assert Throttle.get().failures == 3, "an attempt that had to wait is not counted"


def test_the_wait_doubles_with_every_further_failure_up_to_a_quarter_of_an_hour(clock: Clock) -> None:
    fail(3)
    waits = []
    for _ in range(8):
        waits.append(throttle.wait("key"))
        clock.move(waits[-1])
        assert throttle.allow("key", 3) == 0
    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]


def test_the_longest_wait_can_be_shorter(clock: Clock) -> None:
    for _ in range(40):
        throttle.allow("key", 3, longest_wait=120)
        clock.move(throttle.wait("key"))
    throttle.allow("key", 3, longest_wait=120)
    assert throttle.wait("key") == 120


def test_the_wait_ends_to_the_second(clock: Clock) -> None:
    fail(3)
    clock.move(29)
    assert throttle.wait("key") == 1
    assert throttle.allow("key", 3) == 1
    clock.move(1)
    assert throttle.wait("key") == 0
    assert throttle.allow("key", 3) == 0


def test_asking_how_long_counts_nothing() -> None:
    for _ in range(10):
        assert throttle.wait("key") == 0
    assert Throttle.select().count() == 0


def test_a_success_forgets_the_failures() -> None:
    fail(3)
    throttle.forget("key")
    assert throttle.wait("key") == 0
    assert fail(3) == [0, 0, 0]


def test_a_day_without_attempts_forgets_them(clock: Clock) -> None:
    fail(2)
    clock.move(24 * 3600)
    assert fail(3) == [0, 0, 0], "counted from one again"
    assert Throttle.get().failures == 3


def test_keys_do_not_touch_each_other() -> None:
    fail(4)
    assert throttle.allow("another key", 3) == 0


def test_purging_drops_only_what_is_a_day_old(clock: Clock) -> None:
    throttle.allow("old", 3)
    clock.move(24 * 3600 + 1)
    throttle.allow("new", 3)
    throttle.purge()
    assert [row.key for row in Throttle.select()] == ["new"]


@pytest.mark.parametrize("limit", [3, 20])
def test_attempts_at_the_same_instant_get_exactly_the_limit(
    at_once: Callable[..., list[Any]], limit: int
) -> None:
    waits = at_once(32, lambda: throttle.allow("key", limit))
    assert waits.count(0) == limit
    assert waits.count(30) == 32 - limit


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:0:7::1", "2001:db8:0:7::/64"),
        ("2001:db8:0:7:ffff:ffff:ffff:ffff", "2001:db8:0:7::/64"),
        ("2001:db8:0:8::1", "2001:db8:0:8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unknown", "unknown"),
    ],
)
def test_a_sender_is_an_ipv4_address_or_the_64_bits_that_one_household_has(
    address: str, network: str
) -> None:
    assert throttle.network(address) == network
