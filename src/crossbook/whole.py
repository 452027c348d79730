"""Everybody in a book, each once, with all that the vendor can tell: what a copy and an export take."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import fields
from typing import Any, cast

from crossbook.book import AddressBook
from crossbook.models import Channel, Contact, read_from


async def whole(book: AddressBook, *, group: str | None, groups: bool, full: bool) -> AsyncIterator[Contact]:
    """Every contact once, however the vendor's list repeats them.

    What a list does not tell is asked for beforehand, and kept in a temporary database of SQLite's: who opted out of
    which channel, where there is a list of them, and who is in which group, by a list of each group.

    Args:
        book: one that is open.
        group: only the contacts of this group.
        groups: whether the groups are wanted.
        full: whether every field is, where the list tells less at a call a contact (Atom).
    """
    card = book.card
    more: dict[str, Any] = {"full": True} if full and _can(book, "full") else {}
    with closing(sqlite3.connect("", isolation_level=None)) as db:
        db.execute("create table seen (id text primary key) without rowid")
        for kind in ("opted_out", "groups"):
            db.execute(f"create table {kind} (id text, value text, primary key (id, value)) without rowid")
        channels = sorted(card.channels) if _can(book, "opted_out") else []
        for channel in channels:
            await _note(db, "opted_out", book, channel, {"opted_out": channel, "group": group})
        noted = False
        async for contact in book.contacts.list(group=group, **more):
            if db.execute("insert or ignore into seen values (?)", (contact.id,)).rowcount == 0:
                continue
            told: dict[str, Any] = {}
            if channels:
                told["opted_out"] = frozenset(cast("list[Channel]", _values(db, "opted_out", contact.id)))
            if groups and "groups" not in contact.known:
                if not noted:
                    async for each in book.groups.list():
                        if card.everybody is None or each.external_id != card.everybody:
                            await _note(db, "groups", book, each.id, {"group": each.id})
                    noted = True
                told["groups"] = tuple(_values(db, "groups", contact.id))
            yield _with(contact, told)


def _can(book: AddressBook, filter: str) -> bool:
    return book.card.filters.get(filter, "unsupported") != "unsupported"


async def _note(db: sqlite3.Connection, kind: str, book: AddressBook, value: str, filters: dict[str, Any]) -> None:
    async for page in book.contacts.list(**filters).pages():
        db.executemany(f"insert or ignore into {kind} values (?, ?)", ((each.id, value) for each in page.items))  # noqa: S608


def _values(db: sqlite3.Connection, kind: str, id: str) -> list[str]:
    return [value for (value,) in db.execute(f"select value from {kind} where id = ? order by value", (id,))]  # noqa: S608


def _with(contact: Contact, told: dict[str, Any]) -> Contact:
    """The contact with what was asked for beside; what is not known of it is not there."""
    known = contact.known | told.keys()
    values = {f.name: getattr(contact, f.name) for f in fields(contact) if f.name in known}
    return read_from(Contact(**(values | told)), contact.raw, known)
