"""Block and unblock: the one is explained first, and either is for administrators alone."""

from __future__ import annotations

import pytest

from models import Device, Status
from services import device_actions
from tests.services.conftest import audited


def status_of(device):
    return Device.get_by_id(device.id).status


def test_the_page_explains_and_changes_nothing(visit, alice, carol, a_device):
    device = a_device(alice)
    answer = visit(carol).get(f"/devices/{device.code}/block")
    assert answer.words("h1") == "Block ThinkPad X1"
    assert "ThinkPad X1 of Alice Moreno." in answer.words(".hero")
    assert "It is told nothing until you unblock it." in answer.words("main")
    assert answer.one("main form")["action"] == f"/devices/{device.code}/block"
    assert (status_of(device), audited(device)) == (Status.ACTIVE, ["device:looked:done"])


def test_it_is_blocked_and_the_owner_reads_by_whom(visit, alice, carol, a_device, mailbox):
    device = a_device(alice)
    browser = visit(carol)
    answer = browser.post(f"/devices/{device.code}/block")
    assert (answer.status, answer.location) == (303, f"/devices/{device.code}")
    page = browser.get(answer.location)
    assert page.words(".hero .status") == "Blocked"
    assert "ThinkPad X1 is blocked." in page.words("#messages")
    assert page.one(f"form[action='/devices/{device.code}/unblock']")["method"] == "post"
    assert not page.soup.select(f"a[href='/devices/{device.code}/block']")
    assert "Carol Singh blocked it" in visit(alice).get(f"/devices/{device.code}").words(".log")
    assert [(mail.kind, mail.recipient) for mail in mailbox()] == [("action_done", "alice@harbour.example")]


def test_unblocked_it_is_as_it_was(visit, alice, carol, a_device):
    device = a_device(alice, Status.BLOCKED)
    browser = visit(carol)
    answer = browser.post(f"/devices/{device.code}/unblock")
    assert (answer.status, answer.location) == (303, f"/devices/{device.code}")
    page = browser.get(answer.location)
    assert page.words(".hero .status") == "Active"
    assert "ThinkPad X1 is no longer blocked." in page.words("#messages")
    assert page.one(f"a[href='/devices/{device.code}/block']")
    assert "device:block:ended" in audited(device)


def test_htmx_gets_the_part_that_changed(visit, alice, carol, a_device):
    device = a_device(alice)
    answer = visit(carol).post(f"/devices/{device.code}/block", htmx=True)
    assert (answer.status, answer.headers["HX-Redirect"]) == (204, f"/devices/{device.code}")
    answer = visit(carol).post(f"/devices/{device.code}/unblock", htmx=True)
    assert (answer.status, answer.is_page) == (200, False)
    assert answer.words(f"#device-{device.code}-status .status") == "Active"
    assert answer.headers["HX-Trigger"] == "history-grown"


@pytest.mark.parametrize("verb", ["block", "unblock"])
def test_only_administrators_may_and_only_they_see_the_button(visit, alice, bob, carol, dave, a_device, verb):
    before = Status.ACTIVE if verb == "block" else Status.BLOCKED
    device = a_device(alice, before)
    url = f"/devices/{device.code}/{verb}"
    for person, status in ((None, 303), (bob, 404), (alice, 403), (dave, 403)):
        assert visit(person).post(url).status == status
        page = visit(person).get(f"/devices/{device.code}")
        assert not page.soup.select(f"[href='{url}'], [action='{url}']")
    assert status_of(device) == before
    assert (
        len(visit(carol).get(f"/devices/{device.code}").soup.select(f"[href='{url}'], [action='{url}']")) == 1
    )


@pytest.mark.parametrize("person", ["alice", "dave"])
def test_the_page_is_for_administrators_alone(visit, alice, a_device, request, person):
    answer = visit(request.getfixturevalue(person)).get(f"/devices/{a_device(alice).code}/block")
    assert answer.status == 403


def test_only_an_active_device_can_be_blocked_and_only_a_blocked_one_unblocked(visit, alice, carol, a_device):
    for status in Status:
        device = a_device(alice, status)
        unblocked = visit(carol).post(f"/devices/{device.code}/unblock")
        assert (unblocked.status == 409) == (status != Status.BLOCKED)
        if status == Status.BLOCKED:
            continue
        for answer in (
            visit(carol).get(f"/devices/{device.code}/block"),
            visit(carol).post(f"/devices/{device.code}/block"),
        ):
            assert (answer.status == 409) == (status != Status.ACTIVE)
        assert status_of(device) == (Status.BLOCKED if status == Status.ACTIVE else status)


def test_an_order_that_waits_says_that_it_waits_for_an_administrator(visit, alice, carol, a_device):
    device = a_device(alice)
    device_actions.lock(device, by=alice)
    device_actions.block(device, by=carol)
    waits = visit(alice).get(f"/devices/{device.code}").words(".command")
    assert "ThinkPad X1 is blocked: it goes out when an administrator unblocks it." in waits


def test_a_blocked_device_may_still_be_wiped_and_comes_back_blocked(visit, alice, carol, a_device):
    device = a_device(alice)
    device_actions.block(device, by=carol)
    order = device_actions.wipe(device, device.code, "", by=alice)
    assert status_of(device) == Status.WIPE_PENDING
    visit(alice).post(f"/devices/{device.code}/commands/{order.code}/cancel")
    assert status_of(device) == Status.BLOCKED
