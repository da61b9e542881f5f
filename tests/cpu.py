"""How much CPU something takes: a wide bound against work that grows with the square; benchmarks hold the narrow one."""

from __future__ import annotations

import time
from collections.abc import Callable

MUCH = 0.5  # seconds; five times what the benchmark allows, because other tests run beside


def least_seconds(work: Callable[[], object]) -> float:
    """Of three times, so that whatever else the machine does counts less."""
    times = []
    for _ in range(3):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times)
