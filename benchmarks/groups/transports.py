"""Our transports, called barely, against the bare clients, at 1, 8, 64 and 256 in flight; and the floor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack

from benchmarks import pinning
from benchmarks.bench import Bench
from benchmarks.clients import Side, bare, bare_aiohttp, barely, floor, missing
from benchmarks.rounds import Lap, micros, per_second, rounds
from benchmarks.row import Result, Row, ratios
from benchmarks.serving import server

WIDTHS = (1, 8, 64, 256)
SIDES: dict[str, Side] = {
    "httpx": barely("httpx"),
    "bare httpx": bare("httpx"),
    "httpx2": barely("httpx2"),
    "bare httpx2": bare("httpx2"),
    "aiohttp": barely("aiohttp"),
    "bare aiohttp": bare_aiohttp,
    "floor": floor,
}
# (first, second) and its bounds by calls in flight, as calls a second.
_PAIRS = {
    ("httpx", "bare httpx"): {64: 3.5},
    ("httpx2", "bare httpx2"): {64: 1.2},
    ("aiohttp", "bare aiohttp"): {1: 0.85, 64: 0.85},
    ("aiohttp", "bare httpx"): {64: 10.0},
    ("aiohttp", "floor"): {},
}


def _row(first: str, second: str, width: int) -> Row:
    bound = _PAIRS[first, second].get(width)
    key = f"transports.{first}-{second.replace(' ', '-')}-{width}"
    return Row(key, f"transport {first} against {second}, {width} in flight: calls/s", "≥" if bound else "", bound or 0)


ROWS = tuple(_row(*pair, width) for pair in _PAIRS for width in WIDTHS)


async def _laps(bench: Bench, width: int) -> dict[str, list[Lap]]:
    async with AsyncExitStack() as stack:
        served = stack.enter_context(server())
        sides = {}
        for name, side in SIDES.items():
            if name not in ("httpx", "httpx2", "aiohttp") or not missing(name):
                sides[name] = (await stack.enter_async_context(side(served.origin, width)), width)
        return await rounds(sides, count=bench.rounds, seconds=bench.seconds, step=bench.step)


def run(bench: Bench) -> Iterator[Result]:
    for width in WIDTHS:
        laps = pinning.run(_laps(bench, width))
        rates = {name: per_second(its) for name, its in laps.items()}
        for pair in _PAIRS:
            row = _row(*pair, width)
            if pair[0] in laps:
                sides = {f"{name}, calls/s": rates[name] for name in pair}
                sides |= {f"{name}, µs": micros(laps[name]) for name in pair}
                yield Result(row, ratios(rates[pair[0]], rates[pair[1]]), sides)
            else:
                yield Result(row, reason=missing(pair[0]))
