"""A text on the device's screen."""

from __future__ import annotations

from models import Command
from services import users


def texts_of(device):
    return [command.params["text"] for command in Command.select().where(Command.device == device)]


def test_the_text_is_queued(visit, alice, a_device):
    device = a_device(alice)
    browser = visit(alice)
    answer = browser.post(f"/devices/{device.code}/message", text="Please call us")
    assert (answer.status, answer.location) == (303, f"/devices/{device.code}")
    assert "The message is on its way" in browser.get(answer.location).words("#messages")
    assert texts_of(device) == ["Please call us"]


def test_htmx_gets_the_empty_forms_and_the_others_hear_of_it(visit, alice, a_device):
    device = a_device(alice)
    answer = visit(alice).post(f"/devices/{device.code}/message", htmx=True, text="Please call us")
    assert answer.one("#message #message-text")["value"] == ""
    assert answer.headers["HX-Trigger"] == "device-changed"


def test_without_a_text_it_is_refused_beside_the_field(visit, alice, a_device):
    device = a_device(alice)
    for htmx in (False, True):
        answer = visit(alice).post(f"/devices/{device.code}/message", htmx=htmx, text="  ")
        assert answer.status == 422
        assert answer.is_page is not htmx
        assert answer.error_of("message-text") == "Write what it should say."
        assert answer.one("#message-text").has_attr("autofocus")
        assert answer.error_of("lock-text") == ""
    assert not texts_of(device)


def test_who_may_write(visit, alice, bob, carol, dave, a_device):
    for person, status in ((None, 303), (bob, 404), (dave, 403), (carol, 303)):
        device = a_device(alice)
        assert visit(person).post(f"/devices/{device.code}/message", text="Hello").status == status
        assert len(texts_of(device)) == (person is carol)
    users.set_roles(alice, {"user_portal"}, by=None)
    assert visit(alice).post(f"/devices/{a_device(alice).code}/message", text="Hello").status == 403


def test_get_does_nothing(visit, alice, a_device):
    assert visit(alice).get(f"/devices/{a_device(alice).code}/message").status == 405
