"""An event that the handler of a signal may set."""

from __future__ import annotations

import threading
import time

A_MOMENT = 0.1  # seconds until it is noticed at the latest


class Bell(threading.Event):
    """It looks again and again, because nothing else is sure to wake who waits.

    A signal's handler runs between any two steps of the main thread: also while that holds the lock of the very event
    that the handler sets, and both would wait for ever. And of two signals at once the system may give both to another
    thread, which leaves the main one, and so the handler, asleep. Here nothing is locked, and nobody sleeps for long.
    """

    def __init__(self) -> None:
        super().__init__()
        self._is_rung = False

    def is_set(self) -> bool:
        return self._is_rung

    def set(self) -> None:
        self._is_rung = True

    def clear(self) -> None:
        self._is_rung = False

    def wait(self, timeout: float | None = None) -> bool:
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._is_rung:
            left = A_MOMENT if deadline is None else deadline - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(left, A_MOMENT))
        return True
