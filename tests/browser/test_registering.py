"""The main job: from Send Invitation, Request PIN or Generate QR Code to an Active device, with the real agent."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from models import Registration
from tests.browser.computer import Computer
from tests.browser.conftest import needs
from tests.browser.house import House
from tests.browser.people import (
    accepts,
    fact,
    is_still_the_same_page,
    marks_page,
    presses,
    proves,
    reads_link_in_mail,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Open = Callable[..., Page]
ZBARIMG = Path("/usr/bin/zbarimg")
with_and_without_script = pytest.mark.parametrize("javascript", [True, False], ids=["with script", "without"])


@with_and_without_script
def test_an_invitation_leads_to_an_active_device_with_the_facts_it_reported(
    browser_of: Open, house: House, computer: Computer, javascript: bool
) -> None:
    page = browser_of("alice", javascript)
    asks(page, "Send Invitation", javascript)
    expect(page.get_by_role("heading", name="The invitation for your Linux computer")).to_be_visible()

    link = reads_link_in_mail(browser_of("carol"))
    device = browser_of(None, javascript)
    device.goto(link)
    assert device.url == f"{house.url}/go", "the secret leaves the address bar"
    expect(device.get_by_role("heading", name="Bring in your Linux computer")).to_be_visible()
    proves(device, Password=house.passwords["alice"])
    computer.obey(accepts(device))
    looks_again_until(device, device.get_by_role("heading", name="You are done"), javascript)
    looks_again_until(page, roll(page).get_by_text("Active", exact=True), javascript)

    presses(roll(page).get_by_role("link"))
    says_what_was_reported(page, computer.facts())
    if javascript:
        expect(page.locator("ol.log")).to_contain_text("Joined")


@with_and_without_script
def test_a_pin_is_shown_once_and_opens_the_bare_address(
    browser_of: Open, house: House, computer: Computer, javascript: bool
) -> None:
    page = browser_of("alice", javascript)
    asks(page, "Request PIN", javascript)
    digits = page.locator("#pin")
    expect(digits).to_be_visible()
    pin = re.sub(r"\D", "", digits.inner_text())
    assert len(pin) == 6
    expect(page.get_by_text("Your PIN is")).to_have_count(1)
    expect(page.get_by_text("It works once, until")).to_be_visible()
    expect(page.get_by_text(f"{house.url.removeprefix('http://')}/go")).to_be_visible()
    page.goto(f"/registrations/{Registration.get().code}")
    if not javascript:
        page.reload()
    expect(page.get_by_text("The PIN was shown once, and we keep no copy.")).to_be_visible()
    expect(digits).to_have_count(0)
    expect(page.get_by_text("Your PIN is")).to_have_count(0)
    # Alone, since longer numbers, such as moments and tokens, may hold the same digits.
    assert not re.search(rf"\b{pin}\b", page.content())

    device = browser_of(None, javascript)
    device.goto("/go")
    proves(device, **{"User name": "alice", "PIN": f"{pin[:3]} {pin[3:]}"})
    computer.obey(accepts(device))
    looks_again_until(device, device.get_by_role("heading", name="You are done"), javascript)
    page.goto("/")
    expect(roll(page)).to_contain_text("Active")


@with_and_without_script
def test_a_qr_code_reads_as_the_link_beside_it(
    browser_of: Open, house: House, computer: Computer, tmp_path: Path, javascript: bool
) -> None:
    needs(ZBARIMG, "zbar-tools")
    page = browser_of("alice", javascript)
    asks(page, "Generate QR Code", javascript)
    link = page.locator("#link-text").inner_text()
    assert link.startswith(f"{house.url}/go/")
    expect(page.get_by_label("The same address, to copy")).to_have_value(link)
    page.locator("svg.code").screenshot(path=tmp_path / "code.png")
    read = subprocess.run(
        [ZBARIMG, "--quiet", "--raw", tmp_path / "code.png"], capture_output=True, text=True, check=True
    )
    assert read.stdout.strip() == link

    device = browser_of(None, javascript)
    device.goto(read.stdout.strip())
    proves(device, Password=house.passwords["alice"])
    computer.obey(accepts(device))
    looks_again_until(device, device.get_by_role("heading", name="You are done"), javascript)
    page.goto("/")
    expect(roll(page)).to_contain_text("Active")


@with_and_without_script
def test_what_was_asked_for_can_be_renewed_and_called_off(browser_of: Open, javascript: bool) -> None:
    page = browser_of("alice", javascript)
    asks(page, "Generate QR Code", javascript)
    link = page.locator("#link-text")
    first = link.inner_text()
    page.get_by_role("button", name="Renew the code", exact=True).click()
    expect(link).not_to_have_text(first)
    page.get_by_role("button", name="Cancel this registration").click()
    expect(page.get_by_text("The registration is cancelled.")).to_be_visible()
    expect(page.get_by_role("button", name="Send Invitation")).to_be_visible()
    expect(roll(page).get_by_text("Cancelled")).to_have_count(1)


def test_several_registrations_wait_beside_each_other(browser_of: Open) -> None:
    page = browser_of("alice")
    marks_page(page)
    for number, button, name in ((1, "Send Invitation", "Linux computer"), (2, "Request PIN", "Mac")):
        page.get_by_label(name).check()
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("heading", name=f"for your {name}")).to_be_focused()
        expect(roll(page)).to_have_count(number)  # which moves what is below it
        page.get_by_role("link", name="Register another device").click()
        expect(page.get_by_role("heading", name="Register a device")).to_be_visible()
    expect(roll(page).get_by_text("Pending")).to_have_count(2)
    expect(page.get_by_text("two are waiting for you")).to_be_visible()
    assert is_still_the_same_page(page)


def test_the_link_is_copied_with_one_click(browser_of: Open) -> None:
    page = browser_of("alice", permissions=["clipboard-read", "clipboard-write"])
    asks(page, "Generate QR Code", javascript=True)
    link = page.locator("#link-text").inner_text()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == link


def asks(page: Page, button: str, javascript: bool) -> None:
    """Press one of the three, on the home page; with a script the page stays where it is. It stands still only once
    the roll has the new line: that moves what is below it.
    """
    if javascript:
        marks_page(page)
    page.get_by_role("button", name=button).click()
    expect(page.locator("#register .slip")).to_be_visible()
    expect(roll(page)).to_contain_text("Pending")
    if javascript:
        assert is_still_the_same_page(page)


def roll(page: Page) -> Locator:
    return page.locator("#devices li")


def looks_again_until(page: Page, sign: Locator, javascript: bool) -> None:
    """A page looks again by itself; without a script the person does."""
    if javascript:
        expect(sign).to_be_visible()
        return
    refresh = page.get_by_role("link", name="Refresh")
    refresh.click() if refresh.count() else page.goto("/")
    expect(sign).to_be_visible()


def says_what_was_reported(page: Page, facts: dict[str, Any]) -> None:
    expect(page.locator("h1")).to_be_visible()
    unknown = "not reported by this device"
    assert fact(page, "Model") == (facts["model"] or unknown)
    assert fact(page, "Manufacturer") == (facts["manufacturer"] or unknown)
    assert fact(page, "System") == f"{facts['os_name']} {facts['os_version']}"
    assert fact(page, "Serial number") == (facts["serial"] or unknown)
    assert fact(page, "Host name") == facts["host_name"]
    assert fact(page, "Agent") == facts["agent_version"]
    assert fact(page, "Free space").endswith(
        f"of {facts['disk_total_bytes'] / 1e9:,.1f} GB".replace(".0 ", " ")
    )
    assert fact(page, "Ownership") == "Employee (yours)"
    assert re.search("just now|minute", fact(page, "Last check-in"))
    assert re.fullmatch(r"\d+ \w+ \d{4}, by invitation", fact(page, "Registered"))
    assert fact(page, "IMEI") == fact(page, "Carrier") == fact(page, "Phone number") == "does not apply"
