"""A journal in memory that outlives its runs, as a user could write it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice

import anyio.lowlevel
from attrs import define, field

from crossbook import JournalBusyError
from crossbook.journal import JournalEntry, RunKey, StoredRun


@define
class DictJournal:
    """A journal of one run. `fail` is called before each write, and may raise."""

    entries: dict[int, JournalEntry] = field(factory=dict)
    marks: list[tuple[str, int]] = field(factory=list)
    heading: RunKey | None = None
    finished: int | None = None
    opened: bool = False
    writes: int = 0
    fail: Callable[[], None] = field(default=lambda: None)

    async def open(self, run: str) -> StoredRun | None:
        if self.opened:
            raise JournalBusyError("open already")
        self.opened = True
        if self.heading is None:
            return None
        return StoredRun(self.heading, "begun" if self.finished is None else "finished", not self.entries)

    async def begin(self, heading: RunKey) -> None:
        assert self.opened
        self.heading = heading

    async def find_samples(self, count: int) -> Sequence[JournalEntry]:
        fit = ("created", "updated", "unchanged", "skipped")
        newest = sorted(self.entries.values(), key=lambda entry: -entry.index)
        found = (entry for entry in newest if entry.state == "done" and entry.key and entry.id and entry.status in fit)
        return list(islice(found, count))

    async def find_entry(self, index: int) -> JournalEntry | None:
        return self.entries.get(index)

    async def find_entries(self, first: int, count: int) -> Sequence[JournalEntry]:
        return [entry for index in range(first, first + count) if (entry := self.entries.get(index)) is not None]

    async def find_owner(self, id: str) -> int | None:
        owners = (e.index for e in self.entries.values() if e.id == id and e.status != "skipped")
        return min(owners, default=None)

    async def find_key(self, key: str) -> int | None:
        return min((entry.index for entry in self.entries.values() if entry.key == key), default=None)

    async def find_last_written(self, key: str) -> int | None:
        written = (
            entry.index
            for entry in self.entries.values()
            if entry.key == key and entry.state == "done" and entry.status not in ("skipped", "failed")
        )
        return max(written, default=None)

    async def record_intents(self, entries: Sequence[JournalEntry]) -> None:
        await anyio.lowlevel.checkpoint()
        self._write(entries)
        await anyio.lowlevel.checkpoint()

    async def record_outcomes(self, entries: Sequence[JournalEntry]) -> None:
        await anyio.lowlevel.checkpoint()
        self._write(entries)

    def _write(self, entries: Sequence[JournalEntry]) -> None:
        assert self.opened
        self.fail()
        self.writes += 1
        self.entries.update((entry.index, entry) for entry in entries)

    async def checkpoint(self, cursor: str, index: int) -> None:
        self.marks.append((cursor, index))

    async def find_checkpoints(self) -> tuple[tuple[str, int], ...]:
        return tuple(sorted(self.marks, key=lambda mark: mark[1]))

    async def find_first_open(self) -> int:
        index = 0
        while index in self.entries and self.entries[index].state == "done":
            index += 1
        return index

    async def find_first_uncertain(self) -> int | None:
        found = (e.index for e in self.entries.values() if e.state == "done" and e.status == "uncertain")
        return min(found, default=None)

    async def finish(self, count: int) -> None:
        assert self.opened
        assert count == await self.find_first_open()
        self.finished = count

    async def close(self) -> None:
        self.opened = False
