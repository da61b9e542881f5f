"""Taking back an order that was not sent."""

from __future__ import annotations

from models import Command, Device, Status
from services import device_actions


def test_a_queued_order_is_cancelled(visit, alice, a_device):
    device = a_device(alice)
    command = device_actions.lock(device, by=alice)
    answer = visit(alice).post(f"/devices/{device.code}/commands/{command.code}/cancel", htmx=True)
    assert answer.words(".command h3") == "Lock: cancelled"
    assert answer.headers["HX-Trigger"] == "history-grown"
    assert Command.get_by_id(command.id).state == "cancelled"


def test_a_browser_comes_back_to_the_page(visit, alice, a_device):
    device = a_device(alice)
    command = device_actions.lock(device, by=alice)
    browser = visit(alice)
    answer = browser.post(f"/devices/{device.code}/commands/{command.code}/cancel")
    assert answer.location == f"/devices/{device.code}"
    assert "Lock: cancelled" in browser.get(answer.location).words("#messages")


def test_a_cancelled_wipe_puts_the_device_back(visit, alice, a_device):
    device = a_device(alice, Status.LOST)
    command = device_actions.wipe(device, "ThinkPad X1", "", by=alice)
    answer = visit(alice).post(f"/devices/{device.code}/commands/{command.code}/cancel", htmx=True)
    assert answer.words(".hero .status") == "Lost"
    assert Device.get_by_id(device.id).status == Status.LOST


def test_too_late_is_said(visit, alice, a_device):
    device = a_device(alice)
    command = device_actions.lock(device, by=alice)
    Command.update(state="sent").where(Command.id == command.id).execute()
    answer = visit(alice).post(f"/devices/{device.code}/commands/{command.code}/cancel")
    assert answer.status == 409
    assert "It is too late" in answer.words("main")


def test_an_order_of_another_device_does_not_exist(visit, alice, a_device):
    command = device_actions.lock(a_device(alice), by=alice)
    other = a_device(alice)
    assert visit(alice).post(f"/devices/{other.code}/commands/{command.code}/cancel").status == 404
    assert visit(alice).post(f"/devices/{other.code}/commands/zzz/cancel").status == 404


def test_who_may(visit, alice, bob, dave, carol, a_device):
    for person, status in ((None, 303), (bob, 404), (dave, 403), (carol, 303)):
        device = a_device(alice)
        command = device_actions.lock(device, by=alice)
        url = f"/devices/{device.code}/commands/{command.code}/cancel"
        assert visit(person).post(url).status == status
        assert (Command.get_by_id(command.id).state == "cancelled") == (person is carol)
        assert visit(alice).get(url).status == 405
