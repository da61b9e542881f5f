"""/go/install, /go/progress and /go/done: the device's own step, and when it is over."""

from __future__ import annotations

import hashlib
import re
import shlex
from pathlib import Path

import pytest

from blueprints.enrolment import agent_step
from models import Device, Status, User
from services import check_ins, enrolment, registrations
from services.registrations import Issued
from tests.blueprints.enrolment.conftest import Invite, Travel
from tests.conftest import PASSWORD, Clock, Visitor

AGENT = Path(__file__).parents[3] / "agent" / "muster_agent.py"


def token_on(browser: Visitor) -> str:
    found = re.search(r"--token=(\S+)", browser.get("/go/install").one("#command").text)
    assert found is not None
    return found[1]


def join(browser: Visitor) -> Device:
    device, _ = enrolment.begin(token_on(browser), "agent", "linux", {"model": "ThinkPad X1"})
    return device


def check_in(issued: Issued) -> None:
    check_ins.record(Device.get_by_id(issued.device.id), {"model": "ThinkPad X1"})


def test_only_the_browser_that_proved_sees_the_code(
    alice: User, invite: Invite, travel: Travel, visit
) -> None:
    issued = invite(alice)
    browser = travel(issued, "install")
    assert visit(None).get("/go/install").location == "/go"
    assert visit(alice).get("/go/install").location == "/go"
    answer = browser.get("/go/install")
    assert answer.status == 200
    assert "no-store" in answer.headers["Cache-Control"]


def test_of_two_browsers_that_proved_only_the_one_that_accepted_sees_the_code(
    alice: User, invite: Invite, travel: Travel
) -> None:
    """Say, the link was opened on the computer, and then on the phone."""
    issued = invite(alice)
    one, other = travel(issued, "terms"), travel(issued, "terms")
    one.post("/go/terms", accepted="yes")
    assert other.post("/go/terms", accepted="yes").status == 409
    token = token_on(one)
    answer = other.get("/go/install")
    assert (answer.status, answer.words("h1")) == (200, "Go on in the other browser")
    assert token not in answer.text
    assert answer.one("#go-progress a")["href"] == "/go/install", "it reads how it stands"
    join(one)
    assert "Almost there" in other.get("/go/install").words("h1")
    check_in(issued)
    assert other.get("/go/install").location == "/go/done"


def test_the_other_browser_may_prove_again_with_a_new_link_and_the_first_code_is_dead(
    alice: User, invite: Invite, travel: Travel
) -> None:
    issued = invite(alice)
    one, other = travel(issued, "terms"), travel(issued, "terms")
    one.post("/go/terms", accepted="yes")
    token = token_on(one)
    renewed = registrations.renew(registrations.by_code(issued.registration.code), by=alice)
    other.get(f"/go/{renewed.link}")
    other.post("/go", password=PASSWORD)
    other.post("/go/terms", accepted="yes")
    with pytest.raises(enrolment.UnknownToken):
        enrolment.begin(token, "agent", "linux", {})
    assert one.get("/go/install").location == "/go"
    assert join(other).status == Status.ENROLLING


def test_after_an_hour_the_other_browser_may_accept_and_then_sees_a_code_of_its_own(
    alice: User, invite: Invite, travel: Travel, clock: Clock
) -> None:
    issued = invite(alice)
    one, other = travel(issued, "terms"), travel(issued, "terms")
    one.post("/go/terms", accepted="yes")
    first = token_on(one)
    clock.move(3600)
    for browser in (one, other):
        assert "The code has run out" in browser.get("/go/install").words("h1")
    enrolment.expire_due()
    assert other.get("/go/install").location == "/go/terms"
    assert other.post("/go/terms", accepted="yes").location == "/go/install"
    assert token_on(other) != first
    assert one.get("/go/install").words("h1") == "Go on in the other browser"


def test_a_second_click_whose_first_answer_was_dropped_still_sees_the_code(
    alice: User, invite: Invite, travel: Travel
) -> None:
    browser = travel(invite(alice), "terms")
    before = browser.client.get_cookie("muster")
    browser.post("/go/terms", accepted="yes")
    browser.client.set_cookie("muster", before.value)
    assert browser.post("/go/terms", accepted="yes").status == 409
    assert token_on(browser)


def test_the_command_names_the_server_and_a_code_that_works(
    alice: User, invite: Invite, travel: Travel
) -> None:
    browser = travel(invite(alice), "install")
    words = shlex.split(browser.get("/go/install").one("#command").text)
    assert words[words.index("--server") + 1] == "http://localhost"
    assert "http://localhost/go/agent" in words
    assert join(browser).status == Status.ENROLLING


def test_each_system_has_a_line_of_its_own(alice: User, invite: Invite, travel: Travel) -> None:
    page = travel(invite(alice, "windows"), "install").get("/go/install")
    assert page.one("#command").text.startswith("iwr ")
    assert page.one("#command-linux").text.startswith("curl ")
    assert page.one("#command-macos").text.startswith("curl ")
    assert page.soup.select_one("#command-windows") is None
    for button in page.soup.select("[data-copy]"):
        assert page.one(button["data-copy"]).text


def test_a_reload_shows_the_same_code(alice: User, invite: Invite, travel: Travel) -> None:
    browser = travel(invite(alice), "install")
    assert token_on(browser) == token_on(browser)


@pytest.mark.parametrize(
    "server", ["http://muster.example", "https://muster.example", "http://localhost:8000"]
)
def test_a_server_without_encryption_is_said_to_be_one(server: str) -> None:
    assert agent_step.is_unprotected(server) == (server == "http://muster.example")


