"""Where I am signed in, and the warning before a session ends by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from models import AuditEntry, User, UserSession
from services import settings
from tests.conftest import Clock, Visitor

Visit = Callable[[User | None], Visitor]


@pytest.fixture
def elsewhere(visit: Visit, alice: User) -> Visitor:
    """Another browser of Alice's, an hour ago she would say."""
    visitor = visit(alice)
    UserSession.update(
        browser="Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/128.0", address="192.0.2.7"
    ).execute()
    return visitor


@pytest.fixture
def other(elsewhere: Visitor) -> str:
    return str(UserSession.get().code)


def test_each_browser_is_told_in_words_and_this_one_is_marked(
    visit: Visit, alice: User, other: str, clock: Clock
) -> None:
    clock.move(120)
    here = visit(alice)
    page = here.get("/account")
    assert len(page.soup.select("#sessions li")) == 2
    said = page.words(f"#session-{other}")
    assert said.startswith("Firefox on Windows Last used 2 minutes ago")
    assert "From the address 192.0.2.7." in said
    assert page.one("#sessions .status").get_text() == "This browser"
    assert not page.soup.select(f"#session-{other} .status")
    assert [form["action"] for form in page.soup.select("#sessions form")] == [
        f"/account/sessions/{other}/end",
        "/account/sessions/end-others",
    ]


def test_alone_there_is_nothing_to_end(visit: Visit, alice: User) -> None:
    assert not visit(alice).get("/account").soup.select("#sessions form")


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize("path", ["one", "others"])
def test_ending_it_ends_it_and_is_written_down(
    visit: Visit, alice: User, elsewhere: Visitor, other: str, path: str, htmx: bool
) -> None:
    here = visit(alice)
    url = f"/account/sessions/{other}/end" if path == "one" else "/account/sessions/end-others"
    answer = here.post(url, htmx=htmx)
    assert (answer.status, answer.location) == ((200, "") if htmx else (303, "/account"))
    page = answer if htmx else here.get("/account")
    assert page.is_page is not htmx
    assert "signed" in page.words("#messages")
    assert len(page.soup.select("#sessions li")) == 1
    assert elsewhere.get("/account").status == 303
    assert here.get("/account").status == 200
    entry = AuditEntry.get(AuditEntry.action == "user:session:ended")
    assert (entry.actor, entry.user, entry.params) == (alice.code, alice.code, {"session": other})
    assert "You signed another browser out" in here.get("/account/activity").words(".log")


def test_a_double_click_is_one_entry(visit: Visit, alice: User, other: str) -> None:
    here = visit(alice)
    assert here.post(f"/account/sessions/{other}/end").status == 303
    assert here.post(f"/account/sessions/{other}/end").status == 404
    assert here.post("/account/sessions/end-others").status == 303
    assert AuditEntry.select().where(AuditEntry.action == "user:session:ended").count() == 1


def test_ending_this_one_signs_out(visit: Visit, alice: User, elsewhere: Visitor, other: str) -> None:
    assert elsewhere.post(f"/account/sessions/{other}/end").location == "/sign-in"
    assert elsewhere.get("/account").status == 303


def test_someone_elses_session_does_not_exist(
    visit: Visit, bob: User, other: str, elsewhere: Visitor
) -> None:
    assert visit(bob).post(f"/account/sessions/{other}/end").status == 404
    visit(bob).post("/account/sessions/end-others")
    assert elsewhere.get("/account").status == 200
    assert visit(None).post(f"/account/sessions/{other}/end").status == 303
    assert visit(bob).get(f"/account/sessions/{other}/end").status == 405


# The warning


def seconds(page_text: str) -> list[int]:
    return [int(number) for number in page_text.split('data-session="')[1].split('"')[0].split()]


@pytest.mark.parametrize("url", ["/account", "/"])
def test_pages_carry_when_the_session_ends(visit: Visit, alice: User, clock: Clock, url: str) -> None:
    """Home too, of which all that is the same is kept from one answer to the next."""
    here = visit(alice)
    assert seconds(here.get(url).text) == [900, 840, 86_400]
    clock.move(40)
    assert seconds(here.get(url).text) == [860, 840, 86_360]
    clock.move(40)
    assert seconds(here.get(url).text) == [900, 840, 86_320]
    settings.put("idle_minutes", "5", by=None)
    assert seconds(here.get(url).text) == [300, 240, 86_320]
    assert '<a href="/account/stay" data-hx-get="/account/stay"' in here.get(url).text
    assert "data-session" not in visit(None).get("/sign-in").text


def test_staying_is_a_click_and_changes_nothing_else(visit: Visit, alice: User, clock: Clock) -> None:
    here = visit(alice)
    for htmx in (False, True):
        clock.move(800)
        answer = here.open("GET", "/account/stay", htmx, headers={"Referer": "http://localhost/account"})
        assert (answer.status, answer.location) == ((204, "") if htmx else (303, "/account"))
    clock.move(800)
    assert here.get("/account").status == 200


def test_a_poll_does_not_keep_it(visit: Visit, alice: User, clock: Clock) -> None:
    here = visit(alice)
    for _ in range(2):
        clock.move(500)
        last = here.get("/account/stay?since=1", htmx=True)
    assert last.status == 401
