"""One form that comes twice: a double click without JavaScript, or the Back button and the same button again."""

from __future__ import annotations

import pytest

from models import AuditEntry, Device, Message, Registration, Role
from services import codes, passwords, registrations, users

WAYS = ("invitation", "pin", "qr")
ANSWERS = {"platform": "linux", "form_code": "one form"}


def url(way: str) -> str:
    return f"/registrations/{way}"


def shown(page) -> bool:
    """Does the page show a PIN or a code that opens the registration as it stands now?"""
    registration = Registration.get()
    if registration.way == "qr":
        link = page.soup.select_one("#link-text")
        return link is not None and codes.digest(link.get_text().rpartition("/")[2]) == registration.link_hash
    pin = page.soup.select_one("#pin")
    return pin is not None and passwords.verify(registration.pin_hash, pin.get_text())


def test_each_form_has_a_code_of_its_own(visit, alice):
    browser = visit(alice)
    pages = [browser.get(url) for url in ("/", "/", "/registrations")]
    assert len({page.one("#register [name=form_code]")["value"] for page in pages}) == 3
    assert len(pages[0].one("#register [name=form_code]")["value"]) == 16


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("htmx", [False, True])
def test_it_registers_one_device_and_answers_the_same(visit, alice, way, htmx):
    browser = visit(alice)
    first = browser.post(url(way), htmx=htmx, **ANSWERS)
    again = browser.post(url(way), htmx=htmx, **ANSWERS)
    assert Registration.select().count() == Device.select().count() == 1
    assert (again.status, again.location) == (first.status, first.location)
    assert again.words("#register h2") == first.words("#register h2")


@pytest.mark.parametrize("way", ["pin", "qr"])
def test_the_secret_that_no_page_has_shown_yet_is_shown_by_the_second_answer(visit, alice, way):
    """The first click's answer was dropped by the browser, before it went on to the page."""
    browser = visit(alice)
    browser.post(url(way), **ANSWERS)
    before = Registration.get().issued_at
    page = browser.get(browser.post(url(way), **ANSWERS).location)
    assert shown(page)
    assert Registration.get().issued_at == before, "nothing was renewed"
    assert not shown(browser.get(f"/registrations/{Registration.get().code}")), "it is shown once"


@pytest.mark.parametrize("way", ["pin", "qr"])
def test_a_secret_that_was_taken_by_a_page_is_made_anew(visit, alice, way):
    """The browser may have dropped that page as well: the old secret is dead, so none is shown twice or lost."""
    browser = visit(alice)
    taken = browser.get(browser.post(url(way), **ANSWERS).location)
    assert shown(taken)
    page = browser.get(browser.post(url(way), **ANSWERS).location)
    assert shown(page)
    assert not shown(taken)
    assert Registration.select().count() == 1
    assert AuditEntry.select().where(AuditEntry.action == "device:registration:renewed").count() == 1


@pytest.mark.parametrize("way", ["pin", "qr"])
def test_htmx_gets_a_secret_that_works(visit, alice, way):
    """Its first answer was lost on the way: nothing else keeps what it showed."""
    browser = visit(alice)
    first = browser.post(url(way), htmx=True, **ANSWERS)
    again = browser.post(url(way), htmx=True, **ANSWERS)
    assert not shown(first)
    assert shown(again)


def test_an_invitation_is_mailed_once(visit, alice):
    for _ in range(2):
        visit(alice).post(url("invitation"), **ANSWERS)
    assert Message.select().count() == 1


@pytest.mark.parametrize("way", WAYS)
def test_what_has_ended_since_is_shown_as_it_is_and_not_begun_again(visit, alice, way):
    browser = visit(alice)
    browser.post(url(way), **ANSWERS)
    registrations.cancel(Registration.get(), by=alice)
    page = browser.get(browser.post(url(way), **ANSWERS).location)
    assert page.words("#register .status") == "Cancelled"
    assert Registration.select().count() == 1
    assert not shown(page)


def test_of_two_people_with_one_code_each_gets_their_own(visit, alice, carol):
    users.set_roles(carol, {Role.USER_PORTAL, Role.REGISTER, Role.ADMINISTRATOR}, by=None)
    for person in (alice, carol):
        visit(person).post(url("qr"), **ANSWERS)
    assert [registration.user for registration in Registration.select()] == [alice, carol]


@pytest.mark.parametrize("code", ["", "x" * 5000, "\0", "\ud800", "é"])
def test_any_code_will_do(visit, alice, code):
    assert (
        visit(alice).post(url("qr"), platform="linux", form_code=code.encode("utf-8", "replace")).status
        == 303
    )
    assert Registration.select().count() == 1


def test_a_form_that_comes_back_with_a_mistake_keeps_its_code(visit, alice):
    answer = visit(alice).post(url("qr"), platform="toaster", form_code="one form")
    assert answer.status == 422
    assert answer.one("#register [name=form_code]")["value"] == "one form"