def test_before_the_terms_there_is_nothing_to_install(alice: User, invite: Invite, travel: Travel) -> None:
    assert travel(invite(alice), "terms").get("/go/install").location == "/go/terms"


def test_a_code_that_ran_out_says_so_and_leads_back(
    alice: User, invite: Invite, travel: Travel, clock: Clock
) -> None:
    issued = invite(alice)
    browser = travel(issued, "install")
    clock.move(3600)
    answer = browser.get("/go/install")
    assert "The code has run out" in answer.words("h1")
    assert answer.soup.find("a", href="/go") is not None
    assert "muster_agent" not in answer.text
    enrolment.expire_due()
    assert browser.get("/go/install").location == "/go"
    answer = browser.get("/go")
    assert answer.status == 200
    assert "The code ran out" in answer.words("#messages")


def test_a_cancelled_registration_is_closed(alice: User, invite: Invite, travel: Travel) -> None:
    issued = invite(alice)
    browser = travel(issued, "install")
    registrations.cancel(issued.registration, by=alice)
    assert browser.get("/go/progress?since=1", htmx=True).headers["HX-Redirect"] == "/go/install"
    assert browser.get("/go/install").status == 410


def test_it_waits_for_the_device_and_asks_again_more_and_more_slowly(
    alice: User, invite: Invite, travel: Travel, clock: Clock
) -> None:
    browser = travel(invite(alice), "install")
    url = browser.get("/go/install").one("#go-progress")["data-hx-get"]
    for waited, pause in ((0, 2), (29, 2), (30, 5), (59, 5), (60, 10), (179, 10)):
        clock.now = float(url.partition("=")[2]) + waited
        part = browser.get(url, htmx=True)
        assert not part.is_page
        assert part.one("#go-progress")["data-hx-trigger"] == f"every {pause}s"
        assert part.one("#go-progress")["data-hx-get"] == url
    clock.move(1)
    part = browser.get(url, htmx=True)
    assert "data-hx-trigger" not in part.one("#go-progress").attrs
    assert "have stopped looking" in part.words("section")
    assert part.one("a")["href"] == "/go/install"


def test_without_javascript_the_part_leads_to_its_page(alice: User, invite: Invite, travel: Travel) -> None:
    browser = travel(invite(alice), "install")
    assert browser.get("/go/progress?since=1").location == "/go/install"
    assert browser.get("/go/install").one("#go-progress a")["href"] == "/go/install"


@pytest.mark.parametrize("since", ["", "x", "-1", "9" * 400, "1e9", "%00", "😀"])
def test_a_wrong_beginning_is_as_good_as_none(
    since: str, alice: User, invite: Invite, travel: Travel
) -> None:
    assert travel(invite(alice), "install").get(f"/go/progress?since={since}", htmx=True).status == 200


def test_a_stranger_gets_no_progress(app, visit) -> None:
    answer = visit(None).get("/go/progress?since=1", htmx=True)
    assert answer.headers["HX-Redirect"] == "/go/install"


def test_it_tells_how_far_the_device_is_and_then_goes_on(alice: User, invite: Invite, travel: Travel) -> None:
    issued = invite(alice)
    browser = travel(issued, "install")
    assert "waiting for the device" in browser.get("/go/progress?since=1", htmx=True).words("section")
    join(browser)
    assert "We have heard from the device" in browser.get("/go/progress?since=1", htmx=True).words("section")
    page = browser.get("/go/install")
    assert "Almost there" in page.words("h1")
    assert "token" not in page.words("main")
    check_in(issued)
    answer = browser.get("/go/progress?since=1", htmx=True)
    assert (answer.status, answer.headers["HX-Redirect"], answer.text) == (204, "/go/done", "")
    assert browser.get("/go/install").location == "/go/done"


def test_you_are_done(alice: User, invite: Invite, travel: Travel, visit) -> None:
    issued = invite(alice)
    browser = travel(issued, "install")
    assert browser.get("/go/done").location == "/go/install"
    join(browser)
    assert browser.get("/go/done").location == "/go/install"
    check_in(issued)
    answer = browser.get("/go/done")
    assert answer.status == 200
    assert answer.one("h1").text == "You are done"
    assert "Active" in answer.words(".status")
    assert "First check-in at" in answer.words("main")
    assert len(answer.soup.select(".steps .done")) == 4
    assert "python3 muster_agent.py run" in answer.words("main")
    assert visit(None).get("/go/done").location == "/go"
    assert browser.get("/go").status == 200, "the next device may come"


def test_leaving_the_page_forgets_the_code_in_this_browser(
    alice: User, invite: Invite, travel: Travel
) -> None:
    browser = travel(invite(alice), "install")
    answer = browser.post("/go/stop")
    assert "has forgotten the registration" in answer.words("main")
    assert browser.get("/go/install").location == "/go"


def test_the_agent_is_there_for_everybody(app, visit) -> None:
    answer = visit(None).get("/go/agent")
    assert answer.status == 200
    assert answer.data == AGENT.read_bytes()
    assert answer.headers["Content-Disposition"] == 'attachment; filename="muster_agent.py"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_its_digest_stands_beside_it(alice: User, invite: Invite, travel: Travel) -> None:
    page = travel(invite(alice), "install").get("/go/install")
    assert hashlib.sha256(AGENT.read_bytes()).hexdigest() in page.text
