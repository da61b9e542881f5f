"""Forgotten password: asking for a link, and the page behind it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from models import OneTimeLink, User, UserSession
from services import password_links
from services import sign_in as rules
from tests.conftest import PASSWORD, Mail, Visitor

Visit = Callable[[User | None], Visitor]
NEW = "nine quiet herons on a mast"


@pytest.fixture
def link(alice: User, mailbox: Callable[[], list[Mail]]) -> str:
    password_links.ask("alice", "192.0.2.9")
    return str(mailbox()[-1].params["link"])


def test_the_sign_in_page_leads_there(visit: Visit) -> None:
    stranger = visit(None)
    page = stranger.get("/sign-in")
    assert page.soup.find("a", href="/forgotten-password").get_text() == "I have forgotten it"
    page = stranger.get("/forgotten-password")
    assert page.one("form.panel")["action"] == "/forgotten-password"
    assert page.one("#account").has_attr("autofocus")


@pytest.mark.parametrize(
    "typed", ["alice", "alice@harbour.example", "nobody", "nobody@harbour.example", "x@y@z"]
)
def test_the_answer_is_the_same_for_every_name(
    visit: Visit, mailbox: Callable[[], list[Mail]], typed: str
) -> None:
    stranger = visit(None)
    answer = stranger.post("/forgotten-password", account=typed)
    assert (answer.status, answer.location, answer.text) == (303, "/sign-in", "")
    page = stranger.get("/sign-in")
    assert page.words("#messages") == (
        "If there is such an account and we know its e-mail address, a mail with a link is on its way there. "
        "The link works once, for an hour."
    )
    assert len(mailbox()) == typed.startswith("alice")


def test_an_address_that_asks_too_often_gets_429(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(password_links, "ASKED_FROM_ADDRESS", 1)
    assert visit(None).post("/forgotten-password", account="nobody").status == 303
    for typed in ("alice", "nobody"):
        answer = visit(None).post("/forgotten-password", account=typed)
        assert answer.status == 429
        assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Type your user name or e-mail address."),
        ("a\0b", "This has characters that cannot be used here."),
        ("x" * 5000, "Use at most 200 characters."),
    ],
)
def test_what_cannot_be_a_name_is_said_beside_its_field(visit: Visit, typed: str, sentence: str) -> None:
    answer = visit(None).post("/forgotten-password", account=typed)
    assert (answer.status, answer.error_of("account")) == (422, sentence)


def test_the_link_leaves_the_address_bar_and_looking_uses_nothing_up(visit: Visit, link: str) -> None:
    for _ in range(3):
        stranger = visit(None)
        answer = stranger.get(link)
        assert (answer.status, answer.location) == (303, "/set-password")
        page = stranger.get("/set-password")
        assert "For the account alice of Alice Moreno." in page.words(".lead")
        assert page.one("#password-hint").get_text().startswith("At least 15 characters of any kind")
        assert link.rpartition("/")[2] not in page.text
        with stranger.client.session_transaction() as cookie:
            assert link.rpartition("/")[2] not in str(dict(cookie))
    assert OneTimeLink.select().count() == 1


def test_a_new_password_is_set_and_the_person_signs_in_with_it(visit: Visit, alice: User, link: str) -> None:
    elsewhere, stranger = visit(alice), visit(None)
    stranger.get(link)
    answer = stranger.post("/set-password", password=NEW, repeated=NEW)
    assert (answer.status, answer.location) == (303, "/sign-in")
    assert "Your new password is set." in stranger.get("/sign-in").words("#messages")
    assert elsewhere.get("/account").status == 303
    assert UserSession.select().count() == 0
    assert visit(None).post("/sign-in", username="alice", password=PASSWORD).status == 422
    assert visit(None).post("/sign-in", username="alice", password=NEW).status == 303
    for again in (stranger.get("/set-password"), visit(None).get(link), visit(None).post("/set-password")):
        assert again.status == 410
        assert again.one("a.main")["href"] == "/forgotten-password"


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"password": "short"}, "password", "Use at least 15 characters."),
        ({"password": "moreno alice muster"}, "password", "This is easy to guess"),
        ({"password": ""}, "password", "Choose a new password."),
        ({"repeated": "something else"}, "repeated", "This is not the same as above."),
        ({"repeated": ""}, "repeated", "Type the new password a second time."),
    ],
)
def test_a_password_that_cannot_be_is_said_beside_its_field(
    visit: Visit, link: str, fields: dict[str, str], field: str, sentence: str
) -> None:
    stranger = visit(None)
    stranger.get(link)
    typed = {"password": NEW, **fields}
    answer = stranger.post("/set-password", **{"repeated": typed["password"], **typed})
    assert answer.status == 422
    assert answer.error_of(field).startswith(sentence)
    assert stranger.post("/set-password", password=NEW, repeated=NEW).status == 303, "the link still lives"


def test_fifteen_characters_of_any_kind_are_enough(visit: Visit, link: str) -> None:
    """No rule about digits, capitals or signs."""
    stranger = visit(None)
    stranger.get(link)
    assert (
        stranger.post("/set-password", password="herons on masts", repeated="herons on masts").status == 303
    )


@pytest.mark.parametrize("url", ["/set-password/nothing", "/set-password/" + "x" * 3000, "/set-password"])
def test_what_nobody_mailed_opens_nothing(visit: Visit, url: str) -> None:
    answer = visit(None).get(url)
    assert answer.status == 410
    assert "This link does not work any more." in answer.words(".lead")


def test_who_is_signed_in_as_somebody_else_is_signed_out(visit: Visit, bob: User, link: str) -> None:
    browser = visit(bob)
    browser.get(link)
    assert browser.post("/set-password", password=NEW, repeated=NEW).location == "/sign-in"
    assert browser.get("/account").status == 303
    assert UserSession.select().count() == 0


def test_a_link_in_one_browser_gives_another_nothing(visit: Visit, link: str) -> None:
    visit(None).get(link)
    assert visit(None).post("/set-password", password=NEW, repeated=NEW).status == 410
    with pytest.raises(rules.Wrong):
        rules.attempt("alice", NEW, "192.0.2.9")
