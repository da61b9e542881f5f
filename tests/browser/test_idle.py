"""Three minutes before a session ends by itself, the page says so, and a link keeps it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import House

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
WARNING = "you are signed out, and what you have typed but not sent is lost."


def test_the_warning_comes_in_time_and_the_link_keeps_the_session(browser_of: Open, house: House) -> None:
    page = browser_of("alice")
    page.clock.install()
    page.goto(f"{house.url}/account")
    page.get_by_label("Your name").fill("Half a na")
    page.clock.fast_forward("11:00")  # the minutes that real time adds on a slow machine change nothing
    expect(page.get_by_text(WARNING)).to_have_count(0)
    page.clock.fast_forward("01:20")
    expect(page.get_by_text(WARNING)).to_be_visible()
    with page.expect_response("**/account/stay") as answer:
        page.get_by_role("link", name="Stay signed in").click()
    assert answer.value.status == 204
    expect(page.get_by_text(WARNING)).to_have_count(0)
    expect(page.get_by_label("Your name")).to_have_value("Half a na")
    page.clock.fast_forward("10:00")
    expect(page.get_by_text(WARNING)).to_have_count(0)
    page.clock.fast_forward("01:10")
    expect(page.get_by_text(WARNING)).to_be_visible()


def test_who_goes_on_in_another_tab_is_not_warned(browser_of: Open, house: House) -> None:
    page = browser_of("alice")
    page.clock.install()
    page.goto(f"{house.url}/account")
    page.clock.fast_forward("10:00")
    page.evaluate("localStorage.setItem('session-until', Date.now() + 840000)")  # what the other tab does
    page.clock.fast_forward("03:00")
    expect(page.get_by_text(WARNING)).to_have_count(0)


def test_a_stranger_is_warned_of_nothing(browser_of: Open, house: House) -> None:
    page = browser_of(None)
    page.clock.install()
    page.goto(f"{house.url}/sign-in")
    page.clock.fast_forward("20:00")
    expect(page.get_by_text(WARNING)).to_have_count(0)
