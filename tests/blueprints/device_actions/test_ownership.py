"""Change Ownership: a panel that says what changes and when."""

from __future__ import annotations

from models import AuditEntry, Device, Ownership
from services import settings, users


def test_the_panel_says_what_changes_and_when(visit, alice, a_device):
    device = a_device(alice)
    answer = visit(alice).get(f"/devices/{device.code}/ownership")
    assert answer.one("#own-title").get_text() == "Change ownership"
    assert answer.one("[name=ownership][checked]")["value"] == "employee"
    words = answer.words("form.panel")
    assert "Its administrators may not wipe the device." in words
    assert "The change counts when the device next checks in." in words
    assert not visit(alice).get(f"/devices/{device.code}/ownership", htmx=True).is_page


def test_where_administrators_may_wipe_all_the_panel_says_so(visit, alice, a_device):
    settings.put("admin_wipes_employee_devices", "on", by=None)
    words = visit(alice).get(f"/devices/{a_device(alice).code}/ownership").words("form.panel")
    assert "Administrators of Your organisation may still wipe it" in words


def test_it_counts_from_the_next_check_in_on(visit, alice, a_device):
    device = a_device(alice)
    browser = visit(alice)
    answer = browser.post(f"/devices/{device.code}/ownership", ownership="company")
    assert answer.location == f"/devices/{device.code}"
    page = browser.get(answer.location)
    assert "ThinkPad X1: Company from the next check-in on." in page.words("#messages")
    changed = Device.get_by_id(device.id)
    assert (changed.ownership, changed.next_ownership) == (Ownership.EMPLOYEE, Ownership.COMPANY)
    assert AuditEntry.select().where(AuditEntry.action == "device:ownership:requested").count() == 1
    assert browser.get(f"/devices/{device.code}/ownership").one("[checked]")["value"] == "company"


def test_it_can_be_taken_back(visit, alice, a_device):
    device = a_device(alice, next_ownership=Ownership.COMPANY)
    answer = visit(alice).post(f"/devices/{device.code}/ownership", htmx=True, ownership="employee")
    assert (answer.status, answer.headers["HX-Redirect"]) == (204, f"/devices/{device.code}")
    assert Device.get_by_id(device.id).next_ownership is None


def test_no_change_and_nonsense_are_refused_beside_the_field(visit, alice, a_device):
    device = a_device(alice)
    for ownership in ("employee", "nobody", ""):
        for htmx in (False, True):
            answer = visit(alice).post(f"/devices/{device.code}/ownership", htmx=htmx, ownership=ownership)
            assert answer.status == 422
            assert answer.is_page is not htmx
            assert answer.error_of("ownership")
    assert visit(alice).post(f"/devices/{device.code}/ownership").status == 422


def test_who_may(visit, alice, bob, carol, dave, a_device):
    for person, status in ((None, 303), (bob, 404), (dave, 403)):
        url = f"/devices/{a_device(alice).code}/ownership"
        assert visit(person).get(url).status == status
        assert visit(person).post(url, ownership="company").status == status
    users.set_roles(alice, {"user_portal"}, by=None)
    assert visit(alice).get(f"/devices/{a_device(alice).code}/ownership").status == 403
    assert not Device.select().where(Device.next_ownership.is_null(False)).exists()
