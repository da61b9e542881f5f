"""Text messages through a real HTTP hook: good, broken, silent, and never twice under one key."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import StringIO

import pytest
from flask import Flask

import worker
from delivery import text_messages
from models import AuditText, Message, MessageState, Platform, Setting, User, Way
from services import database, outbox, registrations, settings, sms_gateways
from tests import sms_hooks
from tests.conftest import Clock, Visitor
from tests.servers import until
from tests.sms_hooks import Hook

NUMBER = "+447700900142"


@pytest.fixture
def hook(app: Flask) -> Iterator[Hook]:
    """A gateway that takes everything, until a test says otherwise in `hook.answers`."""
    with sms_hooks.running() as running:
        settings.put("sms_gateway", running.address(), by=None)
        yield running


@pytest.fixture
def issued(hook: Hook, alice: User) -> registrations.Issued:
    settings.put("organisation", "Harbour Clinic", by=None)
    return start(alice)


@pytest.fixture
def a_log() -> Iterator[StringIO]:
    """Everything that reaches the log, as the server has it."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


def start(user: User, way: Way = Way.INVITATION) -> registrations.Issued:
    return registrations.start(user, Platform.LINUX, way, by=user, phone_number=NUMBER)


def work(app: Flask) -> None:
    with app.app_context():
        text_messages.send_due()


def the_text() -> Message:
    return Message.select().where(Message.medium == "sms").order_by(Message.id.desc()).get()


def test_an_invitation_goes_out_by_mail_and_by_text(
    app: Flask, hook: Hook, issued: registrations.Issued
) -> None:
    work(app)
    (asked,) = hook.asked
    assert asked["message"] == (
        f"Harbour Clinic: register your Linux computer before 18:13 today: http://localhost/go/{issued.link}"
    )
    assert (asked["to"], asked["id"], asked["title"]) == (NUMBER, the_text().code, "")
    assert asked["headers"]["Idempotency-Key"] == the_text().code
    assert (the_text().state, the_text().params, the_text().recipient) == (MessageState.SENT, None, NUMBER)
    assert [message.medium for message in Message.select().order_by(Message.id)] == ["mail", "sms"]


def test_a_text_brings_the_pin_that_a_mail_would_bring(app: Flask, hook: Hook, alice: User) -> None:
    settings.put("proof_linux", "both", by=None)
    settings.put("pin_length", "12", by=None)  # a shorter one may stand in a link by chance
    invited, shown = start(alice), start(alice, Way.PIN)
    work(app)
    assert hook.texts[0].endswith(f"{invited.link} PIN: {invited.pin}")
    assert hook.texts[1].endswith(shown.link)
    assert str(shown.pin) not in hook.texts[1]


def test_no_text_without_a_number_a_gateway_or_for_a_code_on_the_screen(alice: User, hook: Hook) -> None:
    registrations.start(alice, Platform.LINUX, Way.INVITATION, by=alice)
    start(alice, Way.QR)
    settings.put("sms_gateway", "", by=None)
    start(alice)
    assert {message.medium for message in Message.select()} == {"mail"}


def test_a_reminder_can_be_a_text(app: Flask, hook: Hook, alice: User) -> None:
    params = {"platform": "linux", "proof": "password", "issued_at": 1, "expires_at": 2**31}
    outbox.queue("reminder", alice, NUMBER, params, medium="sms")
    work(app)
    assert hook.texts[0].startswith("Your organisation: finish registering your Linux computer before ")


def test_without_a_gateway_it_waits_and_goes_out_once_there_is_one(
    app: Flask, hook: Hook, issued: registrations.Issued
) -> None:
    settings.put("sms_gateway", "", by=None)
    work(app)
    waiting = the_text()
    assert (waiting.state, waiting.reason, waiting.tries) == (MessageState.WAITING, "not_configured", 0)
    settings.put("sms_gateway", hook.address(), by=None)
    work(app)
    assert len(hook.texts) == 1


@pytest.mark.parametrize("status", [500, 429, 400, 401, 302])
def test_a_refusal_waits_with_the_gateways_own_reason(
    app: Flask, hook: Hook, issued: registrations.Issued, clock: Clock, status: int
) -> None:
    hook.answers[:] = [status, 200]
    work(app)
    row = the_text()
    is_final = status == 400
    assert (row.state, row.reason) == (
        MessageState.FAILED if is_final else MessageState.WAITING,
        "gateway_refused",
    )
    assert f"error={status}." in row.detail
    assert sms_hooks.REASON in row.detail
    for hidden in ("the-password", "hidden-path", issued.link, "Harbour Clinic"):
        assert hidden not in row.detail
    clock.move(1)
    work(app)
    assert len(hook.texts) == (0 if is_final else 1)
    assert "/elsewhere" not in [asked["path"] for asked in hook.asked], "a redirect is not followed"


@pytest.mark.parametrize(("answer", "reason"), [("silent", "timed_out"), ("half", "unreachable")])
def test_no_answer_or_half_of_one_is_asked_again_under_the_same_key_and_sent_once(
    app: Flask,
    hook: Hook,
    issued: registrations.Issued,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    reason: str,
) -> None:
    hook.answers[:] = [answer, 200]
    with monkeypatch.context() as patched:
        if answer == "silent":  # half an answer comes at once, but may be late
            patched.setattr(sms_gateways, "TIMEOUT_SECONDS", 0.3)
        work(app)
    until(lambda: len(hook.texts) == 1)
    assert (the_text().state, the_text().reason) == (MessageState.WAITING, reason)
    clock.move(1)
    work(app)
    assert len(hook.asked) == 2
    assert len({asked["headers"]["Idempotency-Key"] for asked in hook.asked}) == 1
    assert len(hook.texts) == 1, "the hook knows the key, and says so"
    assert the_text().state == MessageState.SENT


