"""What may happen to bytes on their way: they are cut, flipped, written over, repeated, and mixed with hostile ones."""

from __future__ import annotations

import random


def damaged(data: bytes, dice: random.Random) -> bytes:
    """The same bytes after one to three accidents."""
    for _ in range(dice.randint(1, 3)):
        data = dice.choice(_ACCIDENTS)(data, dice)
    return data


def same_bytes_often(size: int = 1_000_000, references: int = 1_500) -> bytes:
    """A binary property list whose array names the same bytes under ever new numbers: copied each time, they would
    fill the memory.
    """
    many = b"".join(number.to_bytes(2, "big") for number in range(3, 3 + references))
    objects = (
        b"\xd1\x00\x01\x00\x02",
        b"\x51a",
        b"\xaf\x11" + references.to_bytes(2, "big") + many,
        b"\x4f\x12" + size.to_bytes(4, "big") + bytes(size),
    )
    body, offsets = b"bplist00", []
    for each in objects:
        offsets.append(len(body))
        body += each
    offsets += offsets[-1:] * (references - 1)
    table = b"".join(offset.to_bytes(4, "big") for offset in offsets)
    numbers = b"".join(number.to_bytes(8, "big") for number in (len(offsets), 0, len(body)))
    return body + table + bytes(6) + b"\x04\x02" + numbers


def _cut(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randrange(len(data) + 1)]


def _flip(data: bytes, dice: random.Random) -> bytes:
    if not data:
        return data
    place = dice.randrange(len(data))
    return data[:place] + bytes((data[place] ^ 1 << dice.randrange(8),)) + data[place + 1 :]


def _overwrite(data: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(data) + 1)
    piece = dice.choice((dice.randbytes(dice.randint(1, 8)), *_PIECES))
    return data[:place] + piece + data[place + len(piece) :]


def _insert(data: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(data) + 1)
    return data[:place] + dice.choice(_PIECES) * dice.choice((1, 1, 2, 20, 2_000)) + data[place:]


def _repeat(data: bytes, dice: random.Random) -> bytes:
    start = dice.randrange(len(data) + 1)
    piece = data[start : start + dice.randint(1, 64)]
    return data[:start] + piece * dice.choice((2, 3, 500)) + data[start:]


def _remove(data: bytes, dice: random.Random) -> bytes:
    start = dice.randrange(len(data) + 1)
    return data[:start] + data[start + dice.randint(1, 32) :]


_ACCIDENTS = (_cut, _flip, _flip, _overwrite, _insert, _repeat, _remove)
_PIECES = (
    *(
        b"\x30\x80",
        b"\x24\x80",
        b"\xa0\x80",
        b"\0\0",
        b"\x30\x84\xff\xff\xff\xff",
        b"\x1f\x81\x01",
        b"\xff" * 8,
        b"\x80",
    ),
    *(
        b"<array>",
        b"<dict>",
        b"</dict>",
        b"<key>a</key>",
        b"<integer>",
        b"<data>",
        b"<true/>",
        b"&lt;",
        b"&a;",
        b"<![CDATA[",
    ),
    *(
        b'<!DOCTYPE a [<!ENTITY a "aaaa">]>',
        b"<!--",
        b"-->",
        b"<?xml ?>",
        b"\xef\xbb\xbf",
        b"\xfe\xff",
        b"\xed\xa0\x80",
    ),
    *(
        b"bplist00",
        b"\xa1\x00",
        b"\xd1\x00\x00",
        b"\xaf\x13",
        b"\x33\x7f\xf0",
        b"\x14",
        b"9" * 40,
        b"{",
        b"[",
        b'"',
    ),
)
