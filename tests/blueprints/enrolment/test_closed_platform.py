"""A platform that an administrator closes while somebody is on the way through /go."""

from __future__ import annotations

import pytest

from models import Device, Status, User
from services import settings
from tests.blueprints.enrolment.conftest import Invite, Travel
from tests.conftest import PASSWORD

WHY = "This kind of device may not be registered here. Ask the help desk."


def close_linux() -> None:
    settings.put("platforms", "windows,ios", by=None)


def test_its_link_says_why_it_leads_nowhere(alice: User, invite: Invite, visit) -> None:
    issued = invite(alice)
    close_linux()
    answer = visit(None).get(f"/go/{issued.link}")
    assert (answer.status, answer.words("p.lead")) == (410, WHY)


@pytest.mark.parametrize(
    ("step", "method", "url"),
    [
        ("you", "GET", "/go"),
        ("you", "POST", "/go"),
        ("terms", "GET", "/go/terms"),
        ("terms", "POST", "/go/terms"),
        ("install", "GET", "/go/install"),
    ],
)
def test_whoever_is_on_the_way_is_told_at_the_next_step(
    alice: User, invite: Invite, travel: Travel, step: str, method: str, url: str
) -> None:
    issued = invite(alice)
    browser = travel(issued, step)
    before = Device.get_by_id(issued.device.id).status
    close_linux()
    fields = {"password": PASSWORD, "accepted": "yes"}
    answer = browser.get(url) if method == "GET" else browser.post(url, **fields)
    assert (answer.status, answer.words("p.lead")) == (410, WHY)
    assert Device.get_by_id(issued.device.id).status == before


def test_a_device_that_is_joining_already_is_not_thrown_out(
    alice: User, invite: Invite, travel: Travel
) -> None:
    issued = invite(alice)
    browser = travel(issued, "install")
    Device.update(status=Status.ENROLLING).where(Device.id == issued.device.id).execute()
    close_linux()
    assert browser.get("/go/install").status == 200


def test_its_page_offers_no_new_secrets(alice: User, invite: Invite, visit) -> None:
    issued = invite(alice)
    assert visit(alice).get(f"/devices/{issued.device.code}").soup.select("form[action$=reminder]")
    close_linux()
    page = visit(alice).get(f"/devices/{issued.device.code}")
    assert not page.soup.select("form[action$=reminder]")
    assert page.soup.select("form[action$=cancel]")
    refused = visit(alice).post(f"/registrations/{issued.registration.code}/reminder")
    assert (refused.status, WHY in refused.words("main")) == (409, True)
