"""Every page of /go, in light and dark, wide and narrow: no axe-core finding, nothing cut off, and a picture of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from models import Device, Platform, Registration, Status, User, Way
from services import clock as the_clock
from services import enrolment_tokens, registrations
from services.registrations import Issued
from tests.browser.house import House
from tests.browser.looks import Looks
from tests.browser.troubles import Troubles

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Open = Callable[..., Page]
WRONG = "calm harbour wrong lanterns"


def test_the_way_without_a_link(browser_of: Open, looks: Looks, troubles: Troubles) -> None:
    troubles.expect("404", "422")
    page = browser_of(None)
    page.goto("/go")
    looks.at(page, "go")
    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill(WRONG)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_be_visible()
    looks.at(page, "go-wrong")
    page.goto("/go/notALivingLink")
    looks.at(page, "go-closed")


def test_the_steps_on_the_device(
    browser_of: Open, house: House, looks: Looks, invited: Issued, troubles: Troubles
) -> None:
    troubles.expect("422")
    page = browser_of(None)
    page.goto(f"/go/{invited.link}")
    looks.at(page, "go-1-you")
    page.get_by_text("It is another kind of computer").click()
    page.get_by_label("Password").fill(WRONG)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_be_visible()
    looks.at(page, "go-1-you-wrong")
    page.get_by_label("Password").fill(house.passwords["alice"])
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="What you agree to")).to_be_visible()
    looks.at(page, "go-2-terms")
    page.get_by_label("I have read this").check()
    page.get_by_role("button", name="Accept and go on").click()
    expect(page.get_by_role("heading", name="Start the agent")).to_be_visible()
    for summary in page.locator("summary").all():
        summary.click()
    looks.at(page, "go-3-install")
    Device.update(status=Status.ENROLLING).execute()
    Registration.update(token=None, token_hash=None).execute()
    page.goto("/go/install")
    looks.at(page, "go-3-almost-there")
    Device.update(
        status=Status.ACTIVE, registered_at=the_clock.now(), last_check_in_at=the_clock.now()
    ).execute()
    # It goes there by itself, and would cut off whoever goes there at that moment.
    page.wait_for_url("**/go/done")
    looks.at(page, "go-4-done")


@pytest.mark.parametrize("platform", [Platform.IOS, Platform.MACOS])
def test_the_steps_on_an_iphone_and_on_a_mac(
    browser_of: Open, alice: User, house: House, looks: Looks, platform: Platform
) -> None:
    issued = registrations.start(alice, platform, Way.INVITATION, by=alice)
    page = browser_of(None)
    page.goto(f"/go/{issued.link}")
    page.get_by_text("What to do, step by step").click()
    looks.at(page, f"go-1-you-{platform}")
    page.get_by_label("Password").fill(house.passwords["alice"])
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("I have read this").check()
    page.get_by_role("button", name="Accept and go on").click()
    expect(page.get_by_role("heading", name="Install the profile")).to_be_visible()
    looks.at(page, f"go-3-install-{platform}")
    widths = page.locator("svg.picture use").evaluate_all(
        "drawings => drawings.map(each => each.getBBox().width)"
    )
    assert len(widths) == 4 and min(widths) > 100, "each is drawn"


def test_other_ways_the_steps_end(
    browser_of: Open, house: House, looks: Looks, invited: Issued, troubles: Troubles
) -> None:
    troubles.expect("409")
    page = browser_of(None)
    page.goto(f"/go/{invited.link}")
    page.get_by_label("Password").fill(house.passwords["alice"])
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("I have read this").check()
    enrolment_tokens.accept(invited.registration, invited.registration.issued_at)
    page.get_by_role("button", name="Accept and go on").click()
    expect(page.get_by_role("heading", name="accepted already")).to_be_visible()
    looks.at(page, "go-accepted-already")
    page.get_by_role("link", name="Go on with your").click()
    expect(page.get_by_role("heading", name="Go on in the other browser")).to_be_visible()
    looks.at(page, "go-3-in-the-other-browser")
    page.get_by_role("button", name="Leave this page").click()
    expect(page.get_by_role("heading", name="You have stopped")).to_be_visible()
    looks.at(page, "go-stopped")


@pytest.fixture
def invited(alice: User) -> Issued:
    return registrations.start(alice, Platform.LINUX, Way.INVITATION, by=alice)
