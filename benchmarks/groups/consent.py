"""A suppression list of 1,000,000 phones: checks in memory and in SQLite, and imports with the list and without."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

from benchmarks import pinning
from benchmarks.bench import Bench
from benchmarks.clients import AUTHORIZATION, KEY
from benchmarks.import_run import InProcessVendor
from benchmarks.row import Result, Row, ratios
from benchmarks.serving import server
from crossbook import AddressBook, Contact, Filemail, SuppressionList, Vercom
from crossbook.suppressions import MemorySuppressions, SqliteSuppressions, SuppressionEntry, SuppressionStore

ENTRIES, CHECKS, IMPORTED, ROUNDS = 1_000_000, 20_000, 100_000, 3
_BATCH = 100
_LIST = f"a suppression list of {ENTRIES:,} phones"
ROWS = (
    Row("consent.memory", f"{_LIST} in memory: CPU of `check`, one in two is listed", "≤", 15, "µs"),
    Row("consent.sqlite", f"{_LIST} in SQLite: CPU of a contact in `check_many` of {_BATCH}", "≤", 40, "µs"),
    Row("consent.bulk", f"import of {IMPORTED:,} in bulk: CPU with {_LIST} against without", "≤", 1.3),
    Row(
        "consent.single",
        f"import of {IMPORTED:,} one by one over loopback (Filemail): time with {_LIST} against without",
        "≤",
        1.1,
    ),
)


def _person(number: int) -> Contact:
    return Contact(phone=f"+48{500_000_000 + number}", email=f"person.{number}@example.com", external_id=f"crm{number}")


async def _fill(store: SuppressionStore, count: int) -> None:
    """Add every second phone of `_person`."""
    now = datetime.now(UTC)
    for start in range(0, count, 10_000):
        numbers = range(start, min(count, start + 10_000))
        await store.append(
            [
                SuppressionEntry(
                    kind="phone", key=str(48_500_000_000 + 2 * number), channel="sms", action="opt_out", time=now,
                    received=now, reason="STOP", source="benchmark",
                )
                for number in numbers
            ]
        )  # fmt: skip


async def _check(suppressions: SuppressionList, people: Sequence[Contact], size: int) -> float:
    """Return the microseconds of CPU for one contact, in batches of this size."""
    began, found = process_time(), 0
    for start in range(0, len(people), size):
        found += sum(map(bool, await suppressions.check_many(people[start : start + size])))
    assert found == len(people) // 2
    return 1e6 * (process_time() - began) / len(people)


@asynccontextmanager
async def _open_book(
    vendor: str, origin: str | None, suppressions: SuppressionList | None
) -> AsyncGenerator[AddressBook]:
    """Open a book of Vercom, in bulk in this process, or of Filemail, which takes creates one by one, over loopback."""
    more: Any = {"base_url": origin or "http://127.0.0.1:9", "rate": 1e9, "suppressions": suppressions}
    book = Vercom(AUTHORIZATION, KEY, **more) if vendor == "vercom" else Filemail("benchmark", "benchmark", **more)
    if origin is None:
        book._session.transport = InProcessVendor()  # pyright: ignore[reportPrivateUsage]
    async with book:
        yield book


async def _import(
    vendor: str, suppressions: SuppressionList | None, people: Sequence[Contact], origin: str | None = None
) -> float:
    """Return the seconds of an import: of CPU in this process, or of time over loopback."""
    clock = process_time if origin is None else perf_counter
    async with _open_book(vendor, origin, suppressions) as book:
        began = clock()
        summary = await book.contacts.create_many(people, on_unsupported_field="drop").run()
        assert summary.counts == {"created": len(people)}
        return clock() - began


async def _measure(bench: Bench, folder: Path, origin: str) -> dict[str, Any]:
    entries = bench.few(ENTRIES)
    rounds = 1 if bench.quick else ROUNDS
    people = [_person((number * 7919) % (2 * entries)) for number in range(CHECKS)]
    # No listed contact: those cost less, since they are not written.
    new = [_person(2 * number + 1) for number in range(bench.few(IMPORTED))]
    named = [replace(person, name="Anna Example") for person in new]
    found: dict[str, Any] = {name: [] for name in ("memory", "sqlite", "bulk", "bulk0", "single", "single0")}
    memory = MemorySuppressions()
    bench.step("fill the lists")
    suppressions = SuppressionList(memory)
    async with suppressions:
        await _fill(memory, entries)
        found["memory"] = [await _check(suppressions, people, 1) for _ in range(rounds)]
    store = SqliteSuppressions(folder / "list.sqlite")
    async with SuppressionList(store) as suppressions:
        await _fill(store, entries)
        for number in range(rounds):
            bench.step(f"round {number + 1} of {rounds}")
            found["sqlite"].append(await _check(suppressions, people, _BATCH))
            found["bulk0"].append(await _import("vercom", None, new))
            found["bulk"].append(await _import("vercom", suppressions, new))
            found["single0"].append(await _import("filemail", None, named, origin))
            found["single"].append(await _import("filemail", suppressions, named, origin))
    return found


def run(bench: Bench) -> Iterator[Result]:
    with TemporaryDirectory() as folder, server() as served:
        found = pinning.run(_measure(bench, Path(folder), served.origin))
    yield Result(ROWS[0], found["memory"], {}, bench.share)
    yield Result(ROWS[1], found["sqlite"], {}, bench.share)
    for row, name in ((ROWS[2], "bulk"), (ROWS[3], "single")):
        sides = {"with, s": found[name], "without, s": found[f"{name}0"]}
        yield Result(row, ratios(found[name], found[f"{name}0"]), sides, bench.share)
