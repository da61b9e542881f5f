"""Retire without the device: explained, with a fresh sign-in, for administrators alone."""

from __future__ import annotations

import pytest

from models import ENDED, ENROLLED, WAITING, AuditEntry, AuditText, Command, Device, Status
from services import commands, device_actions
from tests.services.conftest import audited


def status_of(device):
    return Device.get_by_id(device.id).status


def url_of(device):
    return f"/devices/{device.code}/retire-without-device"


def test_the_page_explains_and_changes_nothing(visit, alice, carol, a_device):
    device = a_device(alice)
    answer = visit(carol).get(url_of(device))
    assert answer.words("h1") == "Retire ThinkPad X1 without the device"
    assert "ThinkPad X1 of Alice Moreno." in answer.words(".hero")
    main = answer.words("main")
    assert "This cannot be undone." in main
    assert "its agent is told so, deletes its secret and ends" in main
    assert "can register this one for themselves" in main
    assert answer.one(f"a[href='/devices/{device.code}/retire']").text == "Retire it"
    assert not answer.soup.select("#wipe-given-up")
    assert (status_of(device), audited(device)) == (Status.ACTIVE, ["device:looked:done"])


def test_an_apple_device_is_said_to_lose_our_profile_should_it_come_again(visit, alice, carol, a_device):
    device = a_device(alice, platform="ios", channel="apple", name="Alice's phone")
    assert "it is told to remove the profile of" in visit(carol).get(url_of(device)).words("main")


def test_where_a_wipe_is_pending_the_page_says_that_it_is_given_up(visit, alice, carol, a_device):
    device = a_device(alice)
    device_actions.wipe(device, device.code, "", by=alice)
    answer = visit(carol).get(url_of(device))
    assert answer.words("#wipe-given-up").startswith("The wipe is given up.")
    assert not answer.soup.select(f"a[href='/devices/{device.code}/retire']")
    visit(carol).post(url_of(device))
    assert status_of(device) == Status.RETIRED
    assert Command.get(Command.device == device).state == "cancelled"


def test_it_is_retired_at_once_and_the_history_says_by_whom_and_why(visit, alice, carol, a_device):
    device = a_device(alice, Status.LOST)
    device_actions.lock(device, by=alice)
    browser = visit(carol)
    answer = browser.post(url_of(device), reason="Lost  on the ferry")
    assert (answer.status, answer.location) == (303, f"/devices/{device.code}")
    page = browser.get(answer.location)
    assert page.words(".hero .status") == "Retired"
    assert "ThinkPad X1 is retired, without the device." in page.words("#messages")
    assert "You retired it without waiting for it" in page.words(".log")
    assert "You gave a reason for retiring it: Lost on the ferry" in page.words(".log")
    assert not page.soup.select(".acts")
    assert commands.live(device) == []
    told = visit(alice).get(f"/devices/{device.code}").words(".log")
    assert "Carol Singh retired it without waiting for it" in told


def test_without_a_reason_none_is_written_down(visit, alice, carol, a_device):
    device = a_device(alice)
    visit(carol).post(url_of(device))
    assert audited(device) == ["device:looked:done", "device:left:forced"]
    assert not AuditText.select().exists()


def test_the_owner_gets_a_mail_and_an_administrator_none_about_their_own(
    visit, alice, carol, a_device, mailbox
):
    visit(carol).post(url_of(a_device(carol)))
    assert mailbox() == []
    visit(carol).post(url_of(a_device(alice)), reason="Sold")
    (mail,) = mailbox()
    assert (mail.kind, mail.recipient) == ("action_done", "alice@harbour.example")
    told = [AuditEntry.get_by_id(number).action for number in mail.params["entries"]]
    assert told == ["device:left:forced", "device:retire:explained"]


def test_htmx_is_sent_on(visit, alice, carol, a_device):
    device = a_device(alice)
    answer = visit(carol).post(url_of(device), htmx=True)
    assert (answer.status, answer.headers["HX-Redirect"]) == (204, f"/devices/{device.code}")
    assert status_of(device) == Status.RETIRED


def test_a_reason_that_is_too_long_is_refused_beside_the_field(visit, alice, carol, a_device):
    device = a_device(alice)
    for htmx in (False, True):
        answer = visit(carol).post(url_of(device), htmx=htmx, reason="x" * 201)
        assert answer.status == 422
        assert answer.is_page is not htmx
        assert answer.error_of("reason") == "Use at most 200 characters."
    assert status_of(device) == Status.ACTIVE


def test_an_old_sign_in_is_not_enough(visit, alice, carol, a_device, clock):
    device = a_device(alice)
    browser = visit(carol)
    clock.move(301)
    assert browser.get(url_of(device)).location == f"/sign-in/again?next={url_of(device)}"
    assert browser.post(url_of(device)).location == f"/sign-in/again?next={url_of(device)}"
    assert status_of(device) == Status.ACTIVE


def test_only_administrators_may_and_only_they_see_the_button(visit, alice, bob, carol, dave, a_device):
    device = a_device(alice)
    for person, status in ((None, 303), (bob, 404), (alice, 403), (dave, 403)):
        assert visit(person).get(url_of(device)).status == status
        assert visit(person).post(url_of(device)).status == status
        assert not visit(person).get(f"/devices/{device.code}").soup.select(f"a[href='{url_of(device)}']")
    assert status_of(device) == Status.ACTIVE
    button = visit(carol).get(f"/devices/{device.code}").words(f"a[href='{url_of(device)}']")
    assert button.startswith("Retire without the device")


@pytest.mark.parametrize("status", list(Status))
def test_it_is_there_for_every_device_that_is_in_and_for_no_other(visit, alice, carol, a_device, status):
    device = a_device(alice, status)
    button = visit(carol).get(f"/devices/{device.code}").soup.select(f"a[href='{url_of(device)}']")
    assert bool(button) == (status in ENROLLED)
    for answer in (visit(carol).get(url_of(device)), visit(carol).post(url_of(device))):
        assert (answer.status == 409) == (status in (*WAITING, *ENDED))
    assert status_of(device) == (Status.RETIRED if status in ENROLLED else status)


def test_twice_is_refused(visit, alice, carol, a_device):
    device = a_device(alice)
    visit(carol).post(url_of(device))
    answer = visit(carol).post(url_of(device))
    assert answer.status == 409
    assert "This device has left." in answer.words("main")
    assert audited(device).count("device:left:forced") == 1
