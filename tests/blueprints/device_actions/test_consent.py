"""An administrator asks to make a device the company's; its owner answers on its page or at home."""

from __future__ import annotations

import pytest

from models import AuditEntry, Device, database
from services import ownership, users


@pytest.fixture
def asked(alice, carol, a_device):
    device = a_device(alice)
    ownership.change(device, "company", by=carol)
    return device


def answer_url(device):
    return f"/devices/{device.code}/ownership/answer"


@pytest.mark.parametrize("htmx", [False, True])
def test_an_administrator_reads_that_the_owner_is_asked_first(visit, alice, carol, a_device, htmx):
    device, browser = a_device(alice), visit(carol)
    page = browser.get(f"/devices/{device.code}/ownership", htmx=htmx)
    assert "Before it becomes the company's, Alice Moreno is asked, and may decline." in page.words(
        "form.panel"
    )
    answer = browser.post(f"/devices/{device.code}/ownership", htmx=htmx, ownership="company")
    assert (answer.status, answer.location) == (204 if htmx else 303, f"/devices/{device.code}")
    page = browser.get(f"/devices/{device.code}")
    assert "Alice Moreno is asked. ThinkPad X1 stays as it is until they agree." in page.words("#messages")
    assert "Nothing changes until Alice Moreno agrees." in page.words(f"#device-{device.code}-question")
    assert not page.soup.select(f"#device-{device.code}-question form")
    assert not page.soup.select(".act[href$='/wipe']")
    assert visit(carol).get(f"/devices/{device.code}/wipe").status == 403
    assert Device.get_by_id(device.id).next_ownership is None


def test_asking_twice_is_refused_beside_the_field_and_can_be_taken_back(visit, carol, asked):
    browser, url = visit(carol), f"/devices/{asked.code}/ownership"
    assert "Carol Singh has asked Alice Moreno already." in browser.get(url).words("form.panel")
    again = browser.post(url, ownership="company")
    assert (again.status, again.error_of("ownership")[:12]) == (422, "Alice Moreno")
    browser.post(url, ownership="employee")
    assert "ThinkPad X1 stays as it was." in browser.get("/").words("#messages")
    assert Device.get_by_id(asked.id).asked_ownership is None


@pytest.mark.parametrize("place", ["page", "home"])
def test_the_owner_reads_what_it_means_and_can_answer(visit, alice, asked, place):
    page = visit(alice).get(f"/devices/{asked.code}" if place == "page" else "/")
    question = page.words(f"#device-{asked.code}-question")
    assert "Carol Singh asks to make your ThinkPad X1 the company's. That means:" in question
    assert "its administrators may wipe it" in question
    form = page.one(f"#device-{asked.code}-question form")
    assert form["action"] == form["data-hx-post"] == answer_url(asked)
    assert [button["value"] for button in form.select("button")] == ["agree", "decline"]
    assert not visit(alice).get("/", htmx=True).is_page


def test_home_asks_nobody_else(visit, alice, bob, carol, asked, a_device):
    for person in (bob, carol):
        a_device(person)
        assert "question" not in visit(person).get("/").text
    assert "question" in visit(alice).get("/").text
    assert "question" not in visit(bob).get("/").text, "what is kept of a page holds nothing of another's"


@pytest.mark.parametrize(("answer", "then"), [("agree", "company"), ("decline", None)])
@pytest.mark.parametrize("htmx", [False, True])
def test_the_answer_counts_and_is_said(visit, alice, asked, answer, then, htmx):
    browser = visit(alice)
    done = browser.post(answer_url(asked), htmx=htmx, answer=answer)
    assert (done.status, done.location) == ((200, "") if htmx else (303, "/"))
    said = done if htmx else browser.get(f"/devices/{asked.code}")
    sentence = "Company from the next check-in on." if then else "ThinkPad X1 stays as it was."
    assert sentence in said.words("#messages")
    if htmx:
        assert done.headers["HX-Trigger"] == "device-changed"
        assert done.words(f"#device-{asked.code}-question") == ""
    kept = Device.get_by_id(asked.id)
    assert (kept.next_ownership, kept.asked_ownership) == (then, None)
    word = "agreed" if then else "declined"
    assert AuditEntry.select().where(AuditEntry.action == f"device:ownership:{word}").count() == 1


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize("answer", ["", "perhaps", "\0", "x" * 5000])
def test_neither_yes_nor_no_asks_again(visit, alice, asked, answer, htmx):
    again = visit(alice).post(answer_url(asked), htmx=htmx, answer=answer)
    assert (again.status, again.is_page) == (422, not htmx)
    assert again.error_of("answer") == "Choose one of these."
    assert Device.get_by_id(asked.id).asked_ownership == "company"


def test_a_question_that_was_taken_back_is_answered_with_a_sentence(visit, alice, carol, asked):
    ownership.change(asked, "employee", by=carol)
    for htmx in (False, True):
        answer = visit(alice).post(answer_url(asked), htmx=htmx, answer="agree")
        assert answer.status == 409
        assert "Nobody asks this any more." in answer.text
    assert "question" not in visit(alice).get("/").text


def test_it_is_in_the_owners_history_and_mail(visit, alice, asked, mailbox):
    page = visit(alice).get(f"/devices/{asked.code}/history")
    assert "Carol Singh asked for the owner's consent to make it: Company" in page.words(".log")
    assert [mail.kind for mail in mailbox()] == ["action_done"]


def test_nobody_else_answers(visit, bob, carol, dave, asked):
    for person, status in ((None, 303), (bob, 404), (carol, 404), (dave, 404)):
        assert visit(person).post(answer_url(asked), answer="agree").status == status
    assert visit(carol).get(answer_url(asked)).status == 405
    assert Device.get_by_id(asked.id).asked_ownership == "company"


def test_an_asker_who_left_asks_no_more(visit, alice, bob, a_device):
    device = a_device(alice)
    users.set_roles(bob, {"user_portal", "administrator"}, by=None)
    ownership.change(device, "company", by=bob)
    users.disable(bob, by=None)
    assert "question" not in visit(alice).get("/").text
    assert visit(alice).post(answer_url(device), answer="agree").status == 409


def test_several_questions_stand_in_the_order_of_the_roll_and_one_query_finds_their_devices(
    visit, alice, carol, a_device, monkeypatch
):
    devices = [a_device(alice) for _ in range(3)]
    for device in devices:
        ownership.change(device, "company", by=carol)
    browser, asked = visit(alice), []
    execute = database.execute_sql
    monkeypatch.setattr(database.obj, "execute_sql", lambda *given: asked.append(given[0]) or execute(*given))
    page = browser.get("/")
    assert [part["id"] for part in page.soup.select("[id$='-question']")] == [
        f"device-{device.code}-question" for device in reversed(devices)
    ]
    assert len([query for query in asked if 'FROM "device"' in query]) == 1
