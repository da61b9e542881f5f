"""Every field of the panel, with everything that does not belong there."""

from __future__ import annotations

import pytest

from models import AuditEntry, Device, Message

BAD = {
    "a megabyte": "x" * 1_000_000,
    "more than a megabyte": "x" * 1_100_000,
    "NUL": "a\0b",
    "line breaks": "a\r\nSet-Cookie: b=c",
    "emoji": "📱",
    "HTML": "<script>alert(1)</script>",
    "SQL": "'; DROP TABLE device; --",
    "format": "%(name)s {0} %s",
}


@pytest.mark.parametrize("htmx", [False, True], ids=["page", "htmx"])
@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("field", ["platform", "country", "phone_number", "ownership", "way"])
@pytest.mark.parametrize("way", ["invitation", "pin", "qr"])
def test_it_is_refused_and_nothing_is_done(visit, alice, way, field, bad, htmx):
    fields = {"platform": "linux", "country": "GB", "phone_number": "07700 900142", field: BAD[bad]}
    answer = visit(alice).post(f"/registrations/{way}", htmx=htmx, **fields)
    if field == "way" and answer.status in (200, 303):
        return  # the address says the way; what else is called so is not looked at
    assert answer.status in (413, 422)
    if answer.status == 422:
        assert answer.soup.select(".error[role=alert], .msg.bad[role=alert]")
        assert not answer.soup.find("script", src=False)
    assert not Device.select().exists()
    assert not Message.select().exists()
    assert not AuditEntry.select().where(AuditEntry.action.startswith("device:")).exists()


@pytest.mark.parametrize("code", ["%00", "a" * 3000, "..%2f..", "<b>", "'", "📱"])
def test_odd_codes_name_nothing(visit, alice, code):
    assert visit(alice).get(f"/registrations/{code}").status == 404
    assert visit(alice).get(f"/registrations/{code}/delivery").status == 404
    for path in ("reminder", "pin", "qr", "cancel"):
        assert visit(alice).post(f"/registrations/{code}/{path}").status == 404
