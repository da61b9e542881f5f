"""The worker against real mail servers: what is due goes out, what cannot waits with its reason."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask

import worker
from delivery import sending
from models import Device, Message, MessageState, Platform, Setting, Status, User, Way
from services import database, outbox, registrations, settings
from services.apple import push_certificates
from tests import mail_servers, push_service
from tests.conftest import Clock

Configure = Callable[..., None]
HOUR = 3600
DAY = 24 * HOUR


@pytest.fixture
def configure(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """configure(port, security="tls"): which mail server there is. Without it, none."""

    def to(port: int, security: str = "none", **more: Any) -> None:
        monkeypatch.setitem(app.config, "MAIL_SERVER", "127.0.0.1")
        monkeypatch.setitem(app.config, "MAIL_PORT", port)
        monkeypatch.setitem(app.config, "MAIL_SECURITY", security)
        for name, value in more.items():
            monkeypatch.setitem(app.config, f"MAIL_{name.upper()}", value)

    monkeypatch.setitem(app.config, "PUBLIC_URL", "https://muster.harbour.example")
    return to


@pytest.fixture
def invitation(alice: User, carol: User) -> registrations.Issued:
    settings.put("organisation", "Harbour Clinic", by=carol)
    settings.put("help_desk_email", "help@harbour.example", by=carol)
    settings.put("time_zone", "Europe/London", by=carol)
    return registrations.start(alice, Platform.LINUX, Way.INVITATION, by=alice)


def work(app: Flask) -> None:
    """One look at the outbox, as the worker does it."""
    with app.app_context():
        sending.send_due()


def the_message() -> Message:
    return Message.select().order_by(Message.id.desc()).get()


def queue(user: User, recipient: str = "", kind: str = "invitation", **params: object) -> Message:
    said = {"link": "x", "platform": "linux", "proof": "password", "issued_at": 1, "expires_at": 2**32}
    return outbox.queue(kind, user, recipient or user.email, {**said, **params})


def test_an_invitation_arrives(app: Flask, configure: Configure, invitation: registrations.Issued) -> None:
    with mail_servers.running(keeps := mail_servers.Keeps()) as port:
        configure(port)
        work(app)
    (mail,) = keeps.mails
    link = f"https://muster.harbour.example/go/{invitation.link}"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert mail["Subject"] == "Register your Linux computer with Harbour Clinic before 19:13 today"
    assert mail["To"] == "alice@harbour.example"
    assert mail["From"] == "Harbour Clinic <muster@localhost>"
    assert mail["Message-ID"] == f"<{the_message().code}@muster.harbour.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    for body in (text.get_content(), html.get_content()):
        assert "Hello Alice," in body
        assert link in body
        assert "until 19:13 today (21 September 2026, London time)" in body
        assert "Type your password." in " ".join(body.split())
        assert "help@harbour.example" in body
    assert (the_message().state, the_message().params) == (MessageState.SENT, None)


def test_a_mail_fetches_nothing(app: Flask, configure: Configure, invitation: registrations.Issued) -> None:
    with mail_servers.running(keeps := mail_servers.Keeps()) as port:
        configure(port)
        work(app)
    html = keeps.mails[0].get_body(("html",))
    assert html is not None
    for fetching in ("<img", "<script", "<link", "src=", "url("):
        assert fetching not in html.get_content()


@pytest.mark.parametrize(("platform", "first"), [("ios", "phone-allow"), ("macos", "mac-allow")])
@pytest.mark.parametrize("kind", ["invitation", "pin", "reminder"])
def test_the_pictures_of_the_steps_are_in_the_mail_itself(
    app: Flask, configure: Configure, alice: User, kind: str, platform: str, first: str
) -> None:
    queue(alice, kind=kind, platform=platform)
    with mail_servers.running(keeps := mail_servers.Keeps()) as port:
        configure(port)
        work(app)
    mail = keeps.mails[0]
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "multipart/related"]
    html, *pictures = list(mail.iter_parts())[1].iter_parts()
    assert html.get_content_type() == "text/html"
    sources = [picture["src"] for picture in BeautifulSoup(html.get_content(), "html.parser").select("img")]
    assert sources == ["cid:" + part["Content-ID"].strip("<>") for part in pictures]
    assert len(sources) == 4 and sources[0] == f"cid:{first}@muster"
    for part in pictures:
        assert (part.get_content_type(), part.get_content_disposition()) == ("image/png", "inline")
        assert part.get_content().startswith(b"\x89PNG")
    assert len(keeps.raw[0]) < 100_000


def test_a_mail_about_another_computer_carries_no_pictures(
    app: Flask, configure: Configure, invitation: registrations.Issued
) -> None:
    with mail_servers.running(keeps := mail_servers.Keeps()) as port:
        configure(port)
        work(app)
    assert [part.get_content_type() for part in keeps.mails[0].iter_parts()] == ["text/plain", "text/html"]


def test_html_in_a_name_stays_text(app: Flask, configure: Configure, alice: User) -> None:
    User.update(name="<b>Alice</b> & Co").where(User.id == alice.id).execute()
    registrations.start(User.get_by_id(alice.id), Platform.LINUX, Way.INVITATION, by=alice)
    with mail_servers.running(keeps := mail_servers.Keeps()) as port:
        configure(port)
        work(app)
    text, html = keeps.mails[0].get_body(("plain",)), keeps.mails[0].get_body(("html",))
    assert text is not None
    assert html is not None
    assert "Hello <b>Alice</b>," in text.get_content()
    assert "Hello &lt;b&gt;Alice&lt;/b&gt;," in html.get_content()


def test_a_pin_is_not_mailed_when_it_stands_on_the_screen(
    app: Flask, configure: Configure, alice: User
) -> None:
    settings.put("pin_length", "12", by=None)  # a shorter one may stand in a boundary or a link by chance
    issued = registrations.start(alice, Platform.LINUX, Way.PIN, by=alice)
    with mail_servers.running(keeps := mail_servers.Keeps()) as port:
        configure(port)
        work(app)
    assert issued.pin
    assert issued.pin not in keeps.mails[0].as_string()
    assert issued.link in keeps.mails[0].as_string()


def test_an_invitation_brings_the_pin_that_its_platform_asks_for(
    app: Flask, configure: Configure, alice: User, carol: User
) -> None:
    settings.put("proof_linux", "both", by=carol)
    issued = registrations.start(alice, Platform.LINUX, Way.INVITATION, by=alice)
    with mail_servers.running(keeps := mail_servers.Keeps()) as port:
        configure(port)
        work(app)
    text = keeps.mails[0].get_body(("plain",))
    assert text is not None
    assert f"Your PIN, which is asked for there: {issued.pin}" in text.get_content()
    assert "Type the PIN and your password." in text.get_content()


def test_an_organisations_name_with_lines_and_commas_makes_no_header(
    app: Flask, configure: Configure, alice: User
) -> None:
    Setting.create(key="organisation", value='Härbour, "Clinic"\nBcc: mallory@example.org')
    queue(alice)
    with mail_servers.running(keeps := mail_servers.Keeps()) as port:
        configure(port)
        work(app)
    mail = message_from_bytes(keeps.raw[0])
    name, address = parseaddr(mail["From"])
    assert mail["Bcc"] is None
    assert address == "muster@localhost"
    assert str(make_header(decode_header(name))) == 'Härbour, "Clinic" Bcc: mallory@example.org'
    (structured,) = keeps.mails
    assert [address.addr_spec for address in structured["From"].addresses] == ["muster@localhost"]


def test_without_a_mail_server_it_waits_and_goes_out_once_there_is_one(
    app: Flask, configure: Configure, invitation: registrations.Issued
) -> None:
    work(app)
    waiting = the_message()
    assert (waiting.state, waiting.reason, waiting.tries) == (MessageState.WAITING, "not_configured", 0)
    with mail_servers.running(keeps := mail_servers.Keeps()) as port:
        configure(port)
        work(app)
    assert len(keeps.mails) == 1
    assert (the_message().state, the_message().reason) == (MessageState.SENT, "")


def test_a_server_that_is_down_gets_it_when_it_is_back(
    app: Flask, configure: Configure, invitation: registrations.Issued, clock: Clock
) -> None:
    port = mail_servers.free_port()
    configure(port)
    work(app)
    assert (the_message().state, the_message().reason) == (MessageState.WAITING, "unreachable")
    work(app)
    assert the_message().tries == 1, "it waits before it tries again"
    with mail_servers.running(keeps := mail_servers.Keeps(), port):
        clock.move(1)
        work(app)
    assert len(keeps.mails) == 1


def test_it_is_given_up_with_its_reason(
    app: Flask, configure: Configure, invitation: registrations.Issued, clock: Clock
) -> None:
    configure(mail_servers.free_port())
    for _ in range(12):
        work(app)
        clock.move(900)
    assert (the_message().state, the_message().reason, the_message().tries) == (
        MessageState.FAILED,
        "unreachable",
        12,
    )


def test_a_silent_server_holds_nobody_up_for_long(
    app: Flask, configure: Configure, invitation: registrations.Issued, alice: User
) -> None:
    for _ in range(6):
        queue(alice)
    with mail_servers.silent() as port:
        configure(port)
        began = time.monotonic()
        thread = threading.Thread(target=_work_in_a_thread, args=(app,))
        thread.start()
        registrations.start(alice, Platform.LINUX, Way.INVITATION, by=alice)
        assert thread.is_alive(), "a request does not wait for the mail server"
        thread.join()
        assert 4.5 < time.monotonic() - began < 25, "five seconds for all seven, not for each"
    assert {message.reason for message in Message.select().limit(7)} == {"timed_out"}


def test_a_wrong_certificate_gets_nothing(
    app: Flask, configure: Configure, invitation: registrations.Issued, tmp_path: Path
) -> None:
    context = mail_servers.tls_context(mail_servers.certificate(tmp_path))
    with mail_servers.running(
        keeps := mail_servers.Keeps(), tls_context=context, require_starttls=True
    ) as port:
        configure(port, "starttls")
        work(app)
    assert keeps.mails == []
    assert (the_message().state, the_message().reason) == (MessageState.WAITING, "refused_certificate")


def test_a_certificate_for_another_address_gets_nothing(
    app: Flask, configure: Configure, invitation: registrations.Issued, tmp_path: Path
) -> None:
    files = mail_servers.certificate(tmp_path, "192.0.2.7")
    with mail_servers.running(
        keeps := mail_servers.Keeps(), tls_context=mail_servers.tls_context(files), require_starttls=True
    ) as port:
        configure(port, "starttls", ca_file=files[0])
        work(app)
    assert keeps.mails == []
    assert the_message().reason == "refused_certificate"


def test_a_trusted_certificate_and_the_right_password_get_it(
    app: Flask, configure: Configure, invitation: registrations.Issued, tmp_path: Path
) -> None:
    files = mail_servers.certificate(tmp_path)
    options = {
        "tls_context": mail_servers.tls_context(files),
        "require_starttls": True,
        "auth_required": True,
        "authenticator": mail_servers.knows("muster", "the password"),
    }
    with mail_servers.running(keeps := mail_servers.Keeps(), **options) as port:
        configure(port, "starttls", ca_file=files[0], username="muster", password="wrong")
        work(app)
        assert the_message().reason == "bad_sign_in"
        Message.update(next_at=0).execute()
        configure(port, "starttls", ca_file=files[0], username="muster", password="the password")
        work(app)
    assert len(keeps.mails) == 1


def test_tls_from_the_first_byte(
    app: Flask, configure: Configure, invitation: registrations.Issued, tmp_path: Path
) -> None:
    files = mail_servers.certificate(tmp_path)
    context = mail_servers.tls_context(files)
    with mail_servers.running(keeps := mail_servers.Keeps(), ssl_context=context) as port:
        configure(port, "tls")
        work(app)
        assert the_message().reason == "refused_certificate"
        Message.update(next_at=0).execute()
        configure(port, "tls", ca_file=files[0])
        work(app)
    assert len(keeps.mails) == 1


def test_a_server_without_starttls_gets_nothing_in_the_clear(
    app: Flask, configure: Configure, invitation: registrations.Issued
) -> None:
    with mail_servers.running(keeps := mail_servers.Keeps()) as port:
        configure(port, "starttls")
        work(app)
    assert keeps.mails == []
    assert (the_message().state, the_message().reason) == (MessageState.WAITING, "rejected_by_server")


def test_a_rejected_recipient_is_given_up_and_the_others_get_theirs(
    app: Flask, configure: Configure, alice: User, bob: User
) -> None:
    first, second = queue(alice), queue(bob)
    with mail_servers.running(keeps := mail_servers.Keeps(recipient="550 5.1.1 No such user")) as port:
        configure(port)
        work(app)
    assert [mail["To"] for mail in keeps.mails] == ["bob@harbour.example"]
    row = Message.get_by_id(first.id)
    assert (row.state, row.reason, row.detail) == (
        MessageState.FAILED,
        "rejected_address",
        "550 5.1.1 No such user",
    )
    assert Message.get_by_id(second.id).state == MessageState.SENT


@pytest.mark.parametrize(
    ("refusals", "state", "reason"),
    [
        ({"recipient": "451 4.7.1 Greylisted"}, MessageState.WAITING, "rejected_by_server"),
        ({"sender": "550 5.7.1 Not you"}, MessageState.WAITING, "rejected_by_server"),
        ({"data": "554 5.7.1 Looks like spam"}, MessageState.FAILED, "rejected_by_server"),
        ({"data": "452 4.3.1 Full"}, MessageState.WAITING, "rejected_by_server"),
        ({"data": "421 4.3.0 Going down"}, MessageState.WAITING, "rejected_by_server"),
    ],
)
def test_what_the_server_says_decides_whether_it_is_tried_again(
    app: Flask, configure: Configure, alice: User, refusals: dict[str, str], state: str, reason: str
) -> None:
    queue(alice)
    with mail_servers.running(mail_servers.Keeps(**refusals)) as port:
        configure(port)
        work(app)
    assert (the_message().state, the_message().reason) == (state, reason)


@pytest.mark.parametrize("address", ["ålice@harbour.example", "alice@" + "x" * 80 + ".example"])
def test_an_address_that_no_server_can_take_holds_up_nobody(
    app: Flask, configure: Configure, alice: User, bob: User, address: str
) -> None:
    odd, plain = queue(alice, address), queue(bob)
    with mail_servers.running(mail_servers.Keeps(recipient="550 no")) as port:
        configure(port)
        work(app)
    assert Message.get_by_id(odd.id).reason == "rejected_address"
    assert Message.get_by_id(plain.id).state == MessageState.SENT


def test_a_link_that_has_run_out_is_not_sent(
    app: Flask, configure: Configure, invitation: registrations.Issued, clock: Clock
) -> None:
    clock.move(4 * HOUR)
    with mail_servers.running(keeps := mail_servers.Keeps()) as port:
        configure(port)
        work(app)
    assert keeps.mails == []
    row = the_message()
    assert (row.state, row.reason, row.params) == (MessageState.CANCELLED, "out_of_date", None)


def test_a_message_that_cannot_be_written_holds_up_nobody(
    app: Flask, configure: Configure, alice: User, bob: User
) -> None:
    broken = outbox.queue("nonsense", alice, alice.email, {"link": "the-secret"})
    queue(bob)
    with mail_servers.running(keeps := mail_servers.Keeps()) as port:
        configure(port)
        work(app)
    assert len(keeps.mails) == 1
    assert Message.get_by_id(broken.id).reason == "not_written"


def test_killed_between_taking_and_noting_it_comes_twice_under_one_id(
    app: Flask, configure: Configure, alice: User, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue(alice)
    with mail_servers.running(keeps := mail_servers.Keeps()) as port:
        configure(port)
        with monkeypatch.context() as patched:
            patched.setattr(outbox, "sent", _killed)
            with pytest.raises(KeyboardInterrupt):
                work(app)
        clock.move(61)
        work(app)
    assert len(keeps.mails) == 2
    assert len({mail["Message-ID"] for mail in keeps.mails}) == 1
    assert the_message().state == MessageState.SENT


def test_the_worker_expires_what_has_run_out(
    app: Flask, invitation: registrations.Issued, clock: Clock
) -> None:
    clock.move(4 * HOUR)
    worker.run_due(app, worker.duties())
    database.connect()
    assert Device.get_by_id(invitation.device.id).status == Status.EXPIRED


def test_the_worker_warns_administrators_before_the_push_certificate_ends(
    app: Flask, clock: Clock, tmp_path: Path
) -> None:
    push_service.install(push_service.Authority(tmp_path), clock, days_left=30)
    worker.run_due(app, worker.duties())
    worker.run_due(app, worker.duties())
    database.connect()
    assert [(mail.kind, mail.recipient) for mail in Message.select()] == [
        ("push_certificate_ends", "carol@harbour.example")
    ]


def test_a_warning_that_is_no_longer_true_is_not_sent(
    app: Flask, configure: Configure, clock: Clock, tmp_path: Path
) -> None:
    """The mail server was away for weeks; then the certificate was renewed."""
    authority = push_service.Authority(tmp_path)
    push_service.install(authority, clock, days_left=30)
    push_certificates.warn_due()
    clock.move(25 * DAY)
    push_certificates.warn_due()
    with mail_servers.running(keeps := mail_servers.Keeps()) as port:
        configure(port)
        work(app)
        assert ["ends on" in mail["Subject"] for mail in keeps.mails] == [True]
        assert [mail.state for mail in Message.select().order_by(Message.id)] == ["cancelled", "sent"]
        clock.move(5 * DAY)
        push_certificates.warn_due()
        push_service.install(authority, clock, days_left=300, days=700)
        work(app)
    assert len(keeps.mails) == 1
    assert (the_message().state, the_message().reason) == (MessageState.CANCELLED, "out_of_date")


def test_trouble_with_one_duty_stops_neither_the_others_nor_the_worker(app: Flask) -> None:
    done: list[str] = []

    def fails() -> int:
        raise RuntimeError("a trouble of this test")

    duties = [worker.Duty("trouble", fails, 1), worker.Duty("work", lambda: done.append("x"), 1)]
    worker.run_due(app, duties)
    assert done == ["x"]
    assert duties[0].troubles == 1
    assert duties[0].next_at > duties[1].next_at


def test_much_to_do_for_one_duty_hurries_no_other(app: Flask) -> None:
    done: list[str] = []

    def of_two() -> int:
        done.append("busy")
        return 1

    duties = [worker.Duty("busy", of_two, 1), worker.Duty("hourly", lambda: done.append("hourly"), HOUR)]
    assert worker.run_due(app, duties)
    assert worker.run_due(app, duties)
    assert done == ["busy", "hourly", "busy"]


def test_it_ends_when_it_is_told(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    stop, works = threading.Event(), threading.Event()
    monkeypatch.setattr(worker, "duties", lambda: [worker.Duty("sign of life", works.set, 1)])
    thread = threading.Thread(target=worker.run, args=(app, stop))
    thread.start()
    assert works.wait(30)
    stop.set()
    thread.join(30)
    assert not thread.is_alive()


def _killed(message: Message) -> None:
    raise KeyboardInterrupt


def _work_in_a_thread(app: Flask) -> None:
    database.connect()
    try:
        work(app)
    finally:
        database.close()
