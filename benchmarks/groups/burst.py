"""20,000 calls at once through one book: no call may fail or time out inside a connection pool."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from time import perf_counter

from benchmarks import pinning
from benchmarks.bench import Bench
from benchmarks.clients import AUTHORIZATION, KEY, missing
from benchmarks.responses import CONTACT_ID
from benchmarks.row import Result, Row
from benchmarks.serving import server
from crossbook import Attempt, Vercom

CALLS = 20_000
ROWS = tuple(
    Row(f"burst.{name}", f"{CALLS:,} calls at once through one book over {name}: attempts that failed", "≤", 0, "")
    for name in ("httpx", "httpx2", "aiohttp")
)


async def _burst(name: str, calls: int) -> tuple[int, int, float]:
    """Run all calls at once, and return the failed attempts, the failed calls and the seconds."""
    failed = 0

    def count(attempt: Attempt) -> None:
        nonlocal failed
        failed += attempt.cause is not None

    with server() as served:
        # The last call waits longer for its permit than the default time-out.
        options = {"base_url": served.origin, "transport": name, "on_attempt": count, "timeout": 600}
        async with Vercom(AUTHORIZATION, KEY, **options) as book:  # type: ignore[arg-type]
            began = perf_counter()
            work = (book.contacts.get(CONTACT_ID) for _ in range(calls))
            outcomes = await asyncio.gather(*work, return_exceptions=True)
            return failed, sum(isinstance(outcome, BaseException) for outcome in outcomes), perf_counter() - began


def run(bench: Bench) -> Iterator[Result]:
    calls = bench.few(CALLS)
    for row in ROWS:
        name = row.key.partition(".")[2]
        if reason := missing(name):
            yield Result(row, reason=reason)
            continue
        bench.step(f"{calls:,} calls over {name}")
        attempts, failures, seconds = pinning.run(_burst(name, calls))
        sides: dict[str, list[float]] = {"calls, failed": [failures], "the whole, s": [seconds]}
        yield Result(row, [attempts], sides, bench.share)
