"""What the server answers to an agent."""

from __future__ import annotations

import json

from mdm.agent import wire
from mdm.agent.wire import Command


def test_enrolled() -> None:
    assert json.loads(wire.encode_enrolled("k7", "s3cret", 60)) == {
        "device_id": "k7",
        "secret": "s3cret",
        "poll_seconds": 60,
    }


def test_commands_keep_their_order() -> None:
    commands = [Command("c2", "message", {"text": "Grüße 🙂"}), Command("c1", "lock")]
    assert json.loads(wire.encode_commands(commands, 30)) == {
        "commands": [
            {"id": "c2", "type": "message", "params": {"text": "Grüße 🙂"}},
            {"id": "c1", "type": "lock", "params": {}},
        ],
        "poll_seconds": 30,
    }


def test_nothing_to_do() -> None:
    assert wire.encode_commands([], 60) == b'{"commands":[],"poll_seconds":60}'


def test_a_problem_names_its_field_if_there_is_one() -> None:
    retired = {
        "type": "/api/agent/v1/problems/retired",
        "title": "This device was retired.",
        "status": 410,
        "code": "retired",
    }
    assert json.loads(wire.encode_problem(410, "retired", "This device was retired.")) == retired
    assert json.loads(wire.encode_problem(400, "missing", "Bad.", "/token"))["field"] == "/token"
