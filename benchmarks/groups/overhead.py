"""What is ours of a call, over a transport in memory."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.micros import micros
from benchmarks.row import Result, Row

ROWS = (
    Row("overhead.facade", "`contacts.get` over a transport in memory: CPU on top of that transport", "≤", 25, "µs"),
    Row("overhead.policy", "limiter and retry loop when nothing fails: CPU a call, the deadline's aside", "≤", 5, "µs"),
)
_SIDES = {"overhead.facade": ("whole", "barely"), "overhead.policy": ("wire", "without_policy")}


def run(bench: Bench) -> Iterator[Result]:
    figures = micros("overhead", bench)
    for row in ROWS:
        first, second = (figures[name] for name in _SIDES[row.key])
        sides = {f"{name}, µs": figures[name] for name in _SIDES[row.key]}
        yield Result(row, [a - b for a, b in zip(first, second, strict=True)], sides)
