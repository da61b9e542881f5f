"""What Alice does to her computer from its page, and what the real agent makes of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from models import Device, User, UserSession
from services import clock as the_clock
from services import sessions
from tests.browser.computer import Computer
from tests.browser.house import House
from tests.browser.people import fact, is_still_the_same_page, marks_page, presses

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Open = Callable[..., Page]


@pytest.fixture
def page(browser_of: Open, enrolled: Device) -> Page:
    """Alice's browser at the page of her computer."""
    opened = browser_of("alice")
    opened.goto(f"/devices/{enrolled.code}")
    marks_page(opened)
    return opened


def test_a_lock_goes_from_queued_to_confirmed_by_itself(page: Page, computer: Computer) -> None:
    computer.can_lock()
    page.get_by_role("button", name="Lock Locks the screen").click()
    expect(order(page, "Lock: queued")).to_be_visible()
    expect(page.get_by_text("The lock is on its way")).to_be_visible()
    expect(page.locator("p.act", has_text="Queued. See above.")).to_be_visible()
    computer.checks_in()
    expect(order(page, "Lock: confirmed")).to_be_visible()
    expect(page.locator("ol.log")).to_contain_text("Locked")
    expect(page.get_by_role("button", name="Lock Locks the screen")).to_be_visible()
    assert is_still_the_same_page(page)


def test_each_part_of_the_page_is_fetched_once_for_what_happened(
    page: Page, enrolled: Device, computer: Computer
) -> None:
    computer.can_lock()
    asked = requests_below(f"/devices/{enrolled.code}/", page)
    began = time.monotonic()
    page.get_by_role("button", name="Lock Locks the screen").click()
    expect(page.locator("ol.log")).to_contain_text("You asked for a lock")
    polls = [part for part in asked if part.startswith("progress")]
    assert [part for part in asked if part not in polls] == ["lock", "history"]
    assert len(polls) <= (time.monotonic() - began) // 2, "one in two seconds, and none because of the lock"
    computer.checks_in()
    expect(page.locator("ol.log")).to_contain_text("Locked")
    page.wait_for_timeout(300)
    assert asked.count("history") <= 3  # sent, and then locked, may be heard of apart
    assert not [part for part in asked if "was=active-acknowledged" in part], (
        "what came by a poll is not asked for again"
    )


def test_a_lock_that_failed_says_why_in_the_words_of_the_device(page: Page, computer: Computer) -> None:
    page.get_by_role("button", name="Lock Locks the screen").click()
    expect(order(page, "Lock: queued")).to_be_visible()
    said = computer.checks_in()
    assert "lock: failed." in said
    expect(order(page, "Lock: did not work")).to_contain_text("The device says: ")
    assert is_still_the_same_page(page)


def test_an_order_can_be_cancelled_as_long_as_it_waits(page: Page, computer: Computer) -> None:
    page.get_by_role("button", name="Refresh").click()
    presses(order(page, "Refresh: queued").get_by_role("button", name="Cancel"))
    expect(order(page, "Refresh: cancelled")).to_be_visible()
    assert "refresh" not in computer.checks_in()


def test_a_message_is_shown_on_the_device(page: Page, computer: Computer) -> None:
    page.get_by_role("link", name="Message").click()
    text = page.locator("#message-text")
    text.fill("Please bring it to the desk by noon.")
    page.get_by_role("button", name="Send the message").click()
    expect(order(page, "Message: queued")).to_be_visible()
    expect(text).to_have_value("")
    assert "Please bring it to the desk by noon." in computer.checks_in()
    expect(order(page, "Message: confirmed")).to_be_visible()


def test_what_is_being_typed_survives_a_poll(page: Page, computer: Computer) -> None:
    page.get_by_role("button", name="Refresh").click()
    expect(order(page, "Refresh: queued")).to_be_visible()
    text = page.locator("#message-text")
    text.fill("Half a sent")
    computer.checks_in()
    expect(order(page, "Refresh: confirmed")).to_be_visible()
    expect(text).to_have_value("Half a sent")
    expect(text).to_be_focused()


