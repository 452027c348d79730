"""Read the inputs of a batch as workers need them, from an iterable, an async iterable, or a list (`Pager`)."""

from __future__ import annotations

import sqlite3
from abc import abstractmethod
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sized
from contextlib import closing
from itertools import islice, repeat
from typing import Any, Generic, TypeVar

import anyio

from crossbook._batch.fingerprint import KeyedHash
from crossbook._pagination.pager import Pager
from crossbook.errors import InvalidInputError
from crossbook.journal import Journal, JournalEntry

I = TypeVar("I")  # noqa: E741  (an item of the source)
REPLAYED: Any = object()
"""Stands for an item before the cursor at which the source resumes. Only the journal has it."""


class DigestedSource(AsyncIterable[I]):
    """A source with a digest. By it a finished run is recognized, and replayed without reading the source.

    Attributes:
        digest: a digest of everything that decides about the inputs; None if it is unknown.
    """

    digest: str | None

    @abstractmethod
    def dump_notes(self) -> str | None:
        """Return what a replay needs to know of the inputs that were read. None: do not recognize this run later."""

    @abstractmethod
    def begin_replay(self, notes: str) -> None:
        """Begin the replay of a finished run. `notes` is what `dump_notes` returned at the end of that run."""


class Source(Generic[I]):
    """The inputs of a batch, which several workers take one after the other, each input with its index.

    Args:
        items: the values. A `Pager` has a cursor with each page, so that a resumed run need not read it from the start.
        checkpoint: stores such a cursor, with the index of the first item after it.
    """

    def __init__(self, items: Iterable[I] | AsyncIterable[I], checkpoint: Callable[[str, int], Any]) -> None:
        if isinstance(items, (str, bytes)) or not isinstance(items, (Iterable, AsyncIterable)):  # pyright: ignore
            raise InvalidInputError("the source must be an iterable or an async iterable of items", field="source")
        self._items: Iterable[I] | AsyncIterable[I] = items
        self._digested = items if isinstance(items, DigestedSource) and items.digest is not None else None
        self._checkpoint = checkpoint
        self.total = len(items) if isinstance(items, Sized) else None
        self.taken = 0
        self.exhausted = False
        self.left: list[tuple[int, I]] = []  # read from the iterator, and not given out yet
        self.is_sync = False  # `take_now` never waits
        self.is_recognized = False  # all inputs are in the journal, so the source is not read
        self._iterator: Iterator[I] | AsyncIterator[I] | None = None
        self.done_before = 0  # the number of items at the beginning that an earlier run has done
        self._lock = anyio.Lock()
        self._scope: anyio.CancelScope | None = None
        self._stopped = False
        self._error: Exception | None = None

    def count_items(self) -> int:
        """Return how many items are known: all if the source has a length, else those that were read so far."""
        return max(self.total or 0, self.taken) - self.done_before

    def start(self, cursor: str | None, index: int) -> None:
        """Begin to read at the start of the source, or where an earlier run stopped reading a vendor's list (`Pager`).

        Args:
            cursor: where the list resumes; None reads it from the start, or not at all if `index` is not 0.
            index: the number of items before the cursor, which are given out as `REPLAYED`.
        """
        if self.is_recognized:
            self._iterator, self.is_sync = repeat(REPLAYED, index), True
        elif isinstance(self._items, Pager):
            self._iterator = self._iter_pages(self._items, cursor, index)  # pyright: ignore
        elif isinstance(self._items, AsyncIterable):
            self._iterator = aiter(self._items)
        else:
            self._iterator, self.is_sync = iter(self._items), True

    def recognize(self, digest: Callable[[str], str], checkpoints: Iterable[tuple[str, int]], index: int) -> None:
        """Set `is_recognized` if a checkpoint says that a finished run had the same source, with `index` inputs."""
        if self._digested is None:
            return
        mark = _make_mark(self._digested, digest)
        for cursor, at in checkpoints:
            if at == index and cursor.startswith(mark):
                self.is_recognized = True
                self._digested.begin_replay(cursor.removeprefix(mark))

    async def store_mark(self, digest: Callable[[str], str]) -> None:
        """Store a checkpoint by which `recognize` recognizes this source, now that it is processed to its end."""
        notes = None if self._digested is None else self._digested.dump_notes()
        if self._digested is not None and notes is not None:
            await self._checkpoint(_make_mark(self._digested, digest) + notes, self.taken)

    async def _iter_pages(self, pager: Pager[Any], cursor: str | None, index: int) -> AsyncIterator[I]:
        for _ in range(index):
            yield REPLAYED
        if cursor is None and index:
            return
        async for page in (pager if cursor is None else pager.at(cursor)).pages():
            for item in page.items:
                yield item
            index += len(page.items)
            if page.cursor is not None:
                await self._checkpoint(page.cursor, index)

    async def take(self, limit: int) -> list[tuple[int, I]]:
        """Wait for the next `limit` values, and return them with their index: fewer only at the end or after `stop`.

        Raises:
            The error of the source, after all values before it were given out.
        """
        if not isinstance(self._iterator, AsyncIterator):
            return self.take_now(limit)
        async with self._lock:
            with anyio.CancelScope() as self._scope:
                iterator = self._iterator
                while self._needs_more(limit):
                    try:
                        self._add(await anext(iterator))
                    except StopAsyncIteration:
                        self.exhausted = True
                    except Exception as error:
                        self._error = error
            self._scope = None
            return self._give_out()

    def take_now(self, limit: int) -> list[tuple[int, I]]:
        """Return the next `limit` values as `take` does, without waiting. Only for a source that is not async."""
        iterator = self._iterator
        while isinstance(iterator, Iterator) and self._needs_more(limit):
            try:
                self._add(next(iterator))
            except StopIteration:
                self.exhausted = True
            except Exception as error:
                self._error = error
        return self._give_out()

    def _needs_more(self, limit: int) -> bool:
        return len(self.left) < limit and not (self.exhausted or self._stopped or self._error is not None)

    def _add(self, value: I) -> None:
        self.left.append((self.taken, value))
        self.taken += 1

    def _give_out(self) -> list[tuple[int, I]]:
        taken, self.left = self.left, []
        if self._error is not None and not taken:
            raise self._error
        return taken

    def stop(self) -> None:
        """Read no more values from the source, and stop waiting for a slow source."""
        self._stopped = True
        if self._scope is not None:
            self._scope.cancel()

    async def aclose(self) -> None:
        close: Callable[[], Awaitable[None]] | None = getattr(self._iterator, "aclose", None)
        if close is not None:
            await close()


