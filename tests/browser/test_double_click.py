"""Two clicks in quick succession are one deed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from models import Command, Device, Message, Registration, User
from tests.browser.house import House

pytestmark = pytest.mark.browser

Open = Callable[..., Page]


@pytest.mark.parametrize("button", ["Send Invitation", "Request PIN", "Generate QR Code"])
def test_a_double_click_registers_one_device(browser_of: Open, data: object, button: str) -> None:
    page = browser_of("alice")
    page.get_by_role("button", name=button).dblclick()
    expect(page.locator("#register-title")).not_to_have_text("Register a device")
    assert Registration.select().count() == Device.select().count() == 1
    assert Message.select().where(Message.kind.in_(("invitation", "pin"))).count() <= 1


def test_a_double_click_locks_once_and_complains_of_nothing(
    browser_of: Open, house: House, a_device: Callable[..., Device]
) -> None:
    device = a_device(User.get(User.username == "alice"))
    page = browser_of("alice")
    page.goto(f"{house.url}/devices/{device.code}")
    page.get_by_role("button", name="Lock Locks the screen").dblclick()
    expect(page.get_by_text("The lock is on its way to ThinkPad X1.")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert Command.select().count() == 1
