"""Devices that join stand in line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from models import database
from services import locks


@contextmanager
def in_line() -> Iterator[None]:
    """Wait for one's turn, and do the block in one transaction.

    Without, each of a thousand that join at once would try its luck with SQLite again and again, after pauses that grow,
    and some would never have any.
    """
    with locks.named("apple_joining"), database.atomic():
        yield
