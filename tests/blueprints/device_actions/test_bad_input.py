"""Every field of every form about a device, with everything that does not belong there."""

from __future__ import annotations

import pytest

from models import AuditEntry, Command, Device

BAD = {
    "a megabyte": "x" * 1_000_000,
    "more than a megabyte": "x" * 1_100_000,
    "NUL": "a\0b",
    "line breaks": "a\r\nSet-Cookie: b=c",
    "emoji": "📱" * 400,
    "HTML": "<script>alert(1)</script>" * 20,
    "SQL": "'; DROP TABLE device; --" * 20,
    "format": "%(name)s {0} %s" * 30,
    "right to left": "\u202e" * 301,
}
FIELDS = [("lock", "text"), ("message", "text"), ("wipe", "confirm"), ("wipe", "reason"), ("retire", "reason"),
          ("ownership", "ownership"), ("name", "name")]  # fmt: skip


@pytest.mark.parametrize("htmx", [False, True], ids=["page", "htmx"])
@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize(("action", "field"), FIELDS)
def test_it_is_refused_and_nothing_is_done(visit, alice, a_device, action, field, bad, htmx):
    device = a_device(alice)
    fields = {field: BAD[bad]}
    if (action, field) == ("wipe", "reason"):
        fields["confirm"] = "ThinkPad X1"
    answer = visit(alice).post(f"/devices/{device.code}/{action}", htmx=htmx, **fields)
    assert answer.status in (413, 422)
    if answer.status == 422:
        assert answer.soup.select(".error[role=alert]")
        assert not answer.soup.find("script", src=False)
    assert Device.get_by_id(device.id).name == "ThinkPad X1"
    assert not Command.select().exists()
    assert not AuditEntry.select().where(AuditEntry.device == device.code).exists()


@pytest.mark.parametrize("text", ["📱 call me", "<b>'; DROP TABLE device; --</b>", "%(name)s {0}", "Grüße"])
def test_what_is_merely_odd_is_taken_as_it_is(visit, alice, a_device, text):
    device = a_device(alice)
    browser = visit(alice)
    assert browser.post(f"/devices/{device.code}/name", name=text).status == 303
    assert browser.post(f"/devices/{device.code}/message", text=text).status == 303
    assert browser.get(f"/devices/{device.code}").words("h1") == text
    assert Command.get(Command.device == device).params == {"text": text}


@pytest.mark.parametrize("code", ["%00", "a" * 3000, "..%2f..", "<b>", "'", "📱"])
def test_odd_codes_name_nothing(visit, alice, code):
    for path in ("", "/progress", "/card", "/history", "/name", "/wipe", "/retire", "/ownership"):
        assert visit(alice).get(f"/devices/{code}{path}").status == 404
    assert visit(alice).post(f"/devices/{code}/lock").status == 404
    assert visit(alice).post(f"/devices/{code}/commands/{code}/cancel").status == 404


def test_a_field_sent_twice_or_as_json_is_no_error(visit, alice, a_device):
    device = a_device(alice)
    browser = visit(alice)
    both = {"csrf_token": browser.csrf_token, "confirm": ["a", "b"], "reason": ["c", "d"]}
    assert browser.open("POST", f"/devices/{device.code}/wipe", data=both).status == 422
    headers = {"X-CSRFToken": browser.csrf_token}
    answer = browser.open("POST", f"/devices/{device.code}/wipe", json={"confirm": [1]}, headers=headers)
    assert answer.status == 422
