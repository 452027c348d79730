"""The cost of the facade: a book's call against a direct call of its transport, and against bare aiohttp."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack

from benchmarks import pinning
from benchmarks.bench import Bench
from benchmarks.clients import bare_aiohttp, barely, book_over, missing
from benchmarks.rounds import Lap, micros, rounds
from benchmarks.row import Result, Row, ratios
from benchmarks.serving import server

_TITLE = "`contacts.get` over {}, {} in flight: CPU against the transport called barely"
_BARE = Row(
    "facade.aiohttp-bare", "`contacts.get` over aiohttp, 32 in flight: CPU on top of bare aiohttp", "≤", 35, "µs"
)
_BARELY = (
    Row("facade.httpx-1", _TITLE.format("httpx", 1), "≤", 1.15),
    Row("facade.httpx-32", _TITLE.format("httpx", 32), "≤", 1.15),
    Row("facade.httpx2-32", _TITLE.format("httpx2", 32)),
    Row("facade.aiohttp-32", _TITLE.format("aiohttp", 32)),
)
ROWS = (*_BARELY, _BARE)


async def _laps(bench: Bench, name: str, width: int) -> dict[str, list[Lap]]:
    async with AsyncExitStack() as stack:
        served = stack.enter_context(server())
        book = await stack.enter_async_context(book_over(name)(served.origin, width))
        bare = await stack.enter_async_context(barely(name)(served.origin, width))
        sides = {"book": (book, width), "transport": (bare, width)}
        if name == "aiohttp":
            sides["bare aiohttp"] = (await stack.enter_async_context(bare_aiohttp(served.origin, width)), width)
        return await rounds(sides, count=bench.rounds, seconds=bench.seconds, step=bench.step)


def run(bench: Bench) -> Iterator[Result]:
    for row in _BARELY:
        name, width = row.key.partition(".")[2].split("-")
        if reason := missing(name):
            yield Result(row, reason=reason)
            continue
        laps = pinning.run(_laps(bench, name, int(width)))
        sides = {f"{side}, µs": micros(laps[side]) for side in ("book", "transport")}
        yield Result(row, ratios(*sides.values()), sides)
        if name == "aiohttp":
            sides = {f"{side}, µs": micros(laps[side]) for side in ("book", "bare aiohttp")}
            yield Result(_BARE, [book - bare for book, bare in zip(*sides.values(), strict=True)], sides)
