"""Each person's pages follow from their roles."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from models import Device, User
from services import settings
from tests.browser.troubles import Troubles

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
ADevice = Callable[..., Device]
DANGERS = ("Retire", "Wipe")


def test_alice_may_register_and_bob_may_not(browser_of: Open) -> None:
    alices, bobs = browser_of("alice"), browser_of("bob")
    expect(alices.get_by_text("Nothing here yet, Alice. Register your first device below.")).to_be_visible()
    for button in ("Send Invitation", "Request PIN", "Generate QR Code"):
        expect(alices.get_by_role("button", name=button)).to_be_visible()
        expect(bobs.get_by_role("button", name=button)).to_have_count(0)
    expect(bobs.get_by_text("Nothing here yet, Bob. Your account may not register devices")).to_be_visible()
    expect(bobs.locator("main").get_by_role("link", name="020 7946 0123")).to_be_visible()


def test_bob_may_lock_and_alice_may_do_everything(
    browser_of: Open, alice: User, bob: User, a_device: ADevice
) -> None:
    for username, owner, ownership in (("alice", alice, 1), ("bob", bob, 0)):
        device = a_device(owner)
        page = browser_of(username)
        page.get_by_role("link", name="ThinkPad X1").click()
        expect(page).to_have_url(f"/devices/{device.code}")
        expect(page.get_by_role("button", name="Lock Locks the screen")).to_be_visible()
        expect(page.get_by_role("link", name="Ownership")).to_have_count(ownership)
        for action in DANGERS:
            expect(page.get_by_role("link", name=action)).to_have_count(ownership)


def test_the_device_of_somebody_else_does_not_exist(
    browser_of: Open, alice: User, a_device: ADevice, troubles: Troubles
) -> None:
    troubles.expect("404")
    page = browser_of("bob")
    page.goto(f"/devices/{a_device(alice).code}")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    expect(page.get_by_text("ThinkPad")).to_have_count(0)


def test_the_help_desk_sees_a_device_and_the_owner_sees_that_it_looked(
    browser_of: Open, alice: User, a_device: ADevice
) -> None:
    device = a_device(alice)
    page = browser_of("dave")
    page.goto(f"/devices/{device.code}")
    expect(page.get_by_text("It belongs to Alice Moreno.")).to_be_visible()
    expect(page.get_by_role("link", name="Wipe")).to_have_count(0)
    page = browser_of("alice")
    page.goto(f"/devices/{device.code}")
    expect(page.locator("ol.log")).to_contain_text("Dave Okafor looked at this page")


def test_only_helpers_have_messages_in_their_menu(browser_of: Open, troubles: Troubles) -> None:
    troubles.expect("403")
    for username, count in (("carol", 1), ("dave", 1), ("bob", 0)):
        page = browser_of(username)
        page.get_by_text("Welcome, ").click()
        expect(page.get_by_role("link", name="My account")).to_be_visible()
        expect(page.get_by_role("link", name="Messages")).to_have_count(count)
    page.goto("/admin/messages")
    expect(page.get_by_role("heading", name="You may not do this")).to_be_visible()


def test_whoever_has_as_many_devices_as_allowed_is_told_so(
    browser_of: Open, alice: User, a_device: ADevice
) -> None:
    settings.put("devices_per_user", "1", by=None)
    a_device(alice)
    page = browser_of("alice")
    expect(page.get_by_text("there is no room for another")).to_be_visible()
    expect(page.get_by_role("button", name="Send Invitation")).to_have_count(0)
