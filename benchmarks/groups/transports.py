"""Our transports without the facade, against the bare clients, with 1, 8, 64 and 256 in flight; and the floor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack
from importlib.util import find_spec

from benchmarks import pinning
from benchmarks.bench import Bench
from benchmarks.clients import Side, bare, bare_aiohttp, barely, floor, missing
from benchmarks.rounds import Call, Lap, micros, per_second, rounds
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
# Also over uvloop, if installed.
_LANES = (*((width, False) for width in WIDTHS), (64, True))


def _rows(width: int, fast: bool) -> list[tuple[Row, tuple[str, str]]]:
    found: list[tuple[Row, tuple[str, str]]] = []
    for (first, second), bounds in _PAIRS.items():
        if fast and first != "aiohttp":
            continue
        bound = 0.0 if fast else bounds.get(width, 0.0)
        key = f"transports.{first}-{second.replace(' ', '-')}-{width}{'-uvloop' if fast else ''}"
        title = f"transport {first} against {second}, {width} in flight{', uvloop' if fast else ''}: calls/s"
        found.append((Row(key, title, "≥" if bound else "", bound), (first, second)))
    return found


ROWS = tuple(row for lane in _LANES for row, _ in _rows(*lane))


async def _laps(bench: Bench, width: int, names: set[str]) -> dict[str, list[Lap]]:
    async with AsyncExitStack() as stack:
        served = stack.enter_context(server())
        sides: dict[str, tuple[Call, int]] = {}
        for name, side in SIDES.items():
            if name in names:
                sides[name] = (await stack.enter_async_context(side(served.origin, width)), width)
        return await rounds(sides, count=bench.rounds, seconds=bench.seconds, step=bench.step)


def run(bench: Bench) -> Iterator[Result]:
    for width, fast in _LANES:
        rows = _rows(width, fast)
        absent = {name: reason for _, (name, _) in rows if (reason := missing(name))}
        if fast and find_spec("uvloop") is None:
            absent |= dict.fromkeys(SIDES, "uvloop is not installed here")
        names = {name for _, pair in rows if pair[0] not in absent for name in pair}
        laps = pinning.run(_laps(bench, width, names), fast=fast) if names else {}
        for row, pair in rows:
            if pair[0] in absent:
                yield Result(row, reason=absent[pair[0]])
                continue
            sides = {f"{name}, calls/s": per_second(laps[name]) for name in pair}
            values = ratios(*sides.values())
            yield Result(row, values, sides | {f"{name}, µs": micros(laps[name]) for name in pair})
