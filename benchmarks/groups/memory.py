"""The growth of memory while a list of 1,000,000 contacts is read, after its first pages."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from time import perf_counter

import psutil

from benchmarks import pinning
from benchmarks.bench import Bench
from benchmarks.clients import AUTHORIZATION, KEY
from benchmarks.row import Result, Row
from benchmarks.serving import server
from crossbook import Vercom

CONTACTS = 1_000_000
_FIRST = 20_000  # after these, one-time objects exist
MIB = 1024 * 1024
ROWS = (Row("memory.list", f"{CONTACTS:,} contacts listed, 1,000 a page: growth of memory", "≤", 20, "MiB"),)


async def _listed(bench: Bench, count: int) -> tuple[float, float]:
    """List all contacts, and return the growth of memory in MiB and the contacts a second."""
    process, begin, most, read = psutil.Process(), 0, 0, 0
    with server(total=count) as served:
        async with Vercom(AUTHORIZATION, KEY, base_url=served.origin) as book:
            began = perf_counter()
            async for _ in book.contacts.list(page_size=1000):
                read += 1
                if read == _FIRST:
                    gc.collect()
                    begin = process.memory_info().rss
                if read % 10_000 == 0 and read > _FIRST:
                    bench.step(f"{read:,} of {count:,} contacts")
                    most = max(most, process.memory_info().rss - begin)
            assert read == count
            return most / MIB, read / (perf_counter() - began)


def run(bench: Bench) -> Iterator[Result]:
    grown, rate = pinning.run(_listed(bench, bench.few(CONTACTS)))
    yield Result(ROWS[0], [grown], {"read, contacts/s": [rate]}, bench.share)
