"""The sandbox's memory: one SQLite database, in memory or in a file, that holds the four vendors' accounts apart."""

# ruff: noqa: S608 (the texts put into SQL are names of columns and rules from here; values are bound)
from __future__ import annotations

import os
import sqlite3
import time
import weakref
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS contact (
    id INTEGER PRIMARY KEY AUTOINCREMENT, vendor TEXT NOT NULL, external_id TEXT, phone TEXT, email TEXT, name TEXT,
    first_name TEXT, last_name TEXT, company TEXT, fields TEXT NOT NULL DEFAULT '{}', haystack TEXT,
    created_at INTEGER NOT NULL, archived_at INTEGER);
CREATE INDEX IF NOT EXISTS contact_by_vendor ON contact (vendor);
CREATE INDEX IF NOT EXISTS contact_by_phone ON contact (vendor, phone);
CREATE INDEX IF NOT EXISTS contact_by_email ON contact (vendor, email);
CREATE INDEX IF NOT EXISTS contact_by_external_id ON contact (vendor, external_id);
CREATE TABLE IF NOT EXISTS contact_group (
    id INTEGER PRIMARY KEY AUTOINCREMENT, vendor TEXT NOT NULL, key TEXT, external_id TEXT, name TEXT NOT NULL,
    description TEXT, created_at INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS group_by_vendor ON contact_group (vendor);
CREATE INDEX IF NOT EXISTS group_by_key ON contact_group (key);
CREATE TABLE IF NOT EXISTS membership (
    group_id INTEGER NOT NULL REFERENCES contact_group ON DELETE CASCADE,
    contact_id INTEGER NOT NULL REFERENCES contact ON DELETE CASCADE,
    PRIMARY KEY (group_id, contact_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS membership_by_contact ON membership (contact_id, group_id);
CREATE TABLE IF NOT EXISTS opt_out (
    contact_id INTEGER NOT NULL REFERENCES contact ON DELETE CASCADE, channel TEXT NOT NULL,
    PRIMARY KEY (contact_id, channel)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS field (
    id INTEGER PRIMARY KEY, vendor TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (vendor, name));
CREATE TABLE IF NOT EXISTS segment (
    id INTEGER PRIMARY KEY, vendor TEXT NOT NULL, name TEXT NOT NULL, ready INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS token (token TEXT PRIMARY KEY, vendor TEXT NOT NULL, dies_at REAL) WITHOUT ROWID;
"""
# The first ids; small numbers are left to those who try whether unknown ids are noticed.
_FIRST_IDS = {"contact": 100_001, "contact_group": 5_001}
_TABLES = ("contact", "contact_group", "field", "segment", "token")


def _create_private(path: Path) -> None:
    """Create the file if there is none, readable by its owner alone; SQLite gives its log the same mode."""
    with suppress(OSError):  # an obstacle is SQLite's to name
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


class Store:
    """The database. It belongs to one process; the server's event loop is its only user.

    Args:
        path: A file, made readable by its owner alone if it is not there, or `":memory:"` (the default), which lives
            as long as the object.
        clock: Tells the unix time, for dates of creation and for tokens that die.

    Raises:
        sqlite3.Error: The file is no database, or cannot be written.

    Example:
        `store = Store("people.sqlite")`
    """

    def __init__(self, path: str | Path = ":memory:", clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        in_memory = str(path) == ":memory:"
        if not in_memory:
            _create_private(Path(path))
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self.db.close)  # for who forgets it: Python 3.13 warns of a connection left open
        self.db.row_factory = sqlite3.Row
        self._rollbacks = 0
        # A crash of the machine may cost the last moments of a file; a killed process costs nothing.
        self.db.executescript(
            f"PRAGMA journal_mode = {'MEMORY' if in_memory else 'WAL'};"
            f"PRAGMA synchronous = {'OFF' if in_memory else 'NORMAL'};"
            "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;"
        )
        self.db.executescript(_SCHEMA)
        for table, first in _FIRST_IDS.items():
            known = "SELECT 1 FROM sqlite_sequence WHERE name = ?"
            if not self.db.execute(known, (table,)).fetchone():
                self.db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, first - 1))

    @property
    def version(self) -> tuple[int, int]:
        """What is different whenever something has been written, or taken back."""
        return self.db.total_changes, self._rollbacks

    @contextmanager
    def transaction(self) -> Generator[None, None, None]:
        """Keep everything that happens inside, or, if it ends in an exception, nothing of it."""
        self.db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            self._rollbacks += 1
            raise
        self.db.execute("COMMIT")

    def clear(self, vendor: str) -> None:
        """Delete everything that one vendor's account holds."""
        with self.transaction():
            for table in _TABLES:
                self.db.execute(f"DELETE FROM {table} WHERE vendor = ?", (vendor,))

    def close(self) -> None:
        """Close the database; a file then holds everything, without side files."""
        self.db.close()
