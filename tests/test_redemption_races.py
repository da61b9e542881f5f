"""Sixty-four at once redeem the same secret, each over a connection of its own: exactly one wins."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from models import AuditEntry, Device, Registration, Status, User, Way
from services import audit, database, enrolment_tokens, registrations, verification
from tests.conftest import PASSWORD, Visitor

pytestmark = pytest.mark.slow

CROWD = 64


Visit = Callable[[User | None], Visitor]
ALL_LOST = {409, 410, 422, 429, 401, 303}


def at_once(count: int, deed: Callable[[int], Any]) -> list[Any]:
    """What `deed(0)` to `deed(count - 1)` gave, each in a thread of its own, all let go at the same moment."""
    barrier, results = threading.Barrier(count), [None] * count

    def run(number: int) -> None:
        try:
            database.connect()
            barrier.wait(timeout=30)
            results[number] = deed(number)
        except BaseException as error:
            results[number] = error
        finally:
            database.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


def browsers_behind(visit: Visit, link: str) -> list[Visitor]:
    crowd = [visit(None) for _ in range(CROWD)]
    for browser in crowd:
        assert browser.get(f"/go/{link}").status == 303
    return crowd


def assert_won_once(answers: list[tuple[int, str]], registration: Registration, crowd: list[Visitor]) -> None:
    """One was told to go on, and it alone sees the code; nothing is half-done, and nothing was done twice."""
    winners = [answer for answer in answers if answer == (303, "/go/install")]
    assert len(winners) == 1, Counter(answers)
    assert {status for status, _ in answers} <= ALL_LOST, Counter(answers)
    row = Registration.get_by_id(registration.id)
    assert row.device.status == Status.VERIFIED
    assert row.token_hash is not None
    pages = [browser.get("/go/install") for browser in crowd]
    sees_it = [bool(page.soup.select("#command")) for page in pages]
    assert sees_it == [answer == (303, "/go/install") for answer in answers]
    assert entries("device:registration:accepted") == 1
    assert audit.verify() == []


def entries(action: str) -> int:
    return AuditEntry.select().where(AuditEntry.action == action).count()


@pytest.mark.parametrize("way", [Way.INVITATION, Way.PIN], ids=["link and password", "link and PIN"])
def test_the_terms_of_one_link_are_accepted_once(way: Way, alice: User, visit: Visit) -> None:
    issued = registrations.start(alice, "linux", way, by=alice)
    crowd = browsers_behind(visit, issued.link)
    for browser in crowd:
        assert browser.post("/go", password=PASSWORD, pin=issued.pin or "").location == "/go/terms"

    def accept(number: int) -> tuple[int, str]:
        answer = crowd[number].post("/go/terms", accepted="yes")
        return answer.status, answer.location

    assert_won_once(at_once(CROWD, accept), issued.registration, crowd)


@pytest.mark.parametrize("way", [Way.INVITATION, Way.PIN], ids=["link and password", "link and PIN"])
def test_a_link_is_redeemed_once(way: Way, alice: User, visit: Visit) -> None:
    """The whole way at once: those who are not among the first few tries may be told to wait."""
    issued = registrations.start(alice, "linux", way, by=alice)
    crowd = browsers_behind(visit, issued.link)
    assert_won_once(
        at_once(CROWD, whole_way(crowd, password=PASSWORD, pin=issued.pin or "")), issued.registration, crowd
    )


@pytest.mark.parametrize("way", [Way.INVITATION, Way.PIN], ids=["password", "PIN"])
def test_without_a_link_it_is_redeemed_once(way: Way, alice: User, visit: Visit) -> None:
    issued = registrations.start(alice, "linux", way, by=alice)
    crowd = [visit(None) for _ in range(CROWD)]
    form = {"username": "alice", "platform": "linux", "password": PASSWORD, "pin": issued.pin or ""}
    assert_won_once(at_once(CROWD, whole_way(crowd, **form)), issued.registration, crowd)


def whole_way(crowd: list[Visitor], **form: str) -> Callable[[int], tuple[int, str]]:
    def go(number: int) -> tuple[int, str]:
        answer = crowd[number].post("/go", **form)
        if answer.location == "/go/terms":
            answer = crowd[number].post("/go/terms", accepted="yes")
        return answer.status, answer.location

    return go


def test_wrong_pins_in_parallel_are_all_counted(alice: User, visit: Visit) -> None:
    issued = registrations.start(alice, "linux", Way.PIN, by=alice)
    crowd = browsers_behind(visit, issued.link)
    statuses = at_once(CROWD, lambda number: crowd[number].post("/go", pin=f"x{number}").status)
    assert set(statuses) <= {422, 429}
    assert Registration.get_by_id(issued.registration.id).pin_tries == verification.MOST_PIN_TRIES
    assert visit(None).get(f"/go/{issued.link}").status == 303
    late = browsers_behind(visit, issued.link)[0]
    assert late.post("/go", pin=issued.pin).status in (422, 429), "five wrong tries have burnt it"


def test_an_enrolment_token_is_redeemed_once(app: Flask, alice: User) -> None:
    issued = registrations.start(alice, "linux", Way.QR, by=alice)
    token = enrolment_tokens.accept(issued.registration, issued.registration.issued_at)

    def enroll(number: int) -> tuple[int, str]:
        body = {"token": token, "platform": "linux", "facts": {"stable_id": f"machine-{number}"}}
        answer = app.test_client().post("/api/agent/v1/enroll", json=body)
        return answer.status_code, answer.json.get("secret", "")

    answers = at_once(CROWD, enroll)
    counted = Counter(status for status, _ in answers)
    assert counted[201] == 1, counted
    assert set(counted) <= {201, 401, 429}, counted
    device = Device.get()
    assert device.status == Status.ENROLLING
    assert Registration.get().token_hash is None
    assert entries("device:enrolment:started") == 1
    assert audit.verify() == []
    secret = next(secret for status, secret in answers if status == 201)
    headers = {"Authorization": f"Bearer {secret}"}
    assert (
        app.test_client().post("/api/agent/v1/checkin", json={"facts": {}}, headers=headers).status_code
        == 200
    )
    assert Device.get().status == Status.ACTIVE


def test_the_first_check_in_confirms_once(app: Flask, alice: User) -> None:
    issued = registrations.start(alice, "linux", Way.QR, by=alice)
    token = enrolment_tokens.accept(issued.registration, issued.registration.issued_at)
    body = {"token": token, "platform": "linux", "facts": {}}
    secret = app.test_client().post("/api/agent/v1/enroll", json=body).json["secret"]
    headers = {"Authorization": f"Bearer {secret}"}

    def check_in(number: int) -> int:
        return (
            app.test_client().post("/api/agent/v1/checkin", json={"facts": {}}, headers=headers).status_code
        )

    statuses = Counter(at_once(8, check_in))
    assert statuses == {200: 8}
    assert entries("device:enrolment:completed") == 1


def test_a_double_click_on_accept_leads_on(alice: User, visit: Visit) -> None:
    """Two requests with the same cookie: whichever answer the browser shows, the person can go on from it."""
    issued = registrations.start(alice, "linux", Way.INVITATION, by=alice)
    browser = visit(None)
    browser.get(f"/go/{issued.link}")
    browser.post("/go", password=PASSWORD)
    with browser.client.session_transaction() as cookie:
        kept = dict(cookie)
    clicks = [visit(None), visit(None)]
    for click in clicks:
        click.csrf_token = browser.csrf_token
        with click.client.session_transaction() as cookie:
            cookie.update(kept)
    answers = at_once(2, lambda number: clicks[number].post("/go/terms", accepted="yes"))
    assert sorted(answer.status for answer in answers) == [303, 409]
    lost = next(answer for answer in answers if answer.status == 409)
    assert lost.soup.find("a", href="/go/install") is not None
    for click in clicks:
        assert click.get("/go/install").one("#command")
    assert entries("device:registration:accepted") == 1


def test_accepting_and_renewing_at_once_leaves_one_of_the_two(alice: User, visit: Visit) -> None:
    issued = registrations.start(alice, "linux", Way.INVITATION, by=alice)
    browser = browsers_behind(visit, issued.link)[0]
    browser.post("/go", password=PASSWORD)

    def deed(number: int) -> str:
        if number:
            registrations.renew(issued.registration, by=User.get(User.username == "alice"))
            return "renewed"
        return browser.post("/go/terms", accepted="yes").location

    at_once(2, deed)
    row = Registration.get_by_id(issued.registration.id)
    assert row.device.status == Status.PENDING, "a renewal takes back what was accepted before it"
    assert row.token_hash is None
    assert audit.verify() == []
