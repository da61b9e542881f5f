"""What an enrolled agent may report, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mdm.agent import wire
from mdm.agent.wire import CheckIn, Facts, Malformed, Result

RESULT = {"command_id": "c1", "status": "acknowledged", "detail": "Done."}


def body(**members: Any) -> bytes:
    return json.dumps({"facts": {}, **members}).encode()


def test_facts_and_results_are_read_in_order() -> None:
    results = [RESULT, {"command_id": "c2", "status": "failed", "detail": " no "}]
    checkin = wire.decode_checkin(body(facts={"model": "Pi"}, results=results))
    assert checkin == CheckIn(
        Facts(model="Pi"), (Result("c1", "acknowledged", "Done."), Result("c2", "failed", "no"))
    )


@pytest.mark.parametrize("members", [{}, {"results": None}, {"results": []}])
def test_results_may_be_left_out(members: dict[str, Any]) -> None:
    assert wire.decode_checkin(body(**members)).results == ()


@pytest.mark.parametrize("detail", [{}, {"detail": None}, {"detail": ""}])
def test_detail_may_be_left_out(detail: dict[str, Any]) -> None:
    (result,) = wire.decode_checkin(
        body(results=[{"command_id": "c1", "status": "not_now", **detail}])
    ).results
    assert result == Result("c1", "not_now", "")


def test_the_limits_themselves_are_allowed() -> None:
    results = [{"command_id": "c" * 64, "status": "failed", "detail": "x" * 500}] * 100
    assert len(wire.decode_checkin(body(results=results)).results) == 100


@pytest.mark.parametrize(
    ("sent", "code", "field"),
    [
        (b"{}", "missing", "/facts"),
        (body(facts={"model": []}), "wrong_type", "/facts/model"),
        (body(results={}), "wrong_type", "/results"),
        (body(results=[RESULT] * 101), "too_many", "/results"),
        (body(results=["c1"]), "wrong_type", "/results/0"),
        (body(results=[RESULT, None]), "wrong_type", "/results/1"),
        (body(results=[{**RESULT, "command_id": None}]), "missing", "/results/0/command_id"),
        (body(results=[{**RESULT, "command_id": 1}]), "wrong_type", "/results/0/command_id"),
        (body(results=[{**RESULT, "command_id": "c" * 65}]), "too_long", "/results/0/command_id"),
        (body(results=[{**RESULT, "status": "done"}]), "unknown_value", "/results/0/status"),
        (body(results=[{"command_id": "c1"}]), "missing", "/results/0/status"),
        (body(results=[{**RESULT, "detail": "x" * 501}]), "too_long", "/results/0/detail"),
        (body(results=[{**RESULT, "detail": "a\0"}]), "control_character", "/results/0/detail"),
        (body(results=[{**RESULT, "detail": True}]), "wrong_type", "/results/0/detail"),
    ],
)
def test_what_is_not_plainly_right_is_refused(sent: bytes, code: str, field: str) -> None:
    with pytest.raises(Malformed) as caught:
        wire.decode_checkin(sent)
    assert (caught.value.code, caught.value.field) == (code, field)
