"""Reads binary property lists (bplist00; CFBinaryPList.c in Apple's CF sources), counting every step."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import Any

from mdm.apple.errors import Malformed
from mdm.apple.plist_limits import DEEPEST, MOST_ITEMS, integer

MAGIC = b"bplist00"

_TRAILER = struct.Struct(">6xBBQQQ")
_EPOCH = datetime(2001, 1, 1, tzinfo=UTC)
_REALS = {2: struct.Struct(">f"), 3: struct.Struct(">d")}
_DATE = struct.Struct(">d")
_TEXTS = {0x5: ("ascii", 1), 0x6: ("utf-16-be", 2), 0x7: ("utf-8", 1)}


def read_binary(body: bytes) -> Any:
    """The value that a binary property list holds; raises Malformed."""
    if len(body) < len(MAGIC) + _TRAILER.size:
        raise Malformed("truncated")
    offset_size, reference_size, count, top, table = _TRAILER.unpack(body[-_TRAILER.size :])
    end = len(body) - _TRAILER.size
    if not 1 <= offset_size <= 8 or not 1 <= reference_size <= 8:
        raise Malformed("not_a_plist")
    if count > MOST_ITEMS:
        raise Malformed("too_many")
    if table + count * offset_size > end:
        raise Malformed("truncated")
    offsets = [
        int.from_bytes(body[at : at + offset_size], "big")
        for at in range(table, table + count * offset_size, offset_size)
    ]
    return _Reader(body[:table], offsets, reference_size).value(top, 0)


class _Reader:
    """Follows references. Shared scalars are read once, shared containers anew each time, and each time they
    count.

    Objects may overlap, and any number of them may be the same megabyte. So all scalars together may have no
    more bytes than the body, as they do in every honest one.
    """

    def __init__(self, objects: bytes, offsets: list[int], reference_size: int) -> None:
        self._objects = objects
        self._offsets = offsets
        self._reference_size = reference_size
        self._scalars: dict[int, Any] = {}
        self._items_left = MOST_ITEMS
        self._bytes_left = len(objects)

    def value(self, reference: int, depth: int) -> Any:
        if reference in self._scalars:
            return self._scalars[reference]
        if reference >= len(self._offsets):
            raise Malformed("truncated")
        at = self._offsets[reference]
        kind, size = divmod(self._bytes(at, 1)[0], 16)
        if kind == 0xA:
            return self._array(at, size, depth + 1)
        if kind == 0xD:
            return self._dictionary(at, size, depth + 1)
        scalar = self._scalar(at, kind, size)
        self._scalars[reference] = scalar
        return scalar

    def _array(self, at: int, size: int, depth: int) -> list[Any]:
        if depth > DEEPEST:
            raise Malformed("too_deep")
        count, at = self._count(at, size)
        return [self.value(each, depth) for each in self._references(at, count)]

    def _dictionary(self, at: int, size: int, depth: int) -> dict[str, Any]:
        if depth > DEEPEST:
            raise Malformed("too_deep")
        count, at = self._count(at, size)
        references = self._references(at, 2 * count)
        found: dict[str, Any] = {}
        for name, value in zip(references[:count], references[count:], strict=True):
            key = self.value(name, depth)
            if not isinstance(key, str):
                raise Malformed("wrong_type")
            if key in found:
                raise Malformed("duplicate_key")
            found[key] = self.value(value, depth)
        return found

    def _scalar(self, at: int, kind: int, size: int) -> Any:
        if kind == 0x0 and size in (8, 9):
            return size == 9
        if kind == 0x1 and size <= 4:
            # Up to four bytes are unsigned, eight are signed, sixteen hold what eight cannot.
            return integer(int.from_bytes(self._bytes(at + 1, 1 << size), "big", signed=size >= 3))
        if kind == 0x2 and size in _REALS:
            return _REALS[size].unpack(self._bytes(at + 1, 1 << size))[0]
        if kind == 0x3 and size == 3:
            return self._date(at)
        if kind == 0x4:
            count, at = self._count(at, size)
            return self._contents(at, count)
        if kind in _TEXTS:
            return self._text(at, kind, size)
        raise Malformed("not_a_plist")

    def _date(self, at: int) -> datetime:
        try:
            return _EPOCH + timedelta(seconds=_DATE.unpack(self._bytes(at + 1, 8))[0])
        except (ValueError, OverflowError):
            raise Malformed("unknown_value") from None

    def _text(self, at: int, kind: int, size: int) -> str:
        encoding, width = _TEXTS[kind]
        count, at = self._count(at, size)
        try:
            return self._contents(at, count * width).decode(encoding)
        except UnicodeDecodeError:
            raise Malformed("not_a_plist") from None

    def _count(self, at: int, size: int) -> tuple[int, int]:
        """How many things an object has and where they start: fifteen means that a number follows."""
        if size < 15:
            return size, at + 1
        kind, exponent = divmod(self._bytes(at + 1, 1)[0], 16)
        if kind != 0x1 or exponent > 3:
            raise Malformed("not_a_plist")
        width = 1 << exponent
        return int.from_bytes(self._bytes(at + 2, width), "big"), at + 2 + width

    def _references(self, at: int, count: int) -> list[int]:
        self._items_left -= count
        if self._items_left < 0:
            raise Malformed("too_many")
        width = self._reference_size
        data = self._bytes(at, count * width)
        return [int.from_bytes(data[each : each + width], "big") for each in range(0, len(data), width)]

    def _contents(self, at: int, count: int) -> bytes:
        self._bytes_left -= count
        if self._bytes_left < 0:
            raise Malformed("too_large")
        return self._bytes(at, count)

    def _bytes(self, at: int, count: int) -> bytes:
        if at < len(MAGIC) or at + count > len(self._objects):
            raise Malformed("truncated")
        return self._objects[at : at + count]
