"""The requests of a second import: every contact exists already, and is found by its phone number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from benchmarks import pinning
from benchmarks.bench import Bench
from benchmarks.row import Result, Row
from crossbook import AddressBook, Contact
from crossbook.registry import load_vendor
from crossbook_testing import Sandbox

FEW, MANY = 3000, 100_000
_CHANGED = 100
ROWS = (
    Row("lookups.vercom", f"Vercom: {FEW:,} changed contacts upserted by phone: requests", "≤", 30, ""),
    Row("lookups.vercom-many", f"Vercom: {MANY:,} changed contacts upserted by phone: requests", "≤", 320, ""),
    Row(
        "lookups.serwersms",
        f"SerwerSMS: {FEW:,} contacts upserted by phone, {_CHANGED} of them changed: requests without updates, "
        "against the pages of the list",
        "≤",
        1.1,
    ),
    Row(
        "lookups.dry-run",
        f"Vercom: the dry run's estimate for {FEW:,} upserts, of which half exist: error",
        "≤",
        0.1,
        "",
    ),
)


def _people(count: int, begin: int = 0) -> list[Contact]:
    numbers = range(begin, begin + count)
    return [Contact(phone=f"+48500{number:06}", first_name="Anna", last_name="Example") for number in numbers]


def _change(contacts: Sequence[Contact]) -> list[Contact]:
    return [replace(contact, last_name="Nowak") for contact in contacts]


async def _fill(book: AddressBook, contacts: Sequence[Contact]) -> None:
    counts = (await book.contacts.create_many(contacts).run()).counts
    assert counts == {"created": len(contacts)}


async def _vercom(count: int) -> float:
    with Sandbox():
        async with load_vendor("vercom").from_env(rate=None) as book:
            await _fill(book, _people(count))
            summary = await book.contacts.upsert_many(_change(_people(count)), match="phone").run()
            assert summary.counts == {"updated": count}
            return float(summary.requests)


async def _serwersms(count: int) -> tuple[float, float]:
    """Return the requests of the lookups, and the pages of the list."""
    with Sandbox():
        async with load_vendor("serwersms").from_env(rate=None) as book:
            source = _people(count)
            await _fill(book, source)
            changed = min(_CHANGED, count)
            mixed = [*_change(source[:changed]), *source[changed:]]
            summary = await book.contacts.upsert_many(mixed, match="phone").run()
            assert summary.counts.get("updated") == changed
            updates = changed * book.profile.capability("contacts.update").calls
            return summary.requests - updates, -(-count // 1000)


async def _dry_run(count: int) -> tuple[float, float]:
    """Return the estimated and the real number of requests."""
    with Sandbox():
        async with load_vendor("vercom").from_env(rate=None) as book:
            await _fill(book, _people(count // 2))
            source = _change(_people(count))
            dry = await book.contacts.upsert_many(source, match="phone", dry_run=True).run()
            real = await book.contacts.upsert_many(source, match="phone").run()
            return dry.requests, real.requests


def run(bench: Bench) -> Iterator[Result]:
    yield Result(ROWS[0], [pinning.run(_vercom(bench.few(FEW)))], {}, bench.share)
    yield Result(ROWS[1], [pinning.run(_vercom(bench.few(MANY)))], {}, bench.share)
    sent, pages = pinning.run(_serwersms(bench.few(FEW)))
    yield Result(ROWS[2], [sent / pages], {"sent": [sent], "pages": [pages]}, bench.share)
    estimated, real = pinning.run(_dry_run(bench.few(FEW)))
    sides = {"estimated": [estimated], "real": [real]}
    yield Result(ROWS[3], [abs(estimated - real) / real], sides, bench.share)
