"""What was done to a device."""

from __future__ import annotations

import pytest

from models import Role
from services import audit, deliveries, device_actions, lifecycle, users


def test_it_comes_in_pages_of_fifty(visit, alice, a_device):
    device = a_device(alice)
    for _ in range(120):
        audit.append("device:lock:requested", by=alice, device=device)
    browser = visit(alice)
    url, seen = f"/devices/{device.code}/history", []
    while url:
        answer = browser.get(url)
        assert answer.status == 200
        seen.append(len(answer.soup.select(".log li")))
        older = answer.soup.select_one("#main a.btn")
        url = older["href"] if older else ""
    assert seen == [50, 50, 20]


def test_htmx_gets_the_newest_ten(visit, alice, a_device):
    device = a_device(alice)
    for _ in range(12):
        audit.append("device:lock:requested", by=alice, device=device)
    answer = visit(alice).get(f"/devices/{device.code}/history", htmx=True)
    assert not answer.is_page
    assert len(answer.soup.select(f"#device-{device.code}-log li")) == 10


def test_an_empty_history_says_so(visit, alice, a_device):
    assert "Nothing" in visit(alice).get(f"/devices/{a_device(alice).code}/history").words(".log")


def test_a_wrong_place_is_no_error(visit, alice, a_device):
    code = a_device(alice).code
    for before in ("", "x", "-1", "9" * 30, "%00"):
        assert visit(alice).get(f"/devices/{code}/history?before={before}").status == 200


def test_someone_elses_device_does_not_exist(visit, alice, bob, a_device):
    code = a_device(alice).code
    assert visit(bob).get(f"/devices/{code}/history").status == 404
    assert visit(None).get(f"/devices/{code}/history").status == 303
    assert visit(alice).post(f"/devices/{code}/history").status == 405


def test_an_order_that_ended_with_its_device_says_so_and_names_nobody(visit, alice, carol, a_device):
    device = a_device(alice)
    device_actions.lock(device, by=alice)
    lifecycle.change(device, lifecycle.Event.RETIRE_WITHOUT_DEVICE, by=carol)
    log = visit(alice).get(f"/devices/{device.code}/history").soup.select(".log li > span")
    assert [line.contents[0] for line in log] == [
        "The lock was called off. The device has left",
        "Carol Singh retired it without waiting for it",
        "You asked for a lock",
    ]
    assert not visit(alice).get(f"/devices/{device.code}").soup.select(".command"), "once is enough"


@pytest.mark.parametrize("was_sent", [False, True])
def test_an_order_that_lost_its_right_says_why(visit, alice, a_device, was_sent):
    device = a_device(alice)
    device_actions.lock(device, by=alice)
    if was_sent:
        deliveries.offer(device)
    users.set_roles(alice, {Role.USER_PORTAL}, by=None)
    deliveries.offer(device)
    log = visit(alice).get(f"/devices/{device.code}/history").words(".log")
    assert "The lock was called off. Whoever asked for it no longer has the right to" in log
    assert "did not work" not in log
