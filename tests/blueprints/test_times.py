"""Moments in the reader's words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from blueprints.shared import times
from services import settings
from tests.conftest import Clock

MINUTE, HOUR, DAY = 60, 3600, 86_400
TEN_PAST = 1_790_071_800  # 2026-09-22 10:10:00 UTC


@pytest.fixture(autouse=True)
def reading(app: Flask, clock: Clock) -> Iterator[None]:
    clock.now = TEN_PAST
    with app.test_request_context():
        yield


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (-500, "just now"),
        (0, "just now"),
        (44, "just now"),
        (45, "1 minute ago"),
        (2 * MINUTE, "2 minutes ago"),
        (59 * MINUTE, "59 minutes ago"),
        (3 * HOUR, "3 hours ago"),
        (2 * DAY, "2 days ago"),
        (400 * DAY, "1 year ago"),
    ],
)
def test_how_long_ago(age: int, words: str) -> None:
    assert times.ago_text(TEN_PAST - age) == words


@pytest.mark.parametrize(
    ("later", "words"),
    [
        (4 * HOUR, "14:10 today"),
        (14 * HOUR, "00:10 tomorrow"),
        (-11 * HOUR, "23:10 yesterday"),
        (5 * DAY, "10:10 on 27 September"),
        (200 * DAY, "10:10 on 10 April 2027"),
    ],
)
def test_clock_times(later: int, words: str) -> None:
    assert times.clock_text(TEN_PAST + later) == words


def test_times_for_the_margin_of_a_history() -> None:
    assert ">Today 10:10<" in times.log_time(TEN_PAST)
    assert ">Yesterday 10:10<" in times.log_time(TEN_PAST - DAY)
    assert ">15 September<" in times.log_time(TEN_PAST - 7 * DAY)


def test_exact_times_and_days() -> None:
    assert times.exact(TEN_PAST) == '<time datetime="2026-09-22T10:10:00Z">22 September 2026, 10:10:00</time>'
    assert times.day(TEN_PAST) == '<time datetime="2026-09-22T10:10:00Z">22 September 2026</time>'


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (-5, "0 minutes"),
        (0, "0 minutes"),
        (1, "1 minute"),
        (60, "1 minute"),
        (3 * HOUR + 57 * MINUTE + 1, "3 hours 58 minutes"),
        (4 * HOUR, "4 hours"),
        (2 * DAY + 3 * HOUR + 5, "2 days 3 hours"),
    ],
)
def test_time_left(left: int, words: str) -> None:
    assert times.time_left(TEN_PAST + left) == words


@pytest.mark.parametrize(
    ("zone", "country", "words"),
    [
        ("Europe/London", "GB", "15:10 today"),
        ("Asia/Tokyo", "GB", "23:10 today"),
        ("Pacific/Auckland", "GB", "02:10 tomorrow"),
        ("America/New_York", "US", "10:10\u202fAM today"),
        ("UTC", "JP", "2:10\u202fPM today"),
    ],
)
def test_the_organisations_zone_and_country_decide(app: Flask, zone: str, country: str, words: str) -> None:
    settings.put("time_zone", zone, by=None)
    settings.put("country", country, by=None)
    with app.test_request_context():
        assert times.clock_text(TEN_PAST + 4 * HOUR) == words
