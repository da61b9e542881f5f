"""What the agent and the server say to each other: JSON bytes to dataclasses, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from mdm.agent.strict_json import (
    Malformed,
    optional_list,
    optional_number,
    optional_text,
    read_object,
    required_object,
    required_text,
)

__all__ = [
    "CONTENT_TYPE",
    "LARGEST_BODY",
    "PROBLEM_CONTENT_TYPE",
    "CheckIn",
    "Command",
    "CommandType",
    "Enroll",
    "Facts",
    "Malformed",
    "Platform",
    "Result",
    "ResultStatus",
    "decode_checkin",
    "decode_enroll",
    "encode_commands",
    "encode_enrolled",
    "encode_problem",
]

CONTENT_TYPE = "application/json"
PROBLEM_CONTENT_TYPE = "application/problem+json"

LARGEST_BODY = 262_144
"""Bytes of the largest request body; a larger one is Malformed("too_large")."""

LONGEST_FACT = 255
LONGEST_DETAIL = 500
LONGEST_TOKEN = 128
LONGEST_COMMAND_ID = 64
MOST_RESULTS = 100

Platform = Literal["linux", "macos", "windows"]
CommandType = Literal["refresh", "lock", "message", "retire", "wipe"]
ResultStatus = Literal["acknowledged", "failed", "not_now"]


@dataclass(frozen=True)
class Facts:
    """What a device says about itself, believed no further than that; None is "not reported".

    Texts are 1 to 255 characters without control characters. Sizes are bytes, 0 to 2**63 - 1.
    """

    model: str | None = None
    manufacturer: str | None = None
    os_name: str | None = None
    os_version: str | None = None
    serial: str | None = None
    stable_id: str | None = None
    host_name: str | None = None
    phone_number: str | None = None
    carrier: str | None = None
    imei: str | None = None
    battery_percent: int | None = None
    """0 to 100."""
    disk_total_bytes: int | None = None
    disk_free_bytes: int | None = None
    agent_version: str | None = None


@dataclass(frozen=True)
class Result:
    """How one command went. `command_id` is the device's word: up to 64 characters, and perhaps unknown here."""

    command_id: str
    status: ResultStatus
    detail: str
    """For people to read: up to 500 characters, "" if the device gave none."""


@dataclass(frozen=True)
class Enroll:
    """A device asks to join with the enrolment token (up to 128 characters) that a person gave it."""

    token: str
    platform: Platform
    facts: Facts


@dataclass(frozen=True)
class CheckIn:
    """An enrolled device reports, and asks what there is to do; up to 100 results."""

    facts: Facts
    results: tuple[Result, ...] = ()


@dataclass(frozen=True)
class Command:
    """One order to one device; `params` are {"text": ...} for message and empty for all others."""

    id: str
    type: CommandType
    params: Mapping[str, str] = field(default_factory=dict)


def decode_enroll(body: bytes) -> Enroll:
    """Read the body of POST enroll; raises Malformed and nothing else, whatever the bytes."""
    document = read_object(body, LARGEST_BODY)
    token = required_text(document, "/token", LONGEST_TOKEN)
    platform = required_text(document, "/platform", LONGEST_FACT)
    if platform not in get_args(Platform):
        raise Malformed("unknown_value", "/platform")
    return Enroll(token, cast(Platform, platform), _facts(required_object(document, "/facts")))


def decode_checkin(body: bytes) -> CheckIn:
    """Read the body of POST checkin; raises Malformed and nothing else, whatever the bytes."""
    document = read_object(body, LARGEST_BODY)
    facts = _facts(required_object(document, "/facts"))
    results = optional_list(document, "/results", MOST_RESULTS)
    return CheckIn(facts, tuple(_result(item, f"/results/{index}") for index, item in enumerate(results)))


def encode_enrolled(device_id: str, secret: str, poll_seconds: int) -> bytes:
    """The answer 201 to enroll; the device checks in with the secret every `poll_seconds` (1 to 86400)."""
    return _encode({"device_id": device_id, "secret": secret, "poll_seconds": poll_seconds})


def encode_commands(commands: Iterable[Command], poll_seconds: int) -> bytes:
    """The answer 200 to checkin: what to do now, in this order, and the pause (1 to 86400 seconds)."""
    listed = [
        {"id": command.id, "type": command.type, "params": dict(command.params)} for command in commands
    ]
    return _encode({"commands": listed, "poll_seconds": poll_seconds})


def encode_problem(status: int, code: str, title: str, field: str = "") -> bytes:
    """Every other answer (RFC 9457): `code` for programs, `title` for people, `field` as in Malformed."""
    problem = {"type": f"/api/agent/v1/problems/{code}", "title": title, "status": status, "code": code}
    return _encode({**problem, "field": field} if field else problem)


def _facts(reported: dict[str, Any]) -> Facts:
    return Facts(
        model=_text(reported, "model"),
        manufacturer=_text(reported, "manufacturer"),
        os_name=_text(reported, "os_name"),
        os_version=_text(reported, "os_version"),
        serial=_text(reported, "serial"),
        stable_id=_text(reported, "stable_id"),
        host_name=_text(reported, "host_name"),
        phone_number=_text(reported, "phone_number"),
        carrier=_text(reported, "carrier"),
        imei=_text(reported, "imei"),
        battery_percent=optional_number(reported, "/facts/battery_percent", highest=100),
        disk_total_bytes=optional_number(reported, "/facts/disk_total_bytes"),
        disk_free_bytes=optional_number(reported, "/facts/disk_free_bytes"),
        agent_version=_text(reported, "agent_version"),
    )


def _text(reported: dict[str, Any], name: str) -> str | None:
    return optional_text(reported, f"/facts/{name}", LONGEST_FACT)


def _result(item: object, pointer: str) -> Result:
    if not isinstance(item, dict):
        raise Malformed("wrong_type", pointer)
    command_id = required_text(item, f"{pointer}/command_id", LONGEST_COMMAND_ID)
    status = required_text(item, f"{pointer}/status", LONGEST_FACT)
    if status not in get_args(ResultStatus):
        raise Malformed("unknown_value", f"{pointer}/status")
    detail = optional_text(item, f"{pointer}/detail", LONGEST_DETAIL)
    return Result(command_id, cast(ResultStatus, status), detail or "")


def _encode(document: dict[str, object]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode("ascii")
