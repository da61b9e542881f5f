"""What property lists may cost: bombs are refused, and no body takes long."""

from __future__ import annotations

import contextlib

import pytest

from mdm.apple import plists
from mdm.apple.errors import Malformed
from simulation.accidents import same_bytes_often
from tests import cpu

from .test_plists import HEAD, code_of


def binary(objects: list[bytes], top: int = 0) -> bytes:
    """A binary property list of these objects, as a hostile hand would write it."""
    body, offsets = b"bplist00", []
    for each in objects:
        offsets.append(len(body))
        body += each
    table = b"".join(offset.to_bytes(4, "big") for offset in offsets)
    numbers = (len(objects).to_bytes(8, "big"), top.to_bytes(8, "big"), len(body).to_bytes(8, "big"))
    return body + table + b"\0" * 6 + bytes((4, 1)) + b"".join(numbers)


def test_an_array_that_holds_itself() -> None:
    assert code_of(binary([b"\xa1\x00"])) == "too_deep"


def test_a_dictionary_that_doubles_at_every_level() -> None:
    doubled = [bytes((0xD2, 14, 15, level + 1, level + 1)) for level in range(13)]
    assert code_of(binary([*doubled, b"\xd0", b"\x51a", b"\x51b"])) == "too_many"


def test_a_dictionary_with_a_key_twice_or_a_key_that_is_a_number() -> None:
    assert code_of(binary([b"\xd2\x01\x01\x02\x02", b"\x51a", b"\x09"])) == "duplicate_key"
    assert code_of(binary([b"\xd1\x01\x01", b"\x10\x05"])) == "wrong_type"


def test_a_long_text_that_is_used_often_is_kept_once() -> None:
    text = b"\x5f\x12" + (1_000_000).to_bytes(4, "big") + b"a" * 1_000_000
    body = binary([b"\xd1\x01\x02", b"\x51a", b"\xaf\x11\x27\x10" + b"\x03" * 10_000, text])
    found = plists.read(body)["a"]
    assert len(found) == 10_000 and all(each is found[0] for each in found)


def test_the_same_bytes_under_many_numbers_are_not_copied_each_time() -> None:
    assert code_of(same_bytes_often(size=1_000, references=100)) == "too_large"
    assert plists.read(same_bytes_often(size=1_000, references=1)) == {"a": [bytes(1_000)]}


@pytest.mark.parametrize(
    "objects",
    [
        [b"\xd1\x01\x02", b"\x51a", b"\x33" + b"\x7f\xf0" + b"\0" * 6],  # an infinite date
        [b"\xd1\x01\x02", b"\x51a", b"\x14\x7f" + b"\xff" * 15],  # a number of 128 bits
        [b"\xd1\x01\x02", b"\x51a", b"\x4f\x13" + b"\x7f" * 8],  # more data than there is
        [b"\xd1\x01\x02", b"\x51a", b"\x61\xd8\x00"],  # half a character
        [b"\xd1\x01\x09", b"\x51a"],  # an object that is not there
        [b"\xdf\x12\xff\xff\xff\xff"],  # more entries than there are
    ],
)
def test_odd_objects(objects: list[bytes]) -> None:
    with pytest.raises(Malformed):
        plists.read(binary(objects))


@pytest.mark.parametrize(
    ("piece", "around"),
    [
        (b"<true/>", b"array"),
        (b"<date>2026-01-01T00:00:00Z</date>", b"array"),
        (b"<array>", b"array"),
        (b"<![CDATA[a]]>", b"string"),
        (b"<!---->", b"dict"),
        (b"<?a ?>", b"dict"),
        (b"&#38;", b"string"),
        (b"\r\n", b"string"),
        (b"\n", b"data"),
        (b"AAAA\n", b"data"),
        (
            b'<array a="" b="" c="" d="" e="" f="" g="" h="" i="" j="" k="" l="" m="" n="" o="" p=""></array>',
            b"array",
        ),
        (b"<", b"dict"),
    ],
)
def test_no_body_keeps_the_server_busy(piece: bytes, around: bytes) -> None:
    start = HEAD + b"<dict><key>a</key><" + around + b">"
    end = b"</" + around + b"></dict></plist>"
    body = start + piece * ((plists.LARGEST - len(start + end)) // len(piece)) + end
    assert plists.LARGEST - len(piece) < len(body) <= plists.LARGEST

    def read() -> None:
        with contextlib.suppress(Malformed):
            plists.read(body)

    assert cpu.least_seconds(read) < cpu.MUCH
