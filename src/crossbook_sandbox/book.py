"""One vendor's account in the store: the few things that all four dialects do with contacts and groups."""

# ruff: noqa: S608 (the texts put into SQL are names of columns and rules from here; values are bound)
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from sqlite3 import Row
from typing import Any
from uuid import uuid4

from .store import Store

Columns = Mapping[str, Any]


class Book:
    """Contacts and groups of one vendor's account; nothing of another vendor can be reached through it.

    Args:
        store: The database.
        vendor: The vendor's name, for instance `"atom"`.
    """

    def __init__(self, store: Store, vendor: str) -> None:
        self.store = store
        self.vendor = vendor
        self._counted: tuple[tuple[int, int], dict[tuple[str, tuple[Any, ...]], int]] = ((-1, 0), {})

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """Return all rows of a query."""
        return self.store.db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> Row | None:
        """Return the first row of a query, or None."""
        row: Row | None = self.store.db.execute(sql, values).fetchone()
        return row

    def run(self, sql: str, *values: Any) -> int:
        """Execute one statement that writes and return how many rows it touched."""
        return self.store.db.execute(sql, values).rowcount

    def count(self, sql: str, *values: Any) -> int:
        """Return a query's only number; remembered until something is written, since every page asks it again."""
        version, numbers = self._counted
        if version != self.store.version:
            numbers = {}
            self._counted = (self.store.version, numbers)
        key = (sql, values)
        if key not in numbers:
            numbers[key] = int(self.store.db.execute(sql, values).fetchone()[0])
        return numbers[key]

    # Contacts.

    def contact(self, contact_id: int) -> Row | None:
        """Return a contact's row, or None if the account has no such contact."""
        return self.row("SELECT * FROM contact WHERE id = ? AND vendor = ?", contact_id, self.vendor)

    def add_contact(self, columns: Columns, groups: Iterable[int] = ()) -> int:
        """Store a contact, in some groups, and return its id."""
        contact_id = self._insert("contact", {"created_at": int(self.store.clock()), **columns})
        self.join(groups, [contact_id])
        return contact_id

    def change_contact(self, contact_id: int, columns: Columns) -> None:
        """Set some columns of a contact; the others stay."""
        self._update("contact", contact_id, columns)

    def delete_contact(self, contact_id: int) -> bool:
        """Delete a contact; False if there was none."""
        return self.run("DELETE FROM contact WHERE id = ? AND vendor = ?", contact_id, self.vendor) > 0

    # Groups.

    def group(self, group_id: int) -> Row | None:
        """Return a group's row, or None if the account has no such group."""
        return self.row("SELECT * FROM contact_group WHERE id = ? AND vendor = ?", group_id, self.vendor)

    def add_group(self, columns: Columns) -> int:
        """Store a group and return its id."""
        return self._insert("contact_group", {"created_at": int(self.store.clock()), "key": uuid4().hex, **columns})

    def change_group(self, group_id: int, columns: Columns) -> None:
        """Set some columns of a group; the others stay."""
        self._update("contact_group", group_id, columns)

    def delete_group(self, group_id: int, *, with_contacts: bool = False) -> bool:
        """Delete a group; its contacts stay unless told otherwise. False if there was no such group."""
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
        """Put contacts into groups; those that are in already stay."""
        pairs = [(group, contact) for group in groups for contact in contacts]
        self.store.db.executemany("INSERT OR IGNORE INTO membership (group_id, contact_id) VALUES (?, ?)", pairs)

    def leave(self, groups: Iterable[int], contacts: Sequence[int]) -> None:
        """Take contacts out of groups; those that are not in are none the worse."""
        pairs = [(group, contact) for group in groups for contact in contacts]
        self.store.db.executemany("DELETE FROM membership WHERE group_id = ? AND contact_id = ?", pairs)

    def set_groups(self, contact_id: int, groups: Iterable[int]) -> None:
        """Put a contact into exactly these groups."""
        self.run("DELETE FROM membership WHERE contact_id = ?", contact_id)
        self.join(groups, [contact_id])

    # Consent and tokens.

    def opt_out(self, contact_id: int, channels: Iterable[str]) -> None:
        """Note that a contact wants nothing through these channels."""
        pairs = [(contact_id, channel) for channel in channels]
        self.store.db.executemany("INSERT OR IGNORE INTO opt_out (contact_id, channel) VALUES (?, ?)", pairs)

    def opt_in(self, contact_id: int, channels: Iterable[str]) -> None:
        """Forget that a contact wanted nothing through these channels."""
        pairs = [(contact_id, channel) for channel in channels]
        self.store.db.executemany("DELETE FROM opt_out WHERE contact_id = ? AND channel = ?", pairs)

    def expire_tokens(self) -> int:
        """Let every login token of the account be dead from now on; return how many there were."""
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
