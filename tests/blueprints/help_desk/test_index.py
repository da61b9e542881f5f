"""Help desk: finding a person or a device."""

from __future__ import annotations

import pytest

from models import AuditEntry, User
from services import search, users


def found(answer):
    return [item["id"] for item in answer.soup.select("#found .roll > li")]


def test_before_anything_is_typed_the_page_asks_who(visit, dave):
    page = visit(dave).get("/help-desk")
    assert page.status == 200
    assert page.one("#q").has_attr("autofocus")
    assert page.words("#found") == "Nothing is searched for yet."
    form = page.one("form[role=search]")
    assert (form["method"], form["action"], form["data-hx-get"]) == ("get", "/help-desk", "/help-desk")
    assert form["data-hx-push-url"] == "true"


def test_a_person_and_a_device_are_found_in_one_go(visit, dave, alice, bob, a_device):
    device = a_device(bob, name="Alice's old laptop", serial="PF-3X9", phone_number="+447700900142")
    page = visit(dave).get("/help-desk?q=ALICE")
    assert found(page) == [f"person-{alice.code}", f"device-{device.code}"]
    assert page.words("#found > p") == "1 person. 1 device."
    assert page.one(".name[href^='/help-desk']")["href"] == f"/help-desk/people/{alice.code}"
    assert page.one(".name[href^='/devices']")["href"] == f"/devices/{device.code}"
    said = page.words(f"#device-{device.code}")
    assert "Debian 12.5 of Bob Tanaka." in said
    assert all(word in said for word in (device.code.upper(), "PF-3X9", "+44 7700 900142", "Active"))


def test_htmx_gets_what_was_found_alone(visit, dave, alice):
    answer = visit(dave).get("/help-desk?q=moreno", htmx=True)
    assert not answer.is_page
    assert found(answer) == [f"person-{alice.code}"]
    assert answer.one("#found > p").has_attr("autofocus")


def test_what_is_not_there_is_said_with_what_to_try(visit, dave):
    page = visit(dave).get("/help-desk?q=<b>zebra")
    assert "Nothing begins with <b>zebra." in page.words("#found")
    assert found(page) == []
    assert page.one("#q")["value"] == "<b>zebra"


def test_a_shut_account_is_found_and_says_so(visit, dave, bob):
    users.disable(bob, by=None)
    assert "Account shut" in visit(dave).get("/help-desk?q=bob").words(f"#person-{bob.code}")


def test_more_than_twenty_are_cut_and_said(visit, dave, alice, a_device, monkeypatch):
    monkeypatch.setattr(search, "MOST", 2)
    for _ in range(3):
        a_device(alice, name="Zebra")
    assert len(found(visit(dave).get("/help-desk?q=zebra"))) == 2
    assert "There are more than 2." in visit(dave).get("/help-desk?q=zebra").words("#found")


@pytest.mark.parametrize(
    "text", ["%00", "%ED%A0%80", "a" * 5000, "'%22;--", "%F0%9F%98%80", "+", "00", "   ", "%25"]
)
def test_odd_text_finds_nothing_and_breaks_nothing(visit, dave, text):
    page = visit(dave).get(f"/help-desk?q={text}")
    assert page.status == 200
    assert found(page) == []


def test_looking_for_somebody_is_no_look_at_them(visit, dave):
    visit(dave).get("/help-desk?q=alice")
    assert not AuditEntry.select().where(AuditEntry.action == "user:looked:done").exists()


def test_who_may(visit, alice, bob, carol, dave):
    statuses = {who.username: visit(who).get("/help-desk?q=a").status for who in (alice, bob, carol, dave)}
    assert statuses == {"alice": 403, "bob": 403, "carol": 200, "dave": 200}
    assert visit(None).get("/help-desk?q=a").location == "/sign-in?next=/help-desk%3Fq%3Da"
    assert visit(dave).post("/help-desk").status == 405


@pytest.mark.parametrize(("who", "has_it"), [("alice", False), ("carol", True), ("dave", True)])
def test_the_menu_leads_there_who_may(visit, who, has_it):
    page = visit(User.get(User.username == who)).get("/account")
    assert bool(page.soup.select(".menu a[href='/help-desk']")) is has_it
