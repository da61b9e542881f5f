"""Reads XML property lists (www.apple.com/DTDs/PropertyList-1.0.dtd), giving up as soon as a limit is
crossed.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from typing import Any
from xml.parsers import expat  # refuses what defusedxml would refuse: see `_Reader`

from mdm.apple.errors import Malformed
from mdm.apple.plist_limits import DEEPEST, MOST_ITEMS, integer, moment

LONGEST_TAG = 256
"""Bytes of one tag. A property list's have at most twenty, the DOCTYPE a hundred; thousands of attributes
cost time.
"""

_OVERLONG_TAG = re.compile(rb"<[^<>]{%d}" % LONGEST_TAG)
_DECIMAL = re.compile(r"[+-]?[0-9]{1,20}\Z")
_HEXADECIMAL = re.compile(r"0[xX][0-9a-fA-F]{1,16}\Z")
_BLANKS = str.maketrans("", "", " \t\r\n")


def read_xml(body: bytes) -> Any:
    """The value that an XML property list in UTF-8 holds; raises Malformed."""
    if b"\0" in body:  # UTF-16, which expat would recognise by itself
        raise Malformed("not_a_plist")
    if _OVERLONG_TAG.search(body):
        raise Malformed("too_long")
    reader = _Reader()
    try:
        reader.parser.Parse(body, True)
    except expat.ExpatError:
        raise Malformed("not_a_plist") from None
    return reader.result()


def _number(text: str) -> int:
    text = text.strip()
    if _DECIMAL.match(text):
        return integer(int(text))
    if _HEXADECIMAL.match(text):
        return integer(int(text, 16))
    raise Malformed("unknown_value")


def _real(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Malformed("unknown_value") from None


def _data(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text.translate(_BLANKS), strict_mode=True)
    except ValueError:
        raise Malformed("not_base64") from None


def _true(_: str) -> bool:
    return True


def _false(_: str) -> bool:
    return False


_SCALARS: dict[str, Callable[[str], Any]] = {
    "string": str,
    "key": str,
    "true": _true,
    "false": _false,
    "integer": _number,
    "data": _data,
    "real": _real,
    "date": moment,
}


class _Reader:
    """Builds the value while expat reads. No entity is ever declared, so that none can grow, and no file is
    fetched.
    """

    def __init__(self) -> None:
        self.parser = expat.ParserCreate("UTF-8")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.EntityDeclHandler = self._entity
        self.parser.SkippedEntityHandler = self._entity
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self._found: list[Any] = []
        self._open: list[Any] = [self._found]
        self._keys: list[str | None] = [None]
        self._scalar = ""
        self._texts: list[str] = []
        self._items = 0
        self._inside_plist = False

    def result(self) -> Any:
        if len(self._found) != 1:
            raise Malformed("missing")
        return self._found[0]

    def _doctype(self, name: str, system: str | None, public: str | None, has_internal_subset: int) -> None:
        if has_internal_subset or name != "plist":
            raise Malformed("doctype")

    def _entity(self, *_: object) -> None:
        raise Malformed("entities")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._items += 1
        if self._items > MOST_ITEMS:
            raise Malformed("too_many")
        if self._scalar or (attributes and self._inside_plist):
            raise Malformed("not_a_plist")
        if not self._inside_plist:
            if name != "plist":
                raise Malformed("not_a_plist")
            self._inside_plist = True
        elif name in _SCALARS:
            self._scalar = name
            self._texts.clear()
        elif name == "dict" or name == "array":
            if len(self._open) > DEEPEST:
                raise Malformed("too_deep")
            container: Any = {} if name == "dict" else []
            self._add(container)
            self._open.append(container)
            self._keys.append(None)
        else:
            raise Malformed("not_a_plist")

    def _end(self, name: str) -> None:
        if self._scalar:
            text = self._texts[0] if len(self._texts) == 1 else "".join(self._texts)
            self._scalar = ""
            if name == "key":
                self._name(text)
            else:
                self._add(_SCALARS[name](text))
        elif name != "plist":
            self._open.pop()
            if self._keys.pop() is not None:
                raise Malformed("missing")

    def _text(self, text: str) -> None:
        if self._scalar:
            self._texts.append(text)
        elif not text.isspace():
            raise Malformed("not_a_plist")

    def _name(self, key: str) -> None:
        container = self._open[-1]
        if not isinstance(container, dict) or self._keys[-1] is not None:
            raise Malformed("not_a_plist")
        if key in container:
            raise Malformed("duplicate_key")
        self._keys[-1] = key

    def _add(self, value: Any) -> None:
        container = self._open[-1]
        if isinstance(container, list):
            container.append(value)
            return
        key = self._keys[-1]
        if key is None:
            raise Malformed("missing")
        container[key] = value
        self._keys[-1] = None
