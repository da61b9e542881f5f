"""A line of the roll that asks for itself while its device is on the way."""

from __future__ import annotations

from models import Device, Message, Status, User, Way
from services import lifecycle, registrations
from tests.conftest import NOON


def poll_of(answer, code):
    return answer.one(f"#device-{code}").get("data-hx-get")


def test_a_waiting_line_asks_for_itself(visit, alice, a_registration, clock):
    code = a_registration(alice).device.code
    answer = visit(alice).get("/")
    line = answer.one(f"#device-{code}")
    assert line["data-hx-get"] == f"/devices/{code}/card?since={int(clock.now)}&was=pending"
    assert line["data-hx-trigger"] == "every 2s"
    again = visit(alice).get(line["data-hx-get"], htmx=True)
    assert not again.is_page
    assert poll_of(again, code) == line["data-hx-get"]
    assert "HX-Trigger" not in again.headers


def test_it_asks_less_often_and_then_stops_with_a_sentence(visit, alice, a_registration, clock):
    code = a_registration(alice).device.code
    url = visit(alice).get("/").one(f"#device-{code}")["data-hx-get"]
    triggers = []
    for _ in range(4):
        answer = visit(alice).get(url, htmx=True)
        triggers.append(answer.one(f"#device-{code}").get("data-hx-trigger"))
        clock.move(60 if len(triggers) > 1 else 31)
    assert triggers == ["every 2s", "every 5s", "every 10s", "every 10s"]
    clock.move(60)
    answer = visit(alice).get(url, htmx=True)
    assert poll_of(answer, code) is None
    assert "We stopped looking for news." in answer.words("p")
    assert answer.one("p a")["href"] == "/"


def test_a_device_that_got_further_tells_the_rest_of_the_page(visit, alice, a_registration):
    registration = a_registration(alice)
    url = visit(alice).get("/").one(f"#device-{registration.device.code}")["data-hx-get"]
    lifecycle.change(registration.device, lifecycle.Event.ACCEPT, by=alice)
    answer = visit(alice).get(url, htmx=True)
    assert answer.headers["HX-Trigger"] == "device-changed"
    assert answer.words(".status") == "Verified"
    assert poll_of(answer, registration.device.code).endswith("was=verified")


def test_an_active_device_asks_no_more(visit, alice, a_registration):
    registration = a_registration(alice)
    code = registration.device.code
    url = visit(alice).get("/").one(f"#device-{code}")["data-hx-get"]
    Device.update(status=Status.ACTIVE).where(Device.code == code).execute()
    answer = visit(alice).get(url, htmx=True)
    assert poll_of(answer, code) is None
    assert answer.headers["HX-Trigger"] == "device-changed"


def test_a_poll_does_not_keep_the_session_alive(visit, alice, a_registration, clock):
    code = a_registration(alice).device.code
    browser = visit(alice)
    url = browser.get("/").one(f"#device-{code}")["data-hx-get"]
    for _ in range(20):
        clock.move(60)
        answer = browser.get(url, htmx=True)
    assert answer.status == 401


def test_without_htmx_it_is_the_home_page(visit, alice, a_registration):
    code = a_registration(alice).device.code
    assert visit(alice).get(f"/devices/{code}/card").location == "/"


def test_someone_elses_line_does_not_exist(visit, alice, bob, carol, dave, a_registration):
    code = a_registration(alice).device.code
    for other in (bob, carol, dave):
        assert visit(other).get(f"/devices/{code}/card", htmx=True).status == 404


def test_a_wrong_since_is_no_error(visit, alice, a_registration):
    code = a_registration(alice).device.code
    for since in ("", "x", "-1", "9" * 40, "1e9", "%00"):
        answer = visit(alice).get(f"/devices/{code}/card?since={since}&was=<b>", htmx=True)
        assert answer.status == 200


def test_it_says_how_far_the_mail_is(visit, alice):
    issued = registrations.start(alice, "linux", Way.INVITATION, by=alice)
    url, line = f"/devices/{issued.device.code}/card", f"#device-{issued.device.code}"
    browser = visit(alice)
    for columns, sentence in (
        ({}, "The mail is on its way."),
        ({"reason": "not_configured"}, "The mail has not gone out yet. No mail server is set up yet."),
        ({"state": "sent", "sent_at": NOON, "reason": ""}, "The mail went out at 14:13 today ."),
        (
            {"state": "failed", "reason": "timed_out"},
            "The mail did not go out. The mail server did not answer",
        ),
    ):
        if columns:
            Message.update(**columns).execute()
        assert sentence in browser.get(url, htmx=True).words(line)
    registrations.renew(issued.registration, by=alice, way=Way.QR)
    assert "The mail" not in browser.get(url, htmx=True).words(line)


def test_a_waiting_line_follows_its_reader_into_another_time_zone(visit, alice, a_registration):
    code = a_registration(alice).device.code
    assert visit(alice).get("/").words(f"#device-{code} time") == "18:13 today"
    User.update(time_zone="Asia/Tokyo").where(User.id == alice.id).execute()
    assert visit(alice).get("/").words(f"#device-{code} time") == "03:13 tomorrow"
