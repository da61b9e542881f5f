"""Coming in, proving it once more, going out, and the first administrator."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from models import AuditEntry, Role, User, UserRole, UserSession
from services import first_administrator, passwords, users
from tests.conftest import PASSWORD, Answer, Clock, Visitor

Visit = Callable[[User | None], Visitor]
FAILURE = "That did not work. Check the user name and the password. After several tries, wait a while."


def sign_in(visitor: Visitor, username: str = "alice", password: str = PASSWORD, **fields: str) -> Answer:
    return visitor.post("/sign-in", username=username, password=password, **fields)


def test_the_page_asks_for_name_and_password(visit: Visit) -> None:
    page = visit(None).get("/sign-in")
    assert page.status == 200
    assert page.is_page
    assert page.one("#username")["autocomplete"] == "username"
    assert page.one("#password")["autocomplete"] == "current-password"
    assert page.soup.select(".menu") == []


def test_the_right_password_opens_the_portal(visit: Visit, alice: User) -> None:
    visitor = visit(None)
    answer = sign_in(visitor)
    assert (answer.status, answer.location) == (303, "/")
    page = visitor.get("/account")
    assert "Welcome, Alice" in page.words(".menu")
    entry = AuditEntry.get(AuditEntry.action == "user:sign_in:done")
    assert entry.actor == entry.user == alice.code


def test_case_and_spaces_of_the_name_do_not_matter(visit: Visit) -> None:
    assert sign_in(visit(None), username="  ALICE ").status == 303


@pytest.mark.parametrize(
    ("username", "password"),
    [("alice", "wrong"), ("nobody", PASSWORD), ("bob", PASSWORD), ("erin", PASSWORD)],
    ids=["wrong password", "unknown name", "disabled account", "without the role User portal"],
)
def test_every_failure_looks_the_same(visit: Visit, bob: User, username: str, password: str) -> None:
    users.disable(bob, by=None)
    users.create("erin", "Erin Low", "erin@harbour.example", PASSWORD, [Role.LOCK], by=None)
    answer = sign_in(visit(None), username=username, password=password)
    assert answer.status == 422
    assert answer.error_of("password") == FAILURE
    assert answer.one("#username")["value"] == username
    assert not answer.one("#password").has_attr("value")
    assert answer.one("#password").has_attr("autofocus")
    assert UserSession.select().count() == 0


def test_a_locked_account_looks_the_same_too(visit: Visit, clock: Clock) -> None:
    visitor = visit(None)
    for _ in range(6):
        assert sign_in(visitor, password="wrong").status == 422
    answer = sign_in(visitor)
    assert (answer.status, answer.error_of("password")) == (422, FAILURE)
    clock.move(16 * 60)
    assert sign_in(visitor).status == 303


def test_every_failure_computes_a_hash(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes the time is the hash: one for each try, whoever it is about."""
    seen: list[str | None] = []
    real = passwords.verify
    monkeypatch.setattr(passwords, "verify", lambda kept, given: seen.append(kept) or real(kept, given))
    for username in ("alice", "nobody", ""):
        sign_in(visit(None), username=username or "x", password="wrong")
    assert len(seen) == 3


def test_strangers_do_not_lock_out_a_browser_that_is_known(visit: Visit, app: Flask) -> None:
    known, stranger = visit(None), visit(None)
    sign_in(known)
    known.post("/sign-out", csrf_token=_token_of(known.get("/account")) or known.csrf_token)
    for number in range(40):
        stranger.client.post(
            "/sign-in",
            data={"csrf_token": stranger.csrf_token, "username": "alice", "password": "wrong"},
            environ_base={"REMOTE_ADDR": f"192.0.2.{number}"},
        )
    assert sign_in(stranger).status == 422
    token = _token_of(known.get("/sign-in"))
    assert known.post("/sign-in", username="alice", password=PASSWORD, csrf_token=token).status == 303


def test_a_flood_from_its_own_address_does_not_lock_out_a_browser_that_is_known(visit: Visit) -> None:
    known, stranger = visit(None), visit(None)
    sign_in(known)
    known.post("/sign-out", csrf_token=_token_of(known.get("/account")))
    for number in range(61):
        sign_in(stranger, username=f"nobody{number}", password="wrong")
    assert sign_in(stranger, username="alice").status == 429
    token = _token_of(known.get("/sign-in"))
    assert sign_in(known, csrf_token=token).status == 303


def test_an_address_that_tries_too_much_waits(visit: Visit) -> None:
    visitor = visit(None)
    for number in range(61):
        sign_in(visitor, username=f"name{number}", password="wrong")
    answer = sign_in(visitor, username="carol")
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.words("h1") == "Please wait a little"
    assert "minute" in answer.words("main")


