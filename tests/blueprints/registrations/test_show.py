"""The page of a registration."""

from __future__ import annotations

import pytest

from models import Message, MessageState, Status, Way
from services import outbox, registrations, settings


def test_htmx_gets_the_result_alone(visit, alice, a_registration):
    answer = visit(alice).get(f"/registrations/{a_registration(alice).code}", htmx=True)
    assert not answer.is_page
    assert answer.one("#register")


def test_the_way_back_to_register_another(visit, alice, a_registration):
    for way in Way:
        link = (
            visit(alice)
            .get(f"/registrations/{a_registration(alice, way=way).code}")
            .soup.find("a", string="Register another device")
        )
        assert (link["href"], link["data-hx-get"], link["data-hx-target"]) == (
            "/registrations",
            "/registrations",
            "#register",
        )


def test_whoever_may_not_register_is_not_led_there(visit, alice, dave, a_registration):
    for way in Way:
        page = visit(dave).get(f"/registrations/{a_registration(alice, way=way).code}")
        assert page.one("#register")
        assert not page.soup.find("a", href="/registrations")


def test_the_panel_stands_alone_too(visit, alice, bob):
    assert visit(alice).get("/registrations").one("#register form")
    assert not visit(alice).get("/registrations", htmx=True).is_page
    assert visit(bob).get("/registrations").status == 403
    assert visit(None).get("/registrations").status == 303


@pytest.mark.parametrize("status", [s for s in Status if s != Status.PENDING])
def test_a_registration_that_is_over_says_how_it_stands(visit, alice, a_device, a_registration, status):
    registration = a_registration(
        alice, a_device(alice, status), verified_at=1, token_expires_at=2_000_000_000
    )
    answer = visit(alice).get(f"/registrations/{registration.code}")
    assert answer.status == 200
    assert answer.words("#register h2").startswith("The registration of")
    assert answer.soup.select("#register .status")


def test_an_expired_one_can_be_renewed(visit, alice, a_registration, clock):
    registration = a_registration(alice)
    clock.move(4 * 3600)
    answer = visit(alice).get(f"/registrations/{registration.code}")
    assert answer.words("#register .status") == "Expired"
    assert answer.words("#register form button") == "Renew the invitation"
    browser = visit(alice)
    assert browser.post(f"/registrations/{registration.code}/pin").status == 303
    assert browser.get(f"/registrations/{registration.code}").soup.select(".pin")


def test_who_may_see_it(visit, alice, bob, carol, dave, a_registration):
    url = f"/registrations/{a_registration(alice).code}"
    assert visit(None).get(url).location == f"/sign-in?next={url}"
    assert visit(None).get(url, htmx=True).status == 401
    assert visit(bob).get(url).status == 404
    assert visit(bob).get("/registrations/zzzzzz").status == 404
    for person in (carol, dave):
        answer = visit(person).get(url)
        assert answer.status == 200
        assert not answer.soup.select("#devices")
    assert visit(alice).post(url).status == 405


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({}, "No mail server is set up here yet"),
        ({"state": MessageState.SENT, "sent_at": 1_790_000_000}, "went out"),
        (
            {"state": MessageState.FAILED, "reason": "rejected_address"},
            "The mail server does not know this address.",
        ),
        ({"state": MessageState.CANCELLED}, "was called off"),
    ],
)
def test_it_says_where_the_mail_is(visit, alice, a_registration, columns, sentence):
    registration = a_registration(alice)
    outbox.queue("invitation", alice, alice.email, {"link": "x"}, device=registration.device)
    if columns:
        Message.update(**columns).execute()
    for url in (f"/registrations/{registration.code}", f"/devices/{registration.device.code}"):
        words = visit(alice).get(url).words(f"#registration-{registration.code}-delivery")
        assert sentence in words
        assert "alice@harbour.example" in words


def test_with_a_mail_server_it_is_on_its_way_or_says_why_not_yet(
    visit, alice, app, monkeypatch, a_registration
):
    from dataclasses import replace

    monkeypatch.setitem(app.config, "MUSTER", replace(app.config["MUSTER"], mail_server="mail.example"))
    registration = a_registration(alice)
    outbox.queue("invitation", alice, alice.email, {"link": "x"}, device=registration.device)
    url = f"/registrations/{registration.code}"
    assert "is on its way" in visit(alice).get(url).words("#register")
    Message.update(reason="unreachable").execute()
    words = visit(alice).get(url).words("#register")
    assert "has not gone out yet. The mail server could not be reached." in words