def test_a_hook_that_never_saw_the_key_and_says_409_has_refused(
    app: Flask, hook: Hook, issued: registrations.Issued
) -> None:
    hook.answers[:] = [409]
    work(app)
    assert (the_text().state, the_text().reason) == (MessageState.WAITING, "gateway_refused")


def test_one_that_answers_drop_by_drop_is_left(
    app: Flask, hook: Hook, issued: registrations.Issued, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sms_gateways, "LONGEST_SECONDS", 0.3)
    hook.answers[:] = ["drops"]
    work(app)
    assert (the_text().reason, the_text().state) == ("timed_out", MessageState.WAITING)


def test_a_gateway_that_is_gone_is_left_alone_for_a_while(
    app: Flask, hook: Hook, issued: registrations.Issued, alice: User, clock: Clock
) -> None:
    first = the_text()
    others = [start(alice), start(alice)]
    settings.put("sms_gateway", hook.address().replace(str(hook.port), "1"), by=None)
    work(app)
    assert Message.get_by_id(first.id).reason == "unreachable"
    assert Message.get_by_id(first.id).detail.endswith("Connection refused")
    assert the_text().tries == 0
    assert not outbox.is_anything_due("sms")
    settings.put("sms_gateway", hook.address(), by=None)
    clock.move(15)
    work(app)
    assert len(hook.texts) == len(others) + 1


def test_killed_between_taking_and_noting_it_is_sent_once(
    app: Flask, hook: Hook, issued: registrations.Issued, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(message: Message) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "sent", killed)
        with pytest.raises(KeyboardInterrupt):
            work(app)
    clock.move(61)
    work(app)
    assert (len(hook.asked), len(hook.texts)) == (2, 1)
    assert the_text().state == MessageState.SENT


def test_a_link_that_has_run_out_or_was_renewed_is_not_sent(
    app: Flask, hook: Hook, issued: registrations.Issued, alice: User, clock: Clock
) -> None:
    registrations.renew(issued.registration, by=alice)
    clock.move(4 * 3600)
    work(app)
    assert hook.asked == []
    texts = Message.select().where(Message.medium == "sms").order_by(Message.id)
    assert [text.reason for text in texts] == ["cancelled_by_person", "out_of_date"]


@pytest.mark.parametrize("name", ["A" * 80, "Łódź " * 16, "Härbour “Clinic”\r\nBcc: +4400"])
def test_whatever_the_organisation_is_called_it_is_one_line_of_few_segments(
    app: Flask, hook: Hook, issued: registrations.Issued, name: str
) -> None:
    Setting.update(value=name).where(Setting.key == "organisation").execute()
    work(app)
    (text,) = hook.texts
    assert issued.link in text
    assert "\n" not in text
    assert "\r" not in text


def test_what_cannot_be_written_in_three_segments_stays_and_holds_up_nobody(
    app: Flask, hook: Hook, issued: registrations.Issued, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "PUBLIC_URL", "https://" + "x" * 460 + ".example")
    work(app)
    assert (the_text().reason, hook.asked) == ("not_written", [])


def test_the_worker_sends_texts_and_mails_each_for_itself(
    app: Flask, hook: Hook, issued: registrations.Issued
) -> None:
    worker.run_due(app, worker.duties())
    database.connect()
    states = {message.medium: (message.state, message.reason) for message in Message.select()}
    assert states == {"mail": ("waiting", "not_configured"), "sms": ("sent", "")}


def test_the_panel_says_that_a_text_comes_too_and_the_result_how_far_both_are(
    app: Flask, hook: Hook, issued: registrations.Issued, alice: User
) -> None:
    visitor = Visitor(app, alice)
    assert "We mail you a link, and text it if there is a number." in visitor.get("/").words()
    hook.answers[:] = [500, 200]
    work(app)
    part = f"#registration-{issued.registration.code}-delivery"
    words = visitor.get(f"/registrations/{issued.registration.code}").words(part)
    assert "The mail to alice@harbour.example has not gone out yet." in words
    assert (
        "The text message to +44 7700 900142 has not gone out yet. The gateway for text messages refused it."
        in words
    )
    settings.put("sms_gateway", "", by=None)
    assert "text it" not in visitor.get("/").words()


def test_over_the_quota_the_person_is_told(app: Flask, hook: Hook, alice: User) -> None:
    settings.put("sms_per_day", "0", by=None)
    issued = start(alice)
    page = Visitor(app, alice).get(f"/registrations/{issued.registration.code}").words()
    assert "did not go out. This number has had as many text messages in 24 hours as it may have." in page


def test_the_gateways_secrets_are_in_no_log_page_or_history(
    app: Flask,
    hook: Hook,
    issued: registrations.Issued,
    carol: User,
    a_log: StringIO,
) -> None:
    hook.answers[:] = [500]
    work(app)
    visitor = Visitor(app, carol)
    pages = visitor.get("/admin/messages").text + visitor.get(f"/devices/{issued.device.code}").text
    history = str([row.text for row in AuditText.select()])
    listed = app.test_cli_runner().invoke(args=["setting", "list"]).output
    told = a_log.getvalue()
    assert "did not go out: gateway_refused" in told
    assert "no credit left" in pages
    for secret in ("the-password", "hidden-path", issued.link):
        for place in (pages, history, listed, told):
            assert secret not in place
    assert NUMBER not in told
    assert not [
        path for path in app.config["DATA"].glob("muster.db*") if b"the-password" in path.read_bytes()
    ]
