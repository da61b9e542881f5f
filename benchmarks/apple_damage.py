"""Broken input by the hundred thousand, given to everything that reads what an Apple device sends."""

from __future__ import annotations

from collections.abc import Iterator

from simulation import apple_damage

INPUTS = 200_000
Figures = Iterator[tuple[str, float, str]]


def apple_damage_slowest_ms() -> Figures:
    """Fails for an exception that is not the declared one, and for an input that takes 100 ms of CPU time."""
    outcome = apple_damage.fuzz(INPUTS)
    if outcome.surprises:
        name, _, error = outcome.surprises[0]
        raise RuntimeError(f"{len(outcome.surprises)} surprises; the first from {name}: {error}")
    if outcome.slow:
        name, data = outcome.slow[0]
        raise RuntimeError(f"{len(outcome.slow)} inputs are slow; the first, {len(data)} bytes for {name}")
    yield "apple_damage_inputs", outcome.inputs, "inputs"
    yield "apple_damage_slowest_ms", outcome.slowest * 1000, "ms"
