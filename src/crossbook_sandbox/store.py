"""The sandbox's data: one SQLite database, in memory or in a file, with a `Book` for each vendor's account."""

# ruff: noqa: S608 (the texts put into SQL are names of tables and columns from here; values are bound)
from __future__ import annotations

import os
import sqlite3
import time
import weakref
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from sqlite3 import Row
from typing import Any
from uuid import uuid4

Columns = Mapping[str, Any]

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
CREATE TABLE IF NOT EXISTS blacklist (
    id INTEGER PRIMARY KEY AUTOINCREMENT, vendor TEXT NOT NULL, phone TEXT NOT NULL, added_at INTEGER NOT NULL,
    UNIQUE (vendor, phone));
CREATE VIEW IF NOT EXISTS suppression AS
    SELECT contact_id, channel FROM opt_out
    UNION SELECT c.id, 'sms' FROM contact c JOIN blacklist b ON b.vendor = c.vendor AND b.phone = c.phone;
CREATE TABLE IF NOT EXISTS field (
    id INTEGER PRIMARY KEY, vendor TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (vendor, name));
CREATE TABLE IF NOT EXISTS segment (
    id INTEGER PRIMARY KEY, vendor TEXT NOT NULL, name TEXT NOT NULL, ready INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS token (token TEXT PRIMARY KEY, vendor TEXT NOT NULL, dies_at REAL) WITHOUT ROWID;
"""
# The first ids. Smaller numbers are free for tests of unknown ids.
_FIRST_IDS = {"contact": 100_001, "contact_group": 5_001}
_TABLES = ("contact", "contact_group", "blacklist", "field", "segment", "token")


def _create_private(path: Path) -> None:
    """Create a missing file with mode 0600. SQLite gives its log the same mode."""
    with suppress(OSError):  # SQLite reports the error
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


class Store:
    """The SQLite database of all vendors' accounts. Only one process uses it, in its event loop.

    Args:
        path: A file, or `":memory:"` (the default), which lives as long as the object. A new file has mode 0600.
        clock: Returns the unix time, for creation dates and the expiry of tokens.

    Raises:
        sqlite3.Error: The file is not a database, or cannot be written.

    Example:
        `store = Store("people.sqlite")`
    """

    def __init__(self, path: str | Path = ":memory:", clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        in_memory = str(path) == ":memory:"
        if not in_memory:
            _create_private(Path(path))
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self.db.close)  # Python 3.13 warns of a connection that is left open
        self.db.row_factory = sqlite3.Row
        self._rollbacks = 0
        # If the machine crashes, a file may lose the last writes. If the process is killed, it loses nothing.
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
        """A number that changes with every write and rollback, by which cached results are invalidated."""
        return self.db.total_changes, self._rollbacks

    @contextmanager
    def transaction(self) -> Generator[None, None, None]:
        """Commit everything inside the block, or roll it back if the block raises."""
        self.db.execute("BEGIN")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            self._rollbacks += 1
            raise
        self.db.execute("COMMIT")

    def clear(self, vendor: str) -> None:
        """Delete everything in one vendor's account."""
        with self.transaction():
            for table in _TABLES:
                self.db.execute(f"DELETE FROM {table} WHERE vendor = ?", (vendor,))

    def close(self) -> None:
        """Close the database. A database file then holds all data, and SQLite's side files are removed."""
        self.db.close()


class Book:
    """The contacts and groups of one vendor's account. It never reads or changes another vendor's rows.

    Args:
        store: The database.
        vendor: The vendor's name, for instance `"atom"`.
    """

    def __init__(self, store: Store, vendor: str) -> None:
        self.store = store
        self.vendor = vendor
        self._counts: dict[tuple[str, tuple[Any, ...]], int] = {}
        self._counts_version = (-1, 0)

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """Return all rows of a query."""
        return self.store.db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> Row | None:
        """Return the first row of a query, or None."""
        row: Row | None = self.store.db.execute(sql, values).fetchone()
        return row

    def run(self, sql: str, *values: Any) -> int:
        """Execute one statement that writes and return the number of changed rows."""
        return self.store.db.execute(sql, values).rowcount

    def count(self, sql: str, *values: Any) -> int:
        """Return the count that this query selects. It is cached until the next write, since every page needs it."""
        if self._counts_version != self.store.version:
            self._counts, self._counts_version = {}, self.store.version
        key = (sql, values)
        if key not in self._counts:
            self._counts[key] = int(self.store.db.execute(sql, values).fetchone()[0])
        return self._counts[key]

    def contact(self, contact_id: int) -> Row | None:
        """Return a contact's row, or None if the contact does not exist."""
        return self.row("SELECT * FROM contact WHERE id = ? AND vendor = ?", contact_id, self.vendor)

    def add_contact(self, columns: Columns, groups: Iterable[int] = ()) -> int:
        """Store a contact in these groups and return its id."""
        contact_id = self._insert("contact", {"created_at": int(self.store.clock()), **columns})
        self.join(groups, [contact_id])
        return contact_id

    def change_contact(self, contact_id: int, columns: Columns) -> None:
        """Set some columns of a contact and keep the others."""
        self._update("contact", contact_id, columns)

    def delete_contact(self, contact_id: int) -> bool:
        """Delete a contact and return whether it existed."""
        return self.run("DELETE FROM contact WHERE id = ? AND vendor = ?", contact_id, self.vendor) > 0

    def group(self, group_id: int) -> Row | None:
        """Return a group's row, or None if the group does not exist."""
        return self.row("SELECT * FROM contact_group WHERE id = ? AND vendor = ?", group_id, self.vendor)

    def add_group(self, columns: Columns) -> int:
        """Store a group and return its id."""
        return self._insert("contact_group", {"created_at": int(self.store.clock()), "key": uuid4().hex, **columns})

    def change_group(self, group_id: int, columns: Columns) -> None:
        """Set some columns of a group and keep the others."""
        self._update("contact_group", group_id, columns)

    def delete_group(self, group_id: int, *, with_contacts: bool = False) -> bool:
        """Delete a group, and its contacts if `with_contacts`. Return whether the group existed."""
        if with_contacts and self.group(group_id):
            self.run("DELETE FROM contact WHERE id IN (SELECT contact_id FROM membership WHERE group_id = ?)", group_id)
        return self.run("DELETE FROM contact_group WHERE id = ? AND vendor = ?", group_id, self.vendor) > 0

    def groups_of(self, contact_id: int) -> list[Row]:
        """Return the rows of the groups that a contact is in."""
        return self.rows(
            "SELECT g.* FROM membership m JOIN contact_group g ON g.id = m.group_id"
            " WHERE m.contact_id = ? ORDER BY g.id",
            contact_id,
        )

    def join(self, groups: Iterable[int], contacts: Sequence[int]) -> None:
        """Add contacts to groups. Contacts that are already in a group stay in it."""
        pairs = [(group, contact) for group in groups for contact in contacts]
        self.store.db.executemany("INSERT OR IGNORE INTO membership (group_id, contact_id) VALUES (?, ?)", pairs)

    def leave(self, groups: Iterable[int], contacts: Sequence[int]) -> None:
        """Remove contacts from groups. Missing memberships are ignored."""
        pairs = [(group, contact) for group in groups for contact in contacts]
        self.store.db.executemany("DELETE FROM membership WHERE group_id = ? AND contact_id = ?", pairs)

    def set_groups(self, contact_id: int, groups: Iterable[int]) -> None:
        """Put a contact into exactly these groups, and remove it from all others."""
        self.run("DELETE FROM membership WHERE contact_id = ?", contact_id)
        self.join(groups, [contact_id])

    def opt_out(self, contact_id: int, channels: Iterable[str]) -> None:
        """Store that a contact is unsubscribed from these channels."""
        pairs = [(contact_id, channel) for channel in channels]
        self.store.db.executemany("INSERT OR IGNORE INTO opt_out (contact_id, channel) VALUES (?, ?)", pairs)

    def opt_in(self, contact_id: int, channels: Iterable[str]) -> None:
        """Store that a contact is subscribed to these channels."""
        pairs = [(contact_id, channel) for channel in channels]
        self.store.db.executemany("DELETE FROM opt_out WHERE contact_id = ? AND channel = ?", pairs)

    def add_to_blacklist(self, phone: str) -> int:
        """Store that no contact with this phone number gets messages, and return the id of the entry."""
        known = self.row("SELECT id FROM blacklist WHERE vendor = ? AND phone = ?", self.vendor, phone)
        return (
            known["id"] if known else self._insert("blacklist", {"phone": phone, "added_at": int(self.store.clock())})
        )

    def delete_from_blacklist(self, phone: str) -> bool:
        """Delete a phone number from the blacklist and return whether the number was on it."""
        return self.run("DELETE FROM blacklist WHERE vendor = ? AND phone = ?", self.vendor, phone) > 0

    def expire_tokens(self) -> int:
        """Expire every login token of the account and return their number."""
        return self.run("DELETE FROM token WHERE vendor = ?", self.vendor)

    def _insert(self, table: str, columns: Columns) -> int:
        values = {"vendor": self.vendor, **columns}
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        cursor = self.store.db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))
        return cursor.lastrowid or 0

    def _update(self, table: str, row_id: int, columns: Columns) -> None:
        if columns:
            pairs = ", ".join(f"{name} = ?" for name in columns)
            self.run(f"UPDATE {table} SET {pairs} WHERE id = ? AND vendor = ?", *columns.values(), row_id, self.vendor)
