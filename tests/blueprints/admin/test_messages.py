"""/admin/messages: an administrator sees how far each message is, and never what it says."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from models import AuditEntry, Message, MessageState, Platform, PushCertificate, User, Way
from services import clock, outbox, registrations
from tests import apple_devices
from tests.conftest import Visitor
from tests.push_service import TOPIC

Visit = Callable[[User | None], Visitor]
PAGE = "/admin/messages"


@pytest.fixture
def issued(alice: User) -> registrations.Issued:
    return registrations.start(alice, Platform.LINUX, Way.INVITATION, by=alice)


def the_message() -> Message:
    return Message.select().order_by(Message.id.desc()).get()


def test_kind_person_state_and_reason_are_there(
    visit: Visit, carol: User, issued: registrations.Issued
) -> None:
    outbox.note_not_configured()
    words = visit(carol).get(PAGE).words(f"#message-{the_message().code}")
    for expected in (
        "Invitation",
        "Alice Moreno",
        "alice@harbour.example",
        "Waiting",
        "No mail server is set up yet.",
    ):
        assert expected in words


@pytest.fixture
def push(app: Flask, alice: User) -> Message:
    apple_devices.join(app, alice)
    return Message.get(Message.medium == "push")


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("not_configured", "No push certificate is installed yet."),
        ("certificate_ended", "The push certificate has ended."),
        ("refused_certificate", "Apple does not accept our push certificate"),
        ("unreachable", "Apple's push service could not be reached."),
        ("token_dead", "nobody is there to be woken"),
        ("other_topic", "has to join again"),
        ("device_left", "The device has left."),
    ],
)
def test_a_push_is_told_in_its_own_words(
    visit: Visit, carol: User, push: Message, reason: str, sentence: str
) -> None:
    Message.update(reason=reason).where(Message.id == push.id).execute()
    words = visit(carol).get(PAGE).words(f"#message-{push.code}")
    for expected in ("Wake a device", "Push", "iPhone 14 Pro", sentence):
        assert expected in words
    assert push.recipient not in words
    assert "mail server" not in words


@pytest.mark.parametrize("has_mail_server", [True, False])
@pytest.mark.parametrize("days", [None, 0, 1])
def test_a_push_is_tried_again_where_a_push_certificate_counts(
    app: Flask,
    visit: Visit,
    carol: User,
    push: Message,
    monkeypatch: pytest.MonkeyPatch,
    has_mail_server: bool,
    days: int | None,
) -> None:
    monkeypatch.setitem(app.config, "MAIL_SERVER", "mail.harbour.example" if has_mail_server else "")
    if days is not None:
        ends_at = clock.now() + days * 86_400
        PushCertificate.create(id=1, certificate=b"x", key=b"x", topic=TOPIC, ends_at=ends_at)
    visitor = visit(carol)
    forms = visitor.get(PAGE).soup.select(f"#message-{push.code} form")
    assert ("retry" in [form["action"].split("/")[-1] for form in forms]) == (days == 1)
    visitor.post(f"{PAGE}/{push.code}/retry")
    assert "The device is woken within a minute" in visitor.get(PAGE).words("#messages")


def test_in_the_demo_a_push_says_nothing(
    app: Flask, visit: Visit, carol: User, push: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "DEMO", True)
    assert not visit(carol).get(PAGE).soup.select(f"#letter-{push.code}")


def test_neither_link_nor_pin_is_there(
    visit: Visit, carol: User, alice: User, issued: registrations.Issued
) -> None:
    with_pin = registrations.start(alice, Platform.LINUX, Way.PIN, by=alice)
    answer = visit(carol).get(PAGE)
    for secret in (issued.link, with_pin.link, with_pin.pin, "/go/"):
        assert secret
        assert secret not in answer.text


def test_the_demo_shows_what_they_say_and_says_that_only_it_does(
    app: Flask, visit: Visit, carol: User, issued: registrations.Issued, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "DEMO", True)
    answer = visit(carol).get(PAGE)
    letter = answer.one(f"#letter-{the_message().code}")
    assert f"/go/{issued.link}" in [
        link["href"].removeprefix("http://localhost") for link in letter.select("a")
    ]
    assert "This is the demo" in answer.words(".msg")


def test_the_demo_has_nothing_to_show_of_what_was_sent(
    app: Flask, visit: Visit, carol: User, issued: registrations.Issued, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "DEMO", True)
    outbox.sent(outbox.claim(1)[0])
    assert visit(carol).get(PAGE).soup.select("details[id^=letter]") == []


def test_without_a_mail_server_there_is_nothing_to_try(
    app: Flask, visit: Visit, carol: User, issued: registrations.Issued, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [form["action"].split("/")[-1] for form in visit(carol).get(PAGE).soup.select("tbody form")] == [
        "cancel"
    ]
    monkeypatch.setitem(app.config, "MAIL_SERVER", "mail.harbour.example")
    assert len(visit(carol).get(PAGE).soup.select("tbody form")) == 2


def test_a_name_with_html_stays_text(
    visit: Visit, carol: User, alice: User, issued: registrations.Issued
) -> None:
    User.update(name="<script>alert(1)</script>").where(User.id == alice.id).execute()
    assert "<script>alert(1)" not in visit(carol).get(PAGE).text


def test_reasons_are_sentences(visit: Visit, carol: User, issued: registrations.Issued) -> None:
    for reason, sentence in (
        ("refused_certificate", "certificate is not trusted"),
        ("out_of_date", "out of date before it could be sent"),
        ("not_written", "could not write it"),
    ):
        Message.update(reason=reason).execute()
        assert sentence in visit(carol).get(PAGE).words("table")


def test_the_help_desk_sees_it_without_secrets_retries_and_cancels(
    visit: Visit, dave: User, issued: registrations.Issued
) -> None:
    visitor, code = visit(dave), the_message().code
    page = visitor.get(PAGE)
    assert page.soup.select(f".menu a[href='{PAGE}']")
    assert "Invitation" in page.words(f"#message-{code}")
    assert issued.link not in page.text
    assert visitor.post(f"{PAGE}/{code}/retry").status == 303
    assert visitor.post(f"{PAGE}/{code}/cancel").status == 303
    assert the_message().state == MessageState.CANCELLED
    assert AuditEntry.select().order_by(AuditEntry.id.desc()).get().actor == dave.code


@pytest.mark.parametrize("person", ["alice", "bob"])
def test_others_may_neither_look_nor_change(
    person: str, request: pytest.FixtureRequest, visit: Visit, issued: registrations.Issued
) -> None:
    visitor = visit(request.getfixturevalue(person))
    code = the_message().code
    assert visitor.get(PAGE).status == 403
    assert visitor.post(f"{PAGE}/{code}/retry").status == 403
    assert visitor.post(f"{PAGE}/{code}/cancel").status == 403
    assert the_message().state == MessageState.WAITING


def test_a_stranger_is_sent_to_the_sign_in(visit: Visit) -> None:
    assert visit(None).get(PAGE).location.startswith("/sign-in?next=/admin/messages")
    assert visit(None).post(f"{PAGE}/x/retry").status == 303


@pytest.mark.parametrize("htmx", [False, True])
def test_a_message_is_tried_now(visit: Visit, carol: User, issued: registrations.Issued, htmx: bool) -> None:
    outbox.failed(outbox.claim(1)[0], "rejected_address", final=True)
    answer = visit(carol).post(f"{PAGE}/{the_message().code}/retry", htmx=htmx)
    assert (answer.status, answer.location) == (204 if htmx else 303, PAGE)
    assert (the_message().state, the_message().next_at) == (MessageState.WAITING, clock.now())
    assert AuditEntry.select().order_by(AuditEntry.id.desc()).get().action == "message:delivery:retried"


def test_a_message_is_cancelled(visit: Visit, carol: User, issued: registrations.Issued) -> None:
    visitor = visit(carol)
    assert visitor.post(f"{PAGE}/{the_message().code}/cancel").location == PAGE
    assert (the_message().state, the_message().params) == (MessageState.CANCELLED, None)
    page = visitor.get(PAGE)
    assert "What it said is erased" in page.words("#messages")
    assert page.soup.select("tbody form") == []


def test_what_was_sent_cannot_be_cancelled(visit: Visit, carol: User, issued: registrations.Issued) -> None:
    outbox.sent(outbox.claim(1)[0])
    for verb in ("retry", "cancel"):
        assert visit(carol).post(f"{PAGE}/{the_message().code}/{verb}").status == 409


def test_a_message_that_is_not_there(visit: Visit, carol: User) -> None:
    for verb in ("retry", "cancel"):
        assert visit(carol).post(f"{PAGE}/nothing/{verb}").status == 404


def test_a_form_without_its_token_changes_nothing(
    visit: Visit, carol: User, issued: registrations.Issued
) -> None:
    answer = visit(carol).open("POST", f"{PAGE}/{the_message().code}/cancel")
    assert answer.status == 403
    assert the_message().state == MessageState.WAITING


def test_long_lists_come_in_pages(visit: Visit, carol: User, alice: User) -> None:
    for number in range(60):
        outbox.queue("invitation", alice, f"a{number}@harbour.example", {"link": "x"})
    visitor = visit(carol)
    first = visitor.get(PAGE)
    assert len(first.soup.select("tbody tr")) == 50
    older = visitor.get(str(first.one("main p a.btn")["href"]))
    assert len(older.soup.select("tbody tr")) == 10
    assert older.soup.select("main p a.btn") == []


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "\0", "1; DROP TABLE message"])
def test_an_odd_page_is_no_trouble(visit: Visit, carol: User, before: str) -> None:
    assert visit(carol).open("GET", PAGE, query_string={"before": before}).status == 200


def test_nothing_yet(visit: Visit, carol: User) -> None:
    assert "Nothing here yet" in visit(carol).get(PAGE).words("main")
