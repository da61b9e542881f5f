"""Turns: in a web process one request at a time computes, and whoever waits for something else lets the next one go on.

Python runs one thread at a time anyway. Left to itself it passes the word at each call into SQLite, dozens of times a
request, and each time one thread falls asleep and another wakes up: with four threads that takes more time than the
requests themselves.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Mine(threading.local):
    is_it = False


_turn = threading.Lock()
_mine = _Mine()


@contextmanager
def taken() -> Iterator[None]:
    """Wait for the turn, and have it for the block."""
    with _turn:
        _mine.is_it = True
        try:
            yield
        finally:
            _mine.is_it = False


@contextmanager
def given_up() -> Iterator[None]:
    """Around all that may wait: for the disk, for a lock, for a slow client. Whoever has no turn loses none.

    What is not so wrapped keeps everybody waiting; and if it waits for what another thread holds, for ever.
    """
    if not _mine.is_it:
        yield
        return
    _mine.is_it = False
    _turn.release()
    try:
        yield
    finally:
        _turn.acquire()
        _mine.is_it = True
