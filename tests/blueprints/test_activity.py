"""My activity: what I did and what was done to what is mine."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from models import AuditEntry, Device, User, database
from services import audit, device_actions, users
from tests.conftest import Answer, Clock, Visitor

Visit = Callable[[User | None], Visitor]


def lines(page: Answer) -> list[str]:
    return [" ".join(item.get_text(" ").split()) for item in page.soup.select(".log li")]


def test_the_menu_leads_there(visit: Visit, alice: User) -> None:
    assert visit(alice).get("/").soup.select(".menu a[href='/account/activity']")


def test_what_i_did_and_what_was_done_to_me_is_told_with_who_and_when(
    visit: Visit, alice: User, carol: User, dave: User, a_device: Callable[..., Device], clock: Clock
) -> None:
    device = a_device(alice)
    device_actions.lock(device, by=alice)
    clock.move(60)
    device_actions.refresh(device, by=dave)
    users.set_roles(alice, {"user_portal", "lock"}, by=carol)
    page = visit(alice).get("/account/activity")
    assert page.one("h1").get_text() == "My activity"
    told = lines(page)
    assert "Carol Singh changed the roles" in told[0]
    assert "Dave Okafor asked it to check in ThinkPad X1 ," in told[1]
    assert "You asked for a lock ThinkPad X1 ," in told[2]
    assert "21 September 2026, 12:54:20" in told[1] or "2026" in told[1]
    assert page.soup.select(f".log a[href='/devices/{device.code}']")


def test_what_the_help_desk_did_elsewhere_names_whose_it_was(
    visit: Visit, alice: User, dave: User, a_device: Callable[..., Device]
) -> None:
    device_actions.refresh(a_device(alice), by=dave)
    visit(dave).get(f"/help-desk/people/{alice.code}")
    page = visit(dave).get("/account/activity")
    told = lines(page)
    assert "You looked at the account and its devices Alice Moreno ," in told[0]
    assert "You asked it to check in ThinkPad X1 of Alice Moreno ," in told[1]
    assert page.soup.select(f".log a[href='/help-desk/people/{alice.code}']")


def test_what_others_do_to_others_is_not_there(
    visit: Visit, alice: User, bob: User, a_device: Callable[..., Device]
) -> None:
    device_actions.lock(a_device(alice), by=alice)
    assert "Alice" not in visit(bob).get("/account/activity").words(".log")


def test_a_device_and_a_person_that_are_gone_leave_their_code_and_no_link(
    visit: Visit, alice: User, bob: User, a_device: Callable[..., Device]
) -> None:
    device = a_device(alice)
    audit.append("device:lock:requested", by=bob, device=device)
    Device.delete().where(Device.id == device.id).execute()
    page = visit(alice).get("/account/activity")
    assert f"Bob Tanaka asked for a lock {device.code.upper()}," in lines(page)[0].replace(" ,", ",")
    assert not page.soup.select(".log a")


def test_it_is_read_in_pages_of_fifty(visit: Visit, alice: User) -> None:
    for number in range(101):
        audit.append("user:details:changed" if number else "user:password:changed", by=alice, user=alice)
    browser, url, seen = visit(alice), "/account/activity", []
    while url:
        page = browser.get(url)
        seen.append(len(lines(page)))
        older = page.soup.find("a", string="Older entries")
        url = str(older["href"]) if older else ""
    assert seen == [50, 50, 2], "the account's creation is the oldest"


@pytest.mark.parametrize("before", ["", "x", "-1", "9" * 30, "1.5", "%00", "²"])
def test_an_odd_place_is_the_beginning(visit: Visit, alice: User, before: str) -> None:
    page = visit(alice).get(f"/account/activity?before={before}")
    assert page.status == 200
    assert len(lines(page)) == 1


def test_before_the_first_there_is_nothing(visit: Visit, alice: User) -> None:
    assert lines(visit(alice).get("/account/activity?before=1")) == ["Nothing more."]


def test_adding_entries_adds_no_queries(
    visit: Visit, alice: User, a_device: Callable[..., Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    execute = database.execute_sql
    monkeypatch.setattr(database.obj, "execute_sql", lambda *given: asked.append(given) or execute(*given))
    browser, counts = visit(alice), []
    for _ in range(2):
        for _ in range(4):
            audit.append("device:lock:requested", by=alice, device=a_device(alice), text={"reason": "x"})
        browser.get("/account/activity")
        asked.clear()
        browser.get("/account/activity")
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_looking_back_follows_an_index(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, tuple[object, ...]]] = []
    execute = database.execute_sql
    monkeypatch.setattr(
        database.obj, "execute_sql", lambda sql, given=(): asked.append((sql, given)) or execute(sql, given)
    )
    audit.of_user(alice, 51, before=1000)
    for sql, given in list(asked):
        plan = " ".join(str(row[3]) for row in execute(f"EXPLAIN QUERY PLAN {sql}", given).fetchall())
        assert "SCAN" not in plan and "TEMP B-TREE" not in plan, plan
    assert AuditEntry.select().exists()
