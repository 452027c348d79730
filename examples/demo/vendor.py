"""One vendor's run: make the group, write the people, read them back and compare."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import crossbook
from crossbook import AddressBook, Attempt, Contact, CrossbookError, NotFoundError

from .compare import differences, not_held, not_returned, not_shown
from .progress import Progress
from .store import Stored, store

VENDORS = ("serwersms", "atom", "filemail", "vercom")
GROUP = "crossbook demo"


@dataclass
class Report:
    """The report of a vendor's run: a column of the table.

    Args:
        title: the vendor's name.
        stored: the result for each person.
        read_back: the number of stored contacts that were read back.
        lost: each contact that was stored and is missing or different, and the difference.
        others: the number of further contacts in the group.
        not_held, not_shown: fields that the vendor cannot store, and fields that it stores and never shows.
        failure: the error that ended the run early.
        seconds, requests: the duration of the run and the number of its requests.
    """

    title: str
    stored: list[Stored] = field(default_factory=list[Stored])
    read_back: int = 0
    lost: list[tuple[Contact, str]] = field(default_factory=list[tuple[Contact, str]])
    others: int = 0
    not_held: set[str] = field(default_factory=set[str])
    not_shown: set[str] = field(default_factory=set[str])
    failure: CrossbookError | None = None
    seconds: float = 0
    requests: int = 0

    def count(self, status: str) -> int:
        """Return the number of people with this status."""
        return sum(result.status == status for result in self.stored)


class Account:
    """A vendor's book from the environment, which counts its requests.

    Args:
        vendor: crossbook's name of it.
        workers: how many people are written at the same time.
        journals: the folder for the journals of unfinished runs.
        other_writers: whether others may write to the account during the demo.
        options: see `crossbook.BookOptions`.
    """

    def __init__(
        self, vendor: str, *, workers: int, journals: Path, other_writers: bool = True, **options: Any
    ) -> None:
        self.book = crossbook.open(vendor, on_attempt=self._count, **options)
        self.title = self.book.profile.title
        self.workers = workers
        self.journals = journals
        self.other_writers = other_writers
        self.requests = 0

    def _count(self, _attempt: Attempt) -> None:
        self.requests += 1

    async def fill(self, people: Sequence[Contact], progress: Progress) -> Report:
        """Write the people, read them back and compare. An error that ends the run is in the report."""
        report = Report(self.title)
        began = time.monotonic()
        try:
            async with self.book:
                await self._fill(people, report, progress)
        except CrossbookError as error:
            report.failure = error
        report.seconds, report.requests = time.monotonic() - began, self.requests
        progress.end(self.title, "done" if report.failure is None else "ended early")
        return report

    async def _fill(self, people: Sequence[Contact], report: Report, progress: Progress) -> None:
        progress.begin(self.title, "writing", len(people))
        group = await find_group(self.book) or (await self.book.groups.create(GROUP)).id
        report.stored = await store(
            self.book,
            people,
            group,
            workers=self.workers,
            # The journal belongs to these people and this group; it refuses others.
            journal=self.journals / f"{self.book.profile.vendor}-{group}-{len(people)}.journal",
            done=lambda: progress.step(self.title),
            other_writers=self.other_writers,
        )
        report.failure = next((result.error for result in report.stored if result.status == "failed"), None)
        if report.failure is None:
            await self._read_back(group, report, progress)

    async def _read_back(self, group: str, report: Report, progress: Progress) -> None:
        stored = [result for result in report.stored if result.status in ("created", "there", "updated")]
        progress.begin(self.title, "reading back", len(stored))
        # If the list has fewer fields, each contact is read too, unless the batch has done that.
        has_all = "full" not in self.book.profile.filters
        size = min(self.book.profile.contact_paging.max_size, 1000)
        found = {contact.id: contact async for contact in self.book.contacts.list(group=group, page_size=size)}
        report.others = len(found.keys() - {result.id for result in stored})
        for result in stored:
            contact = found.get(result.id)
            if contact is not None and not (has_all or result.compared):
                contact = await self._read(result.id)
            self._compare(result, contact, report)
            progress.step(self.title)

    async def _read(self, id: str) -> Contact | None:
        try:
            return await self.book.contacts.get(id)
        except NotFoundError:
            return None

    def _compare(self, result: Stored, found: Contact | None, report: Report) -> None:
        person = result.person
        report.not_held |= not_held(self.book, person)
        report.not_shown |= not_shown(self.book, person)
        if found is None:
            report.lost.append((person, "did not come back"))
            return
        report.read_back += 1
        if not result.compared:
            report.not_shown |= not_returned(self.book, person, found)
        different = differences(self.book, person, found)
        if different:
            report.lost.append((person, f"differs in {', '.join(sorted(different))}"))


async def find_group(book: AddressBook) -> str | None:
    """Return the id of the demo's group, or None."""
    return next((group.id for group in [group async for group in book.groups.list()] if group.name == GROUP), None)
