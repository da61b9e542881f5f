"""Property lists: read like the standard library reads them, but within limits."""

from __future__ import annotations

import plistlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as any_of

from mdm.apple import plists
from mdm.apple.errors import Malformed
from mdm.apple.plist_limits import DEEPEST, MOST_ITEMS

HEAD = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" '
    b'"http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0">'
)
EPOCH = datetime.fromtimestamp(0, UTC).replace(tzinfo=None)  # the standard library's dates have no zone
TEXTS = any_of.text(any_of.characters(exclude_categories=("Cs", "Cc")), max_size=20)
SCALARS = (
    any_of.booleans()
    | any_of.integers(-(2**63), 2**64 - 1)
    | any_of.floats(allow_nan=False)
    | TEXTS
    | any_of.binary(max_size=40)
    | any_of.integers(0, 2**32).map(lambda seconds: EPOCH + timedelta(seconds=seconds))
)
VALUES = any_of.recursive(
    SCALARS,
    lambda inner: any_of.lists(inner, max_size=4) | any_of.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def code_of(body: bytes) -> str:
    with pytest.raises(Malformed) as caught:
        plists.read(body)
    return caught.value.code


def without_zones(value: Any) -> Any:
    if isinstance(value, datetime):
        assert value.tzinfo is UTC or value.utcoffset().total_seconds() == 0
        return value.replace(tzinfo=None)
    if isinstance(value, list):
        return [without_zones(each) for each in value]
    if isinstance(value, dict):
        return {key: without_zones(each) for key, each in value.items()}
    return value


@given(
    any_of.dictionaries(TEXTS, VALUES, max_size=4),
    any_of.sampled_from([plistlib.FMT_XML, plistlib.FMT_BINARY]),
)
def test_is_read_as_the_standard_library_wrote_it(document: dict[str, Any], form: Any) -> None:
    assert without_zones(plists.read(plistlib.dumps(document, fmt=form, sort_keys=False))) == document


def test_what_is_written_can_be_read() -> None:
    document = {"a": "<&>", "b": b"\0\xff", "c": [1, True, 2.5], "d": {"e": ""}}
    assert plists.read(plists.write(document)) == plistlib.loads(plists.write(document)) == document


def test_apples_own_doctype_is_fine_with_and_without_a_byte_order_mark() -> None:
    body = HEAD + b"<dict><key>a</key><string>\xc3\xa9</string></dict></plist>"
    assert plists.read(body) == plists.read(b"\xef\xbb\xbf" + body) == {"a": "é"}


def test_data_may_have_line_breaks_and_numbers_may_be_hexadecimal() -> None:
    body = (
        HEAD
        + b"<dict><key>d</key><data>\n\tAAEC\n\tAw==\n\t</data><key>n</key><integer>0xFF</integer></dict></plist>"
    )
    assert plists.read(body) == {"d": b"\0\1\2\3", "n": 255}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (
            b'<!DOCTYPE plist [<!ENTITY a "aa">]><plist><dict><key>a</key><string>&a;</string></dict></plist>',
            "doctype",
        ),
        (b'<!DOCTYPE plist [<!ATTLIST dict a CDATA "b">]><plist><dict/></plist>', "doctype"),
        (
            b'<!DOCTYPE plist SYSTEM "file:///etc/passwd" [<!ENTITY % a SYSTEM "x"> %a;]><plist><dict/></plist>',
            "doctype",
        ),
        (b"<!DOCTYPE html><plist><dict/></plist>", "doctype"),
        (HEAD + b"<dict><key>a</key><string>&unknown;</string></dict></plist>", "entities"),
        (b"<plist><dict><key>a</key><string>&unknown;</string></dict></plist>", "not_a_plist"),
        ("<plist><dict/></plist>".encode("utf-16"), "not_a_plist"),
        (b"", "not_a_plist"),
        (b"{}", "not_a_plist"),
        (HEAD + b"<dict></plist>", "not_a_plist"),
        (HEAD + b"<dict></dict>", "not_a_plist"),
        (HEAD + b"</plist>", "missing"),
        (HEAD + b"<dict></dict><dict></dict></plist>", "missing"),
        (HEAD + b"<array></array></plist>", "wrong_type"),
        (HEAD + b"<dict><string>a</string></dict></plist>", "missing"),
        (HEAD + b"<dict><key>a</key></dict></plist>", "missing"),
        (HEAD + b"<dict><key>a</key><key>b</key></dict></plist>", "not_a_plist"),
        (HEAD + b"<dict><key>a</key><true/><key>a</key><true/></dict></plist>", "duplicate_key"),
        (HEAD + b'<dict a="b"></dict></plist>', "not_a_plist"),
        (HEAD + b"<dict>words</dict></plist>", "not_a_plist"),
        (HEAD + b"<dict><key>a</key><string><b/></string></dict></plist>", "not_a_plist"),
        (HEAD + b"<dict><key>a</key><set/></dict></plist>", "not_a_plist"),
        (HEAD + b"<dict><key>a</key><integer>" + b"9" * 5000 + b"</integer></dict></plist>", "unknown_value"),
        (HEAD + b"<dict><key>a</key><integer>18446744073709551616</integer></dict></plist>", "unknown_value"),
        (HEAD + b"<dict><key>a</key><real>much</real></dict></plist>", "unknown_value"),
        (HEAD + b"<dict><key>a</key><date>yesterday</date></dict></plist>", "unknown_value"),
        (HEAD + b"<dict><key>a</key><date>2026-02-30T00:00:00Z</date></dict></plist>", "unknown_value"),
        (HEAD + b"<dict><key>a</key><data>A</data></dict></plist>", "not_base64"),
        (HEAD + b"<dict " + b'a="b" ' * 100 + b"></dict></plist>", "too_long"),
        (HEAD + b"<dict><key>a</key>" + b"<array>" * DEEPEST, "too_deep"),
        (HEAD + b"<dict><key>a</key><array>" + b"<true/>" * MOST_ITEMS, "too_many"),
        (b" " * (plists.LARGEST + 1), "too_large"),
        (b"bplist00", "truncated"),
        (plistlib.dumps([1], fmt=plistlib.FMT_BINARY), "wrong_type"),
        (plistlib.dumps({"a": plistlib.UID(1)}, fmt=plistlib.FMT_BINARY), "not_a_plist"),
    ],
)
def test_is_refused(body: bytes, code: str) -> None:
    assert code_of(body) == code
