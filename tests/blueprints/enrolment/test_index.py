"""/go with a link: whose registration it is, and the proof that it asks for."""

from __future__ import annotations

import pytest

from models import AuditEntry, Proof, Registration, Throttle, User, Way
from services import settings
from tests.blueprints.enrolment.conftest import ANDROID, LINUX, WINDOWS, Invite, Travel
from tests.conftest import PASSWORD, Clock


def test_it_says_whose_what_and_until_when(alice: User, invite: Invite, travel: Travel) -> None:
    settings.put("organisation", "Harbour Clinic", by=None)
    answer = travel(invite(alice)).get("/go")
    assert answer.status == 200
    facts = answer.words("dl")
    for words in ("Harbour Clinic", "Alice Moreno", "alice", "Linux computer", "Employee", "18:13 today"):
        assert words in facts.replace("5:13 PM", "17:13") or "today" in facts
    assert answer.soup.select_one("[aria-current=step]").text == "You"
    assert answer.soup.find("input", {"name": "username"}) is None, "the name is shown, not asked for"


@pytest.mark.parametrize(
    ("proof", "way", "fields"),
    [
        (Proof.PASSWORD, Way.INVITATION, {"password"}),
        (Proof.PIN, Way.INVITATION, {"pin"}),
        (Proof.BOTH, Way.INVITATION, {"password", "pin"}),
        (Proof.PASSWORD, Way.PIN, {"pin"}),
        (Proof.BOTH, Way.PIN, {"password", "pin"}),
    ],
)
def test_it_asks_for_what_the_platform_says(
    proof: Proof, way: Way, fields: set[str], alice: User, invite: Invite, travel: Travel
) -> None:
    issued = invite(alice, way=way, proof=proof)
    browser = travel(issued)
    form = browser.get("/go").one('form[action="/go"]')
    assert {field["name"] for field in form.select("input[name]")} - {"csrf_token"} == fields
    given = {"password": PASSWORD, "pin": issued.pin or ""}
    answer = browser.post("/go", **{name: given[name] for name in fields})
    assert (answer.status, answer.location) == (303, "/go/terms")


@pytest.mark.parametrize("wrong", ["password", "pin"])
def test_both_means_both(wrong: str, alice: User, invite: Invite, travel: Travel) -> None:
    issued = invite(alice, proof=Proof.BOTH)
    given = {"password": PASSWORD, "pin": issued.pin or "", wrong: "123456"}
    answer = travel(issued).post("/go", **given)
    assert answer.status == 422
    assert "That did not work" in answer.words('[role="alert"]')


def test_a_wrong_password_changes_nothing(alice: User, invite: Invite, travel: Travel) -> None:
    issued = invite(alice)
    browser = travel(issued)
    answer = browser.post("/go", password="not the password")
    assert answer.status == 422
    assert answer.is_page
    assert "not the password" not in answer.text
    assert browser.get("/go/terms").location == "/go"
    assert not AuditEntry.select().where(AuditEntry.action == "device:registration:accepted").exists()
    assert browser.post("/go", password=PASSWORD).location == "/go/terms"


def test_a_pin_may_be_typed_with_spaces(alice: User, invite: Invite, travel: Travel) -> None:
    issued = invite(alice, way=Way.PIN)
    assert travel(issued).post("/go", pin=f" {issued.pin[:3]} {issued.pin[3:]} ").location == "/go/terms"


def test_after_five_wrong_tries_the_pin_is_spent(alice: User, invite: Invite, travel: Travel) -> None:
    issued = invite(alice, way=Way.PIN)
    browser = travel(issued)
    wrong = "000000" if issued.pin != "000000" else "111111"
    for _ in range(5):
        assert browser.post("/go", pin=wrong).status == 422
    answer = browser.post("/go", pin=issued.pin)
    assert answer.status == 422
    assert "spent" in answer.error_of("pin")


def test_a_network_that_tried_too_often_waits_but_not_who_has_the_link(
    alice: User, invite: Invite, travel: Travel, visit, clock: Clock
) -> None:
    browser = travel(invite(alice))
    Throttle.create(key="address:127.0.0.1", failures=99, last_at=clock.now, blocked_until=clock.now + 600)
    form = {"platform": "linux", "password": PASSWORD}
    assert visit(None).post("/go", username="nobody", **form).status == 422
    answer = visit(None).post("/go", username="alice", **form)
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert browser.post("/go", password=PASSWORD).location == "/go/terms"


def test_without_the_role_the_link_leads_nowhere(
    alice: User, carol: User, invite: Invite, travel: Travel
) -> None:
    from services import users

    browser = travel(invite(alice))
    users.set_roles(alice, {"user_portal"}, by=carol)
    assert browser.post("/go", password=PASSWORD).status == 410


def test_another_kind_of_device_is_told_kindly(alice: User, invite: Invite, travel: Travel) -> None:
    browser = travel(invite(alice))
    told = browser.get("/go", headers={"User-Agent": ANDROID}).words("main")
    assert "Android device" in told
    assert "Open it there, or correct it" in told
    assert "looks like" not in browser.get("/go", headers={"User-Agent": LINUX}).words("main")
    assert "looks like" not in browser.get("/go", headers={"User-Agent": "curl/8"}).words("main")


def test_the_kind_of_computer_can_be_corrected(alice: User, invite: Invite, travel: Travel) -> None:
    issued = invite(alice)
    browser = travel(issued)
    page = browser.get("/go", headers={"User-Agent": WINDOWS})
    offered = {option["value"] for option in page.soup.select("select[name=platform] option")}
    assert offered == {"linux", "windows"}
    assert browser.post("/go/platform", platform="windows").location == "/go"
    assert Registration.get_by_id(issued.registration.id).device.platform == "windows"
    assert "Windows computer" in browser.get("/go").words("dl")


@pytest.mark.parametrize("platform", ["", "ios", "toaster", "x" * 5000, "<b>", "linux' --", "\0", "😀"])
def test_it_cannot_be_corrected_to_what_is_not_offered(
    platform: str, alice: User, invite: Invite, travel: Travel
) -> None:
    issued = invite(alice)
    answer = travel(issued).post("/go/platform", platform=platform)
    assert answer.status == 422
    assert answer.error_of("platform")
    assert Registration.get_by_id(issued.registration.id).device.platform == "linux"


def test_nobody_corrects_anything_without_a_link(visit) -> None:
    assert visit(None).post("/go/platform", platform="windows").status == 410
