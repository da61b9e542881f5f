"""Walks BER (ITU-T X.690), element by element, without believing what it reads.

Apple's signatures are BER with indefinite lengths, other clients break DER in their own ways, and each
check-in carries one: a walk over the few elements that matter takes a tenth of the time that a general ASN.1
library needs.
"""

from __future__ import annotations

from typing import NamedTuple

from mdm.apple.errors import Malformed

INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
SEQUENCE = 0x30
SET = 0x31
CONTEXT_0 = 0xA0
CONTEXT_1 = 0xA1
CONTEXT_0_PRIMITIVE = 0x80

LARGEST = 65_536
"""Bytes of the largest document; a signature or a SCEP request has 2,000 to 8,000."""

MOST_ELEMENTS = 4_096
"""Elements looked at in one document, so that no document takes more than a few milliseconds."""

DEEPEST_INDEFINITE = 12
"""Elements of indefinite length inside each other; a streamed EnvelopedData has five."""

_CONSTRUCTED = 0x20
_HIGH_TAG = 0x1F
_INDEFINITE = 0x80
_END_OF_CONTENTS = b"\0\0"


class _Source:
    """A document, how many more of its elements may be looked at, and where indefinite ones were found to
    end.
    """

    __slots__ = ("data", "ends", "left")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.left = MOST_ELEMENTS
        self.ends: dict[int, int] = {}


class Element(NamedTuple):
    """One element: where it starts, where its contents are, and where the next one starts."""

    source: _Source
    tag: int
    start: int
    inside: int
    end: int
    after: int

    @property
    def contents(self) -> bytes:
        return self.source.data[self.inside : self.end]

    @property
    def encoded(self) -> bytes:
        return self.source.data[self.start : self.after]

    def children(self) -> list[Element]:
        """The elements inside a constructed one."""
        if not self.tag & _CONSTRUCTED:
            raise Malformed("wrong_type")
        found = []
        at = self.inside
        while at < self.end:
            child = _element(self.source, at, self.end, 0)
            found.append(child)
            at = child.after
        return found


def read(data: bytes, tag: int = SEQUENCE, largest: int = LARGEST) -> Element:
    """The one element that `data` is, of that tag; raises Malformed."""
    if len(data) > largest:
        raise Malformed("too_large")
    element = _element(_Source(data), 0, len(data), 0)
    if element.after != len(data):
        raise Malformed("wrong_type")
    return expect(element, tag)


def expect(element: Element, tag: int) -> Element:
    """The same element, if it has that tag; raises Malformed."""
    if element.tag != tag:
        raise Malformed("wrong_type")
    return element


def members(element: Element, tag: int, least: int) -> list[Element]:
    """The children of an element of that tag that must have at least so many; raises Malformed."""
    found = expect(element, tag).children()
    if len(found) < least:
        raise Malformed("missing")
    return found


def octets(element: Element) -> bytes:
    """What an OCTET STRING holds, in one piece or in several (X.690 8.7.3), also under an implicit tag."""
    if not element.tag & _CONSTRUCTED:
        return element.contents
    pieces = []
    waiting = element.children()[::-1]
    while waiting:
        piece = waiting.pop()
        if piece.tag == OCTET_STRING:
            pieces.append(piece.contents)
        else:
            waiting.extend(expect(piece, OCTET_STRING | _CONSTRUCTED).children()[::-1])
    return b"".join(pieces)


def bits(element: Element) -> bytes:
    """What a BIT STRING of whole octets holds (X.690 8.6); raises Malformed."""
    contents = expect(element, BIT_STRING).contents
    if contents[:1] != b"\0":
        raise Malformed("wrong_type")
    return contents[1:]


def _element(source: _Source, at: int, limit: int, depth: int) -> Element:
    source.left -= 1
    if source.left < 0:
        raise Malformed("too_many")
    if at + 2 > limit:
        raise Malformed("truncated")
    data = source.data
    tag = data[at]
    if tag & _HIGH_TAG == _HIGH_TAG:
        raise Malformed("unsupported")
    length = data[at + 1]
    inside = at + 2
    if length < _INDEFINITE:
        end = inside + length
    elif length == _INDEFINITE:
        if not tag & _CONSTRUCTED:
            raise Malformed("wrong_type")
        end = source.ends.get(inside) or _end_of_contents(source, inside, limit, depth + 1)
        return Element(source, tag, at, inside, end, end + 2)
    else:
        octets_of_length = length & 0x7F
        inside += octets_of_length
        if octets_of_length > 4 or inside > limit:
            raise Malformed("truncated")
        end = inside + int.from_bytes(data[at + 2 : inside], "big")
    if end > limit:
        raise Malformed("truncated")
    return Element(source, tag, at, inside, end, end)


def _end_of_contents(source: _Source, at: int, limit: int, depth: int) -> int:
    if depth > DEEPEST_INDEFINITE:
        raise Malformed("too_deep")
    start = at
    while source.data[at : at + 2] != _END_OF_CONTENTS or at + 2 > limit:
        at = _element(source, at, limit, depth).after
    source.ends[start] = at
    return at
