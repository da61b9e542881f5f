"""The one clock. Everything that asks for the time asks here, so that tests can move it."""

import time
from collections.abc import Callable

source: Callable[[], float] = time.time


def now() -> int:
    """Whole seconds since 1970-01-01 UTC."""
    return int(source())
