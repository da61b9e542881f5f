"""/go/terms: what the person agrees to, and that agreeing is what counts."""

from __future__ import annotations

import pytest

from models import AuditEntry, Device, Registration, Status, User
from services import registrations, settings
from tests.blueprints.enrolment.conftest import Invite, Travel
from tests.conftest import Clock


def test_strangers_are_sent_to_prove_who_they_are(alice: User, invite: Invite, travel: Travel, visit) -> None:
    for browser in (visit(None), visit(alice), travel(invite(alice))):
        assert browser.get("/go/terms").location == "/go"
        assert browser.post("/go/terms", accepted="yes").location == "/go"
    assert not Device.select().where(Device.status == Status.VERIFIED).exists()


def test_it_says_what_can_be_seen_and_what_never(alice: User, invite: Invite, travel: Travel) -> None:
    settings.put("organisation", "Harbour Clinic", by=None)
    answer = travel(invite(alice), "terms").get("/go/terms")
    assert answer.soup.select_one("[aria-current=step]").text == "Terms"
    said = answer.words("main")
    for words in (
        "Harbour Clinic can see",
        "serial number",
        "Harbour Clinic can never see",
        "Where the computer is",
        "only the one that you allowed",
        "it stays yours",
    ):
        assert words in said


def test_a_device_of_the_company_is_said_to_be_one(alice: User, invite: Invite, travel: Travel) -> None:
    settings.put("default_ownership", "company", by=None)
    answer = travel(invite(alice), "terms").get("/go/terms")
    assert "The device belongs to" in answer.words("main")


def test_the_organisations_own_terms_are_shown_as_text(alice: User, invite: Invite, travel: Travel) -> None:
    settings.put("terms", "Be kind.\n\n<b>Lock it.</b>", by=None)
    answer = travel(invite(alice), "terms").get("/go/terms")
    assert [part.text for part in answer.soup.select("details p")] == ["Be kind.", "<b>Lock it.</b>"]


def test_accepting_makes_it_verified(alice: User, invite: Invite, travel: Travel) -> None:
    issued = invite(alice)
    answer = travel(issued, "terms").post("/go/terms", accepted="yes")
    assert (answer.status, answer.location) == (303, "/go/install")
    registration = Registration.get_by_id(issued.registration.id)
    assert registration.device.status == Status.VERIFIED
    assert registration.accepted_terms_at is not None
    entry = AuditEntry.get(AuditEntry.action == "device:registration:accepted")
    assert (entry.actor, entry.device) == (alice.code, issued.device.code)


@pytest.mark.parametrize("fields", [{}, {"accepted": ""}, {"accepted": "off"}, {"accepted": "0"}])
def test_without_the_tick_nothing_happens(
    fields: dict[str, str], alice: User, invite: Invite, travel: Travel
) -> None:
    issued = invite(alice)
    answer = travel(issued, "terms").post("/go/terms", **fields)
    assert answer.status == 422
    assert answer.error_of("accepted")
    assert answer.one("#accepted")["aria-invalid"] == "true"
    assert Device.get_by_id(issued.device.id).status == Status.PENDING


def test_a_second_click_does_nothing_twice_and_leads_on(alice: User, invite: Invite, travel: Travel) -> None:
    issued = invite(alice)
    browser = travel(issued, "install")
    token = Registration.get_by_id(issued.registration.id).token_hash
    answer = browser.post("/go/terms", accepted="yes")
    assert answer.status == 409
    assert "Once is enough" in answer.words("main")
    assert answer.soup.find("a", href="/go/install") is not None
    assert Registration.get_by_id(issued.registration.id).token_hash == token
    assert AuditEntry.select().where(AuditEntry.action == "device:registration:accepted").count() == 1
    assert browser.get("/go/terms").location == "/go/install"


def test_after_an_hour_the_proof_is_asked_for_again(
    alice: User, invite: Invite, travel: Travel, clock: Clock
) -> None:
    browser = travel(invite(alice), "terms")
    clock.move(3601)
    assert browser.post("/go/terms", accepted="yes").location == "/go"
    assert browser.get("/go").status == 200


def test_a_registration_that_ended_in_the_meantime_is_closed(
    alice: User, invite: Invite, travel: Travel, clock: Clock
) -> None:
    cancelled, late = invite(alice), invite(alice)
    browser = travel(cancelled, "terms")
    registrations.cancel(cancelled.registration, by=alice)
    assert browser.post("/go/terms", accepted="yes").status == 410
    clock.move(4 * 3600 - 60)
    browser = travel(late, "terms")
    clock.move(120)
    assert browser.post("/go/terms", accepted="yes").status == 410
    assert Device.get_by_id(late.device.id).status == Status.PENDING


def test_a_renewal_ends_what_was_proved(alice: User, invite: Invite, travel: Travel) -> None:
    issued = invite(alice)
    browser = travel(issued, "terms")
    registrations.renew(issued.registration, by=alice)
    assert browser.post("/go/terms", accepted="yes").location == "/go"
    assert Device.get_by_id(issued.device.id).status == Status.PENDING


def test_whoever_does_not_accept_stops_and_nothing_has_happened(
    alice: User, invite: Invite, travel: Travel
) -> None:
    issued = invite(alice)
    browser = travel(issued, "terms")
    answer = browser.post("/go/stop")
    assert answer.status == 200
    assert "Nothing has happened to this device" in answer.words("main")
    assert browser.get("/go/terms").location == "/go"
    assert Device.get_by_id(issued.device.id).status == Status.PENDING
    assert browser.get(f"/go/{issued.link}").status == 303, "another time, the link still opens"
