"""Test sources of any length: memory stays flat, and no limit is exceeded."""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from batch_helpers import person
from fakes import book_over, reply

from crossbook import Contact
from crossbook._http.request import PreparedRequest, TransportResponse
from crossbook.journal import StoredRun
from crossbook.registry import load_vendor

MIB = 1024 * 1024


class EndlessVendor:
    """A vendor that accepts everything and stores only the peak of calls in flight."""

    name = "endless"

    def __init__(self, vendor: str) -> None:
        self._vendor = vendor
        self._ids = itertools.count(1)
        self._in_flight = self.peak = 0

    async def send(self, call: PreparedRequest) -> TransportResponse:
        self._in_flight += 1
        self.peak = max(self.peak, self._in_flight)
        await anyio.lowlevel.checkpoint()
        self._in_flight -= 1
        if self._vendor == "atom":
            return reply({"status": "success", "result": {"id": next(self._ids)}})
        rows = [{"id": str(next(self._ids))} for _ in range(call.body.count(b'"phoneNumber"'))]
        return reply({"meta": {}, "data": rows})

    async def aclose(self) -> None: ...


def memory() -> int:
    """Return the memory of this process in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def stream(vendor: str, count: int, **options: Any) -> tuple[int, int, int]:
    """Send `count` contacts through a batch. Return the growth of memory, and the peaks of calls and of read-ahead."""
    profile = load_vendor(vendor).profile
    taken = read = ahead = 0

    async def source(count: int) -> AsyncIterator[Contact]:
        nonlocal taken
        for _ in range(count):
            taken += 1
            yield person(profile, taken, "1")

    transport = EndlessVendor(vendor)
    async with book_over(vendor, transport, rate=1e6, concurrency=32) as book:  # type: ignore[arg-type]
        await book.contacts.create_many(source(5000), **options).run()  # warm-up: objects that are created once
        taken, begin = 0, memory()
        grown = 0
        async with book.contacts.create_many(source(count), **options) as run:
            async for result in run:
                assert result.status == "created"
                read += 1
                ahead = max(ahead, taken - read)
                if read % 1000 == 0:
                    grown = max(grown, memory() - begin)
        assert (read, run.summary.counts) == (count, {"created": count})
    return grown, transport.peak, ahead


CASES = [("atom", {}, 32, 96), ("vercom", {"ordered": True}, 4, 12_000), ("atom", {"journal": "a path"}, 32, 96)]


@pytest.mark.parametrize(
    ("vendor", "options", "calls", "ahead"), CASES, ids=["one by one", "in bulk", "with a journal"]
)
@pytest.mark.parametrize("count", [10_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
# Only Linux reports the memory of a process without a library.
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads memory where Linux tells it")
def test_memory_stays_flat(
    vendor: str, options: dict[str, Any], calls: int, ahead: int, count: int, tmp_path: Path
) -> None:
    if "journal" in options:
        from crossbook.journal import SqliteJournal

        class Runs(SqliteJournal):
            """The same file, with a new run each time."""

            _number = itertools.count()

            async def open(self, run: str) -> StoredRun | None:
                return await super().open(f"{next(self._number)}")

        options = {"journal": Runs(tmp_path / "import.sqlite")}
    grown, peak_calls, peak_ahead = anyio.run(lambda: stream(vendor, count, **options))
    assert grown < 50 * MIB
    assert (peak_calls <= calls, peak_ahead <= ahead) == (True, True), (peak_calls, peak_ahead)
