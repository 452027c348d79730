"""One complete call: a book against generated clients and hand-written code."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from typing import Any

import aiohttp
import httpx

from benchmarks import peers, pinning
from benchmarks.bench import Bench
from benchmarks.clients import AUTHORIZATION, HEADERS, KEY, Side, book_over, missing
from benchmarks.responses import CONTACT_ID, GET
from benchmarks.rounds import Call, Lap, micros, per_second, rounds
from benchmarks.row import Result, Row, ratios
from benchmarks.serving import server

WIDTH = 32


@asynccontextmanager
async def stock(origin: str, width: int) -> AsyncGenerator[Call]:
    peers.importable("openapi-python-client")
    client: Any = import_module("vercom_stock.client")
    api: Any = import_module("vercom_stock.api.contacts.list_contacts")
    limits = httpx.Limits(max_connections=width, max_keepalive_connections=width)
    async with client.Client(
        origin, headers=HEADERS, timeout=httpx.Timeout(60), httpx_args={"limits": limits}
    ) as opened:

        async def call() -> None:
            answer = await api.asyncio(client=opened, id=int(CONTACT_ID), limit=1)
            assert answer.data[0].id == CONTACT_ID

        yield call


@asynccontextmanager
async def generator(origin: str, width: int) -> AsyncGenerator[Call]:
    peers.importable("openapi-generator")
    module: Any = import_module("vercom_generator")
    keys = {"authorizationKey": AUTHORIZATION, "applicationKey": KEY}
    configuration = module.Configuration(host=origin, api_key=keys, connection_pool_maxsize=width)
    async with module.ApiClient(configuration) as client:
        api = module.ContactsApi(client)

        async def call() -> None:
            answer = await api.list_contacts(id=int(CONTACT_ID), limit=1)
            assert answer.data[0].id == CONTACT_ID

        yield call


@asynccontextmanager
async def by_hand_httpx(origin: str, width: int) -> AsyncGenerator[Call]:
    limits = httpx.Limits(max_connections=width, max_keepalive_connections=width)
    async with httpx.AsyncClient(headers=HEADERS, limits=limits, timeout=60) as client:

        async def call() -> None:
            response = await client.get(origin + GET)
            assert response.raise_for_status().json()["data"][0]["id"] == CONTACT_ID

        yield call


@asynccontextmanager
async def by_hand_aiohttp(origin: str, width: int) -> AsyncGenerator[Call]:
    async with aiohttp.ClientSession(headers=HEADERS, connector=aiohttp.TCPConnector(limit=width)) as session:

        async def call() -> None:
            async with session.get(origin + GET) as response:
                response.raise_for_status()
                assert json.loads(await response.read())["data"][0]["id"] == CONTACT_ID

        yield call


SIDES: dict[str, Side] = {
    "book over httpx": book_over("httpx"),
    "openapi-python-client": stock,
    "httpx by hand": by_hand_httpx,
    "book over aiohttp": book_over("aiohttp"),
    "openapi-generator": generator,
    "aiohttp by hand": by_hand_aiohttp,
}
_PAIRS = {
    "calls.stock": ("book over httpx", "openapi-python-client"),
    "calls.httpx": ("book over httpx", "httpx by hand"),
    "calls.generator": ("book over aiohttp", "openapi-generator"),
    "calls.aiohttp": ("book over aiohttp", "aiohttp by hand"),
}
ROWS = tuple(
    Row(key, f"one contact read, {WIDTH} in flight: {first} against {second}: calls/s")
    for key, (first, second) in _PAIRS.items()
)


def _reasons() -> dict[str, str]:
    """Return the clients that cannot run here, each with its reason."""
    found = {"book over aiohttp": reason} if (reason := missing("aiohttp")) else {}
    for name in peers.PACKAGES:
        try:
            peers.ready(name)
        except peers.MissingPeerError as absent:
            found[name] = str(absent)
    return found


async def _laps(bench: Bench, absent: dict[str, str]) -> dict[str, list[Lap]]:
    async with AsyncExitStack() as stack:
        sides: dict[str, tuple[Call, int]] = {}
        for name, side in SIDES.items():
            if name not in absent:
                # A server for each side, since books of one account share one limiter.
                origin = stack.enter_context(server()).origin
                sides[name] = (await stack.enter_async_context(side(origin, WIDTH)), WIDTH)
        return await rounds(sides, count=bench.rounds, seconds=bench.seconds, step=bench.step)


def run(bench: Bench) -> Iterator[Result]:
    absent = _reasons()
    laps = pinning.run(_laps(bench, absent))
    for row in ROWS:
        pair = _PAIRS[row.key]
        reason = next((absent[name] for name in pair if name in absent), "")
        if reason:
            yield Result(row, reason=reason)
            continue
        rates = {f"{name}, calls/s": per_second(laps[name]) for name in pair}
        yield Result(row, ratios(*rates.values()), rates | {f"{name}, µs": micros(laps[name]) for name in pair})
