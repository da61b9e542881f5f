"""What an Apple device once answered, read again: another version of Muster may have stored it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

Answer = TypeVar("Answer")


def one(kind: type[Answer], stored: Mapping[str, Any] | None) -> Answer | None:
    """What this version does not know is left out; what it does not find is None, which is "not reported"."""
    if not stored:
        return None
    return kind(**{each.name: stored.get(each.name) for each in fields(kind)})  # type: ignore[arg-type]


def each(kind: type[Answer], stored: list[Mapping[str, Any]] | None) -> list[Answer]:
    return [found for one_of_them in stored or [] if (found := one(kind, one_of_them)) is not None]
