"""Lock, with or without a text on the screen."""

from __future__ import annotations

from models import AuditEntry, Command, Status
from services import device_actions


def locks_of(device):
    return list(Command.select().where(Command.device == device, Command.kind == "lock"))


def test_a_browser_comes_back_to_the_page_with_a_message(visit, alice, a_device):
    device = a_device(alice)
    browser = visit(alice)
    answer = browser.post(f"/devices/{device.code}/lock")
    assert (answer.status, answer.location) == (303, f"/devices/{device.code}")
    assert "The lock is on its way to ThinkPad X1." in browser.get(answer.location).words("#messages")
    assert [(command.state, command.params) for command in locks_of(device)] == [("queued", {})]
    assert AuditEntry.select().where(AuditEntry.action == "device:lock:requested").count() == 1


def test_htmx_gets_the_part_that_changes(visit, alice, a_device):
    device = a_device(alice)
    answer = visit(alice).post(f"/devices/{device.code}/lock", htmx=True)
    assert answer.status == 200
    assert not answer.is_page
    assert "every 2s" in answer.one(f"#device-{device.code}-progress")["data-hx-trigger"]
    assert answer.words(".command h3") == "Lock: queued"
    assert answer.one(".command button")["aria-label"] == "Cancel: Lock: queued"
    assert answer.headers["HX-Trigger"] == "history-grown", "the part itself is up to date"
    assert answer.one("#messages[data-hx-swap-oob]").get_text().strip()


def test_lock_needs_no_fresh_sign_in(visit, alice, a_device, clock):
    browser = visit(alice)
    clock.move(600)
    assert browser.post(f"/devices/{a_device(alice).code}/lock").status == 303


def test_with_a_text_the_form_comes_back_empty(visit, alice, a_device):
    device = a_device(alice)
    answer = visit(alice).post(f"/devices/{device.code}/lock", htmx=True, text="Call 020 7946 0123")
    assert answer.status == 200
    assert answer.one("#message #lock-text")["value"] == ""
    assert answer.headers["HX-Trigger"] == "device-changed"
    assert locks_of(device)[0].params == {"text": "Call 020 7946 0123"}


def test_a_text_that_is_too_long_is_refused_beside_the_field(visit, alice, a_device):
    device = a_device(alice)
    for htmx in (False, True):
        answer = visit(alice).post(f"/devices/{device.code}/lock", htmx=htmx, text="x" * 301)
        assert answer.status == 422
        assert answer.is_page is not htmx
        assert answer.error_of("lock-text") == "Use at most 300 characters."
        assert answer.one("#message details").has_attr("open")
    assert not locks_of(device)


def test_a_second_lock_is_refused_with_a_sentence(visit, alice, a_device):
    device = a_device(alice)
    device_actions.lock(device, by=alice)
    page = visit(alice).post(f"/devices/{device.code}/lock")
    assert page.status == 409
    assert "The same order is on its way" in page.words("main")
    fragment = visit(alice).post(f"/devices/{device.code}/lock", htmx=True)
    assert fragment.status == 409
    assert fragment.headers["HX-Retarget"] == "#messages"
    assert len(locks_of(device)) == 1


def test_a_device_that_has_not_joined_cannot_be_locked(visit, alice, a_device):
    answer = visit(alice).post(f"/devices/{a_device(alice, Status.PENDING).code}/lock")
    assert answer.status == 409
    assert "has not joined yet" in answer.words("main")


def test_who_may_lock(visit, alice, bob, carol, dave, a_device):
    for person, status in ((None, 303), (bob, 404), (dave, 303), (carol, 303)):
        device = a_device(alice)
        answer = visit(person).post(f"/devices/{device.code}/lock")
        assert answer.status == status
        assert len(locks_of(device)) == (person in (dave, carol))


def test_get_does_nothing(visit, alice, a_device):
    device = a_device(alice)
    assert visit(alice).get(f"/devices/{device.code}/lock").status == 405
    assert not locks_of(device)
