"""Pages and fragments, ways on, messages, polls; and the pages that say what the organisation sees."""

from __future__ import annotations

from collections.abc import Callable

import htmx_flask
import pytest
from flask import Flask, request

from blueprints.shared import pages
from models import User
from services import settings
from tests.conftest import NOON, Clock, Visitor

Visit = Callable[[User | None], Visitor]
HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize(
    ("headers", "is_wanted"),
    [
        ({}, False),
        (HTMX, True),
        ({**HTMX, "HX-Boosted": "true"}, False),
        ({**HTMX, "HX-History-Restore-Request": "true"}, False),
        ({**HTMX, "HX-Request-Type": "full"}, False),
        ({**HTMX, "HX-Request-Type": "partial"}, True),
    ],
)
def test_a_fragment_is_for_htmx_alone(app: Flask, headers: dict[str, str], is_wanted: bool) -> None:
    with app.test_request_context("/", headers=headers):
        assert pages.wants_fragment() is is_wanted


def test_a_browser_is_sent_on_with_303_and_htmx_with_a_header(app: Flask) -> None:
    with app.test_request_context("/"):
        answer = pages.go_to("/account")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    with app.test_request_context("/", headers=HTMX):
        answer = pages.go_to("/account")
        assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/account")
        assert "Location" not in answer.headers
        assert pages.go_to("https://evil.example").headers["HX-Redirect"] == "/"


def test_an_event_is_announced(app: Flask) -> None:
    with app.test_request_context("/", headers=HTMX):
        answer = pages.announce(pages.fragment_only("shared/_foot.html"), "device-changed")
        assert answer.headers["HX-Trigger"] == "device-changed"
        with pytest.raises(ValueError, match="not in EVENTS"):
            pages.announce(answer, "devcie-changed")


def test_what_is_said_stands_beside_the_fragment(app: Flask) -> None:
    with app.test_request_context("/", headers=HTMX):
        pages.say("good", "It is <locked>.")
        text = pages.fragment_only("shared/_foot.html").get_data(as_text=True)
        assert 'id="messages"' in text
        assert 'data-hx-swap-oob="innerHTML"' in text
        assert "It is &lt;locked&gt;." in text
    with app.test_request_context("/", headers=HTMX):
        assert "messages" not in pages.fragment_only("shared/_foot.html").get_data(as_text=True)


def test_a_poll_does_not_take_a_message_that_is_for_the_next_page(app: Flask) -> None:
    with app.test_request_context("/", headers=HTMX) as first:
        pages.say("good", "It is locked.")
        pages.go_to("/")
        kept = dict(first.session or {})
    with app.test_request_context("/", headers=HTMX) as poll:
        assert poll.session is not None
        poll.session.update(kept)
        pages.fragment_only("shared/_foot.html")
        assert "_flashes" in poll.session


def test_polls_slow_down_and_end(app: Flask, clock: Clock) -> None:
    waits = []
    for waited in (0, 29, 30, 59, 60, 179, 180, 10_000):
        clock.now = NOON + waited
        waits.append(pages.next_poll(NOON))
    assert waits == [2, 2, 5, 5, 10, 10, None, None]


@pytest.mark.parametrize(
    ("since", "began"),
    [
        ("", NOON),
        (f"{NOON - 20}", NOON - 20),
        ("x", NOON),
        ("-5", NOON),
        (f"{NOON + 99}", NOON),
        ("9" * 5000, NOON),
    ],
)
def test_a_poll_says_since_when_it_waits(app: Flask, clock: Clock, since: str, began: int) -> None:
    with app.test_request_context("/", query_string={"since": since}):
        assert pages.poll_began() == began


def test_a_poll_keeps_no_session_alive(visit: Visit, alice: User, clock: Clock) -> None:
    visitor = visit(alice)
    for _ in range(10):
        clock.move(100)
        status = visitor.get(f"/account?since={NOON}", htmx=True).status
    assert status == 401


def test_an_ended_session_comes_back_to_the_page_of_the_fragment(visit: Visit) -> None:
    answer = visit(None).get(
        "/account?since=1", htmx=True, headers={"Referer": "http://localhost/devices/k7m2q9"}
    )
    assert answer.status == 401
    assert answer.headers["HX-Redirect"] == "/sign-in?next=/devices/k7m2q9"


def test_htmx_flask_is_what_pages_thinks_it_is(app: Flask) -> None:
    """If one of these changes, `pages` can drop a workaround."""
    with app.test_request_context("/", headers={**HTMX, "HX-Boosted": "true"}):
        assert bool(request.htmx)  # type: ignore[attr-defined]
        assert "Vary" not in htmx_flask.make_response("").headers
        with pytest.raises(ValueError, match="Invalid reswap"):
            htmx_flask.make_response("", reswap="beforebegin")


def test_the_menu_greets_and_leads_on(visit: Visit, alice: User, carol: User) -> None:
    page = visit(alice).get("/account")
    assert page.words(".menu summary") == "Welcome, Alice"
    assert page.soup.select_one(".menu form[action='/sign-out'][method=post]")
    assert "Messages" not in page.words(".menu")
    assert "Messages" in visit(carol).get("/account").words(".menu")


def test_the_help_desk_is_on_every_page(visit: Visit, alice: User) -> None:
    for key, value in {
        "help_desk_phone": "020 7946 0123",
        "help_desk_email": "help@harbour.example",
        "help_desk_page": "https://help.harbour.example/",
        "help_desk_hours": "Monday to Friday, 8:00 to 18:00",
    }.items():
        settings.put(key, value, by=None)
    for page in (visit(alice).get("/account"), visit(None).get("/sign-in"), visit(None).get("/nope")):
        assert page.soup.select_one(".foot a[href='tel:02079460123']")
        assert page.soup.select_one(".foot a[href='mailto:help@harbour.example']")
        assert page.soup.select_one(".foot a[href='https://help.harbour.example/']")
        assert "8:00 to 18:00" in page.words(".foot")


@pytest.mark.parametrize(
    ("url", "heading"), [("/privacy", "What Harbour Clinic can see"), ("/accessibility", "Accessibility")]
)
def test_anybody_may_read_what_is_seen_and_how_accessible_it_is(visit: Visit, url: str, heading: str) -> None:
    settings.put("organisation", "Harbour Clinic", by=None)
    page = visit(None).get(url)
    assert page.status == 200
    assert page.words("h1") == heading
    assert page.soup.title is not None
    assert page.soup.title.text == f"{heading} - Harbour Clinic"
    assert page.soup.html is not None
    assert (page.soup.html["lang"], page.soup.html["dir"]) == ("en", "ltr")


def test_watchers_learn_that_it_runs_and_nothing_else(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    assert visit(None).get("/livez").text == "ok\n"
    assert visit(None).get("/readyz").text == "ready\n"
    monkeypatch.setattr("services.database.is_current", lambda: False)
    answer = visit(None).get("/readyz")
    assert (answer.status, answer.text) == (503, "not ready\n")
