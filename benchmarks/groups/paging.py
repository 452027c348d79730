"""50 pages from a server with 20 ms of delay: the effect of prefetching."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from time import perf_counter
from typing import Any

import httpx

from benchmarks import pinning
from benchmarks.bench import Bench
from benchmarks.clients import AUTHORIZATION, HEADERS, KEY
from benchmarks.row import Result, Row, ratios
from benchmarks.serving import server
from crossbook import Vercom

PAGES, SIZE, AWAY = 50, 100, 0.02
_LIST = f"{PAGES} pages, 20 ms away, "
ROWS = (
    Row("paging.ahead", _LIST + "20 ms of reading a page: time against one after another", "≤", 0.55),
    Row("paging.window", _LIST + "an instant reader, `prefetch=8`: time against one after another", "≤", 0.25),
    Row("paging.by-hand", _LIST + "20 ms of reading a page: time against a loop by hand over bare httpx"),
)
Way = Callable[[], Awaitable[None]]


def _one_after_another(book: Vercom, pause: float) -> Way:
    async def read() -> None:
        page = await book.contacts.list(page_size=SIZE)
        while page.cursor is not None:
            await asyncio.sleep(pause)
            page = await book.contacts.list(page_size=SIZE, after=page.cursor)

    return read


def _prefetch(book: Vercom, pause: float, **options: Any) -> Way:
    async def read() -> None:
        pages = 0
        async for page in book.contacts.list(page_size=SIZE, **options).pages():
            if page.items:
                pages += 1
                await asyncio.sleep(pause)
        assert pages == PAGES

    return read


def _by_hand(client: httpx.AsyncClient, origin: str, pause: float) -> Way:
    async def read() -> None:
        for offset in range(0, PAGES * SIZE + 1, SIZE):
            response = await client.get(f"{origin}/v2.1/contact?offset={offset}&limit={SIZE}")
            if response.status_code == 404:
                return
            json.loads(response.content)
            await asyncio.sleep(pause)

    return read


async def _seconds(bench: Bench, ways: dict[str, Way]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in ways}
    count = max(2, bench.rounds // 2)
    for number in range(count):
        for name, way in list(ways.items())[:: -1 if number % 2 else 1]:
            bench.step(f"{name}, round {number + 1} of {count}")
            began = perf_counter()
            await way()
            found[name].append(perf_counter() - began)
    return found


async def _figures(bench: Bench) -> dict[str, list[float]]:
    async with AsyncExitStack() as stack:
        origin = stack.enter_context(server(delay=AWAY, total=PAGES * SIZE)).origin
        book = await stack.enter_async_context(Vercom(AUTHORIZATION, KEY, base_url=origin))
        client = await stack.enter_async_context(httpx.AsyncClient(headers=HEADERS))
        ways = {
            "prefetch": _prefetch(book, AWAY),
            "one after another": _one_after_another(book, AWAY),
            "by hand": _by_hand(client, origin, AWAY),
            "one after another, instant": _one_after_another(book, 0.0),
            "prefetch=8": _prefetch(book, 0.0, prefetch=8),
        }
        return await _seconds(bench, ways)


def run(bench: Bench) -> Iterator[Result]:
    found = pinning.run(_figures(bench))
    pairs = (("prefetch", "one after another"), ("prefetch=8", "one after another, instant"), ("prefetch", "by hand"))
    for row, pair in zip(ROWS, pairs, strict=True):
        yield Result(row, ratios(found[pair[0]], found[pair[1]]), {f"{name}, s": found[name] for name in pair})
