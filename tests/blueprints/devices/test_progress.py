"""The part of a device's page that changes by itself."""

from __future__ import annotations

from models import Command, Device, Status
from services import device_actions


def progress_of(answer):
    return answer.one("[id$=-progress]")


def test_nothing_pending_no_poll(visit, alice, a_device):
    answer = visit(alice).get(f"/devices/{a_device(alice).code}/progress", htmx=True)
    assert not answer.is_page
    assert progress_of(answer)["data-hx-trigger"] == "device-changed from:body"


def test_an_order_under_way_polls_until_it_is_done(visit, alice, a_device, clock):
    device = a_device(alice)
    command = device_actions.lock(device, by=alice)
    first = progress_of(visit(alice).get(f"/devices/{device.code}"))
    assert first["data-hx-trigger"] == "device-changed from:body, every 2s"
    assert first["data-hx-get"] == f"/devices/{device.code}/progress?since={int(clock.now)}&was=active-queued"
    Command.update(state="acknowledged", finished_at=int(clock.now)).where(Command.id == command.id).execute()
    answer = visit(alice).get(first["data-hx-get"], htmx=True)
    assert progress_of(answer)["data-hx-trigger"] == "device-changed from:body"
    assert answer.headers["HX-Trigger"] == "history-grown"
    assert "Lock: confirmed" in answer.words("div")
    again = visit(alice).get(progress_of(answer)["data-hx-get"], htmx=True)
    assert "HX-Trigger" not in again.headers


def test_it_gives_up_after_three_minutes_with_a_sentence_and_a_link(visit, alice, a_device, clock):
    device = a_device(alice)
    device_actions.lock(device, by=alice)
    url = progress_of(visit(alice).get(f"/devices/{device.code}"))["data-hx-get"]
    clock.move(179)
    assert "every 10s" in progress_of(visit(alice).get(url, htmx=True))["data-hx-trigger"]
    clock.move(2)
    answer = visit(alice).get(url, htmx=True)
    assert "every" not in progress_of(answer)["data-hx-trigger"]
    assert "this page stopped looking" in answer.words(".msg")
    assert answer.one(".msg a")["href"] == f"/devices/{device.code}"


def test_a_pending_device_becomes_active_before_ones_eyes(visit, alice, a_registration):
    device = a_registration(alice).device
    url = progress_of(visit(alice).get(f"/devices/{device.code}"))["data-hx-get"]
    Device.update(status=Status.ACTIVE, name="ThinkPad X1").where(Device.id == device.id).execute()
    answer = visit(alice).get(url, htmx=True)
    assert answer.words(".status") == "Active"
    assert answer.words("h1") == "ThinkPad X1"
    assert answer.headers["HX-Trigger"] == "history-grown"
    assert "every" not in progress_of(answer)["data-hx-trigger"]


def test_a_device_that_is_leaving_polls(visit, alice, a_device):
    for status in (Status.WIPE_PENDING, Status.RETIRE_PENDING):
        answer = visit(alice).get(f"/devices/{a_device(alice, status).code}")
        assert "every 2s" in progress_of(answer)["data-hx-trigger"]


def test_without_htmx_it_is_the_page_of_the_device(visit, alice, a_device):
    code = a_device(alice).code
    assert visit(alice).get(f"/devices/{code}/progress").location == f"/devices/{code}"


def test_someone_elses_device_does_not_exist(visit, alice, bob, a_device):
    assert visit(bob).get(f"/devices/{a_device(alice).code}/progress", htmx=True).status == 404


def test_what_changes_makes_it_wait_anew(visit, alice, a_device, clock):
    device = a_device(alice)
    url = progress_of(visit(alice).get(f"/devices/{device.code}"))["data-hx-get"]
    clock.move(600)
    device_actions.message(device, "Hello", by=alice)
    answer = visit(alice).get(url, htmx=True)
    assert "every 2s" in progress_of(answer)["data-hx-trigger"]
    assert f"since={int(clock.now)}" in progress_of(answer)["data-hx-get"]