@pytest.mark.parametrize(
    ("username", "password", "wrong"),
    [
        ("", "", ["username", "password"]),
        ("alice", "", ["password"]),
        ("", "x", ["username"]),
        ("a\0b", "x", ["username"]),
        ("a\r\nb", "x", ["username"]),
        ("x" * 201, "x", ["username"]),
        ("alice", "x" * 5000, ["password"]),
        ("<b>alice</b>", "x", ["password"]),
        ("' OR 1=1 --", "x", ["password"]),
        ("😀", "😀", ["password"]),
    ],
)
def test_bad_input_is_said_beside_its_field(
    visit: Visit, username: str, password: str, wrong: list[str]
) -> None:
    answer = sign_in(visit(None), username=username, password=password)
    assert answer.status == 422
    assert [field for field in ("username", "password") if answer.error_of(field)] == wrong
    assert answer.one(f"#{wrong[0]}").has_attr("autofocus")
    assert answer.soup.find("b") is None


def test_a_field_of_a_megabyte_is_refused(visit: Visit) -> None:
    answer = sign_in(visit(None), username="x" * 1_000_000)
    assert (answer.status, answer.error_of("username")) == (422, "Use at most 200 characters.")
    assert sign_in(visit(None), username="x" * 1_100_000).status == 413


def test_missing_fields_are_no_error_of_ours(visit: Visit) -> None:
    assert visit(None).post("/sign-in").status == 422


