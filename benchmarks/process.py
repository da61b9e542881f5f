"""What a portal at rest takes: memory of all its processes, and the time until it answers."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.portal import data_folder, serve
from benchmarks.visitor import Visitor

REST_SECONDS = 5
STARTS = 3
Figures = Iterator[tuple[str, float, str]]


def memory_mb() -> Figures:
    """Web and worker together, after one person has signed in and looked around, at rest.

    Proportional set size, so that memory shared by processes counts once; the plain sum of resident sizes beside it.
    """
    with data_folder(devices=20) as folder, serve(folder) as portal:
        alice = Visitor(portal.url)
        alice.sign_in()
        alice.get("/account")
        time.sleep(REST_SECONDS)
        members = family(portal.process.pid)
        yield "memory_mb", sum(kilobytes(pid, "smaps_rollup", "Pss:") for pid in members) / 1024, "MB"
        yield "memory_rss_mb", sum(kilobytes(pid, "status", "VmRSS:") for pid in members) / 1024, "MB"


def start_s() -> Figures:
    """From the start of `flask serve` to its first answer; the median of three, on a migrated database."""
    with data_folder() as folder:
        times = []
        for _ in range(STARTS):
            with serve(folder) as portal:
                times.append(portal.started_in)
        yield "start_s", statistics.median(times), "s"


def family(pid: int) -> list[int]:
    """The process and all that it started. https://man7.org/linux/man-pages/man5/proc_pid_task.5.html"""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in family(int(child)))]


def kilobytes(pid: int, file: str, key: str) -> int:
    for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1])
    return 0
