"""A server with 20 ms of delay: calls a second with more calls in flight, and against the fastest clients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack

from benchmarks import pinning
from benchmarks.bench import Bench
from benchmarks.clients import bare_aiohttp, barely, floor, missing
from benchmarks.rounds import Call, Lap, per_second, rounds
from benchmarks.row import Result, Row, ratios
from benchmarks.serving import server

NAMES = ("httpx", "httpx2", "aiohttp")
DELAY = 0.02
_STEPS = {(64, 32): 1.0, (32, 10): 2.5}
_FLOOR = Row("away.aiohttp-floor", "20 ms away, aiohttp, 64 in flight: calls/s against the floor client", "≥", 0.98)
_BARE = Row("away.aiohttp-bare", "20 ms away, aiohttp, 256 in flight: calls/s against bare aiohttp", "≥", 0.85)
_IDEAL = Row("away.aiohttp-ideal", "20 ms away, aiohttp, 64 in flight: calls/s against the ideal, 64 / 20 ms", "≥", 0.9)


def _row(name: str, more: int, fewer: int) -> Row:
    title = f"20 ms away, {name}: calls/s with {more} in flight against {fewer}"
    return Row(f"away.{name}-{more}-{fewer}", title, "≥", _STEPS[more, fewer])


ROWS = (*(_row(name, *step) for name in NAMES for step in _STEPS), _IDEAL, _FLOOR, _BARE)


async def _laps(bench: Bench, name: str) -> dict[str, list[Lap]]:
    async with AsyncExitStack() as stack:
        served = stack.enter_context(server(delay=DELAY))
        sides: dict[str, tuple[Call, int]] = {}
        for width in (10, 32, 64):
            sides[f"{width}"] = (await stack.enter_async_context(barely(name)(served.origin, width)), width)
        if name == "aiohttp":
            sides["floor"] = (await stack.enter_async_context(floor(served.origin, 64)), 64)
            sides["256"] = (await stack.enter_async_context(barely(name)(served.origin, 256)), 256)
            sides["bare aiohttp"] = (await stack.enter_async_context(bare_aiohttp(served.origin, 256)), 256)
        return await rounds(sides, count=bench.rounds, seconds=1.5 * bench.seconds, step=bench.step)


def run(bench: Bench) -> Iterator[Result]:
    for name in NAMES:
        reason = missing(name)
        laps = {} if reason else pinning.run(_laps(bench, name))
        for more, fewer in _STEPS:
            row = _row(name, more, fewer)
            if reason:
                yield Result(row, reason=reason)
            else:
                sides = {f"{width} in flight, calls/s": per_second(laps[f"{width}"]) for width in (more, fewer)}
                yield Result(row, ratios(*sides.values()), sides)
        if name != "aiohttp":
            continue
        if reason:
            yield from (Result(row, reason=reason) for row in (_IDEAL, _FLOOR, _BARE))
        else:
            rates = per_second(laps["64"])
            sides = {"aiohttp, calls/s": rates, "floor, calls/s": per_second(laps["floor"])}
            yield Result(_IDEAL, [rate * DELAY / 64 for rate in rates], sides)
            yield Result(_FLOOR, ratios(*sides.values()), sides)
            sides = {"aiohttp, calls/s": per_second(laps["256"]), "bare, calls/s": per_second(laps["bare aiohttp"])}
            yield Result(_BARE, ratios(*sides.values()), sides)