@pytest.mark.parametrize(
    ("wanted", "goes_to"),
    [
        ("/account", "/account"),
        ("/devices/k7m2q9?a=b", "/devices/k7m2q9?a=b"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/account\r\nSet-Cookie: a=b", "/"),
        ("/\t/evil.example", "/"),
        ("account", "/"),
        ("", "/"),
    ],
)
def test_next_stays_on_this_site(visit: Visit, wanted: str, goes_to: str) -> None:
    assert sign_in(visit(None), next=wanted).location == goes_to


def test_the_page_that_was_asked_for_comes_after_the_sign_in(visit: Visit) -> None:
    visitor = visit(None)
    to_sign_in = visitor.get("/account?from=mail").location
    hidden = visitor.get(to_sign_in).one("input[name=next]")
    assert sign_in(visitor, next=str(hidden["value"])).location == "/account?from=mail"


def test_who_is_signed_in_goes_straight_on(visit: Visit, alice: User) -> None:
    answer = visit(alice).get("/sign-in?next=/account")
    assert (answer.status, answer.location) == (303, "/account")


def test_what_a_stranger_put_into_the_cookie_ends_at_sign_in(visit: Visit) -> None:
    visitor = visit(None)
    with visitor.client.session_transaction() as cookie:
        cookie["planted"] = "by a stranger"
        before = cookie["csrf_token"]
    sign_in(visitor)
    visitor.get("/account")
    with visitor.client.session_transaction() as cookie:
        assert "planted" not in cookie
        assert cookie["csrf_token"] != before


def test_signing_in_again_ends_the_session_before(visit: Visit, alice: User) -> None:
    visitor = visit(alice)
    sign_in(visitor, username="bob")
    assert [row.user.username for row in UserSession.select()] == ["bob"]


def test_a_copied_cookie_is_dead_after_sign_out(visit: Visit, alice: User) -> None:
    visitor = visit(alice)
    copied = visitor.client.get_cookie("muster")
    assert copied is not None
    answer = visitor.post("/sign-out")
    assert (answer.status, answer.location) == (303, "/sign-in")
    assert answer.headers["Clear-Site-Data"] == '"storage"'
    assert "You are signed out." in visitor.get("/sign-in").words("#messages")

    thief = visit(None)
    thief.client.set_cookie("muster", copied.value)
    assert thief.get("/account").status == 303
    assert UserSession.select().count() == 0
    assert AuditEntry.select().where(AuditEntry.action == "user:sign_out:done").count() == 1


def test_signing_out_twice_harms_nothing(visit: Visit) -> None:
    assert visit(None).post("/sign-out").status == 303


def test_signing_out_takes_a_form(visit: Visit, alice: User) -> None:
    visitor = visit(alice)
    assert visitor.get("/sign-out").status == 405
    assert visitor.get("/account").status == 200


def test_a_session_ends_when_nobody_clicks(visit: Visit, alice: User, clock: Clock) -> None:
    visitor = visit(alice)
    clock.move(14 * 60)
    assert visitor.get("/account").status == 200
    clock.move(14 * 60)
    assert visitor.get("/account").status == 200
    clock.move(15 * 60 + 1)
    assert visitor.get("/account").status == 303


def test_a_session_ends_after_a_day_in_any_case(visit: Visit, alice: User, clock: Clock) -> None:
    visitor = visit(alice)
    for _ in range(24 * 6 + 1):
        clock.move(600)
        last = visitor.get("/account").status
    assert last == 303


def test_a_disabled_account_is_out_at_once(visit: Visit, bob: User) -> None:
    visitor = visit(bob)
    assert visitor.get("/account").status == 200
    users.disable(bob, by=None)
    assert visitor.get("/account").status == 303


def test_without_the_role_a_session_is_nothing(visit: Visit, bob: User) -> None:
    visitor = visit(bob)
    users.set_roles(bob, [Role.LOCK], by=None)
    assert visitor.get("/account").status == 303


def test_the_password_once_more_makes_a_fresh_proof(visit: Visit, alice: User, clock: Clock) -> None:
    visitor = visit(alice)
    copied = visitor.client.get_cookie("muster")
    assert copied is not None
    clock.move(600)
    page = visitor.get("/sign-in/again?next=/account")
    assert page.status == 200
    assert page.one("input[name=next]")["value"] == "/account"
    answer = visitor.post("/sign-in/again", password=PASSWORD, next="/account")
    assert (answer.status, answer.location) == (303, "/account")
    assert UserSession.get().proved_at == clock.now

    thief = visit(None)
    thief.client.set_cookie("muster", copied.value)
    assert thief.get("/account").status == 303
    assert visitor.get("/account").status == 200


def test_a_wrong_password_proves_nothing(visit: Visit, alice: User, clock: Clock) -> None:
    visitor, proved_at = visit(alice), UserSession.select
    clock.move(600)
    before = proved_at().get().proved_at
    answer = visitor.post("/sign-in/again", password="wrong", next="/account")
    assert answer.status == 422
    assert answer.error_of("password").startswith("That is not your password.")
    assert proved_at().get().proved_at == before
    assert visitor.get("/account").status == 200


def test_asking_again_goes_nowhere_else(visit: Visit, alice: User) -> None:
    answer = visit(alice).post("/sign-in/again", password=PASSWORD, next="https://evil.example/")
    assert answer.location == "/"


def test_a_link_that_nobody_made_creates_no_administrator(visit: Visit) -> None:
    assert visit(None).get("/first-administrator/zzzz").status == 404
    assert visit(None).post("/first-administrator/zzzz", username="mallory").status == 404
    assert UserRole.select().where(UserRole.role == Role.ADMINISTRATOR).count() == 1


@pytest.fixture
def link(app: Flask) -> str:
    """The link of a server without an administrator."""
    UserRole.delete().where(UserRole.role == Role.ADMINISTRATOR).execute()
    return f"/first-administrator/{first_administrator.open_link()}"


FIRST = {
    "username": "frieda",
    "name": "Frieda Wolf",
    "email": "frieda@harbour.example",
    "password": "nine quiet herons on a mast",
    "repeated": "nine quiet herons on a mast",
}


def test_the_first_administrator_is_created_and_signed_in(visit: Visit, link: str) -> None:
    visitor = visit(None)
    assert visitor.get(link).words("h1") == "The first administrator"
    answer = visitor.post(link, **FIRST)
    assert (answer.status, answer.location) == (303, "/")
    page = visitor.get("/account")
    assert "Welcome, Frieda" in page.words(".menu")
    assert "Messages" in page.words(".menu")
    again = visit(None)
    assert again.get(link).status == 404
    assert again.post(link, **FIRST, csrf_token=again.csrf_token).status == 404


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("username", "", "Choose a user name."),
        ("username", "Frieda Wolf", "Use letters without accents, digits and . _ - @ $ # only."),
        ("username", "alice", "There is an account with this user name already."),
        ("name", "", "Give your name."),
        ("email", "", "Give your e-mail address."),
        ("email", "nowhere", "This is not an e-mail address."),
        ("password", "short", "Use at least 15 characters. A few words in a row will do."),
        ("repeated", "something else", "This is not the same as above."),
    ],
)
def test_a_wrong_answer_leaves_the_link_open(
    visit: Visit, link: str, field: str, value: str, sentence: str
) -> None:
    fields = {**FIRST, field: value}
    if field == "password":
        fields["repeated"] = value
    answer = visit(None).post(link, **fields)
    assert answer.status == 422
    assert answer.error_of(field) == sentence
    assert not answer.one("#password").has_attr("value")
    assert visit(None).get(link).status == 200
    assert User.select().count() == 4


def test_a_link_runs_out(visit: Visit, link: str, clock: Clock) -> None:
    clock.move(24 * 3600 + 1)
    assert visit(None).get(link).status == 404


def _token_of(page: Answer) -> str:
    found = page.soup.select_one("input[name=csrf_token]")
    return str(found["value"]) if found else ""
