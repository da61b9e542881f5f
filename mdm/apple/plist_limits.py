"""What a property list may cost, in either of its forms."""

from __future__ import annotations

import re
from datetime import datetime

from mdm.apple.errors import Malformed

DEEPEST = 16
"""Dictionaries and arrays inside each other; Apple's schema has no answer with more than six."""

MOST_ITEMS = 26_000
"""Keys and values together. A Mac with 1,000 apps that tells all twelve facts that Apple lists for Macs has 25,000. A
body of the largest size with so many dates in it, the slowest of all, is read in some 75 ms.
"""

SMALLEST_INTEGER = -(2**63)
LARGEST_INTEGER = 2**64 - 1

_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\Z")


def integer(value: int) -> int:
    """The same number, if a property list may hold it."""
    if not SMALLEST_INTEGER <= value <= LARGEST_INTEGER:
        raise Malformed("unknown_value")
    return value


def moment(text: str) -> datetime:
    """The time that an XML property list writes as 2026-01-31T23:59:59Z."""
    if not _MOMENT.match(text):
        raise Malformed("unknown_value")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Malformed("unknown_value") from None
