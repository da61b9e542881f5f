"""Pushes to Apple: one a device and minute, over HTTP/2 with a client certificate, and what its answers mean."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from flask import Flask

import worker
from delivery import push_connection, pushing
from mdm.apple import push
from models import AppleEnrolment, Device, Medium, Message, MessageState, User
from services import clock as the_clock
from services import database, device_actions, outbox
from services.apple import push_certificates
from services.refused import Refused
from tests import apple_devices as apple
from tests.conftest import Clock
from tests.push_service import TOPIC, Authority, nghttpd

DAY = 86_400


@pytest.fixture
def authority(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """Apple's place is taken, and we trust who took it."""
    import time

    monkeypatch.setattr(the_clock, "source", time.time)  # TLS knows no other clock
    # The service, too, is slow when other tests run beside.
    monkeypatch.setattr(push_connection, "SECONDS", 60.0)
    made = Authority(tmp_path)
    _configure(app, monkeypatch, apns_ca_file=made.file)
    return made


@pytest.fixture
def certificate(authority: Authority) -> None:
    request = push_certificates.request("it@harbour.example")
    push_certificates.install(authority.push_certificate(request))


def _configure(app: Flask, monkeypatch: pytest.MonkeyPatch, **values: object) -> None:
    monkeypatch.setitem(app.config, "MUSTER", replace(app.config["MUSTER"], **values))


@pytest.fixture(autouse=True)
def _nothing_kept_open() -> Iterator[None]:
    """The worker keeps its connection as long as it lives, and every test here has another Apple."""
    yield
    push_connection.close()


def all_pushes() -> list[Message]:
    return list(Message.select().where(Message.medium == "push").order_by(Message.id))


def send(app: Flask) -> int:
    """One round of the worker."""
    with app.app_context():
        return pushing.send_due()


def states() -> list[tuple[str, str]]:
    return [(push.state, push.reason) for push in all_pushes()]


def answer_with(monkeypatch: pytest.MonkeyPatch, status: int, body: bytes = b"") -> list[httpx.Request]:
    """Apple's answer, without a network."""
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, content=body)

    push_connection.close()
    real = httpx.Client

    def client(**settings: object) -> httpx.Client:
        settings.pop("http2")
        settings.pop("verify")
        settings.pop("limits")
        return real(transport=httpx.MockTransport(handle), **settings)

    monkeypatch.setattr(httpx, "Client", client)
    return asked


has_nghttpd = pytest.mark.skipif(
    not shutil.which("nghttpd"), reason="Debian's package nghttp2-server is not installed"
)


