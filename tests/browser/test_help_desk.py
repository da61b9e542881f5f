"""The help desk finds people, sends an invitation again, and an owner answers a question, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from models import Device, User, Way
from services import ownership, registrations
from tests.browser.house import House

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


@pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without"])
def test_a_person_is_found_and_the_way_back_leads_to_what_was_found(
    browser_of: Open, house: House, data: object, javascript: bool
) -> None:
    page = browser_of("dave", javascript)
    page.get_by_text("Welcome, Dave").click()
    page.get_by_role("link", name="Help desk", exact=True).first.click()
    page.get_by_label("Who, or what?").fill("moreno")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 person.")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/help-desk\?q=moreno$"))
    page.get_by_role("link", name="Alice Moreno").click()
    expect(page.get_by_role("heading", name="Alice Moreno")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("1 person.")).to_be_visible()
    expect(page.get_by_label("Who, or what?")).to_have_value("moreno")
    expect(page.get_by_role("heading", name="Help desk").first).to_be_visible()


def test_an_invitation_is_sent_again_without_leaving_the_page(
    browser_of: Open, house: House, data: object
) -> None:
    page = browser_of("dave")
    alice = User.get(User.username == "alice")
    registrations.start(alice, "linux", Way.INVITATION, by=alice)
    page.goto(f"{house.url}/help-desk/people/{alice.code}")
    page.get_by_role("button", name="Send it again").click()
    expect(page.get_by_text("The invitation is on its way to alice@harbour.example.")).to_be_visible()
    expect(page.get_by_role("heading", name="Alice Moreno")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without"])
def test_the_owner_agrees_at_home(
    browser_of: Open, house: House, a_device: Callable[..., Device], javascript: bool
) -> None:
    alice, carol = User.get(User.username == "alice"), User.get(User.username == "carol")
    device = a_device(alice)
    ownership.change(device, "company", by=carol)
    page = browser_of("alice", javascript)
    expect(page.get_by_text("Carol Singh asks to make your ThinkPad X1 the company's.")).to_be_visible()
    page.get_by_role("button", name="Agree").click()
    expect(page.get_by_text("ThinkPad X1: Company from the next check-in on.")).to_be_visible()
    expect(page.get_by_text("asks to make your")).to_have_count(0)
    expect(page.get_by_role("heading", name="Your devices")).to_be_visible()
