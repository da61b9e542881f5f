"""Request PIN: the PIN is shown once, with its end and a way to renew it."""

from __future__ import annotations

import pytest

from blueprints.shared.registration_result import groups
from models import Device, Proof, Registration
from services import passwords, settings

URL = "/registrations/pin"


def pin_of(answer):
    return answer.one(".pin").get_text()


def test_htmx_shows_the_pin(visit, alice, mailbox):
    answer = visit(alice).post(URL, htmx=True, platform="linux")
    assert answer.status == 200
    assert not answer.is_page
    registration = Registration.get()
    pin = pin_of(answer)
    assert len(pin) == 6
    assert passwords.verify(registration.pin_hash, pin)
    assert registration.proof == Proof.PIN
    assert answer.headers["HX-Trigger"] == "device-changed"
    assert answer.words("#register h2") == "The PIN for your Linux computer"
    assert f"Your PIN is {' '.join(pin[:3])}, {' '.join(pin[3:])}." in answer.words("#register")
    assert "That is 4 hours from now." in answer.words("#register")
    ends = answer.one("time[data-countdown]")
    assert ends["datetime"].endswith("Z")
    assert "today" in ends.get_text()
    assert answer.one("[data-countdown-text]")["data-left"] == "That is {time} from now."
    assert answer.words(".key") == "http://localhost/go"
    assert "alice" in answer.words("ol")
    assert [form["action"].rpartition("/")[2] for form in answer.soup.select("form")] == [
        "pin",
        "cancel",
        "address",
    ]
    assert mailbox()[0].kind == "pin"
    assert pin not in [str(value) for value in mailbox()[0].params.values()]


def test_a_browser_sees_it_once_and_a_reload_offers_to_renew(visit, alice):
    browser = visit(alice)
    answer = browser.post(URL, platform="linux")
    registration = Registration.get()
    assert answer.location == f"/registrations/{registration.code}"
    page = browser.get(answer.location)
    assert passwords.verify(registration.pin_hash, pin_of(page))
    assert page.words("#list-title") == "All your devices"
    again = browser.get(answer.location)
    assert not again.soup.select(".pin")
    assert "The PIN was shown once" in again.words("#register")
    assert again.words("#register form button") == "Renew the PIN"


def test_it_is_shown_to_no_other_browser_and_no_other_person(visit, alice, dave, carol, bob):
    browser = visit(alice)
    location = browser.post(URL, platform="linux").location
    for person in (alice, dave, carol):
        answer = visit(person).get(location)
        assert answer.status == 200 if person is not carol else answer.status in (200, 404)
        assert not answer.soup.select(".pin")
    assert visit(bob).get(location).status == 404
    assert browser.get(location).soup.select(".pin")


def test_renewing_ends_the_old_pin(visit, alice):
    browser = visit(alice)
    old = pin_of(browser.post(URL, htmx=True, platform="linux"))
    registration = Registration.get()
    answer = browser.post(f"/registrations/{registration.code}/pin", htmx=True)
    assert answer.headers["HX-Trigger"] == "device-changed"
    new = pin_of(answer)
    registration = Registration.get()
    assert passwords.verify(registration.pin_hash, new)
    assert new == old or not passwords.verify(registration.pin_hash, old)
    page = browser.post(f"/registrations/{registration.code}/pin")
    assert page.location == f"/registrations/{registration.code}"
    assert pin_of(browser.get(page.location))
    assert Device.select().count() == 1


def test_the_length_follows_the_settings(visit, alice):
    settings.put("pin_length", "9", by=None)
    assert len(pin_of(visit(alice).post(URL, htmx=True, platform="linux"))) == 9


def test_where_both_are_asked_for_the_page_says_so(visit, alice):
    settings.put("proof_linux", "both", by=None)
    assert "Type the PIN and your password" in visit(alice).post(URL, htmx=True, platform="linux").words("ol")


def test_switched_off_it_is_refused(visit, alice, a_registration):
    settings.put("pin_registration", "off", by=None)
    answer = visit(alice).post(URL, platform="linux")
    assert answer.status == 422
    assert answer.error_of("way") == "This way is switched off here. Choose another."
    registration = a_registration(alice)
    assert visit(alice).post(f"/registrations/{registration.code}/pin").status == 409


@pytest.mark.parametrize(
    ("pin", "grouped"),
    [
        ("123456", ["123", "456"]),
        ("1234567", ["123", "4567"]),
        ("12345678", ["1234", "5678"]),
        ("123456789", ["123", "456", "789"]),
        ("1234567890", ["123", "456", "7890"]),
        ("123456789012", ["123", "456", "789", "012"]),
    ],
)
def test_digits_are_read_in_groups(pin, grouped):
    assert groups(pin) == grouped
