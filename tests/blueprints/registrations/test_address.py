"""Correct the address: the mail goes out again, to the address that was meant."""

from __future__ import annotations

import pytest

from models import AuditEntry, Message, MessageState, Registration, User, Way
from services import registrations, settings

NEW = "alice.moreno@harbour.example"


def test_the_account_has_the_new_address_and_the_mail_goes_there(visit, alice, mailbox):
    old = registrations.start(alice, "linux", Way.INVITATION, by=alice)
    browser = visit(alice)
    url = f"/registrations/{old.registration.code}"
    answer = browser.post(f"{url}/address", email=f" {NEW} ")
    assert (answer.status, answer.location) == (303, url)
    assert User.get_by_id(alice.id).email == NEW
    first, second = mailbox()
    assert (first.message.state, first.recipient) == (MessageState.CANCELLED, "alice@harbour.example")
    assert (second.kind, second.recipient) == ("invitation", NEW)
    assert second.params["link"] != old.link
    page = browser.get(url)
    assert f"Your address is {NEW} now" in page.words("#messages")
    assert f"It goes to {NEW}." in page.words("#register")
    done = [entry.action for entry in AuditEntry.select().order_by(AuditEntry.id)]
    assert done[-2:] == ["user:details:changed", "device:registration:renewed"]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Give an e-mail address."),
        ("alice at harbour", "This is not an e-mail address."),
        ("a@b.example\r\nBcc: m@example.org", "This has characters that cannot be used here."),
        ("a" * 201, "Use at most 200 characters."),
    ],
)
def test_what_is_no_address_is_said_beside_the_field(visit, alice, a_registration, mailbox, typed, sentence):
    registration = a_registration(alice, link_hash="as it was")
    for htmx in (False, True):
        answer = visit(alice).post(f"/registrations/{registration.code}/address", htmx=htmx, email=typed)
        assert (answer.status, answer.is_page) == (422, not htmx)
        assert answer.error_of("email") == sentence
        assert answer.one(f"#registration-{registration.code}-address").has_attr("open")
    assert Registration.get().link_hash == "as it was"
    assert User.get_by_id(alice.id).email == "alice@harbour.example"
    assert not mailbox()


def test_htmx_is_sent_to_the_page_of_the_registration(visit, alice, a_registration):
    url = f"/registrations/{a_registration(alice).code}"
    answer = visit(alice).post(f"{url}/address", htmx=True, email=NEW)
    assert (answer.status, answer.location) == (204, url)


def test_by_pin_there_is_a_new_pin_on_the_page_and_none_in_the_mail(visit, alice, a_registration, mailbox):
    settings.put("pin_length", "12", by=None)  # a shorter one may stand in a link or a time by chance
    browser = visit(alice)
    location = browser.post(
        f"/registrations/{a_registration(alice, way=Way.PIN).code}/address", email=NEW
    ).location
    pin = browser.get(location).one(".pin").get_text()
    (mail,) = mailbox()
    assert (mail.kind, mail.recipient) == ("pin", NEW)
    assert pin not in str(mail.params)


def test_what_is_over_stays_as_it_is_and_so_does_the_address(visit, alice, a_registration, mailbox):
    registration = a_registration(alice)
    registrations.cancel(registration, by=alice)
    assert visit(alice).post(f"/registrations/{registration.code}/address", email=NEW).status == 409
    assert User.get_by_id(alice.id).email == "alice@harbour.example"
    assert not mailbox()


def test_it_is_for_ones_own_alone(visit, alice, bob, carol, dave, a_registration):
    url = f"/registrations/{a_registration(alice).code}"
    for person, status in ((bob, 404), (carol, 403), (dave, 403)):
        assert visit(person).post(f"{url}/address", email=NEW).status == status
    for person in (carol, dave):
        assert not visit(person).get(url).soup.select("details[id$=address]")
    assert visit(None).post(f"{url}/address", email=NEW).status == 303
    assert visit(alice).get(f"{url}/address").status == 405


def test_it_is_offered_beside_the_mail_that_failed(visit, alice, mailbox):
    registration = registrations.start(alice, "linux", Way.INVITATION, by=alice).registration
    url = f"/registrations/{registration.code}"
    part = f"#registration-{registration.code}-address"
    assert not visit(alice).get(url).one(part).has_attr("open")
    Message.update(state=MessageState.FAILED, reason="rejected_address").execute()
    assert visit(alice).get(url).one(part).has_attr("open")
    assert visit(alice).get(url).one("#email")["value"] == "alice@harbour.example"
    for page in ("/", f"/devices/{registration.device.code}"):
        answer = visit(alice).get(page)
        assert "did not go out. The mail server does not know this address." in answer.words("main")
        assert answer.soup.find("a", string="Correct the address")["href"] == f"{url}#email"
    qr = registrations.start(alice, "linux", Way.QR, by=alice).registration
    assert not visit(alice).get(f"/registrations/{qr.code}").soup.select("details[id$=address]")
