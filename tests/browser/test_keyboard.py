"""Everything with the keyboard alone: focus is always seen, and lands where one goes on."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from models import Device, Platform, User, Way
from services import registrations
from tests.browser.house import House
from tests.browser.troubles import Troubles

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
MOST_STOPS = 40
FOCUS = """() => {
    const element = document.activeElement, box = element.getBoundingClientRect(), look = getComputedStyle(element);
    return {
        name: element.outerHTML.slice(0, 80),
        outline: parseFloat(look.outlineWidth) > 0 && look.outlineStyle !== 'none',
        onScreen: box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    };
}"""


def test_a_device_is_registered_with_the_keyboard(browser_of: Open, house: House, troubles: Troubles) -> None:
    troubles.expect("422")
    page = browser_of(None)
    page.goto("/sign-in")
    tab_to(page, page.get_by_label("User name"))
    page.keyboard.type("alice")
    tab_to(page, page.get_by_label("Password"))
    page.keyboard.type(house.passwords["alice"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your devices")).to_be_visible()

    tab_to(page, page.get_by_label("Linux computer"))
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Mac")).to_be_checked()
    tab_to(page, page.get_by_label("The number"))
    page.keyboard.type("+4412")
    tab_to(page, page.get_by_role("button", name="Request PIN"))
    page.keyboard.press("Enter")
    number = page.get_by_label("The number")
    expect(number).to_be_focused()
    expect(number).to_have_attribute("aria-invalid", "true")
    is_seen(page)

    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    tab_to(page, page.get_by_role("button", name="Request PIN"))
    page.keyboard.press("Space")
    expect(page.get_by_role("heading", name="The PIN for your Mac")).to_be_focused()


def test_a_device_is_locked_with_the_keyboard(browser_of: Open, enrolled: Device) -> None:
    page = browser_of("alice")
    tab_to(page, page.locator("#devices a.name"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What you can do")).to_be_visible()
    tab_to(page, page.get_by_role("button", name="Lock Locks the screen"))
    page.keyboard.press("Space")
    expect(page.get_by_role("heading", name="Lock: queued")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    is_seen(page)

    cancel = page.get_by_role("button", name="Cancel")
    tab_to(page, cancel)
    outlives_a_poll(page)
    expect(cancel).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Lock: cancelled")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_a_line_that_looks_for_news_leaves_the_focus_where_it_is(browser_of: Open, alice: User) -> None:
    registrations.start(alice, Platform.LINUX, Way.INVITATION, by=alice)
    page = browser_of("alice")
    cancel = page.get_by_role("button", name="Cancel it")
    tab_to(page, cancel)
    outlives_a_poll(page)
    expect(cancel).to_be_focused()


def test_the_first_stop_leads_past_the_header(browser_of: Open) -> None:
    page = browser_of("alice")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    is_inside = page.evaluate("document.querySelector('main').contains(document.activeElement)")
    assert is_inside, page.evaluate(FOCUS)


def test_the_menu_opens_with_enter_and_closes_with_escape(browser_of: Open) -> None:
    page = browser_of("alice")
    summary = page.locator(".menu summary")
    tab_to(page, summary)
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("link", name="My account"))
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="My account")).to_be_hidden()
    expect(summary).to_be_focused()


@pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without"])
def test_focus_lands_on_the_first_error_of_a_form(
    browser_of: Open, enrolled: Device, troubles: Troubles, javascript: bool
) -> None:
    troubles.expect("422")
    page = browser_of("alice", javascript)
    for path, label, button in (
        (f"/devices/{enrolled.code}/wipe", "Its name", "Wipe"),
        ("/account", "The new password again", "Change the password"),
    ):
        page.goto(path)
        if path == "/account":
            page.get_by_label("Your present password").fill("calm harbour wrong lanterns")
            page.get_by_label("New password", exact=True).fill("calm harbour eight lanterns")
        page.get_by_label(label).fill("not that")
        page.get_by_role("button", name=button).click()
        expect(page.get_by_label(label)).to_be_focused()
        expect(page.get_by_label(label)).to_have_accessible_description(re.compile("[.]$"))
        is_seen(page)


def outlives_a_poll(page: Page) -> None:
    """Wait until what has the focus was replaced."""
    page.evaluate("document.activeElement.dataset.isOld = ''")
    expect(page.locator("[data-is-old]")).to_have_count(0)


def tab_to(page: Page, goal: Locator) -> None:
    """Press Tab until the goal has the focus; at every stop the focus must be seen."""
    expect(goal).to_be_visible()
    page.wait_for_load_state()
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        is_seen(page)
        if goal.and_(page.locator(":focus")).count():
            return
    pytest.fail(f"{MOST_STOPS} stops, and still not there")


def is_seen(page: Page) -> None:
    focus = page.evaluate(FOCUS)
    assert focus["outline"] and focus["onScreen"], focus
