"""`MemoryJournal`: a journal that exists only while its run lasts."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from crossbook.journal.base import JournalEntry, RunKey, StoredRun


class MemoryJournal:
    """The journal of a batch without `journal=`: it keeps the match keys and contact ids of one run until the run ends.

    A batch with `match=` needs them to find duplicates within its own source. No run can be resumed from this journal.
    Rows are in a temporary SQLite database: in memory first, in an unnamed temporary file when there are many.
    """

    def __init__(self) -> None:
        self._db: sqlite3.Connection | None = None  # created with the first row

    async def open(self, run: str) -> StoredRun | None:
        return None

    async def begin(self, run_key: RunKey) -> None:
        pass

    async def find_samples(self, count: int) -> Sequence[JournalEntry]:
        return ()

    async def find_entry(self, index: int) -> JournalEntry | None:
        """Return the key and the contact id of an input, without what only a resumption needs."""
        if self._db is None:
            return None
        row = self._db.execute('select key, id from item where "index" = ?', (index,)).fetchone()
        return None if row is None else JournalEntry(index, None, "", row[0], "intent", id=row[1])

    async def find_entries(self, first: int, count: int) -> Sequence[JournalEntry]:
        return ()

    async def find_owner(self, id: str) -> int | None:
        return self._find_lowest('select min("index") from item where id = ?', id)

    async def find_key(self, key: str) -> int | None:
        return self._find_lowest('select min("index") from item where key = ?', key)

    async def find_last_written(self, key: str) -> int | None:
        return None

    async def record_intents(self, entries: Sequence[JournalEntry]) -> None:
        if self._db is None:
            self._db = sqlite3.connect("", isolation_level=None)
            self._db.execute("pragma journal_mode = off")
            self._db.execute('create table item ("index" integer primary key, key text, id text)')
            self._db.execute("create index item_key on item (key) where key is not null")
            self._db.execute("create index item_id on item (id) where id is not null")
        rows = [(entry.index, entry.key, None if entry.status == "skipped" else entry.id) for entry in entries]
        self._db.executemany("insert or replace into item values (?, ?, ?)", rows)

    async def record_outcomes(self, entries: Sequence[JournalEntry]) -> None:
        await self.record_intents(entries)

    async def checkpoint(self, cursor: str, index: int) -> None:
        pass

    async def find_checkpoints(self) -> tuple[tuple[str, int], ...]:
        return ()

    async def find_first_open(self) -> int:
        return 0

    async def find_first_uncertain(self) -> int | None:
        return None

    async def finish(self, count: int) -> None:
        pass

    async def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _find_lowest(self, sql: str, value: str) -> int | None:
        if self._db is None:
            return None
        found: int | None = self._db.execute(sql, (value,)).fetchone()[0]
        return found
