"""The CPU time of our code in a call over a transport in memory, as differences of sides in one process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack

from benchmarks import pinning
from benchmarks.bench import Bench
from benchmarks.in_memory import barely, whole, wire, without_policy
from benchmarks.rounds import Call, Lap, micros, rounds
from benchmarks.row import Result, Row

ROWS = (
    Row("overhead.facade", "`contacts.get` over a transport in memory: CPU on top of that transport", "≤", 25, "µs"),
    Row("overhead.policy", "limiter and retry loop when nothing fails: CPU a call", "≤", 5, "µs"),
)
_SIDES = {"contacts.get": whole, "the transport": barely, "with": wire, "without": without_policy}
_PAIRS = (("contacts.get", "the transport"), ("with", "without"))


async def _laps(bench: Bench) -> dict[str, list[Lap]]:
    async with AsyncExitStack() as stack:
        sides: dict[str, tuple[Call, int]] = {}
        for name, opened in _SIDES.items():
            sides[name] = (await stack.enter_async_context(opened()), 1)
        return await rounds(sides, count=2 * bench.rounds, seconds=bench.seconds / 2, step=bench.step)


def run(bench: Bench) -> Iterator[Result]:
    laps = pinning.run(_laps(bench))
    for row, pair in zip(ROWS, _PAIRS, strict=True):
        first, second = (micros(laps[name]) for name in pair)
        sides = {f"{pair[0]}, µs": first, f"{pair[1]}, µs": second}
        yield Result(row, [a - b for a, b in zip(first, second, strict=True)], sides)
