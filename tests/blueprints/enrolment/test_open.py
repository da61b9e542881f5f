"""GET /go/<secret>: the link opens, and looking at it uses nothing up."""

from __future__ import annotations

import pytest

from models import Device, Registration, Status, User, Way
from services import registrations, users
from tests.blueprints.enrolment.conftest import Invite, Travel
from tests.conftest import PASSWORD, Clock


def test_the_link_leaves_the_address_bar_at_once(alice: User, invite: Invite, visit) -> None:
    issued, browser = invite(alice), visit(None)
    answer = browser.get(f"/go/{issued.link}")
    assert (answer.status, answer.location) == (303, "/go")
    assert issued.link not in answer.headers["Set-Cookie"]
    assert "no-store" in answer.headers["Cache-Control"]
    with browser.client.session_transaction() as cookie:
        assert issued.link not in repr(dict(cookie))
        assert cookie["go"]["registration"] == issued.registration.code
    assert "Alice Moreno" in browser.get("/go").words("main")


def test_scanners_may_look_as_often_as_they_like(alice: User, invite: Invite, visit) -> None:
    issued = invite(alice)
    for method in ("HEAD", "GET") * 5:
        assert visit(None).open(method, f"/go/{issued.link}").status == 303
    assert Device.get_by_id(issued.device.id).status == Status.PENDING
    person = visit(None)
    person.get(f"/go/{issued.link}")
    assert person.post("/go", password=PASSWORD).location == "/go/terms"


@pytest.mark.parametrize(
    "secret", ["nonsense", "x" * 5000, "%00", "%F0%9F%98%80", "<b>", "' OR 1=1 --", "%0d%0aX: 1"]
)
def test_an_unknown_link_is_not_there_and_the_page_helps(secret: str, alice: User, visit) -> None:
    answer = visit(None).get(f"/go/{secret}")
    assert answer.status == 404
    assert answer.is_page
    assert answer.one("h1").text == "This registration is closed"
    assert answer.soup.find("a", href="/") is not None
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_used_link_is_gone(alice: User, invite: Invite, travel: Travel, visit) -> None:
    issued = invite(alice)
    travel(issued, "install")
    answer = visit(None).get(f"/go/{issued.link}")
    assert answer.status == 410
    assert "used already" in answer.words("main")


def test_the_browser_that_used_the_link_goes_on_where_it_was(
    alice: User, invite: Invite, travel: Travel
) -> None:
    issued = invite(alice)
    browser = travel(issued, "install")
    assert browser.get(f"/go/{issued.link}").location == "/go/install"
    assert browser.get("/go").location == "/go/install"


def test_a_link_past_its_time_is_gone_before_the_worker_has_noticed(
    alice: User, invite: Invite, visit, clock: Clock
) -> None:
    issued = invite(alice)
    clock.move(4 * 3600)
    answer = visit(None).get(f"/go/{issued.link}")
    assert answer.status == 410
    assert "has run out" in answer.words("main")


def test_a_renewed_link_leaves_the_old_one_dead(alice: User, invite: Invite, travel: Travel, visit) -> None:
    issued = invite(alice)
    before = travel(issued)
    renewed = registrations.renew(issued.registration, by=alice)
    assert visit(None).get(f"/go/{issued.link}").status in (404, 410)
    assert before.get("/go").status == 410, "a browser that had opened the old one is told"
    assert before.get("/go").status == 200, "and may then come with the user name"
    assert visit(None).get(f"/go/{renewed.link}").status == 303


def test_a_cancelled_or_expired_link_leads_to_a_page_that_helps(
    alice: User, invite: Invite, visit, clock: Clock
) -> None:
    cancelled, expired = invite(alice), invite(alice, way=Way.QR)
    registrations.cancel(cancelled.registration, by=alice)
    clock.move(5 * 3600)
    registrations.expire_due()
    for issued in (cancelled, expired):
        answer = visit(None).get(f"/go/{issued.link}")
        assert answer.status in (404, 410)
        assert "get a new link" in answer.words("main")


def test_the_link_of_a_shut_account_opens_nothing(
    alice: User, carol: User, invite: Invite, travel: Travel, visit
) -> None:
    issued = invite(alice)
    before = travel(issued, "terms")
    users.disable(alice, by=carol)
    assert visit(None).get(f"/go/{issued.link}").status in (404, 410)
    assert before.post("/go/terms", accepted="yes").status in (303, 410)
    assert Device.get_by_id(issued.device.id).status not in (Status.VERIFIED, Status.ENROLLING)
    assert Registration.get_by_id(issued.registration.id).token_hash is None


def test_another_link_in_the_same_browser_takes_the_place_of_the_first(
    alice: User, invite: Invite, travel: Travel
) -> None:
    first, second = invite(alice), invite(alice, "windows")
    browser = travel(first, "terms")
    assert browser.get(f"/go/{second.link}").location == "/go"
    assert browser.get("/go/terms").location == "/go", "what was proved for the first does not count here"
    assert "Windows computer" in browser.get("/go").words("dl")
