"""Two clicks in quick succession are one deed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from models import Command, Device, Message, Registration, User
from services import codes, passwords
from tests.browser.house import House

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


@pytest.mark.parametrize("button", ["Send Invitation", "Request PIN", "Generate QR Code"])
def test_a_double_click_registers_one_device(browser_of: Open, data: object, button: str) -> None:
    page = browser_of("alice")
    is_answered_after_two_clicks(page, "**/registrations/*")
    page.get_by_role("button", name=button).dblclick()
    expect(page.locator("#register-title")).not_to_have_text("Register a device")
    assert Registration.select().count() == Device.select().count() == 1
    assert Message.select().where(Message.kind.in_(("invitation", "pin"))).count() <= 1


@pytest.mark.parametrize("is_page_dropped", [False, True])
@pytest.mark.parametrize(
    ("button", "way"), [("Send Invitation", "invitation"), ("Request PIN", "pin"), ("Generate QR Code", "qr")]
)
def test_without_javascript_too_and_what_is_shown_once_is_neither_lost_nor_dead(
    browser_of: Open, data: object, button: str, way: str, is_page_dropped: bool
) -> None:
    """The second click ends the first one wherever it is: before its answer came, or after the page was on its way."""
    page = browser_of("alice", javascript=False, viewport={"width": 1200, "height": 2000})
    answered: list[str] = []

    def drop_the_first(route: Route) -> None:
        if answered:
            route.continue_()
            return
        location = route.fetch(max_redirects=0).headers["location"]
        if is_page_dropped:
            page.request.get(location)
        answered.append(location)

    page.route(f"**/registrations/{way}", drop_the_first)
    place = page.get_by_role("button", name=button).bounding_box()
    assert place is not None
    where = (place["x"] + 9, place["y"] + 9)  # by hand: a locator would wait for the first answer
    page.mouse.click(*where)
    for _ in range(1_000):
        if not answered:
            page.wait_for_timeout(20)
    assert answered
    page.mouse.click(*where)
    expect(page.locator("#register-title")).not_to_have_text("Register a device")
    assert page.url.endswith(answered[0])
    shows_what_works(page)


def test_a_double_click_locks_once_and_complains_of_nothing(
    browser_of: Open, house: House, a_device: Callable[..., Device]
) -> None:
    device = a_device(User.get(User.username == "alice"))
    page = browser_of("alice")
    page.goto(f"{house.url}/devices/{device.code}")
    is_answered_after_two_clicks(page, "**/lock")
    page.get_by_role("button", name="Lock Locks the screen").dblclick()
    expect(page.get_by_text("The lock is on its way to ThinkPad X1.")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert Command.select().count() == 1


def is_answered_after_two_clicks(page: Page, pattern: str) -> None:
    """Or a slow hand would click on what the first answer has put in that place."""
    page.evaluate(
        "document.addEventListener('click', ({ detail }) => { document.body.dataset.clicks = detail })"
    )

    def hold(route: Route) -> None:
        expect(page.locator("body")).to_have_attribute("data-clicks", "2")
        route.continue_()

    page.route(pattern, hold)


def shows_what_works(page: Page) -> None:
    """There is one registration, and the page shows the PIN or the link that opens it."""
    assert Registration.select().count() == Device.select().count() == 1
    registration = Registration.get()
    if registration.way == "pin":
        assert passwords.verify(registration.pin_hash, page.locator("#pin").text_content() or "")
    if registration.way == "qr":
        expect(page.locator("svg.code")).to_be_visible()
        link = page.locator("#link-text").inner_text()
        assert codes.digest(link.rpartition("/")[2]) == registration.link_hash
