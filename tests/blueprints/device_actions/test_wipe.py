"""Wipe: explained, with a fresh sign-in, and its name typed."""

from __future__ import annotations

import re

import pytest

from models import AuditEntry, Command, Device, Ownership, Status
from services import device_actions, settings, users


def status_of(device):
    return Device.get_by_id(device.id).status


def test_the_page_explains_and_changes_nothing(visit, alice, a_device):
    device = a_device(alice)
    answer = visit(alice).get(f"/devices/{device.code}/wipe")
    assert answer.status == 200
    assert answer.words("h1") == "Wipe ThinkPad X1"
    assert "This cannot be undone." in answer.words(".msg.bad")
    assert "the one folder that was named when the agent was started" in answer.words("main")
    assert "Everything outside of that folder" in answer.words("main")
    assert re.search(r"You gave your password at .+ After .+ we ask for it again", answer.words("form.panel"))
    assert answer.one("form.panel .danger.main").get_text().strip() == "Wipe ThinkPad X1"
    assert status_of(device) == Status.ACTIVE
    assert not visit(alice).get(f"/devices/{device.code}/wipe", htmx=True).is_page


def test_less_may_be_enough(visit, alice, a_device):
    words = visit(alice).get(f"/devices/{a_device(alice).code}/wipe").words("main")
    assert "Lock it" in words and "Report it lost" in words and "Retire it" in words


@pytest.mark.parametrize("typed", ["ThinkPad X1", " thinkpad  x1 ", "THINKPAD X1"])
def test_its_name_wipes_it(visit, alice, a_device, typed):
    device = a_device(alice)
    browser = visit(alice)
    answer = browser.post(f"/devices/{device.code}/wipe", confirm=typed, reason="Sold")
    assert (answer.status, answer.location) == (303, f"/devices/{device.code}")
    page = browser.get(answer.location)
    assert page.words(".hero .status") == "Wipe pending"
    assert "The wipe is on its way to ThinkPad X1." in page.words("#messages")
    assert Command.get(Command.device == device).kind == "wipe"
    assert AuditEntry.select().where(AuditEntry.action == "device:wipe:requested").count() == 1
    assert "You gave a reason for the wipe: Sold" in page.words(".log")


def test_htmx_is_sent_on(visit, alice, a_device):
    device = a_device(alice)
    answer = visit(alice).post(f"/devices/{device.code}/wipe", htmx=True, confirm="ThinkPad X1")
    assert (answer.status, answer.headers["HX-Redirect"]) == (204, f"/devices/{device.code}")


@pytest.mark.parametrize("typed", ["", "ThinkPad", "wipe", "x" * 201])
def test_anything_else_is_refused_beside_the_field(visit, alice, a_device, typed):
    device = a_device(alice)
    for htmx in (False, True):
        answer = visit(alice).post(f"/devices/{device.code}/wipe", htmx=htmx, confirm=typed, reason="Sold")
        assert answer.status == 422
        assert answer.is_page is not htmx
        assert answer.error_of("confirm")
        assert answer.one("#reason")["value"] == "Sold"
    assert status_of(device) == Status.ACTIVE
    assert not Command.select().exists()


def test_a_device_without_a_name_is_meant_by_its_code(visit, alice, a_device):
    device = a_device(alice, name="")
    assert device.code.upper() in visit(alice).get(f"/devices/{device.code}/wipe").words("form.panel")
    assert visit(alice).post(f"/devices/{device.code}/wipe", confirm=device.code.upper()).status == 303


def test_an_old_sign_in_is_not_enough(visit, alice, a_device, clock):
    device = a_device(alice)
    url = f"/devices/{device.code}/wipe"
    browser = visit(alice)
    clock.move(301)
    for answer in (browser.get(url), browser.post(url, confirm="ThinkPad X1")):
        assert (answer.status, answer.location) == (303, f"/sign-in/again?next={url}")
    assert (
        browser.post(url, htmx=True, confirm="ThinkPad X1")
        .headers["HX-Redirect"]
        .startswith("/sign-in/again")
    )
    assert status_of(device) == Status.ACTIVE


def test_twice_is_refused(visit, alice, a_device):
    device = a_device(alice)
    device_actions.wipe(device, "ThinkPad X1", "", by=alice)
    for answer in (
        visit(alice).get(f"/devices/{device.code}/wipe"),
        visit(alice).post(f"/devices/{device.code}/wipe", confirm="ThinkPad X1"),
    ):
        assert answer.status == 409
        assert "already being wiped" in answer.words("main")


def test_who_may_wipe(visit, alice, bob, carol, dave, a_device):
    for person, status in ((None, 303), (bob, 404), (dave, 403), (carol, 403)):
        device = a_device(alice)
        assert visit(person).get(f"/devices/{device.code}/wipe").status == status
        assert visit(person).post(f"/devices/{device.code}/wipe", confirm="ThinkPad X1").status == status
        assert status_of(device) == Status.ACTIVE
    users.set_roles(alice, {"user_portal"}, by=None)
    assert visit(alice).get(f"/devices/{a_device(alice).code}/wipe").status == 403


def test_administrators_wipe_company_devices_and_others_only_if_the_organisation_says_so(
    visit, alice, carol, a_device
):
    company, own = a_device(alice, ownership=Ownership.COMPANY), a_device(alice)
    assert "ThinkPad X1 of Alice Moreno." in visit(carol).get(f"/devices/{company.code}/wipe").words(".lead")
    assert visit(carol).post(f"/devices/{company.code}/wipe", confirm="ThinkPad X1").status == 303
    settings.put("admin_wipes_employee_devices", "on", by=None)
    assert visit(carol).post(f"/devices/{own.code}/wipe", confirm="ThinkPad X1").status == 303
