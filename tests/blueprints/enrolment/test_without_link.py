"""/go without a link: user name, platform, and the password or the PIN."""

from __future__ import annotations

import pytest

from models import Device, Proof, Registration, Status, User, Way
from services import settings
from tests.blueprints.enrolment.conftest import ANDROID, LINUX, WINDOWS, Invite
from tests.conftest import PASSWORD, Clock


def test_it_asks_who_is_there_and_gives_nothing_away(alice: User, invite: Invite, visit) -> None:
    invite(alice)
    answer = visit(None).get("/go", headers={"User-Agent": LINUX})
    assert answer.status == 200
    names = {field["name"] for field in answer.one('form[action="/go"]').select("input, select")}
    assert names == {"csrf_token", "username", "platform", "pin", "password"}
    assert "Alice" not in answer.text


@pytest.mark.parametrize(
    ("agent", "chosen"), [(LINUX, "linux"), (WINDOWS, "windows"), (ANDROID, ""), ("curl/8", "")]
)
def test_the_platform_is_guessed_among_those_offered(agent: str, chosen: str, app, visit) -> None:
    answer = visit(None).get("/go", headers={"User-Agent": agent})
    selected = answer.soup.select("select[name=platform] option[selected]")
    assert [option["value"] for option in selected] in ([chosen], [] if not chosen else [chosen])


def test_only_offered_platforms_can_be_chosen(app, visit) -> None:
    settings.put("platforms", "linux,android", by=None)
    answer = visit(None).get("/go")
    values = [option["value"] for option in answer.soup.select("select[name=platform] option")]
    assert values == ["", "linux"]
    settings.put("platforms", "android", by=None)
    answer = visit(None).get("/go")
    assert answer.soup.select_one('form[action="/go"]') is None
    assert "no new devices" in answer.words("main")


def test_the_password_is_enough_where_it_is_asked_for(alice: User, invite: Invite, visit) -> None:
    invite(alice)
    browser = visit(None)
    answer = browser.post("/go", username=" Alice ", platform="linux", password=PASSWORD)
    assert answer.location == "/go/terms"
    assert browser.get("/go/terms").status == 200


def test_a_registration_by_pin_asks_for_its_pin(alice: User, invite: Invite, visit) -> None:
    issued = invite(alice, way=Way.PIN)
    browser = visit(None)
    form = {"username": "alice", "platform": "linux"}
    assert browser.post("/go", **form, password=PASSWORD).status == 422
    assert browser.post("/go", **form, pin=issued.pin).location == "/go/terms"


def test_both_are_needed_where_both_are_asked_for(alice: User, invite: Invite, visit) -> None:
    issued = invite(alice, proof=Proof.BOTH)
    browser = visit(None)
    form = {"username": "alice", "platform": "linux"}
    assert browser.post("/go", **form, password=PASSWORD).status == 422
    assert browser.post("/go", **form, pin=issued.pin).status == 422
    assert browser.post("/go", **form, pin=issued.pin, password=PASSWORD).location == "/go/terms"


def test_it_takes_the_newest_that_lives(alice: User, invite: Invite, visit, clock: Clock) -> None:
    invite(alice)
    clock.move(1)
    newest = invite(alice)
    clock.move(1)
    invite(alice, "windows")
    browser = visit(None)
    browser.post("/go", username="alice", platform="linux", password=PASSWORD)
    browser.post("/go/terms", accepted="yes")
    assert Device.get_by_id(newest.device.id).status == Status.VERIFIED


@pytest.mark.parametrize(
    ("username", "password"),
    [("alice", "wrong password"), ("nobody", PASSWORD), ("bob", "wrong password"), ("' OR 1=1 --", PASSWORD)],
)
def test_one_text_for_whatever_was_wrong(
    username: str, password: str, alice: User, invite: Invite, visit
) -> None:
    invite(alice)
    answer = visit(None).post("/go", username=username, platform="linux", password=password)
    assert answer.status == 422
    assert answer.words('[role="alert"]') == (
        "That did not work. Check what you typed. After several tries, wait a while."
    )


def test_a_stranger_who_knows_a_name_burns_nobodys_pin(
    alice: User, invite: Invite, visit, clock: Clock
) -> None:
    issued = invite(alice, way=Way.PIN)
    for _ in range(8):
        visit(None).post("/go", username="alice", platform="linux", pin="999999x")
    assert Registration.get_by_id(issued.registration.id).pin_tries == 0
    clock.move(3600)
    answer = visit(None).post("/go", username="alice", platform="linux", pin=issued.pin)
    assert answer.location == "/go/terms"


def test_somebody_without_a_registration_is_told_only_after_the_password(bob: User, visit) -> None:
    answer = visit(None).post("/go", username="bob", platform="linux", password=PASSWORD)
    assert answer.status == 422
    assert "Nothing is waiting" in answer.words("main")


@pytest.mark.parametrize("left_out", ["username", "platform", "password"])
def test_what_is_missing_is_said_beside_it(left_out: str, app, visit) -> None:
    fields = {"username": "alice", "platform": "linux", "password": PASSWORD}
    del fields[left_out]
    answer = visit(None).post("/go", **fields)
    assert answer.status == 422
    assert answer.error_of(left_out)
    assert answer.one(f"#{left_out}")["aria-invalid"] == "true"
