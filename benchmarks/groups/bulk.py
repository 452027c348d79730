"""Vercom's bulk requests against one contact per request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from time import perf_counter

from benchmarks import pinning
from benchmarks.bench import Bench
from benchmarks.clients import AUTHORIZATION, KEY
from benchmarks.row import Result, Row, ratios
from benchmarks.serving import server
from crossbook import Contact, Vercom

CREATES, AWAY = 100_000, 0.02
ROWS = (
    Row("bulk.away", f"{CREATES:,} creates in native bulk against one by one, 20 ms away: contacts/s", "≥", 50),
    Row("bulk.near", f"{CREATES:,} creates in native bulk against one by one, a server without delay: contacts/s"),
)
_numbers = count()
_SINGLE_CREATES = 500  # contacts of the slower side in each round


def _people(how_many: int) -> list[Contact]:
    return [
        Contact(external_id=f"crm{number}", email=f"person.{number}@example.com", first_name="Anna", company="ABC")
        for number in (next(_numbers) for _ in range(how_many))
    ]


async def _bulk(book: Vercom, people: Sequence[Contact]) -> float:
    began = perf_counter()
    async with book.contacts.create_many(people) as run:
        async for result in run:
            assert result.status == "created"
    return len(people) / (perf_counter() - began)


async def _one_by_one(book: Vercom, people: Sequence[Contact]) -> float:
    began = perf_counter()
    for contact in people:
        await book.contacts.create(contact)
    return len(people) / (perf_counter() - began)


async def _figures(bench: Bench, delay: float) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {"in bulk, contacts/s": [], "one by one, contacts/s": []}
    rounds = max(2, bench.rounds // 2)
    with server(delay=delay) as served:
        async with Vercom(AUTHORIZATION, KEY, base_url=served.origin) as book:
            await _bulk(book, _people(2000))
            for number in range(rounds):
                bench.step(f"{1000 * delay:.0f} ms away, round {number + 1} of {rounds}")
                found["in bulk, contacts/s"].append(await _bulk(book, _people(bench.few(CREATES))))
                found["one by one, contacts/s"].append(await _one_by_one(book, _people(bench.few(_SINGLE_CREATES))))
    return found


def run(bench: Bench) -> Iterator[Result]:
    for row, delay in zip(ROWS, (AWAY, 0.0), strict=True):
        found = pinning.run(_figures(bench, delay))
        yield Result(row, ratios(*found.values()), found, bench.share)
