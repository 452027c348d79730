"""The requests of a second import: every contact exists already, and is found by its phone number."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import crossbook_sandbox
from benchmarks import pinning
from benchmarks.bench import Bench
from benchmarks.row import Result, Row
from crossbook import AddressBook, Attempt, Contact
from crossbook.registry import load_vendor
from crossbook_testing import Sandbox
from examples.demo.people import read_people
from examples.demo.vendor import VENDORS, Account, Report

FEW, MANY = 3000, 100_000
_CHANGED = 100
_DRY = 400
_PAGE = 1000
_LISTS = {"listContacts", "listGroups", "listAddressBooks", "getAddressBook", "login"}
ROWS = (
    Row("lookups.vercom", f"Vercom: {FEW:,} changed contacts upserted by phone: requests", "≤", 30, ""),
    Row("lookups.vercom-many", f"Vercom: {MANY:,} changed contacts upserted by phone: requests", "≤", 320, ""),
    Row(
        "lookups.vercom-groups",
        f"Vercom: {FEW:,} contacts of two named groups upserted by phone: requests without the pages of the groups",
        "≤",
        30,
        "",
    ),
    Row(
        "lookups.serwersms",
        f"SerwerSMS: {FEW:,} contacts of two named groups upserted by phone, {_CHANGED} of them changed: requests "
        "without 3 for each update, against the pages of the list and of the groups",
        "≤",
        1.1,
    ),
    Row(
        "lookups.demo",
        "a second demo at SerwerSMS, Filemail and Vercom: requests besides the pages of contacts and groups, at most",
        "≤",
        5,
        "",
    ),
    Row("lookups.demo-atom", "a second demo at Atom: requests for one contact's details, per contact", "≤", 1, ""),
    Row(
        "lookups.dry-run",
        f"the dry run's estimate for {_DRY:,} upserts, of which half exist, at each vendor, with each lookup=, with "
        "and without groups: largest error",
        "≤",
        0.1,
        "",
    ),
)


def _people(count: int, groups: tuple[str, ...] | None = None) -> list[Contact]:
    return [
        Contact(phone=f"+48500{number:06}", first_name="Anna", last_name="Example", groups=groups)
        for number in range(count)
    ]


def _change(contacts: Sequence[Contact]) -> list[Contact]:
    return [replace(contact, last_name="Nowak") for contact in contacts]


async def _fill(book: AddressBook, contacts: Sequence[Contact]) -> None:
    counts = (await book.contacts.create_many(contacts).run()).counts
    assert counts == {"created": len(contacts)}


async def _make_groups(book: AddressBook) -> tuple[str, str]:
    return (await book.groups.create("Friends")).id, (await book.groups.create("Family")).id


async def _vercom(count: int) -> float:
    with Sandbox():
        async with load_vendor("vercom").from_env(rate=None) as book:
            await _fill(book, _people(count))
            summary = await book.contacts.upsert_many(_change(_people(count)), match="phone").run()
            assert summary.counts == {"updated": count}
            return float(summary.requests)


async def _vercom_groups(count: int) -> float:
    with Sandbox():
        async with load_vendor("vercom").from_env(rate=None) as book:
            source = _people(count, await _make_groups(book))
            await _fill(book, source)
            summary = await book.contacts.upsert_many(_change(source), match="phone").run()
            assert summary.counts == {"updated": count}
            return float(summary.requests - 2 * (count // _PAGE + 1))


async def _serwersms(count: int) -> tuple[float, float]:
    """Return the requests without updates, and the pages of the list and of the groups."""
    with Sandbox():
        async with load_vendor("serwersms").from_env(rate=None) as book:
            source = _people(count, await _make_groups(book))
            await _fill(book, source)
            changed = min(_CHANGED, count)
            mixed = [*_change(source[:changed]), *source[changed:]]
            summary = await book.contacts.upsert_many(mixed, match="phone").run()
            assert summary.counts.get("updated") == changed
            updates = changed * book.profile.capability("contacts.update").calls
            # A contact in two groups is listed twice.
            return summary.requests - updates, -(-2 * count // _PAGE) + 2 * -(-count // _PAGE)


class _Silent:
    """No progress of the demo."""

    def begin(self, title: str, stage: str, total: int) -> None: ...
    def step(self, title: str) -> None: ...
    def end(self, title: str, word: str) -> None: ...


class _CountingAccount(Account):
    """An account of the demo that counts its requests by operation."""

    operations: Counter[str]

    def _count(self, attempt: Attempt) -> None:
        super()._count(attempt)
        self.operations[attempt.operation] += 1

    async def run(self, people: Sequence[Contact]) -> Report:
        self.operations = Counter()
        return await self.fill(people, _Silent())


def _demo() -> tuple[float, float]:
    """Return the most requests of a vendor besides pages, and Atom's requests for details per contact."""
    before = dict(os.environ)
    with TemporaryDirectory() as folder, crossbook_sandbox.running(rates={"atom": 0}) as sandbox:
        os.environ.update(sandbox.env)
        try:
            further: list[float] = []
            details = 0.0
            for vendor in VENDORS:
                for _ in range(2):
                    account = _CountingAccount(
                        vendor, workers=16, journals=Path(folder), other_writers=False,
                        **({"rate": 1e6} if vendor == "atom" else {}),
                    )  # fmt: skip
                    report = pinning.run(account.run(read_people()))
                    assert report.failure is None
                if vendor == "atom":
                    details = account.operations["getContact"] / report.read_back
                else:
                    further.append(sum(count for name, count in account.operations.items() if name not in _LISTS))
            return max(further), details
        finally:
            os.environ.clear()
            os.environ.update(before)


