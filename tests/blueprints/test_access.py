"""Fresh proofs, looks that are written down, and rights that act at once."""

from __future__ import annotations

from collections.abc import Callable

from models import AuditEntry, Device, Role, User
from services import users
from tests.conftest import Clock, Visitor

Visit = Callable[[User | None], Visitor]
Make = Callable[..., Device]


def test_danger_asks_for_the_password_after_five_minutes(
    visit: Visit, alice: User, a_device: Make, clock: Clock
) -> None:
    visitor, url = visit(alice), f"/devices/{a_device(alice).code}/wipe"
    clock.move(300)
    assert visitor.get(url).status == 200
    clock.move(1)
    again = f"/sign-in/again?next={url}"
    assert (visitor.get(url).status, visitor.get(url).location) == (303, again)
    answer = visitor.post(url, confirm="ThinkPad X1")
    assert (answer.status, answer.location) == (303, again)
    answer = visitor.post(url, htmx=True, confirm="ThinkPad X1")
    assert (answer.status, answer.headers["HX-Redirect"]) == (204, again)


def test_somebody_elses_device_does_not_exist(visit: Visit, alice: User, bob: User, a_device: Make) -> None:
    foreign = visit(bob).get(f"/devices/{a_device(alice).code}")
    missing = visit(bob).get("/devices/zzzzzz")
    assert foreign.status == missing.status == 404
    assert foreign.words("main").split("number")[0] == missing.words("main").split("number")[0]


def test_a_look_of_the_help_desk_is_written_down_once_an_hour(
    visit: Visit, alice: User, dave: User, a_device: Make, clock: Clock
) -> None:
    device = a_device(alice)
    looks = AuditEntry.select().where(AuditEntry.action == "device:looked:done")
    visit(alice).get(f"/devices/{device.code}")
    assert looks.count() == 0
    for _ in range(3):
        visit(dave).get(f"/devices/{device.code}")
    assert looks.count() == 1
    assert (looks.get().actor, looks.get().user) == (dave.code, alice.code)
    clock.move(3601)
    visit(dave).get(f"/devices/{device.code}")
    assert looks.count() == 2


def test_a_role_that_is_taken_away_is_gone_on_the_next_click(
    visit: Visit, alice: User, bob: User, dave: User, a_device: Make
) -> None:
    visitor, url = visit(dave), f"/devices/{a_device(alice).code}"
    assert visitor.get(url).status == 200
    users.set_roles(dave, [Role.USER_PORTAL], by=None)
    assert visitor.get(url).status == 404
