"""Ids read to the end before anything is written: an operation that shrinks the list which feeds it would skip some."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from itertools import islice
from typing import Any

from crossbook.core.batch.fingerprint import KeyedHash
from crossbook.core.journal import Entry, Journal
from crossbook.core.pager import Pager

_MARK = "*collected*"
_GROUP = 1000


async def collected(pager: Pager[Any], journal: Journal | None, hashes: KeyedHash) -> AsyncIterator[str]:
    """The ids of a list, each once: gathered in a temporary database of SQLite's, and kept in the journal if any."""
    count = await _marked(journal) if journal else None
    if count is None:
        with closing(sqlite3.connect("", isolation_level=None)) as db:
            db.execute("create table item (at integer primary key, id text unique)")
            async for page in pager.pages():
                db.executemany("insert or ignore into item (id) values (?)", ((item.id,) for item in page.items))
            if journal is None:
                for id in _ids(db):
                    yield id
                return
            count = await _keep(_ids(db), journal, hashes)
    assert journal is not None
    for index in range(count):
        entry = await journal.entry(index)
        if entry is not None and entry.id is not None:
            yield entry.id


def _ids(db: sqlite3.Connection) -> Iterator[str]:
    return (id for (id,) in db.execute("select id from item order by at"))


async def _keep(ids: Iterator[str], journal: Journal, hashes: KeyedHash) -> int:
    count = 0
    while group := list(islice(ids, _GROUP)):
        await journal.intend(
            [Entry(count + at, None, hashes.fingerprint(id), None, "intent", id=id) for at, id in enumerate(group)]
        )
        count += len(group)
    await journal.bookmark(_MARK, count)
    return count


async def _marked(journal: Journal) -> int | None:
    return next((index for name, index in await journal.bookmarks() if name == _MARK), None)
