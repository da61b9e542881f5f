"""Whatever arrives, decoding ends with a message or with Malformed."""

from __future__ import annotations

import contextlib
import json
import string
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as any_of

from mdm.agent import wire

NAMES = [*wire.Facts.__dataclass_fields__, "token", "platform", "facts", "results", "command_id", "status"]
TEXTS = any_of.text() | any_of.sampled_from(["linux", "failed", "\ud800", "\0", "x" * 600, *NAMES])
SCALARS = any_of.none() | any_of.booleans() | any_of.integers() | any_of.floats() | TEXTS
VALUES = any_of.recursive(
    SCALARS,
    lambda inner: (
        any_of.lists(inner, max_size=4)
        | any_of.dictionaries(any_of.sampled_from(NAMES) | TEXTS, inner, max_size=4)
    ),
    max_leaves=12,
)
DOCUMENTS = any_of.fixed_dictionaries(
    {"token": SCALARS, "platform": any_of.sampled_from(["linux", "beos"]), "facts": VALUES},
    optional={"results": any_of.lists(VALUES, max_size=3) | VALUES},
)


def decode(body: bytes) -> None:
    for decoder in (wire.decode_enroll, wire.decode_checkin):
        with contextlib.suppress(wire.Malformed):
            decoder(body)


@given(any_of.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    decode(body)


@given(any_of.text(alphabet='{}[]:,"\\u0d8eE+-.19ntf ' + string.ascii_letters, max_size=80))
def test_anything_that_looks_like_json(text: str) -> None:
    decode(text.encode())


@given(VALUES | DOCUMENTS)
def test_any_json(value: Any) -> None:
    decode(json.dumps(value).encode())


@given(DOCUMENTS, any_of.integers(0, 300), any_of.binary(max_size=3))
def test_any_damage_on_the_way(value: Any, place: int, damage: bytes) -> None:
    body = json.dumps(value).encode()
    decode(body[:place] + damage + body[place + len(damage) :])


@settings(max_examples=30)
@given(
    any_of.sampled_from([b"[", b'{"a":', b'{"facts":[', b'"', b"[{}", b"9", b"-", b"\\", b"\xf0\x9f"]),
    any_of.data(),
)
def test_any_amount_of_the_same(piece: bytes, data: any_of.DataObject) -> None:
    decode(piece * data.draw(any_of.integers(1, wire.LARGEST_BODY // len(piece) + 2)))
