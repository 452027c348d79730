"""A known rate limit is used fully and never exceeded; and the cost of refusals without a rate limit.

The known limit is counted where requests are handed to the transport; what the server saw is told beside it, since the
way there takes now longer, now shorter. The refusals are faults of the sandbox, which answers after 0.15 s here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from statistics import median
from time import monotonic
from types import SimpleNamespace
from typing import Any

import httpx

from benchmarks import pinning
from benchmarks.bench import Bench
from benchmarks.clients import AUTHORIZATION, KEY, missing
from benchmarks.responses import CONTACT_ID
from benchmarks.row import Result, Row
from benchmarks.serving import server
from benchmarks.windows import peak, used
from crossbook import AddressBook, CrossbookError, Vercom
from crossbook._http.request import PreparedRequest, TransportFailure, TransportResponse
from crossbook_testing import Sandbox

RATES = (10, 500)
LATENCY = 0.15
KNOWN = tuple(
    row
    for rate in RATES
    for row in (
        Row(f"rate.used-{rate}", f"a limit of {rate}/s: the share of it that is used", "≥", 0.95, ""),
        Row(f"rate.peak-{rate}", f"a limit of {rate}/s: the fullest second, over what the limit allows", "≤", 1, ""),
    )
)
TRICKLE = Row("rate.trickle", "600 calls after a trickle with two refusals at once: seconds", "≤", 6, "s")
RARE = tuple(
    Row(
        f"rate.rare-{rate}",
        f"0.2 % of {rate} requests/s refused: the share that is done",
        "≥",
        0.8,
    )
    for rate in (100, 200, 500)
)
PAIRS = Row("rate.pairs", "two refusals with Retry-After: 1 every 5 s, 117 calls/s: the share that is done", "≥", 0.5)
TIMEOUT = Row("rate.timeout", "timeout=5 where 40 callers share 1/s: seconds of an answered call", "≤", 5, "s")
ROWS = (*KNOWN, TRICKLE, *RARE, PAIRS, TIMEOUT)


async def _times(rate: int, seconds: float) -> tuple[list[float], list[float]]:
    """Return the times at which requests were sent and arrived, while calls always wait for a permit."""
    left: list[float] = []
    # The fastest transport, since the limiter is measured.
    options: dict[str, Any] = {"rate": rate, "transport": "httpx" if missing("aiohttp") else "aiohttp"}
    with server() as served:
        async with Vercom(AUTHORIZATION, KEY, base_url=served.origin, **options) as book:
            transport = book._session.transport
            end = monotonic() + seconds

            async def send(call: PreparedRequest) -> TransportResponse | TransportFailure:
                left.append(monotonic())
                return await transport.send(call)

            async def work() -> None:
                while monotonic() < end:
                    await book.contacts.get(CONTACT_ID)

            book._session.transport = SimpleNamespace(name=transport.name, send=send, aclose=transport.aclose)
            await asyncio.gather(*(work() for _ in range(40)))
        async with httpx.AsyncClient() as client:
            came: list[float] = json.loads((await client.get(f"{served.origin}/arrivals")).content)
    return left, came


@asynccontextmanager
async def _sandboxed(sandbox: Sandbox, **options: Any) -> AsyncGenerator[AddressBook]:
    """Yield a book whose rate limit is unknown, on a sandbox that responds with a delay."""
    sandbox.seed("vercom", groups=1)
    async with Vercom.from_env(**options) as book:
        transport = book._session.transport

        async def send(call: PreparedRequest) -> TransportResponse | TransportFailure:
            await asyncio.sleep(LATENCY)
            return await transport.send(call)

        book._session.transport = SimpleNamespace(name=transport.name, send=send, aclose=transport.aclose)
        yield book


async def _trickle() -> float:
    with Sandbox() as sandbox:
        async with _sandboxed(sandbox) as book:
            for number in range(10):
                if number == 5:
                    sandbox.inject_fault("groups.list", kind=429, vendor="vercom", times=2)
                await asyncio.gather(book.groups.list(), asyncio.sleep(1))
            calls = iter(range(600))

            async def work() -> None:
                for _ in calls:
                    await book.groups.list()

            began = monotonic()
            await asyncio.gather(*(work() for _ in range(32)))
            return monotonic() - began


async def _share(rate: int, seconds: float, *, part: float = 0.0, pairs: bool = False) -> float:
    """Return the share of the possible calls that sequential callers complete."""
    done = 0
    with Sandbox() as sandbox:
        async with _sandboxed(sandbox, concurrency=200) as book:
            if part:
                sandbox.inject_fault("groups.list", kind=429, vendor="vercom", probability=part)
            end = monotonic() + seconds

            async def work() -> None:
                nonlocal done
                while monotonic() < end:
                    await book.groups.list()
                    done += 1

            async def refuse() -> None:
                while pairs and monotonic() < end - 5:
                    await asyncio.sleep(5)
                    sandbox.inject_fault("groups.list", kind=429, vendor="vercom", retry_after=1, times=2)

            await asyncio.gather(refuse(), *(work() for _ in range(round(rate * LATENCY))))
    return done / seconds


async def _hurried(seconds: float) -> tuple[list[float], list[float]]:
    """Return the seconds that successful calls took, and those that failed calls took."""
    answered, refused = list[float](), list[float]()
    with Sandbox() as sandbox:
        async with _sandboxed(sandbox, rate=1, timeout=5) as book:
            end = monotonic() + seconds

            async def work() -> None:
                while (began := monotonic()) < end:
                    try:
                        await book.groups.list()
                    except CrossbookError:
                        refused.append(monotonic() - began)
                        await asyncio.sleep(1)
                    else:
                        answered.append(monotonic() - began)

            await asyncio.gather(*(work() for _ in range(40)))
    return answered, refused


def _refused(bench: Bench) -> Iterator[Result]:
    seconds = 10.0 if bench.quick else 60.0
    bench.step("a trickle, and 600 calls after it")
    yield Result(TRICKLE, [pinning.run(_trickle())])
    for rate, row in zip((100, 200, 500), RARE, strict=True):
        bench.step(f"0.2 % refused at {rate}/s")
        whole, rest = (pinning.run(_share(rate, seconds, part=part)) for part in (0.0, 0.002))
        yield Result(row, [rest / whole], {"without refusals, calls/s": [whole], "with them, calls/s": [rest]})
    bench.step("two refusals every 5 s")
    whole, rest = (pinning.run(_share(117, 2 * seconds, pairs=pairs)) for pairs in (False, True))
    yield Result(PAIRS, [rest / whole], {"without refusals, calls/s": [whole], "with them, calls/s": [rest]})
    bench.step("calls with timeout=5")
    answered, refused = pinning.run(_hurried(seconds))
    calls: dict[str, list[float]] = {"refused, calls": [len(refused)], "longest, s": [max(answered + refused)]}
    yield Result(TIMEOUT, [median(answered)], calls, f"of {len(answered)} calls")


def run(bench: Bench) -> Iterator[Result]:
    seconds, rounds = (3.0, 2) if bench.quick else (6.0, 3)
    for rate, rows in zip(RATES, (KNOWN[:2], KNOWN[2:]), strict=True):
        times: list[tuple[list[float], list[float]]] = []
        for number in range(rounds):
            bench.step(f"{rate}/s, round {number + 1} of {rounds}")
            times.append(pinning.run(_times(rate, seconds)))
        seen = {"as the server saw it, ": [used(came, rate, seconds) for _, came in times]}
        yield Result(rows[0], [used(left, rate, seconds) for left, _ in times], seen)
        seen = {"as the server saw it, ": [peak(came, rate) for _, came in times]}
        yield Result(rows[1], [peak(left, rate) for left, _ in times], seen, f"allowed: {rate} and a burst of {rate}")
    yield from _refused(bench)
