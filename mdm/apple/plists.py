"""Property lists (Apple's plist(5)): XML and binary ones are read within limits, XML ones are written."""

from __future__ import annotations

import plistlib
from collections.abc import Mapping
from typing import Any

from mdm.apple.binary_plists import MAGIC, read_binary
from mdm.apple.errors import Malformed
from mdm.apple.xml_plists import read_xml

LARGEST = 2_097_152
"""Bytes of the largest property list; lists of apps and of certificates are the long ones."""


def read(body: bytes, largest: int = LARGEST) -> dict[str, Any]:
    """The dictionary that `body` is; raises Malformed and nothing else, whatever the bytes.

    Its values are dict, list, str, bytes, bool, int, float and datetime (with UTC as its zone).
    """
    if len(body) > largest:
        raise Malformed("too_large")
    document = read_binary(body) if body.startswith(MAGIC) else read_xml(body)
    if not isinstance(document, dict):
        raise Malformed("wrong_type")
    return document


def write(document: Mapping[str, Any]) -> bytes:
    """An XML property list, as devices read them; keys in alphabetical order."""
    return plistlib.dumps(dict(document), fmt=plistlib.FMT_XML)
