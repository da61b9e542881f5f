"""Calling a registration off."""

from __future__ import annotations

from models import AuditEntry, Device, Status


def status_of(registration):
    return Device.get_by_id(registration.device_id).status


def test_a_browser_comes_home_with_a_message(visit, alice, a_registration):
    registration = a_registration(alice)
    browser = visit(alice)
    answer = browser.post(f"/registrations/{registration.code}/cancel")
    assert (answer.status, answer.location) == (303, "/")
    assert "The registration is cancelled." in browser.get("/").words("#messages")
    assert status_of(registration) == Status.CANCELLED
    assert AuditEntry.select().where(AuditEntry.action == "device:registration:cancelled").count() == 1


def test_htmx_gets_the_panel_and_the_list_hears_of_it(visit, alice, a_registration):
    registration = a_registration(alice)
    answer = visit(alice).post(f"/registrations/{registration.code}/cancel", htmx=True)
    assert answer.one("#register form")["action"] == "/registrations/invitation"
    assert answer.headers["HX-Trigger"] == "device-changed"
    assert "cancelled" in answer.words("#messages[data-hx-swap-oob]")


def test_an_administrator_cancels_for_others(visit, alice, carol, a_registration):
    registration = a_registration(alice)
    answer = visit(carol).post(f"/registrations/{registration.code}/cancel")
    assert answer.location == f"/devices/{registration.device.code}"
    assert status_of(registration) == Status.CANCELLED
    again = a_registration(alice)
    fragment = visit(carol).post(f"/registrations/{again.code}/cancel", htmx=True)
    assert fragment.one("#register")


def test_too_late_is_refused(visit, alice, a_device, a_registration):
    for status in (Status.ENROLLING, Status.ACTIVE, Status.CANCELLED):
        registration = a_registration(alice, a_device(alice, status))
        answer = visit(alice).post(f"/registrations/{registration.code}/cancel")
        assert answer.status == 409
        assert "This cannot be done any more" in answer.words("main")


def test_who_may(visit, alice, bob, dave, a_registration):
    registration, own = a_registration(alice), a_registration(bob)
    url = f"/registrations/{registration.code}/cancel"
    assert visit(None).post(url).status == 303
    assert visit(bob).post(url).status == 404
    assert visit(dave).post(url).status == 403
    assert visit(bob).post(f"/registrations/{own.code}/cancel").status == 403
    assert status_of(registration) == Status.PENDING
