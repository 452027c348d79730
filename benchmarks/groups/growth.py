"""The CPU time of `contacts.get` with few and with many calls in flight."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack

from benchmarks import pinning
from benchmarks.bench import Bench
from benchmarks.clients import book_over, missing
from benchmarks.rounds import Call, Lap, micros, rounds
from benchmarks.row import Result, Row, ratios
from benchmarks.serving import server

WIDTHS = (1, 8, 64, 256)
_BOUNDS = {"httpx": 1.5, "httpx2": 1.3, "aiohttp": 1.3}
ROWS = tuple(
    Row(f"growth.{name}", f"`contacts.get` over {name}: CPU with 256 in flight against 8", "≤", bound)
    for name, bound in _BOUNDS.items()
)


async def _laps(bench: Bench, name: str) -> dict[str, list[Lap]]:
    async with AsyncExitStack() as stack:
        served = stack.enter_context(server())
        sides: dict[str, tuple[Call, int]] = {}
        for width in WIDTHS:
            # A server for each, since books of one account share the strictest limit of calls in flight.
            origin = stack.enter_context(server()).origin if width != 1 else served.origin
            sides[f"{width}"] = (await stack.enter_async_context(book_over(name)(origin, width)), width)
        return await rounds(sides, count=bench.rounds, seconds=bench.seconds, step=bench.step)


def run(bench: Bench) -> Iterator[Result]:
    for row in ROWS:
        name = row.key.partition(".")[2]
        if reason := missing(name):
            yield Result(row, reason=reason)
            continue
        laps = pinning.run(_laps(bench, name))
        sides = {f"{width} in flight, µs": micros(laps[f"{width}"]) for width in WIDTHS}
        yield Result(row, ratios(micros(laps["256"]), micros(laps["8"])), sides)
