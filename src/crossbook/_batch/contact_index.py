"""`ContactIndex`: a vendor's contacts by match key, in a temporary SQLite database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from crossbook._batch.matching import merge_contacts
from crossbook.models import Contact, attach_raw

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[list[str], dict[str, Any]]).decode


class ContactIndex:
    """The contacts of an account, found by match key, and the members of some of its groups.

    The rows are in a temporary SQLite database: in memory first, in an unnamed temporary file when there are many. The
    file is deleted when the index is closed or the process ends.

    Args:
        list_keys: returns the match keys of a contact in normal form, each with its name.
    """

    def __init__(self, list_keys: Callable[[Contact], Iterable[tuple[str, str]]]) -> None:
        self._list_keys = list_keys
        self._nameless = 0  # contacts whose row has no id
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("pragma journal_mode = off")
        self._db.execute("create table contact (id text primary key, content blob)")
        self._db.execute(
            "create table match_key (name text, value text, id text, primary key (name, value, id)) without rowid"
        )
        self._db.execute("create table member (group_id text, id text, primary key (group_id, id)) without rowid")

    def add(self, contacts: Iterable[Contact]) -> None:
        """Add contacts of the vendor's list. The row of a contact that is listed twice replaces its earlier row."""
        rows: list[tuple[str, bytes]] = []
        keys: list[tuple[str, str, str]] = []
        for contact in contacts:
            id = contact.id
            if not id:
                self._nameless += 1
                id = f"\0{self._nameless}"
            known = contact.known_fields | {"id"}
            values = {name: value for name in known if (value := getattr(contact, name)) is not None}
            rows.append((id, _encode((sorted(contact.known_fields), values))))
            keys += [(name, value, id) for name, value in self._list_keys(contact)]
        self._db.execute("begin")
        self._db.executemany("insert or replace into contact values (?, ?)", rows)
        self._db.executemany("insert or ignore into match_key values (?, ?, ?)", keys)
        self._db.execute("commit")

    def find(self, name: str, value: str) -> list[Contact]:
        """Return all contacts that have this match key."""
        sql = (
            "select content from match_key join contact using (id) where name = ? and value = ? order by contact.rowid"
        )
        return [_read(content) for (content,) in self._db.execute(sql, (name, value))]

    def put(self, contact: Contact, groups: Sequence[str] = ()) -> None:
        """Add a contact that the batch wrote, or set the fields that it wrote. The contact has an id.

        `groups`: the batch added the contact to them.
        """
        stored = self._get(contact.id)
        if stored is not None:
            self.forget(contact.id)
            contact = merge_contacts(stored, contact)
            if "groups" in stored.known_fields and groups and contact.groups == stored.groups:
                more = tuple(dict.fromkeys((*(stored.groups or ()), *groups)))
                contact = merge_contacts(contact, attach_raw(Contact(groups=more), None, frozenset({"groups"})))
        self.add((contact,))
        for group in groups:
            self.add_members(group, (contact.id,))

    def forget(self, id: str) -> None:
        """Remove a contact, which the vendor no longer has."""
        stored = self._get(id)
        if stored is not None:
            keys = [(name, value, id) for name, value in self._list_keys(stored)]
            self._db.executemany("delete from match_key where name = ? and value = ? and id = ?", keys)
            self._db.execute("delete from contact where id = ?", (id,))

    def add_members(self, group: str, ids: Iterable[str]) -> None:
        """Store that these contacts are in the group."""
        self._db.executemany("insert or ignore into member values (?, ?)", [(group, id) for id in ids])

    def is_member(self, group: str, id: str) -> bool:
        sql = "select 1 from member where group_id = ? and id = ?"
        return self._db.execute(sql, (group, id)).fetchone() is not None

    def close(self) -> None:
        self._db.close()

    def _get(self, id: str) -> Contact | None:
        row: Sequence[Any] | None = self._db.execute("select content from contact where id = ?", (id,)).fetchone()
        return None if row is None else _read(row[0])


def _read(content: bytes) -> Contact:
    known, values = _decode(content)
    if "opted_out" in values:
        values["opted_out"] = frozenset(values["opted_out"])
    return attach_raw(Contact(**values), None, frozenset(known))
