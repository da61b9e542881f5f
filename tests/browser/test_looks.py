"""Every page, in light and dark, wide and narrow: no axe-core finding, nothing cut off, and a picture of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from models import Command, Device, Ownership, Platform, Registration, Status, User, UserSession, Way
from services import clock as the_clock
from services import commands, deliveries, device_actions, enrolment_tokens, registrations, settings
from services.registrations import Issued
from tests.browser.house import House
from tests.browser.looks import Looks
from tests.browser.troubles import Troubles

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Open = Callable[..., Page]
ADevice = Callable[..., Device]
HOUR = int(timedelta(hours=1).total_seconds())
WRONG = "calm harbour wrong lanterns"


@pytest.fixture
def looks() -> Iterator[Looks]:
    found = Looks()
    yield found
    assert not found.problems, "\n".join(found.problems)


def test_what_strangers_see(browser_of: Open, house: House, looks: Looks, troubles: Troubles) -> None:
    troubles.expect("404", "422")
    page = browser_of(None)
    page.goto("/sign-in")
    looks.at(page, "sign-in")
    house.sign_in(page, "alice", password=WRONG)
    looks.at(page, "sign-in-wrong")
    page.goto("/go")
    looks.at(page, "go")
    page.get_by_label("User name").fill("alice")
    page.get_by_label("Password").fill(WRONG)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_be_visible()
    looks.at(page, "go-wrong")
    page.goto("/go/notALivingLink")
    looks.at(page, "go-closed")


def test_home_and_what_comes_of_registering(browser_of: Open, looks: Looks, troubles: Troubles) -> None:
    troubles.expect("422")
    page = browser_of("alice")
    looks.at(page, "home-empty")
    page.get_by_label("The number").fill("12")
    page.get_by_role("button", name="Send Invitation").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    looks.at(page, "register-wrong")
    for button, name in (
        ("Send Invitation", "registered-invitation"),
        ("Request PIN", "registered-pin"),
        ("Generate QR Code", "registered-qr"),
    ):
        page.goto("/registrations")
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("heading", name="for your")).to_be_visible()
        looks.at(page, name)
    page.goto("/")
    looks.at(page, "home-pending")


def test_home_with_devices_of_every_status(
    browser_of: Open, alice: User, looks: Looks, fleet: list[Device]
) -> None:
    settings.put("devices_per_user", "9", by=None)
    page = browser_of("alice")
    expect(page.locator("#devices .roll").first.locator("li")).to_have_count(9)
    page.get_by_text("No longer here").click()
    looks.at(page, "home")
    settings.put("devices_per_user", "1", by=None)
    page.goto("/registrations")
    looks.at(page, "register-no-room")


def test_a_device_and_what_can_be_done_to_it(
    browser_of: Open, alice: User, looks: Looks, laptop: Device, troubles: Troubles
) -> None:
    troubles.expect("422")
    page = browser_of("alice")
    where = f"/devices/{laptop.code}"
    page.goto(where)
    looks.at(page, "device")
    page.get_by_role("button", name="Send the message").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_text("Lock it with a message").click()
    looks.at(page, "device-wrong")
    for name in ("history", "name", "ownership", "retire", "wipe"):
        page.goto(f"{where}/{name}")
        looks.at(page, name)
    page.get_by_role("button", name="Wipe ThinkPad X1").click(no_wait_after=True)
    page.get_by_label("Its name").fill("Another one")
    page.get_by_role("button", name="Wipe ThinkPad X1").click()
    expect(page.get_by_role("alert")).to_be_visible()
    looks.at(page, "wipe-wrong")
    UserSession.update(proved_at=the_clock.now() - HOUR).execute()
    page.goto(f"{where}/wipe")
    looks.at(page, "sign-in-again")


def test_devices_before_and_after_their_time(browser_of: Open, looks: Looks, fleet: list[Device]) -> None:
    page = browser_of("alice")
    for device in fleet:
        if device.status in (Status.PENDING, Status.LOST, Status.WIPE_PENDING, Status.WIPED):
            page.goto(f"/devices/{device.code}")
            looks.at(page, f"device-{device.status.replace('_', '-')}")


def test_the_account_and_what_everybody_may_read(browser_of: Open, looks: Looks, troubles: Troubles) -> None:
    troubles.expect("404", "422")
    page = browser_of("alice")
    page.goto("/account")
    page.get_by_text("Welcome, Alice").click()
    looks.at(page, "account")
    page.get_by_label("Your present password").fill(WRONG)
    page.get_by_label("New password", exact=True).fill("short")
    page.get_by_label("The new password again").fill("short too")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    looks.at(page, "account-wrong")
    for name in ("privacy", "accessibility", "devices/nobodys"):
        page.goto(f"/{name}")
        looks.at(page, name.replace("devices/nobodys", "not-found"))


def test_what_bob_and_carol_see(
    browser_of: Open, bob: User, alice: User, looks: Looks, a_device: ADevice, laptop: Device
) -> None:
    page = browser_of("bob")
    looks.at(page, "home-of-bob-empty")
    device = a_device(bob, name="Bob's desk")
    page.goto("/")
    looks.at(page, "home-of-bob")
    page.goto(f"/devices/{device.code}")
    looks.at(page, "device-of-bob")

    page = browser_of("carol")
    page.goto("/admin/messages")
    looks.at(page, "messages-empty")
    registrations.start(alice, Platform.LINUX, Way.INVITATION, by=alice)
    registrations.start(alice, Platform.WINDOWS, Way.PIN, by=alice)
    page.goto("/admin/messages")
    page.get_by_text("What it says").first.click()
    looks.at(page, "messages")
    page.goto(f"/devices/{laptop.code}")
    looks.at(page, "device-for-carol")


def test_the_steps_on_the_device(
    browser_of: Open, house: House, looks: Looks, invited: Issued, troubles: Troubles
) -> None:
    troubles.expect("422", "410")
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
    terms = page.context.new_page()
    terms.goto("/go/terms")
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
    page.goto("/go/done")
    looks.at(page, "go-4-done")


def test_other_ways_the_steps_end(
    browser_of: Open, house: House, looks: Looks, invited: Issued, troubles: Troubles
) -> None:
    troubles.expect("409", "410", "422")
    page = browser_of(None)
    page.goto(f"/go/{invited.link}")
    page.get_by_label("Password").fill(house.passwords["alice"])
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("I have read this").check()
    enrolment_tokens.accept(invited.registration, invited.registration.issued_at)
    page.get_by_role("button", name="Accept and go on").click()
    expect(page.get_by_role("heading", name="accepted already")).to_be_visible()
    looks.at(page, "go-accepted-already")
    page.goto("/go/install")
    page.get_by_role("button", name="Leave this page").click()
    looks.at(page, "go-stopped")


def test_long_names_are_broken_and_push_nothing_off_the_screen(
    browser_of: Open, alice: User, looks: Looks, laptop: Device
) -> None:
    long = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbau"
    settings.put("organisation", long, by=None)
    Device.update(name=long, model=long, os_version=long, serial=long).execute()
    User.update(name=f"{long} Moreno").where(User.id == alice.id).execute()
    page = browser_of("alice")
    for path in (
        "/",
        "/account",
        *(
            f"/devices/{laptop.code}{more}"
            for more in ("", "/wipe", "/retire", "/ownership", "/name", "/history")
        ),
    ):
        page.goto(path)
        looks.measure(page, path)
    page.goto("/registrations")
    page.get_by_role("button", name="Generate QR Code").click()
    Device.update(name=long).execute()
    page.goto(f"/registrations/{Registration.get().code}")
    looks.measure(page, "/registrations")
    User.update(name="Alice Moreno").where(User.id == alice.id).execute()


@pytest.fixture
def invited(alice: User) -> Issued:
    return registrations.start(alice, Platform.LINUX, Way.INVITATION, by=alice)


@pytest.fixture
def laptop(alice: User, a_device: ADevice) -> Device:
    """A device with all its facts, and an order in each state."""
    now = the_clock.now()
    facts = {
        "host_name": "thinkpad",
        "battery_percent": 81,
        "disk_free_bytes": 10**11,
        "disk_total_bytes": 5 * 10**11,
        "agent_version": "1.0",
    }
    device = a_device(alice, serial="PF-2XK9", facts=facts, next_ownership=Ownership.COMPANY)
    for outcome in ("acknowledged", "failed"):
        order = device_actions.refresh(device, by=alice)
        deliveries.offer(device)
        deliveries.finish(device, order.code, outcome, "Nobody is signed in." if outcome == "failed" else "")
    device_actions.message(device, "Please bring it to the desk by noon.", by=alice)
    deliveries.offer(device)
    commands.cancel(device_actions.refresh(device, by=alice), by=alice)
    device_actions.lock(device, by=alice)
    Command.update(created_at=now - 5).execute()
    return device


@pytest.fixture
def fleet(alice: User, a_device: ADevice, a_registration: Callable[..., object]) -> list[Device]:
    """A device in each status."""
    devices = []
    for status in Status:
        device = a_device(alice, status, name="" if status == Status.PENDING else f"Computer {len(devices)}")
        if not device.is_enrolled:
            a_registration(alice, device)
        devices.append(device)
    return devices