def test_it_asks_for_itself_until_the_mail_is_out(visit, alice, a_registration, clock):
    registration = a_registration(alice)
    outbox.queue("invitation", alice, alice.email, {"link": "x"}, device=registration.device)
    part = f"#registration-{registration.code}-delivery"
    browser = visit(alice)
    first = browser.get(f"/registrations/{registration.code}").one(part)
    assert first["data-hx-trigger"] == "every 2s"
    url = first["data-hx-get"]
    assert url == f"/registrations/{registration.code}/delivery?since={int(clock.now)}"
    assert browser.get(url, htmx=True).one(part)["data-hx-trigger"] == "every 2s"
    clock.move(181)
    given_up = browser.get(url, htmx=True)
    assert not given_up.one(part).has_attr("data-hx-trigger")
    assert given_up.words("a") == "Look again"
    Message.update(state=MessageState.SENT, sent_at=int(clock.now)).execute()
    sent = browser.get(url, htmx=True)
    assert "went out at 14:16 today." in sent.words("div")
    assert not sent.one(part).has_attr("data-hx-trigger")
    assert browser.get(url).location == f"/registrations/{registration.code}"


def test_someone_elses_delivery_does_not_exist(visit, alice, bob, a_registration):
    assert visit(bob).get(f"/registrations/{a_registration(alice).code}/delivery", htmx=True).status == 404


def test_a_used_registration_shows_no_secret(visit, alice, a_registration):
    registration = a_registration(alice, way=Way.PIN)
    registrations.cancel(registration, by=alice)
    answer = visit(alice).get(f"/registrations/{registration.code}")
    assert not answer.soup.select(".pin, svg.code")
    assert answer.words("#register .status") == "Cancelled"


@pytest.mark.parametrize("way", Way)
def test_a_result_stays_while_nothing_changed_and_goes_when_it_did(visit, alice, a_registration, way):
    registration = a_registration(alice, way=way)
    browser = visit(alice)
    url = browser.get(f"/registrations/{registration.code}").one("#register")["data-hx-get"]
    assert url == f"/registrations/{registration.code}/state?stamp=pending-{registration.issued_at}"
    still = browser.get(url, htmx=True)
    assert (still.status, still.text) == (204, "")
    registrations.renew(registration, by=alice)
    assert browser.get(url, htmx=True).one("#register")["data-hx-get"] != url
    registrations.cancel(registration, by=alice)
    over = browser.get(url, htmx=True)
    assert over.words("#register .status") == "Cancelled"
    assert browser.get(over.one("#register")["data-hx-get"], htmx=True).status == 204
    assert browser.get(url).location == f"/registrations/{registration.code}"


def test_where_pins_are_switched_off_a_pin_is_had_another_way_and_no_button_is_dead(
    visit, alice, a_registration
):
    registration = a_registration(alice, way=Way.PIN)
    settings.put("pin_registration", "off", by=None)
    browser = visit(alice)
    page = browser.get(f"/registrations/{registration.code}")
    offered = [form["action"].rpartition("/")[2] for form in page.soup.select("#register form")]
    assert offered == ["reminder", "qr", "cancel"], "nor can the address be corrected: that makes a new PIN"
    words = page.words("#register")
    assert "If you wrote it down, use it." in words
    assert "renew" not in words.casefold()
    assert "A new PIN" not in words
    on_the_roll = [form["action"].rpartition("/")[2] for form in page.soup.select("#devices form")]
    assert on_the_roll == ["cancel"]
    assert browser.post(f"/registrations/{registration.code}/qr").status == 303
    assert "renew" in browser.get(f"/registrations/{registration.code}").words("#register .slip").casefold()


@pytest.mark.parametrize("way", Way)
def test_the_help_desk_is_offered_what_it_may_do_and_can(visit, alice, dave, a_registration, way):
    registration = a_registration(alice, way=way)
    browser = visit(dave)
    page = browser.get(f"/registrations/{registration.code}")
    assert [form["action"].rpartition("/")[2] for form in page.soup.select("#register form")] == ["reminder"]
    assert browser.post(f"/registrations/{registration.code}/reminder").status == 303


@pytest.mark.parametrize("way", Way)
def test_a_platform_that_was_closed_meanwhile_is_not_offered_again(visit, alice, a_registration, way):
    registration = a_registration(alice, way=way)
    settings.put("platforms", "macos", by=None)
    page = visit(alice).get(f"/registrations/{registration.code}")
    left = [form["action"].rpartition("/")[2] for form in page.soup.select("#register form, #devices form")]
    assert left == ["cancel", "cancel"]
