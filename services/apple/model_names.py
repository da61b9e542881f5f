"""Names that an administrator gives to models: apple-models.json in the data folder, {"iPhone19,1": "iPhone 18"}."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path

from models import Device
from services import database

FILE_NAME = "apple-models.json"
LARGEST = 256 * 1024  # bytes
LONGEST = int(Device.model.max_length)

log = logging.getLogger("muster.apple")

_known: tuple[object, dict[str, str]] | None = None  # which state of the file, and what it says


class Unusable(Exception):
    """What is wrong with the file, for the administrator. The text goes on after the file's name."""


def added() -> Mapping[str, str]:
    """By product identifier. The file is read again when it has changed; one that cannot be used counts as empty."""
    global _known
    path = _path()
    state = _state(path)
    if _known is None or _known[0] != state:
        _known = (state, _usable(path))
    return _known[1]


def problem() -> str:
    """What is wrong with the file, if there is one; nothing while all is well."""
    try:
        _read(_path())
    except Unusable as unusable:
        return str(unusable)
    return ""


def _path() -> Path:
    return database.folder() / FILE_NAME


def _state(path: Path) -> object:
    try:
        now = path.stat()
    except OSError:
        return path
    return path, now.st_ino, now.st_mtime_ns, now.st_size


def _usable(path: Path) -> dict[str, str]:
    """Told once a state: a device that checks in shall not fail for it, nor fill the log."""
    try:
        return _read(path)
    except Unusable as unusable:
        log.warning("%s %s: it is ignored", path, unusable)
        return {}


def _read(path: Path) -> dict[str, str]:
    try:
        if not path.exists():
            return {}
        if not path.is_file():
            raise Unusable("is no file")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise Unusable(f"is larger than {LARGEST // 1024} kB")
        names = json.loads(content.decode("utf-8-sig"))  # some editors begin a file with a mark
    except OSError as error:
        raise Unusable(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Unusable("is not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise Unusable(f"is not JSON: {error}") from None
    if not isinstance(names, dict):
        raise Unusable("is not an object of names by product identifier")
    for product, name in names.items():
        _check(product, name)
    return names


def _check(product: str, name: object) -> None:
    if not isinstance(name, str) or not name.strip():
        raise Unusable(f"gives {product!r} a name that is no text")
    if len(name) > LONGEST:
        raise Unusable(f"gives {product!r} a name of {len(name)} characters, and {LONGEST} are the most")
    if not name.isprintable():
        raise Unusable(f"gives {product!r} a name with characters that cannot be seen")
