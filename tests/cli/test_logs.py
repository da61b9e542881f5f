"""Logs: JSON lines without secrets."""

from __future__ import annotations

import json
import logging
import re
import sys

import pytest
from flask import Flask

from cli.logs import JsonLine, masked, settings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GET /go/4T5kq0ZxV1 200", "GET /go/... 200"),
        ("http://localhost/go/abc?x=1", "http://localhost/go/...?x=1"),
        ("/first-administrator/s3cret", "/first-administrator/..."),
        ("GET /set-password/s3cret 303", "GET /set-password/... 303"),
        ("/set-password", "/set-password"),
        ("enroll token=abc&pin=123456", "enroll token=...&pin=..."),
        ("/go/progress and /go/terms", "/go/progress and /go/terms"),
        ("/go/progressive0", "/go/..."),
        ("/devices/p3x8n5", "/devices/p3x8n5"),
    ],
)
def test_secrets_of_an_address_are_masked(text: str, expected: str) -> None:
    assert masked(text) == expected


def test_a_line_is_one_json_object_even_with_a_traceback() -> None:
    try:
        raise ValueError("no such link: /go/4T5kq0ZxV1\nsecond line")
    except ValueError:
        record = logging.LogRecord(
            "muster.errors", logging.ERROR, __file__, 1, "%s\r\nfailed", ("/go/4T5kq0ZxV1",), sys.exc_info()
        )
    line = JsonLine().format(record)
    assert "\n" not in line
    assert "4T5kq0ZxV1" not in line
    entry = json.loads(line)
    assert (entry["level"], entry["logger"], entry["text"]) == ("error", "muster.errors", "/go/...\r\nfailed")
    assert "ValueError" in entry["traceback"]
    assert entry["at"].endswith("Z")


def test_there_is_no_access_log() -> None:
    assert "granian.access" not in settings("info")["loggers"]


def test_no_route_has_a_secret_that_would_not_be_masked(app: Flask) -> None:
    rules = [rule.rule for rule in app.url_map.iter_rules() if rule.arguments & {"secret", "token"}]
    assert len(rules) >= 3
    for rule in rules:
        assert "s3cret" not in masked(re.sub("<.+>", "s3cret", rule)), rule