@has_nghttpd
@pytest.mark.usefixtures("certificate")
def test_a_push_goes_over_http2_with_the_certificate(
    app: Flask, alice: User, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, phone = apple.join(app, alice)
    came_back: list[bytes] = []
    understand = push.outcome
    monkeypatch.setattr(
        push, "outcome", lambda status, body: came_back.append(body) or understand(status, body)
    )
    with nghttpd(authority) as service:
        _configure(app, monkeypatch, apns_url=service.url)
        assert send(app) == 1
        assert states() == [("sent", "")]
        said = service.said()
    path = f":path: /3/device/{phone.push_token.hex()}"
    for header in (path, f"apns-topic: {TOPIC}", "apns-push-type: mdm", ":method: POST", "apns-priority: 10"):
        assert header in said
    assert [json.loads(body) for body in came_back] == [{"mdm": phone.push_magic}]


@has_nghttpd
@pytest.mark.usefixtures("certificate")
def test_one_connection_serves_all_pushes_until_an_hour_without_any(
    app: Flask, alice: User, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = the_clock.now()
    with nghttpd(authority) as service:
        _configure(app, monkeypatch, apns_url=service.url)
        for number, (minutes, connections) in enumerate(((0, 1), (50, 1), (100, 1), (160, 2))):
            now = began + minutes * 60
            monkeypatch.setattr(the_clock, "source", lambda now=now: now)
            apple.join(app, alice, number)
            assert send(app) == 1
            assert service.connections() == connections
        monkeypatch.setattr(the_clock, "source", lambda: began + 220 * 60)
        assert send(app) == 0
        assert push_connection._open is None, "nobody was woken for an hour"
    assert {state for state, _ in states()} == {"sent"}


@has_nghttpd
@pytest.mark.usefixtures("certificate")
def test_a_connection_that_broke_unnoticed_is_opened_anew(
    app: Flask, alice: User, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with nghttpd(authority) as service:
        _configure(app, monkeypatch, apns_url=service.url)
        apple.join(app, alice)
        send(app)
    with nghttpd(authority, service.port):
        apple.join(app, alice, 1)
        send(app)
    assert [(push.state, push.tries) for push in all_pushes()] == [("sent", 1), ("sent", 1)]


@has_nghttpd
def test_another_certificate_has_a_connection_of_its_own(
    app: Flask, alice: User, authority: Authority, monkeypatch: pytest.MonkeyPatch, certificate: None
) -> None:
    with nghttpd(authority) as service:
        _configure(app, monkeypatch, apns_url=service.url)
        _, phone = apple.join(app, alice)
        send(app)
        phone.connect()
        push_certificates.install(authority.push_certificate(push_certificates.request("it@b.example")))
        apple.join(app, alice, 1)
        send(app)
        assert service.connections() == 2
    assert states() == [("sent", ""), ("sent", "")]


@pytest.mark.usefixtures("certificate")
def test_orders_at_once_are_one_push_and_the_next_waits_a_minute(
    app: Flask, alice: User, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.now = the_clock.now()
    monkeypatch.setattr(the_clock, "source", lambda: clock.now)
    device, _ = apple.join(app, alice)
    device_actions.lock(device, by=alice)
    asked = answer_with(monkeypatch, 200)
    send(app)
    device_actions.retire(device, "", by=alice)
    assert send(app) == 0
    clock.move(60)
    send(app)
    assert len(asked) == 2
    assert states() == [("sent", ""), ("sent", "")]


@pytest.mark.usefixtures("certificate")
def test_a_dead_token_is_forgotten_until_the_next_one_comes(
    app: Flask, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    device, phone = apple.join(app, alice)
    answer_with(monkeypatch, 410, b'{"reason":"Unregistered"}')
    send(app)
    assert AppleEnrolment.get(AppleEnrolment.device == device).push_token is None
    device_actions.lock(device, by=alice)
    assert send(app) == 0
    phone.update_token()
    assert AppleEnrolment.get(AppleEnrolment.device == device).push_token is not None


@pytest.mark.usefixtures("certificate")
@pytest.mark.parametrize("reason", ["BadDeviceToken", "DeviceTokenNotForTopic"])
def test_a_token_that_apple_does_not_know_is_forgotten_and_the_log_says_so(
    app: Flask,
    alice: User,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    reason: str,
) -> None:
    device, _ = apple.join(app, alice)
    answer_with(monkeypatch, 400, f'{{"reason":"{reason}"}}'.encode())
    send(app)
    assert states() == [("cancelled", "token_unknown")]
    assert AppleEnrolment.get(AppleEnrolment.device == device).push_token is None
    assert f"push token of device {device.code} forgotten: {reason}" in caplog.text


@pytest.mark.usefixtures("certificate")
@pytest.mark.parametrize(
    ("url", "state", "reason"),
    [
        ("https://api.push.apple.com:2197", "cancelled", "token_unknown"),
        ("https://api.sandbox.push.apple.com", "failed", "rejected_by_server"),
    ],
)
def test_only_apples_own_server_makes_us_forget_a_token_whatever_its_port(
    app: Flask, alice: User, monkeypatch: pytest.MonkeyPatch, url: str, state: str, reason: str
) -> None:
    """Apple's other one, for developers, knows none of our tokens."""
    device, _ = apple.join(app, alice)
    _configure(app, monkeypatch, apns_url=url)
    answer_with(monkeypatch, 400, b'{"reason":"BadDeviceToken"}')
    send(app)
    assert states() == [(state, reason)]
    is_forgotten = AppleEnrolment.get(AppleEnrolment.device == device).push_token is None
    assert is_forgotten == (reason == "token_unknown")


@pytest.mark.usefixtures("certificate")
@pytest.mark.parametrize(
    ("status", "body", "state", "reason"),
    [
        (403, b'{"reason":"BadCertificate"}', "waiting", "refused_certificate"),
        (503, b"", "waiting", "rejected_by_server"),
        (429, b'{"reason":"TooManyRequests"}', "waiting", "rejected_by_server"),
        (400, b'{"reason":"IdleTimeout"}', "waiting", "rejected_by_server"),
        (400, b'{"reason":"BadMessageId"}', "failed", "rejected_by_server"),
    ],
)
def test_what_apple_answers(
    app: Flask,
    alice: User,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    body: bytes,
    state: str,
    reason: str,
) -> None:
    apple.join(app, alice)
    answer_with(monkeypatch, status, body)
    send(app)
    assert states() == [(state, reason)]


@pytest.mark.usefixtures("certificate")
def test_a_push_whose_certificate_has_ended_waits_for_the_next(
    app: Flask, alice: User, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    apple.join(app, alice)
    asked = answer_with(monkeypatch, 200)
    real = the_clock.source
    with monkeypatch.context() as later:
        later.setattr(the_clock, "source", lambda: real() + 366 * DAY)
        assert send(app) == 0
        assert (states(), asked) == ([("waiting", "certificate_ended")], [])
    push_certificates.install(authority.push_certificate(push_certificates.request("it@b.example"), days=700))
    monkeypatch.setattr(the_clock, "source", lambda: real() + 366 * DAY)
    assert send(app) == 1
    assert (states(), len(asked)) == ([("sent", "")], 1)


@pytest.mark.usefixtures("certificate")
def test_a_new_certificate_wakes_those_whom_the_old_one_could_not(
    app: Flask, alice: User, authority: Authority
) -> None:
    apple.join(app, alice)
    (message,) = outbox.claim(1, Medium.PUSH)
    outbox.failed(message, "refused_certificate", final=True)
    push_certificates.install(authority.push_certificate(push_certificates.request("it@b.example")))
    assert states() == [("failed", "refused_certificate"), ("waiting", "")]


def test_without_a_certificate_pushes_wait(app: Flask, alice: User) -> None:
    apple.join(app, alice)
    assert send(app) == 0
    assert states() == [("waiting", "not_configured")]


def test_a_device_that_joined_before_the_certificate_is_never_pushed(
    app: Flask, alice: User, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    apple.join(app, alice)
    push_certificates.install(authority.push_certificate(push_certificates.request("it@harbour.example")))
    asked = answer_with(monkeypatch, 200)
    send(app)
    assert asked == []
    assert states() == [(MessageState.CANCELLED, "other_topic")]


@pytest.mark.usefixtures("certificate")
def test_a_service_that_is_not_there_is_tried_again(
    app: Flask, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    apple.join(app, alice)
    _configure(app, monkeypatch, apns_url="https://localhost:9")
    send(app)
    assert states() == [("waiting", "unreachable")]


def test_a_renewal_keeps_the_topic_and_another_topic_is_refused(
    app: Flask, alice: User, authority: Authority, certificate: None
) -> None:
    apple.join(app, alice)
    request = push_certificates.request("it@harbour.example")
    with pytest.raises(Refused, match="another topic"):
        push_certificates.install(authority.push_certificate(request, "com.apple.mgmt.External.other"))
    before = push_certificates.load()
    renewed = push_certificates.install(authority.push_certificate(request))
    assert before is not None
    assert renewed.topic == before.topic
    assert renewed.key != before.key


def test_a_certificate_of_another_request_or_none_at_all_is_refused(app: Flask, authority: Authority) -> None:
    push_certificates.request("it@harbour.example")
    foreign = push.certificate_request(apple.key(0), "Another server", "it@harbour.example", "GB")
    with pytest.raises(Refused, match="request of this server"):
        push_certificates.install(authority.push_certificate(foreign))
    with pytest.raises(Refused, match="not a push certificate"):
        push_certificates.install(b"nonsense")
    assert push_certificates.load() is None


def test_a_second_request_has_the_same_key_so_the_answer_to_either_fits(
    app: Flask, authority: Authority
) -> None:
    first, second = (push_certificates.request("it@harbour.example") for _ in range(2))
    assert push_certificates.install(authority.push_certificate(first)).topic == TOPIC
    assert push_certificates.install(authority.push_certificate(second)).topic == TOPIC


def test_the_command_line_installs_it(app: Flask, authority: Authority, tmp_path: Path) -> None:
    run = app.test_cli_runner()
    path, certificate = tmp_path / "push.csr", tmp_path / "push.pem"
    asked = run.invoke(args=["apple", "push-csr", "--email", "it@harbour.example", "--file", str(path)])
    assert asked.exit_code == 0, asked.output
    assert "the request before" not in asked.output
    again = run.invoke(args=["apple", "push-csr", "--email", "it@harbour.example", "--file", str(path)])
    assert "the same key as the request before" in again.output
    certificate.write_bytes(authority.push_certificate(path.read_bytes()))
    answer = run.invoke(args=["apple", "push-cert", str(certificate)])
    assert TOPIC in answer.output
    assert "join again" not in answer.output
    certificate.write_bytes(b"nonsense")
    assert run.invoke(args=["apple", "push-cert", str(certificate)]).exit_code == 1
    assert Device.select().count() == 0


def test_renewing_without_a_database_is_one_line(app: Flask, data: Path) -> None:
    database.close()
    (data / "muster.db").unlink()
    answer = app.test_cli_runner().invoke(args=["apple", "renew", "--all"])
    assert answer.output == "Error: There is no database yet. Run: flask --app app migrate\n"
    database.migrate()
    database.connect()


@pytest.mark.parametrize("command", ["push-csr", "push-cert"])
def test_the_command_line_makes_the_database_that_is_not_there_yet(
    app: Flask, data: Path, authority: Authority, tmp_path: Path, command: str
) -> None:
    database.close()
    (data / "muster.db").unlink()
    path = tmp_path / "push.pem"
    path.write_bytes(b"nonsense")
    given = {"push-csr": ["--email", "it@harbour.example", "--file", str(path)], "push-cert": [str(path)]}
    answer = app.test_cli_runner().invoke(args=["apple", command, *given[command]])
    assert answer.exception is None or isinstance(answer.exception, SystemExit), answer.exception
    assert {"push-csr": "Wrote", "push-cert": "not a push certificate"}[command] in answer.output
    database.connect()
    assert database.is_current()


@pytest.mark.usefixtures("certificate")
def test_the_worker_wakes_a_device_again_that_missed_its_first_push(
    app: Flask, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = the_clock.now()
    monkeypatch.setattr(the_clock, "source", lambda: began)
    device, hardware = apple.join(app, alice)
    asked = answer_with(monkeypatch, 200)
    duties = {duty.name: duty for duty in worker.duties()}
    for minutes in range(12):
        monkeypatch.setattr(the_clock, "source", lambda minutes=minutes: began + minutes * 60)
        for name in ("waking", "pushes"):
            duties[name].next_at -= 60
            worker.run_due(app, [duties[name]])
    assert len(asked) == 3, "at once, after two minutes and after ten"
    database.connect()
    assert hardware.connect()[0] == "DeviceInformation"
    assert Device.get_by_id(device.id).facts_at is not None


def test_the_command_line_counts_the_devices_that_joined_too_early(
    app: Flask, alice: User, authority: Authority, tmp_path: Path
) -> None:
    apple.join(app, alice)
    apple.join(app, alice, 1)
    certificate = tmp_path / "push.pem"
    certificate.write_bytes(authority.push_certificate(push_certificates.request("it@harbour.example")))
    answer = app.test_cli_runner().invoke(args=["apple", "push-cert", str(certificate)])
    assert "join again, since they joined before: 2." in answer.output
