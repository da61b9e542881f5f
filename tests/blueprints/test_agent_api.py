"""What the agent calls: joining and checking in, and every way in which that can be refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from peewee import OperationalError

from blueprints import agent_api
from mdm.agent import wire
from models import AuditEntry, Command, Device, Ownership, Registration, Status, User, UserSession, Way
from services import check_ins, commands, device_actions, enrolment_tokens, registrations, settings
from tests.conftest import Clock

FACTS = {"model": "ThinkPad X1", "os_name": "Debian", "os_version": "12.5", "stable_id": "machine-1"}
ENROLL, CHECKIN = "/api/agent/v1/enroll", "/api/agent/v1/checkin"

Send = Callable[..., Any]
Token = Callable[..., str]


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def a_token(app: Flask) -> Token:
    """a_token(alice): what /go shows after the terms were accepted."""

    def make(owner: User, platform: str = "linux") -> str:
        issued = registrations.start(owner, platform, Way.QR, by=owner)
        return enrolment_tokens.accept(issued.registration, issued.registration.issued_at)

    return make


@pytest.fixture
def send(client: FlaskClient) -> Send:
    def post(url: str, body: Any, secret: str = "", **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.post(url, data=raw, content_type="application/json", headers=headers, **more)

    return post


@pytest.fixture
def join(send: Send, a_token: Token) -> Callable[..., tuple[Device, str]]:
    """join(alice): an Active device and its secret."""

    def make(owner: User, **facts: Any) -> tuple[Device, str]:
        enrolled = send(ENROLL, enrollment(a_token(owner), **facts)).json
        assert send(CHECKIN, {"facts": FACTS | facts}, enrolled["secret"]).status_code == 200
        return Device.get(Device.code == enrolled["device_id"]), enrolled["secret"]

    return make


def enrollment(token: str, platform: str = "linux", **facts: Any) -> dict[str, Any]:
    return {"token": token, "platform": platform, "facts": FACTS | facts}


def assert_problem(answer: Any, status: int, code: str = "", field: str = "") -> None:
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == status
    assert answer.json["title"]
    assert "no-store" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    if code:
        assert answer.json["code"] == code
    if field:
        assert answer.json["field"] == field


# Joining


def test_a_token_becomes_a_secret_and_a_device_that_is_enrolling(
    alice: User, a_token: Token, send: Send
) -> None:
    answer = send(ENROLL, enrollment(a_token(alice)))
    assert answer.status_code == 201
    assert answer.mimetype == "application/json"
    assert answer.json["poll_seconds"] == 60
    assert "no-store" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    device = Device.get(Device.code == answer.json["device_id"])
    assert (device.user, device.status, device.model) == (alice, Status.ENROLLING, "ThinkPad X1")
    assert answer.json["secret"] not in repr(device.__data__)


def test_the_first_check_in_makes_it_active(alice: User, join: Callable[..., tuple[Device, str]]) -> None:
    device, _ = join(alice)
    assert device.status == Status.ACTIVE
    assert device.registered_at is not None
    assert device.os_version == "12.5"


def test_a_token_works_once(alice: User, a_token: Token, send: Send) -> None:
    token = a_token(alice)
    assert send(ENROLL, enrollment(token)).status_code == 201
    answer = send(ENROLL, enrollment(token))
    assert_problem(answer, 401, "unknown_token")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert Device.select().count() == 1


def test_a_token_lives_an_hour(alice: User, a_token: Token, send: Send, clock: Clock) -> None:
    token = a_token(alice)
    clock.move(3600)
    assert_problem(send(ENROLL, enrollment(token)), 401, "unknown_token")
    assert Device.get().status == Status.VERIFIED


def test_a_device_cannot_name_its_user(alice: User, bob: User, a_token: Token, send: Send) -> None:
    body = enrollment(a_token(alice)) | {"user": "bob", "owner": bob.code, "ownership": "company"}
    assert send(ENROLL, body).status_code == 201
    device = Device.get()
    assert (device.user, device.ownership) == (alice, Ownership.EMPLOYEE)


def test_it_may_be_another_kind_of_computer_than_was_said(alice: User, a_token: Token, send: Send) -> None:
    assert send(ENROLL, enrollment(a_token(alice), "windows")).status_code == 201
    assert Device.get().platform == "windows"


def test_a_kind_of_computer_that_was_closed_meanwhile_is_told_so(
    alice: User, a_token: Token, send: Send
) -> None:
    token = a_token(alice)
    settings.put("platforms", "windows", by=None)
    answer = send(ENROLL, enrollment(token))
    assert_problem(answer, 403, "not_offered")
    assert answer.json["title"] == "This kind of device may not be registered here. Ask the help desk."
    assert Device.get().status == Status.VERIFIED


def test_a_kind_of_computer_that_asks_for_more_proof_is_told_so(
    alice: User, a_token: Token, send: Send
) -> None:
    token = a_token(alice)
    settings.put("proof_windows", "both", by=None)
    answer = send(ENROLL, enrollment(token, "windows"))
    assert_problem(answer, 403, "not_offered")
    assert answer.json["title"] == "This needs a registration of its own. Start it in the portal."
    assert (Device.get().status, Device.get().platform) == (Status.VERIFIED, "linux")
    assert send(ENROLL, enrollment(token)).status_code == 201


def test_the_same_computer_again_replaces_its_older_entry(
    alice: User, join: Callable[..., tuple[Device, str]], send: Send
) -> None:
    older, secret = join(alice)
    newer, _ = join(alice)
    assert Device.get_by_id(older.id).status == Status.RETIRED
    assert newer.status == Status.ACTIVE
    assert_problem(send(CHECKIN, {"facts": FACTS}, secret), 410, "retired")


def test_a_computer_of_somebody_else_is_refused(
    alice: User,
    carol: User,
    bob: User,
    join: Callable[..., tuple[Device, str]],
    send: Send,
) -> None:
    device, _ = join(alice)
    issued = registrations.start(bob, "linux", Way.QR, by=carol)
    token = enrolment_tokens.accept(issued.registration, issued.registration.issued_at)
    assert_problem(send(ENROLL, enrollment(token)), 409, "known_elsewhere")
    assert Device.get_by_id(device.id).status == Status.ACTIVE
    assert Device.get_by_id(issued.device.id).status == Status.VERIFIED
    assert Registration.get_by_id(issued.registration.id).token_hash is not None, "the token still works"


def test_an_address_with_many_bad_tokens_is_told_to_wait(send: Send, clock: Clock) -> None:
    for _ in range(agent_api.MOST_BAD_TOKENS):
        assert_problem(send(ENROLL, enrollment("wrong")), 401)
    answer = send(ENROLL, enrollment("wrong"))
    assert_problem(answer, 429, "too_many")
    clock.move(int(answer.headers["Retry-After"]))
    assert_problem(send(ENROLL, enrollment("wrong")), 401)


def test_a_good_token_does_not_wait_for_the_bad_ones_of_somebody_behind_the_same_address(
    alice: User, a_token: Token, send: Send
) -> None:
    for _ in range(agent_api.MOST_BAD_TOKENS + 1):
        answer = send(ENROLL, enrollment("wrong"))
    assert_problem(answer, 429)
    assert send(ENROLL, enrollment(a_token(alice))).status_code == 201
    assert_problem(send(ENROLL, enrollment("wrong")), 429)  # and does not forgive them


def test_other_addresses_do_not_wait_for_it(app: Flask, send: Send) -> None:
    for _ in range(agent_api.MOST_BAD_TOKENS + 1):
        send(ENROLL, enrollment("wrong"))
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert_problem(send(ENROLL, enrollment("wrong"), environ_overrides=elsewhere), 401)


# Checking in


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic YTpi", "Bearer \xe9", "x" * 5000]
)
def test_a_stranger_is_401_whatever_the_body(header: str, app: Flask, client: FlaskClient) -> None:
    for body in (b"{}", b"nonsense", b'{"facts": {}}'):
        answer = client.post(
            CHECKIN, data=body, content_type="application/json", headers={"Authorization": header}
        )
        assert_problem(answer, 401, "unknown_device")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_word_bearer_may_be_written_in_any_case(
    alice: User, join: Callable[..., tuple[Device, str]], client: FlaskClient
) -> None:
    _, secret = join(alice)
    answer = client.post(CHECKIN, json={"facts": {}}, headers={"Authorization": f"bearer {secret}"})
    assert answer.status_code == 200


def test_a_check_in_is_noted_with_its_facts(
    alice: User, join: Callable[..., tuple[Device, str]], send: Send, clock: Clock
) -> None:
    device, secret = join(alice)
    clock.move(90)
    settings.put("agent_poll_seconds", "300", by=None)
    answer = send(CHECKIN, {"facts": {"os_version": "12.6", "battery_percent": 80}}, secret)
    assert answer.json == {"commands": [], "poll_seconds": 300}
    device = Device.get_by_id(device.id)
    assert device.last_check_in_at == clock.now
    assert (device.os_version, device.model) == ("12.6", "ThinkPad X1")
    assert device.facts["battery_percent"] == 80
    assert AuditEntry.select().where(AuditEntry.action == "device:system:changed").exists()


def test_it_opens_no_session(
    alice: User, join: Callable[..., tuple[Device, str]], client: FlaskClient
) -> None:
    before = UserSession.select().count()
    join(alice)
    assert UserSession.select().count() == before
    assert not client._cookies


def test_a_cookie_of_somebody_who_is_signed_in_counts_for_nothing(alice: User, visit: Any) -> None:
    answer = visit(alice).open("POST", CHECKIN, json={"facts": {}})
    assert answer.status == 401


def test_an_order_goes_out_and_its_answer_is_taken(
    alice: User, join: Callable[..., tuple[Device, str]], send: Send
) -> None:
    device, secret = join(alice)
    command = device_actions.message(device, "Bring it back <b>now</b>", by=alice)
    given = send(CHECKIN, {"facts": FACTS}, secret).json["commands"]
    assert given == [
        {"id": command.code, "type": "message", "params": {"text": "Bring it back <b>now</b>"}},
    ]
    assert Command.get_by_id(command.id).state == "sent"
    assert send(CHECKIN, {"facts": FACTS}, secret).json["commands"] == given, "until it answers"
    result = {"command_id": command.code, "status": "acknowledged", "detail": "Shown."}
    for _ in range(2):
        answer = send(CHECKIN, {"facts": FACTS, "results": [result]}, secret)
        assert answer.json["commands"] == []
    assert Command.get_by_id(command.id).state == "acknowledged"
    assert AuditEntry.select().where(AuditEntry.action == "device:message:acknowledged").count() == 1


def test_an_answer_to_no_order_of_its_own_is_counted_and_ignored(
    alice: User, join: Callable[..., tuple[Device, str]], send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    mine, secret = join(alice)
    other, _ = join(alice, stable_id="machine-2")
    command = commands.ask(other, "lock", by=alice)
    results = [
        {"command_id": code, "status": "acknowledged", "detail": ""}
        for code in (command.code, "nothing", "' --")
    ]
    with caplog.at_level("INFO", logger="muster.agent"):
        answer = send(CHECKIN, {"facts": FACTS, "results": results}, secret)
    assert answer.status_code == 200
    assert Command.get_by_id(command.id).state == "queued"
    assert f"{mine.code}: 3 results" in caplog.text


@pytest.mark.parametrize(("kind", "status"), [("retire", Status.RETIRED), ("wipe", Status.WIPED)])
def test_a_device_that_leaves_is_heard_to_the_end(
    kind: str, status: Status, alice: User, join: Callable[..., tuple[Device, str]], send: Send
) -> None:
    device, secret = join(alice)
    if kind == "retire":
        device_actions.retire(device, reason="", by=alice)
    else:
        device_actions.wipe(device, confirmation=device.name, reason="", by=alice)
    order = send(CHECKIN, {"facts": FACTS}, secret).json["commands"][0]
    assert order["type"] == kind
    result = {"command_id": order["id"], "status": "acknowledged", "detail": "Gone."}
    answer = send(CHECKIN, {"facts": FACTS, "results": [result]}, secret)
    assert (answer.status_code, answer.json["commands"]) == (200, [])
    assert Device.get_by_id(device.id).status == status
    assert_problem(send(CHECKIN, {"facts": FACTS, "results": [result]}, secret), 410, "retired")


@pytest.mark.parametrize(
    ("status", "answered", "code"),
    [
        (Status.BLOCKED, 403, "blocked"),
        (Status.RETIRED, 410, "retired"),
        (Status.WIPED, 410, "retired"),
        (Status.EXPIRED, 410, "retired"),
    ],
)
def test_a_device_that_is_out_hears_so_before_anything_is_read(
    status: Status,
    answered: int,
    code: str,
    alice: User,
    join: Callable[..., tuple[Device, str]],
    send: Send,
    clock: Clock,
) -> None:
    device, secret = join(alice)
    Device.update(status=status).where(Device.id == device.id).execute()
    clock.move(60)
    for body in ({"facts": FACTS | {"model": "Other"}}, b"nonsense"):
        assert_problem(send(CHECKIN, body, secret), answered, code)
    device = Device.get_by_id(device.id)
    assert (device.status, device.model) == (status, "ThinkPad X1")


def test_a_lost_device_still_gets_its_orders(
    alice: User, join: Callable[..., tuple[Device, str]], send: Send
) -> None:
    device, secret = join(alice)
    device_actions.report_lost(device, by=alice)
    kinds = [command["type"] for command in send(CHECKIN, {"facts": FACTS}, secret).json["commands"]]
    assert kinds in ([], ["lock"])


# What is sent wrongly


BODIES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "not_json"),
    "nonsense": (b"nonsense", "not_json"),
    "half": (b'{"facts": {', "not_json"),
    "not utf-8": (b"\xff\xfe{}", "not_utf8"),
    "list": (b"[]", "wrong_type"),
    "null": (b"null", "wrong_type"),
    "number": (b"1", "wrong_type"),
    "nan": (b'{"facts": NaN}', "not_json"),
    "twice": (b'{"facts": {}, "facts": {}}', "duplicate_key"),
    "deep": (b'{"facts": ' + b"[" * 9 + b"]" * 9 + b"}", "too_deep"),
    "very deep": (b'{"facts": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too_deep"),
    "long number": (b'{"facts": {"disk_free_bytes": ' + b"9" * 100_000 + b"}}", "out_of_range"),
}


@pytest.mark.parametrize("url", [ENROLL, CHECKIN])
@pytest.mark.parametrize("body", BODIES, ids=BODIES.keys())
def test_a_body_that_is_not_the_protocol(
    url: str, body: str, alice: User, join: Callable[..., tuple[Device, str]], send: Send
) -> None:
    _, secret = join(alice)
    before = Device.get().__data__
    raw, code = BODIES[body]
    assert_problem(send(url, raw, secret), 400, code)
    assert Device.get().__data__ == before


NASTY: dict[str, Any] = {
    "nothing": None,
    "empty": "",
    "number": 1,
    "truth": True,
    "list": [],
    "object": {},
    "long": "x" * 5000,
    "nul": "a\0b",
    "line ends": "a\r\nb",
    "surrogate": "\ud800",
    "emoji": "😀" * 20,
    "html": "<script>alert(1)</script>",
    "sql": "'; DROP TABLE device; --",
    "format": "%s {0} %(x)s",
    "huge": 2**63,
    "negative": -1,
    "half": 0.5,
}


@pytest.mark.parametrize("field", ["token", "platform", "facts"])
def test_every_field_of_joining(field: str, alice: User, a_token: Token, send: Send) -> None:
    body = enrollment(a_token(alice))
    for name, nasty in NASTY.items():
        if (field, name) == ("facts", "object"):
            continue  # a device may keep silent
        answer = send(ENROLL, body | {field: nasty})
        assert_problem(answer, 401 if answer.status_code == 401 else 400)
        assert Device.get().status == Status.VERIFIED
    assert send(ENROLL, body).status_code == 201


@pytest.mark.parametrize("name", list(wire.Facts.__dataclass_fields__))
def test_every_fact(name: str, alice: User, join: Callable[..., tuple[Device, str]], send: Send) -> None:
    _, secret = join(alice)
    for nasty in NASTY.values():
        answer = send(CHECKIN, {"facts": {name: nasty}}, secret)
        if answer.status_code != 200:
            assert_problem(answer, 400, field=f"/facts/{name}")


@pytest.mark.parametrize("name", ["command_id", "status", "detail", "results", "result"])
def test_every_part_of_a_result(
    name: str, alice: User, join: Callable[..., tuple[Device, str]], send: Send
) -> None:
    _, secret = join(alice)
    for nasty in NASTY.values():
        result = {"command_id": "abc", "status": "acknowledged", "detail": "", name: nasty}
        results = {"results": nasty, "result": [nasty]}.get(name, [result])
        answer = send(CHECKIN, {"facts": FACTS, "results": results}, secret)
        if answer.status_code != 200:
            assert_problem(answer, 400)
            assert answer.json["field"].startswith("/results")


@pytest.mark.parametrize("url", [ENROLL, CHECKIN])
def test_a_body_that_is_too_large_is_not_read_to_its_end(
    url: str, alice: User, join: Callable[..., tuple[Device, str]], client: FlaskClient
) -> None:
    _, secret = join(alice)
    headers = {"Authorization": f"Bearer {secret}"}
    for size in (wire.LARGEST_BODY + 1, 1_000_000, 5_000_000):
        answer = client.post(url, data=b" " * size, content_type="application/json", headers=headers)
        assert_problem(answer, 413)
    largest = b'{"facts": {}, "token": "x", "platform": "linux"}'.ljust(wire.LARGEST_BODY)
    answer = client.post(url, data=largest, content_type="application/json", headers=headers)
    assert answer.status_code in (200, 401), "this much is allowed"


def test_a_body_without_a_length_is_measured_while_it_is_read(
    alice: User, join: Callable[..., tuple[Device, str]], client: FlaskClient
) -> None:
    class Endless:
        taken = 0

        def read(self, size: int = -1) -> bytes:
            size = 65_536 if size < 0 else size
            self.taken += size
            return b" " * size

        def readline(self, size: int = -1) -> bytes:
            return self.read(size)

    _, secret = join(alice)
    stream = Endless()
    answer = client.post(
        CHECKIN,
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}", "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input": stream, "wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )
    assert_problem(answer, 413, "too_large")
    assert stream.taken < 3 * wire.LARGEST_BODY


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_another_content_type_is_refused(
    kind: str, alice: User, join: Callable[..., tuple[Device, str]], client: FlaskClient
) -> None:
    _, secret = join(alice)
    for url in (ENROLL, CHECKIN):
        answer = client.post(
            url,
            data=json.dumps(enrollment("x")).encode(),
            headers={"Authorization": f"Bearer {secret}"},
            content_type=kind,
        )
        assert_problem(answer, 415)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_another_method_is_refused(method: str, app: Flask, client: FlaskClient) -> None:
    for url in (ENROLL, CHECKIN):
        assert_problem(client.open(url, method=method), 405)


def test_a_busy_database_says_try_again(
    alice: User, join: Callable[..., tuple[Device, str]], send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: Any) -> None:
        raise OperationalError("database is locked")

    _, secret = join(alice)
    monkeypatch.setattr(check_ins, "record", busy)
    answer = send(CHECKIN, {"facts": FACTS}, secret)
    assert_problem(answer, 503)
    assert int(answer.headers["Retry-After"]) > 0


def test_a_computer_that_claims_anothers_identity_after_it_joined_keeps_nobody_out(
    alice: User, bob: User, carol: User, join: Callable[..., tuple[Device, str]], send: Send
) -> None:
    issued = registrations.start(bob, "linux", Way.QR, by=carol)
    token = enrolment_tokens.accept(issued.registration, issued.registration.issued_at)
    secret = send(ENROLL, {"token": token, "platform": "linux", "facts": {}}).json["secret"]
    send(CHECKIN, {"facts": {}}, secret)
    older, _ = join(alice)
    assert send(CHECKIN, {"facts": FACTS}, secret).status_code == 200
    assert Device.get_by_id(issued.device.id).stable_id is None
    newer, _ = join(alice)
    assert Device.get_by_id(older.id).status == Status.RETIRED
    assert (newer.status, newer.stable_id) == (Status.ACTIVE, FACTS["stable_id"])
