"""Ids read to the end before anything is written: an operation that shrinks the list which feeds it would skip some."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable
from typing import Any

from crossbook.core.journal import Entry, Journal
from crossbook.core.pager import Pager

_MARK = "*collected*"
_GROUP = 1000


async def collected(
    pager: Pager[Any], journal: Journal, *, kept: bool, fingerprint: Callable[[str], str]
) -> AsyncIterator[str]:
    """The ids of a list: kept in the journal, where there is one that outlives the run, else in a temporary file."""
    if not kept:
        with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
            async for page in pager.pages():
                file.writelines(f"{item.id}\n" for item in page.items)
            file.seek(0)
            for line in file:
                yield line.rstrip("\n")
        return
    count = next((index for name, index in await journal.bookmarks() if name == _MARK), None)
    if count is None:
        count = 0
        async for page in pager.pages():
            ids = [item.id for item in page.items]
            entries = [
                Entry(index=count + at, ref=None, fingerprint=fingerprint(id), key=None, state="intent", id=id)
                for at, id in enumerate(ids)
            ]
            for at in range(0, len(entries), _GROUP):
                await journal.intend(entries[at : at + _GROUP])
            count += len(ids)
        await journal.bookmark(_MARK, count)
    for index in range(count):
        entry = await journal.entry(index)
        if entry is not None and entry.id is not None:
            yield entry.id
