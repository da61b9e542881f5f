"""Reads JSON that strangers send: what is not plainly right is refused, and only Malformed is ever raised."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

DEEPEST = 8
"""Levels of objects and lists inside each other; the protocol itself needs three."""

LARGEST_NUMBER = 2**63 - 1
"""The largest whole number a database column holds."""

# Besides the control characters of Unicode: separators that break a line, and marks that reverse the reading
# direction, with which a device could make its name read like another one.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


class Malformed(ValueError):
    """A body that breaks the protocol.

    `code` is short and stable: not_utf8, not_json, duplicate_key, too_large, too_deep, missing, wrong_type,
    unknown_value, out_of_range, too_long, too_many, control_character, lone_surrogate.
    `field` is the JSON pointer (RFC 6901) of the place, "" for the body as a whole. It is made of the protocol's
    own names and of positions, never of what was sent.
    """

    def __init__(self, code: str, field: str = "") -> None:
        super().__init__(f"{code} at {field}" if field else code)
        self.code = code
        self.field = field


def read_object(body: bytes, largest: int) -> dict[str, Any]:
    """The JSON object (RFC 8259) that `body` is, of at most `largest` bytes; raises Malformed."""
    if len(body) > largest:
        raise Malformed("too_large")
    try:
        document = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_without_duplicates,
            parse_int=_bounded_integer,
            parse_float=_finite_float,
            parse_constant=_refuse_constant,
        )
    except Malformed:
        raise
    except UnicodeDecodeError:
        raise Malformed("not_utf8") from None
    except RecursionError:
        raise Malformed("too_deep") from None
    except ValueError:
        raise Malformed("not_json") from None
    if not isinstance(document, dict):
        raise Malformed("wrong_type")
    _refuse_depth(document)
    return document


# The functions below take the object that holds a value, and the value's JSON pointer, which ends in its name.


def optional_text(holder: dict[str, Any], pointer: str, longest: int) -> str | None:
    """The text without surrounding spaces, at most `longest` characters; None if absent, null or blank."""
    value = holder.get(_name(pointer))
    if value is None:
        return None
    if not isinstance(value, str):
        raise Malformed("wrong_type", pointer)
    if _CONTROL.search(value):
        raise Malformed("control_character", pointer)
    if _LONE_SURROGATE.search(value):
        raise Malformed("lone_surrogate", pointer)
    text = value.strip()
    if len(text) > longest:
        raise Malformed("too_long", pointer)
    return text or None


def required_text(holder: dict[str, Any], pointer: str, longest: int) -> str:
    """Like optional_text, but absent, null and blank are refused as missing."""
    text = optional_text(holder, pointer, longest)
    if text is None:
        raise Malformed("missing", pointer)
    return text


def optional_number(holder: dict[str, Any], pointer: str, highest: int = LARGEST_NUMBER) -> int | None:
    """The whole number from 0 to `highest`; None if absent or null. `true` and 5.0 are not whole numbers."""
    value = holder.get(_name(pointer))
    if value is None:
        return None
    if type(value) is not int:  # a bool is an int for isinstance
        raise Malformed("wrong_type", pointer)
    if not 0 <= value <= highest:
        raise Malformed("out_of_range", pointer)
    return value


def required_object(holder: dict[str, Any], pointer: str) -> dict[str, Any]:
    """The object of that name; absent and null are refused as missing."""
    value = holder.get(_name(pointer))
    if value is None:
        raise Malformed("missing", pointer)
    if not isinstance(value, dict):
        raise Malformed("wrong_type", pointer)
    return value


def optional_list(holder: dict[str, Any], pointer: str, most: int) -> list[Any]:
    """The list of that name, of at most `most` items; empty if absent or null."""
    value = holder.get(_name(pointer))
    if value is None:
        return []
    if not isinstance(value, list):
        raise Malformed("wrong_type", pointer)
    if len(value) > most:
        raise Malformed("too_many", pointer)
    return value


def _name(pointer: str) -> str:
    return pointer.rpartition("/")[2]


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Two parsers may pick different ones of two equal names, so that what one checks the other does not use.
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed("duplicate_key")
    return members


def _bounded_integer(digits: str) -> int:
    # Reading an integer of many digits costs time that grows with their square.
    if len(digits) > 20:
        raise Malformed("out_of_range")
    return int(digits)


def _finite_float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise Malformed("out_of_range")
    return number


def _refuse_constant(constant: str) -> None:
    # NaN and Infinity are what Python reads, but not JSON.
    raise Malformed("not_json")


def _refuse_depth(document: dict[str, Any]) -> None:
    level: list[Any] = [document]
    for _ in range(DEEPEST):
        level = [child for parent in level for child in _children(parent) if isinstance(child, dict | list)]
        if not level:
            return
    raise Malformed("too_deep")


def _children(parent: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return parent.values() if isinstance(parent, dict) else parent
