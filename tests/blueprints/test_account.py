"""My account: details and password."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from models import AuditEntry, User, UserSession
from services import sessions, settings
from tests.conftest import PASSWORD, Clock, Visitor

Visit = Callable[[User | None], Visitor]
NEW_PASSWORD = "nine quiet herons on a mast"
DETAILS = {
    "name": "Alice Moreno",
    "email": "alice@harbour.example",
    "phone_number": "",
    "language": "",
    "time_zone": "",
}


def test_the_page_shows_what_is_stored(visit: Visit, alice: User) -> None:
    page = visit(alice).get("/account")
    assert page.status == 200
    assert page.one("#name")["value"] == "Alice Moreno"
    assert page.one("#email")["value"] == "alice@harbour.example"
    assert page.one("#phone_number")["value"] == ""
    assert [option.text for option in page.soup.select("#language option")] == [
        "As the organisation: English",
        "English",
    ]
    assert "Europe/London" in [option["value"] for option in page.soup.select("#time_zone option")]


def test_details_are_saved(visit: Visit, alice: User) -> None:
    visitor = visit(alice)
    answer = visitor.post(
        "/account",
        name="  Alice   M. ",
        email="alice@home.example",
        phone_number="07700 900142",
        language="en",
        time_zone="Asia/Tokyo",
    )
    assert (answer.status, answer.location) == (303, "/account")
    page = visitor.get("/account")
    assert "Your account is saved." in page.words("#messages")
    assert page.one("#name")["value"] == "Alice M."
    assert page.one("#phone_number")["value"] == "+44 7700 900142"
    assert page.one("#time_zone option[selected]")["value"] == "Asia/Tokyo"
    stored = User.get_by_id(alice.id)
    assert (stored.phone_number, stored.language) == ("+447700900142", "en")
    assert AuditEntry.get(AuditEntry.action == "user:details:changed").actor == alice.code
    assert visitor.get("/account").words("#messages") == ""


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "Give your name."),
        ("name", "a\0b", "This has characters that cannot be used here."),
        ("name", "x" * 100, "Give a name of 1 to 80 characters."),
        ("name", "x" * 100_000, "Use at most 200 characters."),
        ("email", "not an address", "This is not an e-mail address."),
        ("email", "a@b.example\r\nBcc: c@d.example", "This has characters that cannot be used here."),
        ("phone_number", "+44 77", "This number is too short for +44. Check the last digits."),
        ("phone_number", "no number", "This is not a phone number. Write it with its country, such as +44 7700 900142."),
        ("phone_number", "😀", "This is not a phone number. Write it with its country, such as +44 7700 900142."),
        ("language", "tlh", "Choose one of these."),
        ("time_zone", "Mars/Olympus", "Choose one of these."),
    ],
)  # fmt: skip
def test_a_wrong_detail_is_said_beside_its_field(
    visit: Visit, alice: User, field: str, value: str, sentence: str
) -> None:
    answer = visit(alice).post("/account", **{**DETAILS, field: value})
    assert answer.status == 422
    assert answer.error_of(field) == sentence
    control = answer.one(f"#{field}")
    assert control["aria-invalid"] == "true"
    assert f"{field}-error" in control["aria-describedby"]
    assert control.has_attr("autofocus")
    assert User.get_by_id(alice.id).name == "Alice Moreno"


def test_html_is_shown_as_it_was_typed(visit: Visit, alice: User) -> None:
    visitor = visit(alice)
    visitor.post("/account", **{**DETAILS, "name": '<b title="x">Alice</b>'})
    page = visitor.get("/account")
    assert page.one("#name")["value"] == '<b title="x">Alice</b>'
    assert page.soup.find("b") is None


def test_several_wrong_details_are_listed_together(visit: Visit, alice: User) -> None:
    answer = visit(alice).post("/account", **{**DETAILS, "name": "", "language": "tlh"})
    assert "2 answers need another look. Nothing was sent." in answer.words(".msg")
    assert [link["href"] for link in answer.soup.select(".msg a")] == ["#name", "#language"]
    assert [control["id"] for control in answer.soup.select("[autofocus]")] == ["name"]


def test_everything_missing_is_no_error_of_ours(visit: Visit, alice: User) -> None:
    assert visit(alice).post("/account").status == 422
    assert visit(alice).post("/account/password").status == 422


def test_a_new_password_ends_every_other_session(visit: Visit, alice: User) -> None:
    here, elsewhere = visit(alice), visit(alice)
    answer = here.post(
        "/account/password", old_password=PASSWORD, new_password=NEW_PASSWORD, repeated=NEW_PASSWORD
    )
    assert (answer.status, answer.location) == (303, "/account")
    assert "Your password is changed." in here.get("/account").words("#messages")
    assert elsewhere.get("/account").status == 303
    assert UserSession.select().count() == 1
    assert sessions.load(here.token) is None
    stranger = visit(None)
    assert stranger.post("/sign-in", username="alice", password=PASSWORD).status == 422
    assert stranger.post("/sign-in", username="alice", password=NEW_PASSWORD).status == 303
    assert AuditEntry.select().where(AuditEntry.action == "user:password:changed").count() == 1


def test_after_several_wrong_present_passwords_the_right_one_has_to_wait(
    visit: Visit, alice: User, clock: Clock
) -> None:
    here = visit(alice)
    new = {"new_password": NEW_PASSWORD, "repeated": NEW_PASSWORD}
    for _ in range(settings.load().sign_in_failures):
        assert here.post("/account/password", old_password="a wrong one", **new).status == 422
    answer = here.post("/account/password", old_password=PASSWORD, **new)
    assert answer.status == 422
    assert "wait a while" in answer.error_of("old_password")
    clock.move(30)
    assert here.post("/account/password", old_password=PASSWORD, **new).status == 303


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"old_password": "wrong"}, "old_password", "This is not your present password. After several tries, wait a while."),
        ({"old_password": ""}, "old_password", "Type your present password."),
        ({"new_password": "short"}, "new_password", "Use at least 15 characters. A few words in a row will do."),
        ({"new_password": "x" * 2000}, "new_password", "Use at most 1024 characters."),
        ({"new_password": "alice moreno alice"}, "new_password", "This is easy to guess"),
        ({"new_password": "a" * 20}, "new_password", "This is easy to guess"),
        ({"new_password": "nul\0 in fifteen characters"}, "new_password", "This has characters"),
        ({"repeated": "something else"}, "repeated", "This is not the same as above."),
    ],
)  # fmt: skip
def test_a_wrong_password_is_said_beside_its_field(
    visit: Visit, alice: User, fields: dict[str, str], field: str, sentence: str
) -> None:
    typed = {"old_password": PASSWORD, "new_password": NEW_PASSWORD, **fields}
    answer = visit(alice).post("/account/password", **{"repeated": typed["new_password"], **typed})
    assert answer.status == 422
    assert answer.error_of(field).startswith(sentence)
    assert [control["id"] for control in answer.soup.select("[aria-invalid]")] == [field]
    assert all(not control.has_attr("value") for control in answer.soup.select("[type=password]"))
    assert UserSession.select().count() == 1


def test_times_are_told_in_the_zone_of_the_reader(visit: Visit, alice: User, app: Any) -> None:
    settings.put("time_zone", "Europe/London", by=None)
    visitor = visit(alice)
    assert "Europe/London" in visitor.get("/account").words("#time_zone")
