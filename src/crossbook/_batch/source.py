"""Where a batch takes its items from: any iterable, any async iterable, or a list of a book, pulled as needed."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Sized
from contextlib import closing
from itertools import islice
from typing import Any, Generic, TypeVar

import anyio

from crossbook._batch.fingerprint import KeyedHash
from crossbook._pagination.pager import Pager
from crossbook.errors import InvalidInputError
from crossbook.journal import Journal, JournalEntry

I = TypeVar("I")  # noqa: E741  (an item of the source)
DONE: Any = object()  # stands for an item before the cursor at which an earlier run is gone on with: the journal has it


class Source(Generic[I]):
    """Gives out items with their index; several workers share one.

    A `Pager` hands out a cursor with each page: `bookmark` is told it, so that a run that died need not read again
    what was done before.
    """

    def __init__(self, items: Iterable[I] | AsyncIterable[I], checkpoint: Callable[[str, int], Any]) -> None:
        if isinstance(items, (str, bytes)) or not isinstance(items, (Iterable, AsyncIterable)):  # pyright: ignore
            raise InvalidInputError("the source must be an iterable or an async iterable of items", field="source")
        self._items: Iterable[I] | AsyncIterable[I] = items
        self._bookmark = checkpoint
        self.total = len(items) if isinstance(items, Sized) else None
        self.taken = 0
        self.exhausted = False
        self.left: list[tuple[int, I]] = []  # pulled, and not handed out yet
        self.at_hand = False  # nobody has to wait for an item
        self._iterator: Iterator[I] | AsyncIterator[I] | None = None
        self._turn = anyio.Lock()
        self._pull: anyio.CancelScope | None = None
        self._stopped = False
        self._error: Exception | None = None

    def start(self, cursor: str | None, index: int) -> None:
        """Begins at the source's start; a list of a book behind this cursor, with its first `index` items `DONE`.

        Without a cursor, but with an index, all of the list is done.
        """
        if isinstance(self._items, Pager):
            self._iterator = self._paged(self._items, cursor, index)  # pyright: ignore
        elif isinstance(self._items, AsyncIterable):
            self._iterator = aiter(self._items)
        else:
            self._iterator, self.at_hand = iter(self._items), True

    async def _paged(self, pager: Pager[Any], cursor: str | None, index: int) -> AsyncIterator[I]:
        for _ in range(index):
            yield DONE
        if cursor is None and index:
            return
        async for page in (pager if cursor is None else pager.at(cursor)).pages():
            for item in page.items:
                yield item
            index += len(page.items)
            if page.cursor is not None:
                await self._bookmark(page.cursor, index)

    async def take(self, most: int) -> list[tuple[int, I]]:
        """The next items, fewer only at the end, or when `stop` was called.

        Raises:
            Whatever the source raised, once all that came before it was taken.
        """
        if not isinstance(self._iterator, AsyncIterator):
            return self.take_now(most)
        async with self._turn:
            with anyio.CancelScope() as self._pull:
                await self._take(self._iterator, most)
            self._pull = None
            return self._handed_out()

    def take_now(self, most: int) -> list[tuple[int, I]]:
        """`take` for a source that nobody has to wait for."""
        if isinstance(self._iterator, Iterator):
            self._take_now(self._iterator, most)
        return self._handed_out()

    def _handed_out(self) -> list[tuple[int, I]]:
        taken, self.left = self.left, []
        if self._error is not None and not taken:
            raise self._error
        return taken

    def _take_now(self, iterator: Iterator[I], most: int) -> None:
        while len(self.left) < most and not self._over:
            try:
                self.left.append((self.taken, next(iterator)))
            except StopIteration:
                self.exhausted = True
            except Exception as error:
                self._error = error
            else:
                self.taken += 1

    async def _take(self, iterator: AsyncIterator[I], most: int) -> None:
        while len(self.left) < most and not self._over:
            try:
                self.left.append((self.taken, await anext(iterator)))
            except StopAsyncIteration:
                self.exhausted = True
            except Exception as error:
                self._error = error
            else:
                self.taken += 1

    @property
    def _over(self) -> bool:
        return self.exhausted or self._stopped or self._error is not None

    def stop(self) -> None:
        """Takes no more, and waits no longer for an item that is slow to come."""
        self._stopped = True
        if self._pull is not None:
            self._pull.cancel()

    async def aclose(self) -> None:
        close = getattr(self._iterator, "aclose", None)
        if close is not None:
            await close()


# Ids read to the end before anything is written: an operation that shrinks the list which feeds it would skip some.

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
        entry = await journal.find_entry(index)
        if entry is not None and entry.id is not None:
            yield entry.id


def _ids(db: sqlite3.Connection) -> Iterator[str]:
    return (id for (id,) in db.execute("select id from item order by at"))


async def _keep(ids: Iterator[str], journal: Journal, hashes: KeyedHash) -> int:
    count = 0
    while group := list(islice(ids, _GROUP)):
        await journal.record_intents(
            [
                JournalEntry(count + at, None, hashes.fingerprint(id), None, "intent", id=id)
                for at, id in enumerate(group)
            ]
        )
        count += len(group)
    await journal.checkpoint(_MARK, count)
    return count


async def _marked(journal: Journal) -> int | None:
    return next((index for name, index in await journal.find_checkpoints() if name == _MARK), None)
