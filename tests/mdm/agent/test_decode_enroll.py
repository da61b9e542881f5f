"""What an agent may send to enrol, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mdm.agent import wire
from mdm.agent.wire import Facts, Malformed

FACTS = {
    "model": "ThinkPad X1 Carbon Gen 9",
    "manufacturer": "LENOVO",
    "os_name": "Debian GNU/Linux",
    "os_version": "12.5",
    "serial": "PF-3ABCDE",
    "stable_id": "5f2b",
    "host_name": "alice-laptop",
    "phone_number": "+4989123456",
    "carrier": "Example Mobile",
    "imei": "356938035643809",
    "battery_percent": 80,
    "disk_total_bytes": 512_000_000_000,
    "disk_free_bytes": 0,
    "agent_version": "1.0",
}


def body(**changes: Any) -> bytes:
    return json.dumps({"token": "t0ken", "platform": "linux", "facts": FACTS, **changes}).encode()


def refusal(sent: bytes) -> tuple[str, str]:
    with pytest.raises(Malformed) as caught:
        wire.decode_enroll(sent)
    return caught.value.code, caught.value.field


def test_every_fact_is_read() -> None:
    enroll = wire.decode_enroll(body())
    assert (enroll.token, enroll.platform) == ("t0ken", "linux")
    assert enroll.facts == Facts(**FACTS)  # type: ignore[arg-type]


def test_absent_null_and_blank_facts_are_none() -> None:
    facts = wire.decode_enroll(body(facts={"model": None, "serial": "", "carrier": "  "})).facts
    assert facts == Facts()


def test_facts_are_stripped_before_they_are_measured() -> None:
    assert wire.decode_enroll(body(facts={"model": " " * 300 + "x" * 255})).facts.model == "x" * 255


def test_unknown_names_are_ignored() -> None:
    enroll = wire.decode_enroll(body(future=[1.5, {"a": None}], facts={"colour": "red"}))
    assert enroll.facts == Facts()


def test_people_may_write_in_any_script() -> None:
    name = "Zoë's 📱 לוח 東京"
    assert wire.decode_enroll(body(facts={"host_name": name})).facts.host_name == name


@pytest.mark.parametrize(
    ("sent", "code", "field"),
    [
        (b"", "not_json", ""),
        (b"\xff\xfe", "not_utf8", ""),
        (b"\xef\xbb\xbf{}", "not_json", ""),
        ('{"token": "\ud800"}'.encode("utf-8", "surrogatepass"), "not_utf8", ""),
        (b"{}{}", "not_json", ""),
        (b"{'token': 1}", "not_json", ""),
        (b'{"token": "a\nb"}', "not_json", ""),
        (b"[]", "wrong_type", ""),
        (b"null", "wrong_type", ""),
        (b'"text"', "wrong_type", ""),
        (b'{"token": NaN}', "not_json", ""),
        (b'{"token": -Infinity}', "not_json", ""),
        (b'{"token": 1e999}', "out_of_range", ""),
        (b'{"token": ' + b"9" * 5000 + b"}", "out_of_range", ""),
        (b'{"token": "a", "token": "b"}', "duplicate_key", ""),
        (b'{"ignored": {"a": 1, "a": 1}}', "duplicate_key", ""),
        (b"[" * 100_000, "too_deep", ""),
        (b'{"a":' * 40_000, "too_deep", ""),
        (b'{"a": ' + b"[" * 20 + b"]" * 20 + b"}", "too_deep", ""),
        (b'{"a": "' + b"x" * wire.LARGEST_BODY + b'"}', "too_large", ""),
        (b"{}", "missing", "/token"),
        (body(token=None), "missing", "/token"),
        (body(token=" "), "missing", "/token"),
        (body(token=7), "wrong_type", "/token"),
        (body(token="x" * 129), "too_long", "/token"),
        (body(platform=None), "missing", "/platform"),
        (body(platform="beos"), "unknown_value", "/platform"),
        (body(platform=["linux"]), "wrong_type", "/platform"),
        (body(facts=None), "missing", "/facts"),
        (body(facts=[]), "wrong_type", "/facts"),
        (body(facts="facts"), "wrong_type", "/facts"),
        (body(facts={"model": 5}), "wrong_type", "/facts/model"),
        (body(facts={"model": {"a": 1}}), "wrong_type", "/facts/model"),
        (body(facts={"model": "x" * 256}), "too_long", "/facts/model"),
        (body(facts={"model": "a\0b"}), "control_character", "/facts/model"),
        (body(facts={"model": "a\r\nSet-Cookie: b"}), "control_character", "/facts/model"),
        (body(facts={"model": "trailing\n"}), "control_character", "/facts/model"),
        (body(facts={"model": "\u202egnp.exe"}), "control_character", "/facts/model"),
        (body(facts={"model": "\ud800"}), "lone_surrogate", "/facts/model"),
        (body(facts={"battery_percent": 101}), "out_of_range", "/facts/battery_percent"),
        (body(facts={"battery_percent": -1}), "out_of_range", "/facts/battery_percent"),
        (body(facts={"battery_percent": True}), "wrong_type", "/facts/battery_percent"),
        (body(facts={"battery_percent": 50.0}), "wrong_type", "/facts/battery_percent"),
        (body(facts={"battery_percent": "50"}), "wrong_type", "/facts/battery_percent"),
        (body(facts={"disk_free_bytes": -1}), "out_of_range", "/facts/disk_free_bytes"),
        (body(facts={"disk_total_bytes": 2**63}), "out_of_range", "/facts/disk_total_bytes"),
    ],
)
def test_what_is_not_plainly_right_is_refused(sent: bytes, code: str, field: str) -> None:
    assert refusal(sent) == (code, field)


@pytest.mark.parametrize("text", ["<b>bold</b>", "'; DROP TABLE devices; --", "🙂" * 255, "%s{{7*7}}"])
def test_odd_text_is_only_text(text: str) -> None:
    assert wire.decode_enroll(body(facts={"model": text})).facts.model == text


def test_the_message_of_a_refusal_repeats_nothing_that_was_sent() -> None:
    with pytest.raises(Malformed) as caught:
        wire.decode_enroll(body(token="s3cret" * 100))
    assert "s3cret" not in str(caught.value)
