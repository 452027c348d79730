"""`create_many` one by one, with a journal and without, against workers over `book.contacts.create`."""

from __future__ import annotations

import asyncio
import gc
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path
from time import perf_counter, process_time

from benchmarks import pinning
from benchmarks.bench import Bench
from benchmarks.rounds import Lap, micros
from benchmarks.row import Result, Row, ratios
from benchmarks.serving import server
from crossbook import Contact, Filemail

CREATES, WORKERS, ROUNDS = 20_000, 32, 5
_TITLE = f"{CREATES:,} creates one by one, {WORKERS} in flight, {{}}: CPU against {WORKERS} workers by hand"
ROWS = (
    Row("many.create", _TITLE.format("`create_many`"), "≤", 1.05),
    Row("many.journal", _TITLE.format("`create_many` with a journal"), "≤", 1.2),
)
_numbers = count()
Way = Callable[[list[Contact]], Awaitable[None]]


def _people(how_many: int) -> list[Contact]:
    return [
        Contact(name="Anna Example", email=f"person.{number}@example.com")
        for number in (next(_numbers) for _ in range(how_many))
    ]


def _workers(book: Filemail) -> Way:
    async def create(people: list[Contact]) -> None:
        shared = iter(people)

        async def work() -> None:
            for contact in shared:
                await book.contacts.create(contact)

        await asyncio.gather(*(work() for _ in range(WORKERS)))

    return create


def _many(book: Filemail, folder: Path | None) -> Way:
    journals = count()

    async def create(people: list[Contact]) -> None:
        journal = None if folder is None else folder / f"{next(journals)}.sqlite"
        async with book.contacts.create_many(people, concurrency=WORKERS, journal=journal) as run:
            async for result in run:
                assert result.status == "created"

    return create


async def _laps(bench: Bench) -> dict[str, list[Lap]]:
    share = bench.few(CREATES) // ROUNDS
    with server() as served, tempfile.TemporaryDirectory() as folder:
        async with Filemail("user@example.com", "a" * 16, base_url=served.origin, concurrency=WORKERS) as book:
            ways = {
                "create_many": _many(book, None),
                "with a journal": _many(book, Path(folder)),
                "workers": _workers(book),
            }
            laps: dict[str, list[Lap]] = {name: [] for name in ways}
            for way in ways.values():
                await way(_people(200))
            for number in range(ROUNDS):
                for name in list(ways)[:: -1 if number % 2 else 1]:
                    bench.step(f"{name}, round {number + 1} of {ROUNDS}")
                    people = _people(share)
                    gc.collect()
                    wall, cpu = perf_counter(), process_time()
                    await ways[name](people)
                    laps[name].append(Lap(share, process_time() - cpu, perf_counter() - wall))
    return laps


def run(bench: Bench) -> Iterator[Result]:
    laps = pinning.run(_laps(bench))
    for row, name in zip(ROWS, ("create_many", "with a journal"), strict=True):
        sides = {f"{side}, µs": micros(laps[side]) for side in (name, "workers")}
        yield Result(row, ratios(*sides.values()), sides, bench.share)
