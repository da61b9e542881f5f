"""Reported lost, and found again."""

from __future__ import annotations

from models import AuditEntry, Command, Device, Status
from services import users


def status_of(device):
    return Device.get_by_id(device.id).status


def test_a_lost_device_is_marked_and_locked(visit, alice, a_device):
    device = a_device(alice)
    browser = visit(alice)
    answer = browser.post(f"/devices/{device.code}/lost")
    assert answer.location == f"/devices/{device.code}"
    page = browser.get(answer.location)
    assert page.words(".hero .status") == "Lost"
    assert "ThinkPad X1 is reported lost." in page.words("#messages")
    assert Command.get(Command.device == device).kind == "lock"
    assert AuditEntry.select().where(AuditEntry.action == "device:lost:reported").count() == 1


def test_found_again(visit, alice, a_device):
    device = a_device(alice, Status.LOST)
    answer = visit(alice).post(f"/devices/{device.code}/found", htmx=True)
    assert answer.words(".hero .status") == "Active"
    assert status_of(device) == Status.ACTIVE


def test_what_is_so_already_is_refused(visit, alice, a_device):
    assert visit(alice).post(f"/devices/{a_device(alice).code}/found").status == 409
    assert visit(alice).post(f"/devices/{a_device(alice, Status.LOST).code}/lost").status == 409


def test_who_may(visit, alice, bob, dave, carol, a_device):
    for path, status in (("lost", Status.ACTIVE), ("found", Status.LOST)):
        for person, expected in ((None, 303), (bob, 404), (dave, 403), (carol, 303)):
            device = a_device(alice, status)
            assert visit(person).post(f"/devices/{device.code}/{path}").status == expected
            assert (status_of(device) != status) == (person is carol)
        assert visit(alice).get(f"/devices/{a_device(alice, status).code}/{path}").status == 405
    users.set_roles(alice, {"user_portal"}, by=None)
    assert visit(alice).post(f"/devices/{a_device(alice).code}/lost").status == 403
