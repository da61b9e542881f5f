"""Every page, in light and dark, wide and narrow: no axe-core finding, nothing cut off, and a picture of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from models import Command, Device, Ownership, Platform, Status, User, UserSession, Way
from services import clock as the_clock
from services import commands, deliveries, device_actions, password_links, registrations, settings
from services.apple import push_certificates
from tests.browser.house import House
from tests.browser.looks import Looks
from tests.browser.troubles import Troubles
from tests.conftest import Mail
from tests.push_service import Authority

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Open = Callable[..., Page]
ADevice = Callable[..., Device]
HOUR = 3600  # seconds
WRONG = "calm harbour wrong lanterns"


def test_what_strangers_see(
    browser_of: Open, house: House, looks: Looks, troubles: Troubles, mailbox: Callable[[], list[Mail]]
) -> None:
    troubles.expect("410", "422")
    page = browser_of(None)
    page.goto("/sign-in")
    looks.at(page, "sign-in")
    house.sign_in(page, "alice", password=WRONG)
    looks.at(page, "sign-in-wrong")
    page.goto("/forgotten-password")
    looks.at(page, "forgotten-password")
    page.goto("/set-password/notALivingLink")
    looks.at(page, "set-password-dead")
    password_links.ask("alice", "127.0.0.1")
    page.goto(mailbox()[-1].params["link"])
    expect(page.get_by_label("New password", exact=True)).to_be_visible()
    looks.at(page, "set-password")


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
    page.goto("/registrations")
    page.get_by_label("iPhone").check()
    page.get_by_role("button", name="Request PIN").click()
    expect(page.get_by_role("heading", name="for your")).to_be_visible()
    looks.at(page, "registered-pin-iphone")
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
    for path, name in (
        ("/account/activity", "activity"),
        ("/privacy", "privacy"),
        ("/accessibility", "accessibility"),
        ("/devices/nobodys", "not-found"),
    ):
        page.goto(path)
        looks.at(page, name)


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


def test_what_administrators_alone_do_to_a_device(browser_of: Open, looks: Looks, laptop: Device) -> None:
    page, where = browser_of("carol"), f"/devices/{laptop.code}"
    page.goto(f"{where}/block")
    looks.at(page, "block")
    page.get_by_role("button", name="Block ThinkPad X1").click()
    expect(page.get_by_text("ThinkPad X1 is blocked.")).to_be_visible()
    looks.at(page, "device-blocked")
    page.get_by_role("button", name="Unblock").click()
    expect(page.get_by_text("ThinkPad X1 is no longer blocked.")).to_be_visible()
    Device.update(status=Status.WIPE_PENDING).where(Device.id == laptop.id).execute()
    page.goto(where)
    page.get_by_role("link", name="Retire without the device").click()
    expect(page.get_by_text("The wipe is given up.")).to_be_visible()
    looks.at(page, "retire-without-device")
    page.get_by_label("Why?").fill("Lost on the ferry")
    page.get_by_role("button", name="Retire it without the device").click()
    expect(page.get_by_text("ThinkPad X1 is retired, without the device.")).to_be_visible()
    looks.at(page, "device-retired-without-it")


def test_what_carol_sees_before_the_push_certificate_ends(
    browser_of: Open, looks: Looks, tmp_path: Path
) -> None:
    authority, page = Authority(tmp_path), browser_of("carol")
    for days, name in ((20, "push-certificate-soon"), (5, "push-certificate-now")):
        request = push_certificates.request("carol@harbour.example")
        push_certificates.install(authority.push_certificate(request, days=days))
        page.goto("/admin/messages")
        expect(page.get_by_text(f"ends in {days} days")).to_be_visible()
        looks.at(page, name)


def test_what_the_help_desk_sees(
    browser_of: Open, alice: User, looks: Looks, laptop: Device, troubles: Troubles
) -> None:
    registrations.start(alice, Platform.LINUX, Way.INVITATION, by=alice)
    page = browser_of("dave")
    for query, name in (
        ("", "help-desk"),
        ("moreno", "help-desk-found"),
        ("nobody at all", "help-desk-nothing"),
    ):
        page.goto(f"/help-desk?q={query}")
        looks.at(page, name)
    page.goto(f"/help-desk/people/{alice.code}")
    looks.at(page, "help-desk-person")


def test_long_names_are_broken_and_push_nothing_off_the_screen(
    browser_of: Open, looks: Looks, laptop: Device, called_at_length: str
) -> None:
    Device.update(dict.fromkeys(("name", "model", "os_version", "serial"), called_at_length)).execute()
    page = browser_of("alice")
    of_device = ("", "/wipe", "/retire", "/ownership", "/name", "/history")
    for path in ("/", "/account", *(f"/devices/{laptop.code}{more}" for more in of_device)):
        page.goto(path)
        looks.measure(page, path)
    page.goto("/registrations")
    page.get_by_role("button", name="Generate QR Code").click()
    expect(page.get_by_role("heading", name="for your")).to_be_visible()
    looks.measure(page, "/registrations")


@pytest.fixture
def called_at_length(alice: User) -> Iterator[str]:
    """A word without a place to break it, which is in the name of the organisation and of Alice too."""
    name, long = alice.name, "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbau"
    settings.put("organisation", long, by=None)
    User.update(name=f"{long} Moreno").where(User.id == alice.id).execute()
    yield long
    User.update(name=name).where(User.id == alice.id).execute()


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
