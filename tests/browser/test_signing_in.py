"""Signing in and out in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import House
from tests.browser.troubles import Troubles

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


@pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without"])
def test_who_signs_out_leaves_nothing_behind_the_back_button(browser_of: Open, javascript: bool) -> None:
    page = browser_of("alice", javascript)
    expect(page.get_by_role("heading", name="Your devices")).to_be_visible()
    page.goto("/account")
    page.get_by_text("Welcome, Alice").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("button", name="Sign in with password")).to_be_visible()
    assert "alice@harbour" not in page.content()


def test_a_wrong_password_says_so_and_keeps_the_name(
    browser_of: Open, house: House, troubles: Troubles
) -> None:
    troubles.expect("422")
    page = browser_of(None)
    house.sign_in(page, "alice", password="calm harbour wrong lanterns")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("User name")).to_have_value("alice")
    expect(page.get_by_label("Password")).to_have_value("")
    house.sign_in(page, "alice")
    expect(page.get_by_role("heading", name="Your devices")).to_be_visible()


def test_sign_in_leads_back_to_the_page_that_was_asked_for(browser_of: Open, house: House) -> None:
    page = browser_of(None)
    page.goto("/account")
    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill(house.passwords["alice"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="My account")).to_be_visible()
    assert page.url == f"{house.url}/account"


def test_two_tabs_do_not_survive_signing_out_in_one(browser_of: Open) -> None:
    page = browser_of("alice")
    other = page.context.new_page()
    other.goto("/account")
    page.get_by_text("Welcome, Alice").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    other.reload()
    expect(other.get_by_role("button", name="Sign in with password")).to_be_visible()