async def _dry_run(vendor: str, lookup: Any, count: int, *, grouped: bool) -> tuple[float, float]:
    """Return the estimated and the real number of requests."""
    with Sandbox(rates={"atom": 0}):
        async with load_vendor(vendor).from_env(rate=1e6 if vendor == "atom" else None) as book:
            groups = await _make_groups(book)
            named = groups[:1] if book.profile.single_group else groups if grouped else None
            people = _people(count, named)
            if vendor == "filemail":
                people = [Contact(name="Anna", email=f"{at}@example.com", groups=named) for at in range(count)]
            elif vendor == "atom":
                people = [replace(contact, phone=f"+61491{at:06}") for at, contact in enumerate(people)]
            known = people[: count // 2]
            await _fill(book, [replace(contact, groups=named and groups[:1]) for contact in known])
            source = [
                contact if at % 4 else replace(contact, name="Nowak") if contact.name else _change([contact])[0]
                for at, contact in enumerate(people)
            ]
            match: Any = next(iter(book.profile.match_keys))
            dry = await book.contacts.upsert_many(source, match=match, lookup=lookup, dry_run=True).run()
            real = await book.contacts.upsert_many(source, match=match, lookup=lookup).run()
            assert dry.counts == real.counts
            return dry.requests, real.requests


def _dry_runs(count: int) -> Iterator[tuple[float, float]]:
    for vendor in VENDORS:
        has_filter = "snapshot" not in load_vendor(vendor).profile.match_keys.values()
        for lookup in ("auto", "list", *(["each"] if has_filter else [])):
            for grouped in (False, True):
                yield pinning.run(_dry_run(vendor, lookup, count, grouped=grouped))


def run(bench: Bench) -> Iterator[Result]:
    yield Result(ROWS[0], [pinning.run(_vercom(bench.few(FEW)))], {}, bench.share)
    yield Result(ROWS[1], [pinning.run(_vercom(bench.few(MANY)))], {}, bench.share)
    yield Result(ROWS[2], [pinning.run(_vercom_groups(bench.few(FEW)))], {}, bench.share)
    sent, pages = pinning.run(_serwersms(bench.few(FEW)))
    yield Result(ROWS[3], [sent / pages], {"sent": [sent], "pages": [pages]}, bench.share)
    further, details = _demo()
    yield Result(ROWS[4], [further])
    yield Result(ROWS[5], [details])
    errors = [abs(estimated - real) / real for estimated, real in _dry_runs(bench.few(_DRY))]
    yield Result(ROWS[6], [max(errors)], {}, bench.share)
