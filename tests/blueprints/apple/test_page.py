"""The page of an iPhone, iPad or Mac: what it lets us see, and what only such devices can do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from models import AppleEnrolment, Device, PushCertificate, Status, User
from services import device_actions
from services.apple import actions, vault
from services.refused import Forbidden
from simulation.apple_device import AppleDevice
from tests import apple_devices as apple
from tests.conftest import NOON, Clock, Visitor
from tests.push_service import TOPIC
from tests.services.conftest import audited, status_of

Visit = Callable[[User | None], Visitor]


@pytest.fixture
def phone(app: Flask, alice: User) -> tuple[Device, AppleDevice]:
    device, hardware = apple.join(app, alice)
    hardware.connect()
    return device, hardware


@pytest.fixture
def supervised(app: Flask, alice: User) -> tuple[Device, AppleDevice]:
    device, hardware = apple.join(app, alice, is_supervised=True)
    hardware.connect()
    return device, hardware


@pytest.fixture
def mac(app: Flask, alice: User) -> tuple[Device, AppleDevice]:
    device, hardware = apple.join(app, alice, 1, platform="macos")
    hardware.connect()
    return device, hardware


def test_apps_profiles_and_certificates_are_listed(
    phone: tuple[Device, AppleDevice], alice: User, visit: Visit
) -> None:
    page = visit(alice).get(f"/devices/{phone[0].code}")
    assert "Notes" in page.words("#applications")
    assert "org.muster.enrolment" in page.words("#profiles")
    assert phone[1].udid in page.words("#certificates")


def test_what_is_not_safe_is_said_with_how_to_mend_it(app: Flask, alice: User, visit: Visit) -> None:
    device, hardware = apple.join(app, alice, has_passcode=False)
    hardware.connect()
    assert "It has no passcode" in visit(alice).get(f"/devices/{device.code}").words("main")


def test_without_pushes_the_page_says_that_orders_wait(
    phone: tuple[Device, AppleDevice], alice: User, visit: Visit
) -> None:
    browser, url = visit(alice), f"/devices/{phone[0].code}"
    assert not browser.get(url).soup.select("#no-push")
    browser.post(f"{url}/lock")
    assert "No push certificate is installed yet." in browser.get(url).words("#no-push")


@pytest.mark.parametrize(
    ("topic", "token", "days", "expected"),
    [
        (TOPIC, b"t", 365, ""),
        (TOPIC, b"t", 0, "The push certificate has ended."),
        ("com.apple.mgmt.External.other", b"t", 365, "has to join again"),
        (TOPIC, None, 365, "no address"),
    ],
)
def test_why_it_cannot_be_woken_is_said_in_plain_words(
    phone: tuple[Device, AppleDevice],
    alice: User,
    visit: Visit,
    topic: str,
    token: bytes | None,
    days: int,
    expected: str,
) -> None:
    PushCertificate.create(id=1, certificate=b"x", key=b"x", topic=TOPIC, ends_at=NOON + days * 86_400)
    AppleEnrolment.update(topic=topic, push_token=token).execute()
    browser, url = visit(alice), f"/devices/{phone[0].code}"
    browser.post(f"{url}/lock")
    said = browser.get(url).words("#no-push")
    assert expected in said
    assert bool(said) == bool(expected)


@pytest.mark.parametrize("htmx", [False, True])
def test_unlock_is_explained_and_then_done(
    phone: tuple[Device, AppleDevice], alice: User, visit: Visit, htmx: bool
) -> None:
    device, hardware = phone
    browser = visit(alice)
    assert "Whoever holds it" in browser.get(f"/devices/{device.code}/unlock", htmx).words("main")
    assert browser.post(f"/devices/{device.code}/unlock", htmx).location == f"/devices/{device.code}"
    hardware.connect()
    assert not hardware.has_passcode


def test_unlock_asks_for_the_password_again(
    phone: tuple[Device, AppleDevice], alice: User, visit: Visit, clock: Clock
) -> None:
    browser = visit(alice)
    clock.move(301)
    assert browser.get(f"/devices/{phone[0].code}/unlock").location.startswith("/sign-in/again")
    assert browser.post(f"/devices/{phone[0].code}/unlock").location.startswith("/sign-in/again")


def test_a_phone_of_ones_own_does_not_say_where_it_is(
    phone: tuple[Device, AppleDevice], alice: User, visit: Visit
) -> None:
    answer = visit(alice).get(f"/devices/{phone[0].code}")
    assert "only a supervised iPhone or iPad" in answer.words("main")
    assert visit(alice).post(f"/devices/{phone[0].code}/locate").status == 409


def test_a_supervised_one_says_where_it_is_while_it_is_lost(
    supervised: tuple[Device, AppleDevice], alice: User, visit: Visit
) -> None:
    device, hardware = supervised
    browser, url = visit(alice), f"/devices/{device.code}"
    assert browser.post(f"{url}/locate").status == 409
    browser.post(f"{url}/lost")
    assert hardware.connect() == ["EnableLostMode"]
    browser.post(f"{url}/locate")
    browser.post(f"{url}/sound")
    assert hardware.connect() == ["EnableLostMode", "DeviceLocation", "PlayLostModeSound"]
    page = browser.get(url)
    assert "52.52001, 13.40495" in page.words("#place")
    link = page.one("#place a")
    assert "mlat=52.52001&mlon=13.40495" in link["href"]
    assert link["rel"] == ["noreferrer"], "the address of the page names the device"
    browser.post(f"{url}/found")
    assert hardware.connect() == ["DisableLostMode"]
    assert not hardware.is_in_lost_mode
    assert not browser.get(url).soup.select("#place")
    assert status_of(device) == Status.ACTIVE


def test_a_mac_restarts(mac: tuple[Device, AppleDevice], alice: User, visit: Visit) -> None:
    device, hardware = mac
    assert visit(alice).post(f"/devices/{device.code}/restart").status == 303
    assert hardware.connect() == ["RestartDevice"]


def test_a_supervised_phone_restarts_until_it_is_lost_and_then_the_page_says_why_not(
    supervised: tuple[Device, AppleDevice], alice: User, visit: Visit
) -> None:
    device, hardware = supervised
    browser, url = visit(alice), f"/devices/{device.code}"
    assert browser.get(url).soup.select(f'form[action="{url}/restart"]')
    browser.post(f"{url}/lost")
    page = browser.get(url)
    assert not page.soup.select(f'form[action="{url}/restart"]')
    assert "joins no Wi-Fi after a restart" in page.words(f"#device-{device.code}-actions")
    assert "joins no Wi-Fi" in browser.post(f"{url}/restart").words("main")
    assert "RestartDevice" not in hardware.connect()


def test_a_phone_that_never_could_restart_says_nothing_of_it(
    phone: tuple[Device, AppleDevice], alice: User, visit: Visit
) -> None:
    assert "Restart" not in visit(alice).get(f"/devices/{phone[0].code}").words("main")


def test_the_pin_of_a_mac_is_for_the_owner_and_the_help_desk_and_each_look_is_written_down(
    mac: tuple[Device, AppleDevice], alice: User, bob: User, dave: User, visit: Visit, clock: Clock
) -> None:
    device, hardware = mac
    url = f"/devices/{device.code}/pin"
    assert visit(alice).get(url).status == 404
    device_actions.lock(Device.get_by_id(device.id), by=alice)
    hardware.connect()
    assert visit(bob).post(url).status == 404
    before = audited(device).count("device:pin:shown")
    assert visit(alice).get(url).soup.select(".key") == []
    assert audited(device).count("device:pin:shown") == before
    pin = visit(alice).post(url).words(".key")
    assert len(pin) == 6
    assert pin.isdigit()
    assert visit(dave).post(url).words(".key") == pin
    assert audited(device).count("device:pin:shown") == before + 2
    assert "See the PIN" in visit(alice).get(f"/devices/{device.code}").words("#has-pin")
    browser = visit(alice)
    clock.move(301)
    assert browser.post(url).location.startswith("/sign-in/again")


def test_whoever_may_not_see_a_device_is_not_shown_its_pin_by_the_verb_either(
    mac: tuple[Device, AppleDevice], alice: User, bob: User
) -> None:
    device, hardware = mac
    device_actions.lock(Device.get_by_id(device.id), by=alice)
    hardware.connect()
    with pytest.raises(Forbidden):
        actions.show_pin(vault.pins_of(device)[0], by=bob)
    assert "device:pin:shown" not in audited(device)


@pytest.mark.parametrize("action", ["retire", "wipe"])
def test_what_retiring_and_wiping_do_is_explained(
    phone: tuple[Device, AppleDevice], alice: User, visit: Visit, action: str
) -> None:
    page = visit(alice).get(f"/devices/{phone[0].code}/{action}")
    assert "The profile of" in page.words("main")