def test_a_new_name_is_used_everywhere(page: Page) -> None:
    page.get_by_role("link", name="Rename").click()
    page.get_by_label("Its name").fill("Alice's desk")
    page.get_by_role("button", name="Save the name").click()
    expect(page.get_by_text("It is called Alice's desk now.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Alice's desk")
    page.get_by_role("link", name="Your devices").click()
    expect(page.get_by_role("link", name="Alice's desk")).to_be_visible()


def test_ownership_changes_at_the_next_check_in_and_the_page_says_so(page: Page, computer: Computer) -> None:
    page.get_by_role("link", name="Ownership Now Employee (yours)").click()
    expect(page.get_by_text("The change counts when the device next checks in.")).to_be_visible()
    expect(page.get_by_text("Administrators may wipe it.")).to_be_visible()
    page.get_by_role("radio", name="Harbour Clinic Administrators").check()
    page.get_by_role("button", name="Change ownership").click()
    expect(page.locator("dl.facts")).to_contain_text("Employee (yours). Company from the next check-in on.")
    computer.checks_in()
    page.reload()
    assert fact(page, "Ownership") == "Company (Harbour Clinic)"
    expect(page.locator("ol.log")).to_contain_text("The ownership is now: Company")


def test_a_lost_device_is_locked_and_found_again(page: Page, computer: Computer) -> None:
    computer.can_lock()
    page.get_by_role("button", name="Report lost").click()
    expect(status(page)).to_contain_text("Lost")
    expect(order(page, "Lock: queued")).to_be_visible()
    computer.checks_in()
    expect(order(page, "Lock: confirmed")).to_be_visible()
    presses(page.get_by_role("button", name="I have it again"))
    expect(status(page)).to_contain_text("Active")
    assert is_still_the_same_page(page)


def test_retiring_asks_for_the_password_again_after_five_minutes(
    page: Page, computer: Computer, alice: User, house: House
) -> None:
    stale = the_clock.now() - sessions.FRESH_SECONDS - 1
    UserSession.update(proved_at=stale).where(UserSession.user == alice).execute()
    page.get_by_role("link", name="Retire").click()
    expect(page.get_by_role("heading", name="Your password, once more")).to_be_visible()
    page.get_by_label("Password").fill(house.passwords["alice"])
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="What stays")).to_be_visible()
    page.get_by_label("Why?").fill("It is replaced")
    page.get_by_role("button", name="Retire").click()
    expect(status(page)).to_contain_text("Retire pending")
    marks_page(page)
    assert computer.state.exists()
    computer.checks_in()
    assert not computer.state.exists(), "the agent forgets its secret"
    expect(status(page)).to_contain_text("Retired")
    expect(page.locator("ol.log")).to_contain_text("It is replaced")
    assert is_still_the_same_page(page)


def test_a_wipe_empties_the_named_folder_and_nothing_else(
    page: Page, computer: Computer, tmp_path: Path
) -> None:
    goes, stays = tmp_path / "goes", tmp_path / "stays"
    for folder in (goes, stays):
        (folder / "inside").mkdir(parents=True)
        (folder / "inside" / "letter.txt").write_text("Dear Bob")
    (goes / "way-out").symlink_to(stays)

    page.get_by_role("link", name="Wipe").click()
    expect(page.get_by_text("This cannot be undone.")).to_be_visible()
    page.get_by_label("Its name").fill(page.locator("form strong").inner_text())
    page.get_by_role("button", name="Wipe").click()
    expect(status(page)).to_contain_text("Wipe pending")
    computer.checks_in("--allow-wipe", str(goes))
    expect(status(page)).to_contain_text("Wiped")
    assert list(goes.iterdir()) == []
    assert (stays / "inside" / "letter.txt").read_text() == "Dear Bob"
    expect(page.get_by_role("heading", name="What you can do")).to_have_count(0)


def test_a_wipe_that_the_agent_refuses_leaves_the_device_as_it_was(page: Page, computer: Computer) -> None:
    page.get_by_role("link", name="Wipe").click()
    page.get_by_label("Its name").fill(page.locator("form strong").inner_text())
    page.get_by_role("button", name="Wipe").click()
    expect(status(page)).to_contain_text("Wipe pending")
    computer.checks_in()
    expect(order(page, "Wipe: did not work")).to_contain_text("started without --allow-wipe")
    expect(status(page)).to_contain_text("Active")


def test_everything_works_without_a_script(browser_of: Open, enrolled: Device, computer: Computer) -> None:
    computer.can_lock()
    page = browser_of("alice", javascript=False)
    page.goto(f"/devices/{enrolled.code}")
    page.get_by_role("button", name="Lock Locks the screen").click()
    expect(order(page, "Lock: queued")).to_be_visible()
    page.get_by_role("button", name="Refresh").click()
    order(page, "Refresh: queued").get_by_role("button", name="Cancel").click()
    expect(order(page, "Refresh: cancelled")).to_be_visible()
    computer.checks_in()
    page.reload()
    expect(order(page, "Lock: confirmed")).to_be_visible()
    page.get_by_role("link", name="Retire").click()
    page.get_by_role("button", name="Retire").click()
    expect(status(page)).to_contain_text("Retire pending")
    order(page, "Retire: queued").get_by_role("button", name="Cancel").click()
    expect(status(page)).to_contain_text("Active")


def requests_below(address: str, page: Page) -> list[str]:
    """Grows with each request from now on: what follows the address. Pictures and the like are left out."""
    asked: list[str] = []

    def note(request: Request) -> None:
        _, below, part = request.url.partition(address)
        if below:
            asked.append(part)

    page.on("request", note)
    return asked


def order(page: Page, title: str) -> Locator:
    return page.locator(".command").filter(has=page.get_by_role("heading", name=title))


def status(page: Page) -> Locator:
    return page.locator(".hero .status")
