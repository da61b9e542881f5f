"""Help desk: one person with their devices."""

from __future__ import annotations

import pytest

from models import AuditEntry, Registration, Status, Way
from services import audit, settings, users


def looks_at(person):
    return (
        AuditEntry.select()
        .where(AuditEntry.action == "user:looked:done", AuditEntry.user == person.code)
        .count()
    )


def test_the_account_and_the_devices(visit, dave, alice, a_device):
    here, gone = a_device(alice), a_device(alice, Status.RETIRED, name="Old phone")
    page = visit(dave).get(f"/help-desk/people/{alice.code}")
    assert page.one("h1").get_text() == "Alice Moreno"
    assert "Signs in as alice." in page.words(".lead")
    assert "alice@harbour.example" in page.words(".facts")
    assert page.one("section > .roll .name")["href"] == f"/devices/{here.code}"
    assert "Debian 12.5, Employee. Last check-in just now" in page.words(f"#device-{here.code}")
    assert "Old phone" in page.words("details .roll")
    assert gone.code in page.text


def test_htmx_gets_the_devices_alone(visit, dave, alice, a_device):
    a_device(alice)
    answer = visit(dave).get(f"/help-desk/people/{alice.code}", htmx=True)
    assert not answer.is_page
    section = answer.one(f"#person-{alice.code}-devices")
    assert section["data-hx-get"] == f"/help-desk/people/{alice.code}"
    assert section["data-hx-trigger"] == "device-changed from:body"


def test_nothing_registered_yet(visit, dave, bob):
    assert "Bob Tanaka has registered no device yet." in visit(dave).get(
        f"/help-desk/people/{bob.code}"
    ).words("main")


@pytest.mark.parametrize("htmx", [False, True])
def test_what_waits_is_sent_again_and_no_secret_is_seen(visit, dave, alice, a_registration, mailbox, htmx):
    registration = a_registration(alice, link_hash="old")
    browser, url = visit(dave), f"/help-desk/people/{alice.code}"
    form = browser.get(url).one(f"#device-{registration.device.code} form")
    assert form["action"] == form["data-hx-post"] == f"/registrations/{registration.code}/reminder"
    assert form["data-hx-swap"] == "none"
    assert form.find("button").get_text() == " Send it again"
    assert form.find("button")["aria-label"] == "Send it again: Linux computer"
    headers = {"Referer": f"http://localhost{url}"}
    answer = browser.open(
        "POST", form["action"], htmx, headers=headers, data={"csrf_token": browser.csrf_token}
    )
    assert (answer.status, answer.location) == ((200, "") if htmx else (303, url))
    assert [mail.recipient for mail in mailbox() if mail.kind == "invitation"] == ["alice@harbour.example"]
    assert Registration.get_by_id(registration.id).link_hash != "old"
    assert mailbox()[-1].params.get("link", "?") not in answer.text


def test_without_an_address_nothing_can_be_sent(visit, dave, alice, a_registration):
    registration = a_registration(alice)
    users.change_details(alice, by=alice, name="Alice", email="", phone_number="", language="", time_zone="")
    page = visit(dave).get(f"/help-desk/people/{alice.code}")
    assert not page.soup.select(f"#device-{registration.device.code} form")


def test_every_look_is_in_the_persons_activity_once_an_hour(visit, alice, carol, dave, clock):
    url = f"/help-desk/people/{alice.code}"
    for _ in range(2):
        visit(dave).get(url)
    assert looks_at(alice) == 1
    visit(carol).get(url)
    assert looks_at(alice) == 2
    clock.move(3600)
    visit(dave).get(url)
    assert looks_at(alice) == 3
    page = visit(alice).get("/account/activity")
    assert "Dave Okafor looked at the account and its devices" in page.words(".log")
    assert audit.verify() == []


def test_ones_own_page_is_no_look(visit, dave):
    assert visit(dave).get(f"/help-desk/people/{dave.code}").status == 200
    assert looks_at(dave) == 0


def test_who_may(visit, alice, bob, carol, dave):
    url = f"/help-desk/people/{alice.code}"
    assert [visit(who).get(url).status for who in (alice, bob, carol, dave)] == [403, 403, 200, 200]
    assert visit(None).get(url).status == 303
    assert visit(dave).get("/help-desk/people/nobody").status == 404
    assert visit(bob).get("/help-desk/people/nobody").status == 403, "nobody learns which codes exist"
    assert looks_at(alice) == 2


def test_adding_devices_adds_no_queries(visit, dave, alice, a_registration, monkeypatch):
    from models import database

    browser, url, asked = visit(dave), f"/help-desk/people/{alice.code}", []
    execute = database.execute_sql
    monkeypatch.setattr(database.obj, "execute_sql", lambda *given: asked.append(given) or execute(*given))
    a_registration(alice)
    browser.get(url)
    counts = []
    for _ in range(2):
        asked.clear()
        browser.get(url)
        counts.append(len(asked))
        for _ in range(5):
            a_registration(alice)
    assert counts[0] == counts[1]


@pytest.mark.parametrize("way", Way)
def test_of_a_closed_platform_nothing_is_sent_again(visit, dave, alice, a_registration, way):
    registration = a_registration(alice, way=way)
    part = f"#device-{registration.device.code} form"
    assert visit(dave).get(f"/help-desk/people/{alice.code}").soup.select(part)
    settings.put("platforms", "macos", by=None)
    assert not visit(dave).get(f"/help-desk/people/{alice.code}").soup.select(part)


def test_a_device_that_joins_is_begun_again_from_its_own_page(visit, dave, alice, a_device, a_registration):
    registration = a_registration(alice, a_device(alice, Status.ENROLLING))
    part = f"#device-{registration.device.code} form"
    assert not visit(dave).get(f"/help-desk/people/{alice.code}").soup.select(part)
    assert visit(dave).get(f"/devices/{registration.device.code}").soup.select('form[action$="/reminder"]')
