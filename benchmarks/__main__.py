"""`make bench` runs every benchmark and prints `name value unit`; `make bench ONLY=name` runs one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from benchmarks import apple, apple_damage, journey, outbox, pages, process

# A benchmark yields (name, value, unit). Under the name it is asked for, it may measure several figures at once.
Figures = Iterator[tuple[str, float, str]]
ALL: dict[str, Callable[[], Figures]] = {
    "home_vs_hello": pages.home_vs_hello,
    "pin_ms": pages.pin_ms,
    "qr_ms": pages.qr_ms,
    "active_seen_s": journey.active_seen_s,
    "memory_mb": process.memory_mb,
    "start_s": process.start_s,
    "outbox_per_s": outbox.outbox_per_s,
    "outbox_kill": outbox.outbox_kill,
    "request_while_smtp_dead_ms": outbox.request_while_smtp_dead_ms,
    "apple_idle": apple.apple_idle,
    "apple_enrol_1000_s": apple.apple_enrol_1000_s,
    "apple_damage_slowest_ms": apple_damage.apple_damage_slowest_ms,
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in ALL]
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}. There are: {', '.join(ALL)}", file=sys.stderr)
        return 2
    for name in names or ALL:
        for figure, value, unit in ALL[name]():
            print(f"{figure} {value:.4g} {unit}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
