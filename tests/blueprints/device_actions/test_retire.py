"""Retire: explained, with a fresh sign-in."""

from __future__ import annotations

from models import AuditEntry, Command, Device, Status
from services import users


def status_of(device):
    return Device.get_by_id(device.id).status


def test_the_page_explains_and_changes_nothing(visit, alice, a_device):
    device = a_device(alice)
    answer = visit(alice).get(f"/devices/{device.code}/retire")
    assert answer.words("h1") == "Retire ThinkPad X1"
    assert "The agent deletes its secret and ends." in answer.words("main")
    assert "Every file, program and account on the computer" in answer.words("main")
    assert status_of(device) == Status.ACTIVE


def test_it_is_queued(visit, alice, a_device):
    device = a_device(alice)
    browser = visit(alice)
    answer = browser.post(f"/devices/{device.code}/retire", reason="Old")
    assert answer.location == f"/devices/{device.code}"
    page = browser.get(answer.location)
    assert page.words(".hero .status") == "Retire pending"
    assert "The order to leave is on its way" in page.words("#messages")
    assert Command.get(Command.device == device).kind == "retire"
    assert AuditEntry.select().where(AuditEntry.action == "device:retire:requested").count() == 1


def test_htmx_is_sent_on(visit, alice, a_device):
    device = a_device(alice)
    answer = visit(alice).post(f"/devices/{device.code}/retire", htmx=True)
    assert (answer.status, answer.headers["HX-Redirect"]) == (204, f"/devices/{device.code}")


def test_a_reason_that_is_too_long_is_refused_beside_the_field(visit, alice, a_device):
    device = a_device(alice)
    for htmx in (False, True):
        answer = visit(alice).post(f"/devices/{device.code}/retire", htmx=htmx, reason="x" * 201)
        assert answer.status == 422
        assert answer.is_page is not htmx
        assert answer.error_of("reason") == "Use at most 200 characters."
    assert status_of(device) == Status.ACTIVE


def test_an_old_sign_in_is_not_enough(visit, alice, a_device, clock):
    url = f"/devices/{a_device(alice).code}/retire"
    browser = visit(alice)
    clock.move(301)
    assert browser.get(url).location == f"/sign-in/again?next={url}"
    assert browser.post(url).location == f"/sign-in/again?next={url}"
    assert not Command.select().exists()


def test_who_may_retire(visit, alice, bob, carol, dave, a_device):
    for person, status in ((None, 303), (bob, 404), (dave, 403), (carol, 303)):
        device = a_device(alice)
        assert visit(person).get(f"/devices/{device.code}/retire").status == (
            200 if person is carol else status
        )
        assert visit(person).post(f"/devices/{device.code}/retire").status == status
        assert (status_of(device) == Status.RETIRE_PENDING) == (person is carol)
    users.set_roles(alice, {"user_portal"}, by=None)
    assert visit(alice).post(f"/devices/{a_device(alice).code}/retire").status == 403


def test_twice_is_refused(visit, alice, a_device):
    device = a_device(alice, Status.RETIRE_PENDING)
    assert visit(alice).post(f"/devices/{device.code}/retire").status == 409
