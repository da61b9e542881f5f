"""Whatever is sent to the forms of /go: a clear answer, nothing half-done, and never a 500."""

from __future__ import annotations

import pytest

from models import AuditEntry, Device, Status, User
from tests.blueprints.enrolment.conftest import Invite, Travel
from tests.conftest import PASSWORD

NASTY = {
    "empty": "",
    "spaces": "   ",
    "megabyte": "x" * 1_000_000,
    "long": "x" * 5_000,
    "nul": "a\0b",
    "emoji": "😀" * 50,
    "html": "<script>alert(1)</script>",
    "line_ends": "a\r\nSet-Cookie: b=c\r\n\r\n",
    "sql": "'; DROP TABLE device; --",
    "format": "%(seconds)s %s {0.__class__} {{ 7*7 }}",
    "surrogate": "\udcff",
    "digits": "٠١٢٣٤٥",
}
ANSWERS = {303, 409, 410, 413, 422, 429}


@pytest.mark.parametrize("nasty", NASTY.values(), ids=NASTY.keys())
@pytest.mark.parametrize("field", ["username", "platform", "password", "pin"])
def test_without_a_link(field: str, nasty: str, alice: User, invite: Invite, visit) -> None:
    issued = invite(alice)
    fields = {"username": "alice", "platform": "linux", "password": "wrong", "pin": "", field: nasty}
    answer = visit(None).post("/go", **{name: encoded(value) for name, value in fields.items()})
    assert answer.status in ANSWERS, answer.words("main")
    assert "<script>alert" not in answer.text
    unchanged(issued.device)


@pytest.mark.parametrize("nasty", NASTY.values(), ids=NASTY.keys())
@pytest.mark.parametrize("field", ["password", "pin"])
def test_with_a_link(field: str, nasty: str, alice: User, invite: Invite, travel: Travel) -> None:
    issued = invite(alice, proof="both")
    fields = {"password": PASSWORD, "pin": "000000x", field: nasty}
    answer = travel(issued).post("/go", **{name: encoded(value) for name, value in fields.items()})
    assert answer.status in ANSWERS
    assert "<script>alert" not in answer.text
    unchanged(issued.device)


@pytest.mark.parametrize("nasty", NASTY.values(), ids=NASTY.keys())
def test_the_platform(nasty: str, alice: User, invite: Invite, travel: Travel) -> None:
    issued = invite(alice)
    assert travel(issued).post("/go/platform", platform=encoded(nasty)).status in (413, 422)
    unchanged(issued.device)


@pytest.mark.parametrize("nasty", NASTY.values(), ids=NASTY.keys())
def test_the_terms(nasty: str, alice: User, invite: Invite, travel: Travel) -> None:
    answer = travel(invite(alice), "terms").post("/go/terms", accepted=encoded(nasty))
    assert answer.status in ANSWERS


@pytest.mark.parametrize("url", ["/go", "/go/terms", "/go/platform", "/go/stop"])
def test_a_body_that_is_no_form(url: str, alice: User, invite: Invite, travel: Travel) -> None:
    issued = invite(alice)
    browser = travel(issued, "terms")
    token = {"X-CSRFToken": browser.csrf_token}
    for body, kind in (
        (b"[[[[", "application/json"),
        (b"{}", "application/json"),
        (b"\xff\xfe", "text/plain"),
    ):
        answer = browser.open("POST", url, data=body, content_type=kind, headers=token)
        assert answer.status in (200, 303, 400, 403, 410, 415, 422)
    unchanged(issued.device)


def test_a_file_where_words_belong(alice: User, invite: Invite, travel: Travel) -> None:
    import io

    browser = travel(invite(alice))
    sent = {"csrf_token": browser.csrf_token, "password": (io.BytesIO(b"x"), "x.txt")}
    answer = browser.open("POST", "/go", data=sent, content_type="multipart/form-data")
    assert answer.status == 422


def test_many_values_of_one_name(alice: User, invite: Invite, travel: Travel) -> None:
    browser = travel(invite(alice))
    sent = {"csrf_token": browser.csrf_token, "password": ["wrong", PASSWORD]}
    assert browser.open("POST", "/go", data=sent).status == 422


def test_a_cookie_that_we_did_not_sign_counts_for_nothing(visit) -> None:
    browser = visit(None)
    browser.client.set_cookie("muster", "eyJnbyI6eyJyZWdpc3RyYXRpb24iOiJ4In19.aaaa.bbbb")
    assert browser.get("/go").status == 200
    assert browser.get("/go/install").location == "/go"


def encoded(value: str) -> str | bytes:
    return value.encode("utf-8", "surrogateescape") if "\udcff" in value else value


def unchanged(device: Device) -> None:
    row = Device.get_by_id(device.id)
    assert (row.status, row.platform) == (Status.PENDING, "linux")
    assert not AuditEntry.select().where(AuditEntry.action == "device:registration:accepted").exists()
