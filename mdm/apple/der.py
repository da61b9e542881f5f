"""Writes DER (ITU-T X.690): the few types that our CMS answers are made of."""

from __future__ import annotations

NULL = b"\x05\x00"


def sequence(*parts: bytes) -> bytes:
    """SEQUENCE of elements that are already encoded."""
    return element(0x30, b"".join(parts))


def set_of(*parts: bytes) -> bytes:
    """SET OF elements that are already encoded, in the order that DER asks for (X.690 11.6)."""
    return element(0x31, b"".join(sorted(parts)))


def context(number: int, *parts: bytes) -> bytes:
    """[number], constructed: explicit around one element, or implicit in place of the tag of a set."""
    return element(0xA0 | number, b"".join(parts))


def integer(value: int) -> bytes:
    """INTEGER, not negative."""
    return element(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octet_string(value: bytes) -> bytes:
    """OCTET STRING."""
    return element(0x04, value)


def printable_string(value: str) -> bytes:
    """PrintableString; SCEP's attributes are of that type (RFC 8894 3.2)."""
    return element(0x13, value.encode("ascii"))


def object_identifier(dotted: str) -> bytes:
    """OBJECT IDENTIFIER, from its numbers with dots."""
    return element(0x06, identifier(dotted))


def identifier(dotted: str) -> bytes:
    """The contents of an OBJECT IDENTIFIER, as `Element.contents` gives them."""
    first, second, *others = (int(number) for number in dotted.split("."))
    contents = bytearray()
    for number in (first * 40 + second, *others):
        septets = [number & 0x7F]
        while number := number >> 7:
            septets.append(number & 0x7F | 0x80)
        contents.extend(reversed(septets))
    return bytes(contents)


def algorithm(dotted: str, parameters: bytes = NULL) -> bytes:
    """AlgorithmIdentifier (RFC 5280 4.1.1.2)."""
    return sequence(object_identifier(dotted), parameters)


def element(tag: int, contents: bytes) -> bytes:
    """Any element: its tag, the length of its contents and the contents."""
    length = len(contents)
    if length < 0x80:
        return bytes((tag, length)) + contents
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + contents
