"""Parts of pages that wait: they ask by themselves, stop in time, say why, and outlive a server that is away."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from models import Device, Platform, User, Way
from services import registrations
from tests.browser.computer import Computer
from tests.browser.house import House
from tests.browser.people import accepts, is_still_the_same_page, marks_page, presses, proves
from tests.browser.troubles import Troubles
from tests.mail_servers import free_port
from tests.servers import running

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Open = Callable[..., Page]
LONG_AGO = 200  # seconds; a page waits for 180
TWO_POLLS = 5_000  # milliseconds
A_MOMENT = 1_500  # milliseconds in which the other parts of a page hear of a change


def test_the_roll_gives_up_after_three_minutes_and_says_so(browser_of: Open, alice: User) -> None:
    registrations.start(alice, Platform.LINUX, Way.INVITATION, by=alice)
    page = browser_of("alice")
    line = page.locator("#devices li")
    expect(line).to_have_attribute("data-hx-trigger", "every 2s")
    has_waited_long(page, "**/card?*")
    expect(line).to_contain_text("We stopped looking for news.")
    expect(line).not_to_have_attribute("data-hx-trigger", re.compile("every"))
    stays_quiet(page)
    page.unroute_all()
    line.get_by_role("link", name="Look again").click()
    expect(line).to_have_attribute("data-hx-trigger", "every 2s")


def test_the_page_of_a_device_gives_up_after_three_minutes_and_says_so(
    browser_of: Open, enrolled: Device
) -> None:
    page = browser_of("alice")
    page.goto(f"/devices/{enrolled.code}")
    has_waited_long(page, "**/progress?*")
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_text("Nothing has come for three minutes")).to_be_visible()
    stays_quiet(page)
    page.unroute_all()
    page.get_by_role("link", name="Look again").click()
    expect(page.get_by_role("heading", name="Refresh: queued")).to_be_visible()
    expect(page.get_by_text("Nothing has come for three minutes")).to_have_count(0)


def test_what_was_unfolded_stays_so_when_the_roll_comes_anew(
    browser_of: Open, alice: User, a_device: Callable[..., Device]
) -> None:
    a_device(alice, "wiped", name="Old laptop")
    registrations.start(alice, Platform.LINUX, Way.INVITATION, by=alice)
    page = browser_of("alice")
    page.get_by_text("No longer here").click()
    folded = page.locator("#no-longer-here")
    expect(folded.get_by_role("link", name="Old laptop")).to_be_visible()
    presses(page.get_by_role("button", name="Cancel it: Linux computer", exact=True))
    expect(folded.get_by_role("link", name="Linux computer")).to_be_visible()
    page.get_by_text("No longer here").focus()
    comes_anew(page, "#devices")
    expect(folded.get_by_role("link", name="Old laptop")).to_be_visible()
    expect(folded.locator("summary")).to_be_focused()
    page.keyboard.press("Enter")
    expect(folded.get_by_role("link", name="Old laptop")).to_be_hidden()
    comes_anew(page, "#devices")
    expect(folded.get_by_role("link", name="Old laptop")).to_be_hidden()


def test_the_install_page_gives_up_after_three_minutes_and_says_so(
    browser_of: Open, house: House, alice: User
) -> None:
    issued = registrations.start(alice, Platform.LINUX, Way.INVITATION, by=alice)
    page = browser_of(None)
    page.goto(f"/go/{issued.link}")
    proves(page, Password=house.passwords["alice"])
    accepts(page)
    has_waited_long(page, "**/go/progress?*")
    expect(page.get_by_text("We have heard nothing for three minutes")).to_be_visible()
    stays_quiet(page)
    page.unroute_all()
    page.get_by_role("link", name="Refresh").click()
    expect(page.get_by_text("This part looks again by itself.")).to_be_visible()


def test_a_page_asks_no_more_once_nothing_is_pending(
    browser_of: Open, enrolled: Device, computer: Computer
) -> None:
    page = browser_of("alice")
    stays_quiet(page)
    page.goto(f"/devices/{enrolled.code}")
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_role("heading", name="Refresh: queued")).to_be_visible()
    computer.checks_in()
    expect(page.get_by_role("heading", name="Refresh: confirmed")).to_be_visible()
    stays_quiet(page)


def test_an_answer_finds_its_place_though_the_page_looked_for_news_meanwhile(
    browser_of: Open, enrolled: Device
) -> None:
    page = browser_of("alice")
    page.goto(f"/devices/{enrolled.code}")
    page.get_by_role("button", name="Refresh").click()
    expect(page.get_by_role("heading", name="Refresh: queued")).to_be_visible()

    def after_a_poll(route: Route) -> None:
        page.evaluate("document.querySelector('form[action$=lost]').dataset.isOld = ''")
        expect(page.locator("[data-is-old]")).to_have_count(0)
        route.continue_()

    page.route("**/lost", after_a_poll)
    presses(page.get_by_role("button", name="Report lost"))
    expect(page.locator(".hero .status")).to_contain_text("Lost")


def test_a_page_keeps_what_it_shows_while_the_server_is_away(
    chromium: Browser, tmp_path: Path, troubles: Troubles
) -> None:
    troubles.expect("ERR_CONNECTION_", "ERR_SOCKET_NOT_CONNECTED", "ERR_EMPTY_RESPONSE", "Failed to fetch")
    port = free_port()
    with chromium.new_context(base_url=f"http://localhost:{port}") as context:
        troubles.watch(context)
        page = context.new_page()
        with running("demo", tmp_path / "demo", port) as server:
            House(server).sign_in(page, "alice")
            presses(page.get_by_role("button", name="Request PIN"))
            expect(page.locator("#pin")).to_be_visible()
            pin = page.locator("#pin").inner_text()
            marks_page(page)
        away = page.get_by_text("No answer came from the server.")
        expect(away).to_be_visible()
        presses(page.get_by_role("button", name="Renew the PIN", exact=True))
        expect(away).to_have_count(1)
        assert page.locator("#pin").inner_text() == pin
        with running("demo", tmp_path / "demo", port):
            expect(away).to_have_count(0)
            page.evaluate("document.querySelector('#pin').dataset.isOld = ''")  # the new one may be the same
            presses(page.get_by_role("button", name="Renew the PIN", exact=True))
            expect(page.locator("#pin:not([data-is-old])")).to_be_visible()
            assert is_still_the_same_page(page)


def comes_anew(page: Page, part: str) -> None:
    """As when a device changed: the part asks for itself."""
    page.evaluate("part => document.querySelector(part).dataset.isOld = ''", part)
    page.evaluate("htmx.trigger(document.body, 'device-changed')")
    expect(page.locator("[data-is-old]")).to_have_count(0)


def has_waited_long(page: Page, pattern: str) -> None:
    """From now on each poll tells the server that it began more than three minutes ago."""
    began = int(time.time()) - LONG_AGO

    def as_if_old(route: Route) -> None:
        route.continue_(url=re.sub(r"since=\d+", f"since={began}", route.request.url))

    page.route(pattern, as_if_old)


def stays_quiet(page: Page) -> None:
    """Nothing is asked for in the time of two polls, once every part has heard of the last change. When the picture of
    its tab comes is the browser's business.
    """
    page.wait_for_timeout(A_MOMENT)
    asked: list[str] = []

    def note(request: Request) -> None:
        if "/static/" not in request.url:
            asked.append(request.url)

    page.on("request", note)
    page.wait_for_timeout(TWO_POLLS)
    page.remove_listener("request", note)
    assert asked == []
