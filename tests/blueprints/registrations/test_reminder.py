"""Send it again."""

from __future__ import annotations

from models import AuditEntry, Registration, Way
from services import users


def test_the_mail_goes_out_anew_with_a_new_link(visit, alice, a_registration, mailbox):
    registration = a_registration(alice, link_hash="old")
    answer = visit(alice).post(
        f"/registrations/{registration.code}/reminder",
    )
    assert answer.status == 303
    (mail,) = mailbox()
    assert mail.kind == "invitation"
    assert Registration.get().link_hash not in ("old", None)
    assert AuditEntry.select().where(AuditEntry.action == "device:registration:renewed").count() == 1


def test_a_browser_comes_back_to_where_it_was(visit, alice, a_registration):
    registration = a_registration(alice)
    browser = visit(alice)
    for page in ("/", f"/devices/{registration.device.code}", f"/registrations/{registration.code}"):
        answer = browser.open(
            "POST",
            f"/registrations/{registration.code}/reminder",
            data={"csrf_token": browser.csrf_token},
            headers={"Referer": f"http://localhost{page}"},
        )
        assert answer.location == page
        words = browser.get(page).words("#messages")
        assert "The invitation is on its way to alice@harbour.example." in words


def test_htmx_gets_the_result_a_message_and_an_event(visit, alice, a_registration):
    registration = a_registration(alice)
    answer = visit(alice).post(f"/registrations/{registration.code}/reminder", htmx=True)
    assert answer.one("section#register")
    assert "is on its way" in answer.words("#messages[data-hx-swap-oob]")
    assert answer.headers["HX-Trigger"] == "device-changed"


def test_the_help_desk_sends_it_again_and_sees_no_secret(visit, alice, dave, a_registration, mailbox):
    registration = a_registration(alice, way=Way.PIN)
    browser = visit(dave)
    answer = browser.post(f"/registrations/{registration.code}/reminder", htmx=True)
    assert answer.status == 200
    notification, invitation = mailbox()
    assert (notification.kind, invitation.kind) == ("action_done", "invitation")
    assert invitation.recipient == "alice@harbour.example"
    assert invitation.params["link"] not in answer.text
    assert browser.post(f"/registrations/{registration.code}/pin").status == 403
    assert browser.post(f"/registrations/{registration.code}/qr").status == 403


def test_without_an_address_it_is_refused(visit, alice, a_registration):
    registration = a_registration(alice)
    users.change_details(alice, alice, "Alice Moreno", "", "", "", "")
    answer = visit(alice).post(f"/registrations/{registration.code}/reminder")
    assert answer.status == 409
    assert "There is no e-mail address" in answer.words("main")


def test_a_device_that_has_joined_gets_no_invitation(visit, alice, a_device, a_registration, mailbox):
    registration = a_registration(alice, a_device(alice))
    assert visit(alice).post(f"/registrations/{registration.code}/reminder").status == 409
    assert not mailbox()


def test_who_may(visit, alice, bob, a_registration, mailbox):
    registration, own = a_registration(alice), a_registration(bob)
    assert visit(None).post(f"/registrations/{registration.code}/reminder").status == 303
    assert visit(bob).post(f"/registrations/{registration.code}/reminder").status == 404
    assert visit(bob).post(f"/registrations/{own.code}/reminder").status == 403
    assert not mailbox()
    for path in ("reminder", "pin", "qr", "cancel"):
        assert visit(alice).get(f"/registrations/{registration.code}/{path}").status == 405
