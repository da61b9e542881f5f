"""Send Invitation: the mail goes out, and the device is there as Pending."""

from __future__ import annotations

import pytest

from models import AuditEntry, Device, Message, Registration, Status
from services import settings, users

URL = "/registrations/invitation"


def test_a_browser_is_sent_to_the_result(visit, alice, mailbox):
    browser = visit(alice)
    answer = browser.post(URL, platform="linux")
    registration = Registration.get()
    assert (answer.status, answer.location) == (303, f"/registrations/{registration.code}")
    page = browser.get(answer.location)
    assert page.words("#register h2") == "The invitation for your Linux computer"
    assert "It goes to alice@harbour.example." in page.words("#register")
    assert "No mail server is set up here yet" in page.words("#register")
    assert page.words(f"#device-{registration.device.code} .status") == "Pending"
    (mail,) = mailbox()
    assert (mail.kind, mail.recipient) == ("invitation", "alice@harbour.example")
    assert mail.params["link"] not in page.text
    assert AuditEntry.select().where(AuditEntry.action == "device:registration:requested").count() == 1


def test_htmx_gets_the_result_and_the_list_hears_of_it(visit, alice, mailbox):
    answer = visit(alice).post(URL, htmx=True, platform="linux")
    assert answer.status == 200
    assert not answer.is_page
    assert answer.headers["HX-Trigger"] == "device-changed"
    assert answer.one("section#register h2")["tabindex"] == "-1"
    assert answer.one("section#register h2").has_attr("autofocus")
    assert mailbox()[0].params["link"] not in answer.text
    assert Device.get().status == Status.PENDING


def test_the_number_is_kept_with_its_country(visit, alice):
    browser = visit(alice)
    for fields, kept in (
        ({"country": "GB", "phone_number": "07700 900142"}, "+447700900142"),
        ({"country": "DE", "phone_number": "0151 23456789"}, "+4915123456789"),
        ({"country": "", "phone_number": "+44 7700 900142"}, "+447700900142"),
        ({"country": "", "phone_number": ""}, None),
        ({}, None),
    ):
        assert browser.post(URL, platform="linux", **fields).status == 303
        assert Device.select().order_by(Device.id.desc()).get().phone_number == kept


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"platform": "toaster"}, "platform", "Choose one of these."),
        ({"platform": ""}, "platform", "Choose one of these."),
        ({}, "platform", "Choose one of these."),
        ({"platform": "android"}, "platform", "Choose one of these."),
        (
            {"platform": "linux", "phone_number": "07700 900142"},
            "country",
            "Choose the country of the number.",
        ),
        (
            {"platform": "linux", "country": "GB"},
            "phone_number",
            "Type the number, or choose that it has none.",
        ),
        (
            {"platform": "linux", "country": "GB", "phone_number": "+44 77"},
            "phone_number",
            "This number is too short for +44. Check the last digits.",
        ),
        (
            {"platform": "linux", "country": "XX", "phone_number": "1"},
            "country",
            "Choose the country of the number.",
        ),
        ({"platform": "linux", "ownership": "company"}, "ownership", "You cannot choose whose device it is."),
    ],
)
def test_bad_input_is_refused_beside_the_field(visit, alice, fields, field, sentence, htmx):
    answer = visit(alice).post(URL, htmx=htmx, **fields)
    assert answer.status == 422
    assert answer.is_page is not htmx
    assert answer.error_of(field) == sentence
    if "phone_number" in fields:
        assert answer.one("#phone_number")["value"] == fields["phone_number"]
    assert not Device.select().exists()
    assert not Message.select().exists()


def test_ownership_is_only_chosen_where_the_settings_say_so(visit, alice):
    browser = visit(alice)
    assert browser.post(URL, platform="linux", ownership="company").status == 422
    settings.put("users_may_choose_ownership", "on", by=None)
    wrong = browser.post(URL, platform="linux", ownership="nobody")
    assert wrong.error_of("ownership") == "Choose one of these."
    assert browser.post(URL, platform="linux", ownership="company").status == 303
    assert Device.get().ownership == "company"


def test_without_an_address_it_is_refused_beside_the_button(visit, alice):
    users.change_details(alice, alice, "Alice Moreno", "", "", "", "")
    for htmx in (False, True):
        answer = visit(alice).post(URL, htmx=htmx, platform="linux")
        assert answer.status == 422
        assert answer.error_of("way").startswith("There is no e-mail address to send it to.")
        assert answer.soup.select_one(".way button")["aria-describedby"] == "way-error"
    assert not Device.select().exists()


def test_the_limit_is_kept(visit, alice, a_device):
    settings.put("devices_per_user", "1", by=None)
    a_device(alice)
    answer = visit(alice).post(URL, platform="linux")
    assert answer.status == 422
    assert answer.error_of("platform").endswith("Retire or cancel one first.")
    assert Device.select().count() == 1


def test_several_can_be_pending(visit, alice, mailbox):
    browser = visit(alice)
    for _ in range(3):
        browser.post(URL, platform="linux")
    assert len(browser.get("/").soup.select("#devices .roll > li")) == 3
    assert len(mailbox()) == 3


def test_who_may(visit, bob, carol, dave):
    for person, status in ((None, 303), (bob, 403), (carol, 403), (dave, 403)):
        for path in ("invitation", "pin", "qr"):
            assert visit(person).post(f"/registrations/{path}", platform="linux").status == status
    assert not Device.select().exists()


def test_get_is_no_page(visit, alice):
    for path in ("invitation", "pin", "qr"):
        assert visit(alice).get(f"/registrations/{path}").status in (404, 405)
