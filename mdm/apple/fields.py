"""Takes values out of a property list: what must be there is demanded, what may be there is believed only if
it fits.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from mdm.apple.errors import Malformed

LONGEST_TEXT = 255
"""Characters of a text for people; longer ones are cut."""

LONGEST_NAME = 128
"""Characters of an identifier."""

LARGEST_NUMBER = 2**63 - 1
"""The largest whole number that a database column holds."""

Document = Mapping[str, Any]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:{}+/=@-]*\Z")

# Besides the control characters of Unicode: separators that break a line, marks that reverse the reading
# direction, with which a device could make its name read like another one, and halves of characters that no
# database takes.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]+")


def required_name(document: Document, key: str, longest: int = LONGEST_NAME) -> str:
    """An identifier such as a UDID: letters, digits and a few marks; raises Malformed."""
    value = document.get(key)
    if value is None:
        raise Malformed("missing", key)
    if not isinstance(value, str):
        raise Malformed("wrong_type", key)
    if len(value) > longest:
        raise Malformed("too_long", key)
    if not _NAME.match(value):
        raise Malformed("unknown_value", key)
    return value


def optional_name(document: Document, key: str, longest: int = LONGEST_NAME) -> str | None:
    """The same, or None if the key is not there or empty; raises Malformed if it is there and does not
    fit.
    """
    return required_name(document, key, longest) if document.get(key) else None


def required_data(document: Document, key: str, longest: int) -> bytes:
    """Bytes, at least one and at most `longest`; raises Malformed."""
    value = optional_data(document, key, longest)
    if not value:
        raise Malformed("missing", key)
    return value


def optional_data(document: Document, key: str, longest: int) -> bytes | None:
    """Bytes, perhaps none, at most `longest`; raises Malformed if something else is there."""
    value = document.get(key)
    if value is None:
        return None
    if not isinstance(value, bytes):
        raise Malformed("wrong_type", key)
    if len(value) > longest:
        raise Malformed("too_long", key)
    return value


def text(document: Document, key: str, longest: int = LONGEST_TEXT) -> str | None:
    """A text for people without control characters and cut to `longest`, None if there is nothing to read.

    It is cut before it is looked through: in a binary property list one long text may stand in thousands of places.
    """
    value = document.get(key)
    if not isinstance(value, str):
        return None
    return _UNPRINTABLE.sub(" ", value[:longest]).strip() or None


def yes_or_no(document: Document, key: str) -> bool | None:
    """A truth value, None if there is none."""
    value = document.get(key)
    return value if isinstance(value, bool) else None


def whole(document: Document, key: str) -> int | None:
    """A whole number that is not negative, None if there is none."""
    value = document.get(key)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_NUMBER:
        return value
    return None


def real(document: Document, key: str) -> float | None:
    """A finite number, None if there is none."""
    value = document.get(key)
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return None


def dictionary(document: Document, key: str) -> Document | None:
    """A dictionary, None if there is none."""
    value = document.get(key)
    return value if isinstance(value, dict) else None


def dictionaries(document: Document, key: str, most: int | None = None) -> list[Document]:
    """The dictionaries of an array, at most so many; whatever else is in it is passed over."""
    value = document.get(key)
    if not isinstance(value, list):
        return []
    return [each for each in value[:most] if isinstance(each, dict)]
