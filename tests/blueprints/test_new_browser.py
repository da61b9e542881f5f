"""A mail about a sign-in from a browser that was not known here."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from blueprints.shared import browsers
from models import User
from services import settings, users
from tests.conftest import PASSWORD, Clock, Mail, Visitor

Visit = Callable[[User | None], Visitor]
Mailbox = Callable[[], list[Mail]]
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def sign_in(browser: Visitor, username: str = "alice", password: str = PASSWORD) -> int:
    headers = {"User-Agent": FIREFOX}
    fields = {"csrf_token": browser.csrf_token, "username": username, "password": password}
    return browser.open("POST", "/sign-in", data=fields, headers=headers).status


def sign_out(browser: Visitor) -> None:
    """The browser stays known. Coming in and going out each bring a new form."""
    for page, button in (("/account", "/sign-out"), ("/sign-in", "")):
        form = browser.get(page).soup.select_one("[name=csrf_token]")
        assert form is not None
        browser.csrf_token = str(form["value"])
        if button:
            assert browser.post(button).location == "/sign-in"


def test_never_at_the_very_first_sign_in(visit: Visit, mailbox: Mailbox) -> None:
    assert sign_in(visit(None)) == 303
    assert mailbox() == []


def test_another_browser_is_told_of_with_what_when_and_from_where(
    visit: Visit, alice: User, mailbox: Mailbox, clock: Clock
) -> None:
    sign_in(visit(None))
    clock.move(60)
    assert sign_in(visit(None)) == 303
    (mail,) = mailbox()
    assert (mail.kind, mail.recipient, mail.message.user) == ("new_sign_in", "alice@harbour.example", alice)
    assert mail.params == {"browser": "Firefox on Linux", "address": "127.0.0.1", "at": clock.now}


def test_a_known_browser_is_not_told_of_also_when_others_use_it(visit: Visit, mailbox: Mailbox) -> None:
    shared = visit(None)
    for username in ("alice", "bob", "alice", "bob"):
        assert sign_in(shared, username) == 303
        sign_out(shared)
    assert mailbox() == []


def test_a_forged_cookie_makes_no_browser_known(visit: Visit, alice: User, mailbox: Mailbox) -> None:
    sign_in(visit(None))
    stranger = visit(None)
    stranger.client.set_cookie("muster-known", f'["{alice.code}"].forged')
    sign_in(stranger)
    assert len(mailbox()) == 1


def test_a_failure_is_not_told_of(visit: Visit, mailbox: Mailbox) -> None:
    sign_in(visit(None))
    assert sign_in(visit(None), password="wrong") == 422
    assert mailbox() == []


@pytest.mark.parametrize("why", ["switched off", "no address"])
def test_where_it_is_not_wanted_or_cannot_be_nothing_is_sent(
    visit: Visit, alice: User, mailbox: Mailbox, why: str
) -> None:
    sign_in(visit(None))
    if why == "switched off":
        settings.put("notifications", "reminder", by=None)
    else:
        users.change_details(
            alice, by=alice, name="Alice", email="", phone_number="", language="", time_zone=""
        )
    assert sign_in(visit(None)) == 303
    assert mailbox() == []


@pytest.mark.parametrize(
    ("claimed", "in_words"),
    [
        (FIREFOX, "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.4 Safari/605.1.15", "Safari on macOS"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605 CriOS/126 Mobile/15E Safari/604", "Chrome on iOS"),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537 Chrome/126.0 Mobile Safari/537", "Chrome on Android"),
        ("Mozilla/5.0 (X11; CrOS x86_64) AppleWebKit/537 Chrome/126.0 Safari/537", "Chrome"),
        ("curl on Windows", "A browser on Windows"),
        ("", "A browser that does not say what it is"),
        ("<script>" * 1000, "A browser that does not say what it is"),
    ],
)  # fmt: skip
def test_what_a_browser_claims_is_told_in_words(app: object, claimed: str, in_words: str) -> None:
    with app.test_request_context():  # type: ignore[attr-defined]
        assert browsers.in_words(claimed) == in_words
