"""A limit that is known: used up, and never passed.

Counted where requests are handed to the transport; what the server saw is told beside it, since the way there takes
now longer, now shorter.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from time import monotonic
from types import SimpleNamespace
from typing import Any

import httpx

from benchmarks import pinning
from benchmarks.answers import CONTACT_ID
from benchmarks.bench import Bench
from benchmarks.clients import AUTHORIZATION, KEY, missing
from benchmarks.row import Result, Row
from benchmarks.serving import server
from benchmarks.windows import peak, used
from crossbook import Vercom
from crossbook.core.exchange import Failure, Outgoing, Reply

RATES = (10, 500)
ROWS = tuple(
    row
    for rate in RATES
    for row in (
        Row(f"rate.used-{rate}", f"a limit of {rate}/s: the share of it that is used", "≥", 0.95, ""),
        Row(f"rate.peak-{rate}", f"a limit of {rate}/s: the fullest second, over what the limit allows", "≤", 1, ""),
    )
)


async def _times(rate: int, seconds: float) -> tuple[list[float], list[float]]:
    """When requests left, and when they came, while there was always somebody who wanted to ask."""
    left: list[float] = []
    # The quickest there is: it is the limiter that is looked at.
    options: dict[str, Any] = {"rate": rate, "transport": "httpx" if missing("aiohttp") else "aiohttp"}
    with server() as served:
        async with Vercom(AUTHORIZATION, KEY, base_url=served.origin, **options) as book:
            transport = book._connection.transport
            end = monotonic() + seconds

            async def send(call: Outgoing) -> Reply | Failure:
                left.append(monotonic())
                return await transport.send(call)

            async def work() -> None:
                while monotonic() < end:
                    await book.contacts.get(CONTACT_ID)

            book._connection.transport = SimpleNamespace(name=transport.name, send=send, aclose=transport.aclose)
            await asyncio.gather(*(work() for _ in range(40)))
        async with httpx.AsyncClient() as client:
            came: list[float] = json.loads((await client.get(f"{served.origin}/arrivals")).content)
    return left, came


def run(bench: Bench) -> Iterator[Result]:
    seconds, rounds = (3.0, 2) if bench.quick else (6.0, 3)
    for rate, rows in zip(RATES, (ROWS[:2], ROWS[2:]), strict=True):
        times: list[tuple[list[float], list[float]]] = []
        for number in range(rounds):
            bench.step(f"{rate}/s, round {number + 1} of {rounds}")
            times.append(pinning.run(_times(rate, seconds)))
        seen = {"as the server saw it, ": [used(came, rate, seconds) for _, came in times]}
        yield Result(rows[0], [used(left, rate, seconds) for left, _ in times], seen)
        seen = {"as the server saw it, ": [peak(came, rate) for _, came in times]}
        yield Result(rows[1], [peak(left, rate) for left, _ in times], seen, f"allowed: {rate} and a burst of {rate}")
