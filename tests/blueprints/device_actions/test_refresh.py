"""Asking a device to check in."""

from __future__ import annotations

from models import Command


def test_it_is_queued(visit, alice, bob, dave, a_device):
    for person, owner in ((alice, alice), (bob, bob), (dave, alice)):
        device = a_device(owner)
        answer = visit(person).post(f"/devices/{device.code}/refresh", htmx=True)
        assert answer.words(".command h3") == "Refresh: queued"
        assert Command.get(Command.device == device).asked_by == person


def test_a_browser_comes_back_to_the_page(visit, alice, a_device):
    code = a_device(alice).code
    assert visit(alice).post(f"/devices/{code}/refresh").location == f"/devices/{code}"


def test_not_for_strangers_others_or_get(visit, alice, bob, a_device):
    url = f"/devices/{a_device(alice).code}/refresh"
    assert visit(bob).post(url).status == 404
    assert visit(None).post(url).status == 303
    assert visit(alice).get(url).status == 405
    assert not Command.select().exists()