def _make_mark(source: DigestedSource[Any], digest: Callable[[str], str]) -> str:
    """Return how the cursor of a checkpoint begins that has the digest of a source which was read to its end."""
    return f"*digest* {digest(source.digest or '')} "


_COLLECTED = "*collected*"  # the cursor of the checkpoint that says: the journal has all ids
_CHUNK = 1000


async def collect_ids(pager: Pager[Any], journal: Journal | None, hashes: KeyedHash) -> AsyncIterator[str]:
    """Read a vendor's list (`Pager`) to its end, then yield the ids of its contacts, each once.

    An operation that removes contacts from its own source list would otherwise skip some, because the pages shift. The
    ids are stored in a temporary SQLite database, and in the journal if there is one.
    """
    count = await _find_collected(journal) if journal else None
    if count is None:
        with closing(sqlite3.connect("", isolation_level=None)) as db:
            db.execute("create table item (at integer primary key, id text unique)")
            async for page in pager.pages():
                db.executemany("insert or ignore into item (id) values (?)", ((item.id,) for item in page.items))
            ids = (id for (id,) in db.execute("select id from item order by at"))
            if journal is None:
                for id in ids:
                    yield id
                return
            count = await _store_ids(ids, journal, hashes)
    assert journal is not None
    for index in range(count):
        entry = await journal.find_entry(index)
        if entry is not None and entry.id is not None:
            yield entry.id


async def _store_ids(ids: Iterator[str], journal: Journal, hashes: KeyedHash) -> int:
    count = 0
    while chunk := list(islice(ids, _CHUNK)):
        await journal.record_intents(
            [
                JournalEntry(index, None, hashes.fingerprint(id), None, "intent", id=id)
                for index, id in enumerate(chunk, count)
            ]
        )
        count += len(chunk)
    await journal.checkpoint(_COLLECTED, count)
    return count


async def _find_collected(journal: Journal) -> int | None:
    return next((index for cursor, index in await journal.find_checkpoints() if cursor == _COLLECTED), None)
