"""What a run without a journal must remember of itself to match: keys and ids, in flat memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from crossbook.journal.base import JournalEntry, NoJournal, StoredRun


class MemoryJournal(NoJournal):
    """Knows the keys and ids of the run while it lasts; nothing of it outlives the run.

    They lie in a temporary database of SQLite's: in memory as long as they are few, in a file without a name beyond.
    """

    def __init__(self) -> None:
        self._db: sqlite3.Connection | None = None

    async def open(self, run: str) -> StoredRun | None:
        self._db = sqlite3.connect("", isolation_level=None)
        for statement in (
            "pragma journal_mode = off",
            'create table item ("index" integer primary key, key text, id text)',
            "create index item_key on item (key) where key is not null",
            "create index item_id on item (id) where id is not null",
        ):
            self._db.execute(statement)
        return None

    async def owner(self, id: str) -> int | None:
        return self._lowest('select min("index") from item where id = ?', id)

    async def key_index(self, key: str) -> int | None:
        return self._lowest('select min("index") from item where key = ?', key)

    async def record_intents(self, entries: Sequence[JournalEntry]) -> None:
        if self._db is not None:
            rows = [(entry.index, entry.key, None if entry.status == "skipped" else entry.id) for entry in entries]
            self._db.executemany("insert or replace into item values (?, ?, ?)", rows)

    async def record_outcomes(self, entries: Sequence[JournalEntry]) -> None:
        await self.record_intents(entries)

    async def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _lowest(self, sql: str, value: str) -> int | None:
        if self._db is None:
            return None
        found: int | None = self._db.execute(sql, (value,)).fetchone()[0]
        return found
