"""How long a text message is: GSM-7 or UCS-2, and in how many segments it goes out (3GPP TS 23.038, 23.040)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from services.refused import N_, Refused

MOST_SEGMENTS = 3  # each is paid for

# 3GPP TS 23.038, 6.2.1: the default alphabet. Its line ends and its escape are left out: a text is one line.
GSM_7 = frozenset(
    "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_7_EXTENSION = frozenset("^{}\\[~]|€")  # each after an escape, so it takes two places
TYPOGRAPHY = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."})
CONTROLS = ("Cc", "Cs", "Zl", "Zp")  # control characters, lone surrogates, line and paragraph separators


@dataclass(frozen=True)
class Segments:
    """How a text goes out. `units` are septets in GSM-7 and 16-bit units in UCS-2."""

    encoding: str
    count: int
    units: int


def plain(text: str) -> str:
    """In one line, with the alphabet's own quotes and dashes: one curly quote would more than double the price."""
    return " ".join(text.translate(TYPOGRAPHY).split())


def segments(text: str) -> Segments:
    """Count them. Alone a message holds 160 or 70 units; in a row each gives some up to say which it is.

    Raises Refused for line ends and other control characters.
    """
    if any(unicodedata.category(character) in CONTROLS for character in text):
        raise Refused(N_("A text message is one line, without control characters."))
    if all(character in GSM_7 or character in GSM_7_EXTENSION for character in text):
        return _packed("GSM-7", [2 if character in GSM_7_EXTENSION else 1 for character in text], 160, 153)
    return _packed("UCS-2", [2 if character > "\uffff" else 1 for character in text], 70, 67)


def check(text: str) -> Segments:
    """Raises Refused for what may not go out: nothing at all, several lines, or too many segments."""
    counted = segments(text)
    if not 1 <= counted.count <= MOST_SEGMENTS:
        raise Refused(
            N_("A text message has 1 to %(most)s segments; this has %(count)s."),
            most=MOST_SEGMENTS,
            count=counted.count,
        )
    return counted


def _packed(encoding: str, sizes: list[int], alone: int, in_a_row: int) -> Segments:
    """Neither an escape and its character nor a pair of surrogates may be torn apart between two segments."""
    units = sum(sizes)
    if units <= alone:
        return Segments(encoding, 1 if units else 0, units)
    count, room = 1, in_a_row
    for size in sizes:
        if size > room:
            count, room = count + 1, in_a_row
        room -= size
    return Segments(encoding, count, units)
