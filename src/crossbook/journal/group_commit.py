"""Group commit: one sync of the disk serves all who wait for it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

import anyio
from anyio import to_thread
from anyio.lowlevel import checkpoint

from crossbook.journal import sqlite_file
from crossbook.journal.sqlite_file import SqliteFile

T = TypeVar("T")
_LOG_LIMIT = 16 * 1024 * 1024
"""Bytes of log from which the next commit folds it into the file."""


class GroupCommit(SqliteFile):
    """Rows that survive the process soon after `write` returned, and the machine too if they were to be `durable`.

    Whoever first needs the disk leads: it writes and commits the rows of all so far, and syncs the log in a thread; who
    comes meanwhile leaves rows, and waits for the next sync.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._asked = self._durable = 0  # how often durability was asked for, and how many of those have it
        self._leading: anyio.Event | None = None  # set when the commit under way is over
        self._waiting = 0  # who will lead next
        self._rows: list[tuple[str, Sequence[Any]]] = []  # not written yet; whoever leads does

    async def write(self, sql: str, rows: Iterable[Sequence[Any]], *, durable: bool) -> None:
        self._check()
        self._rows += [(sql, row) for row in rows]
        if durable:
            self._asked += 1
            await self._until(self._asked)
        elif self._leading is None:
            await self._idle()
            self._commit()
            if self._log_is_long():
                await self._lead()

    async def read(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        await self._idle()
        self._put()
        return await super().read(sql, *values)

    async def scan(self, work: Callable[[sqlite3.Connection], T]) -> T:
        await self._idle()
        self._put()
        return await super().scan(work)

    async def _close(self) -> None:
        while self._leading is not None:
            await self._leading.wait()
        await self._idle()
        try:
            if self._failed is None and self._db is not None:
                self._put()
        finally:
            await super()._close()
        if self._failed is None:
            self._durable = self._asked

    async def _until(self, mine: int) -> None:
        while self._durable < mine:
            self._check()
            if self._leading is None:
                await self._lead()
            else:
                self._waiting += 1
                try:
                    await self._leading.wait()
                finally:
                    self._waiting -= 1

    async def _lead(self) -> None:
        over = self._leading = anyio.Event()
        try:
            # Cancelled from outside all the same (asyncio), it leaves the lead to the next who waits.
            with anyio.CancelScope(shield=True):
                await checkpoint()  # who is ready now is served by this commit
                await self._idle()
                if self._db is None:
                    return  # closed, and synced with that
                asked = self._asked
                self._commit()
                if self._log_is_long():
                    await self._aside(self._fold)
                else:
                    await to_thread.run_sync(os.fsync, self._log, limiter=self._threads)
                self._durable = max(self._durable, asked)
                if not self._waiting:  # else the next who leads is there already
                    await self._idle()
                    self._commit()  # what came meanwhile
        except OSError as error:
            raise self._broken(error) from None
        finally:
            self._leading = None
            over.set()

    def _commit(self) -> None:
        self._put()
        self._do(lambda db: db.execute("commit") if db.in_transaction else None)

    def _put(self) -> None:
        if self._rows:
            rows, self._rows = self._rows, []
            try:
                self._do(lambda db: _put(db, rows))
            except Exception as error:
                # Nobody whose row is lost with these may take it for written.
                self._failed = self._failed or sqlite_file.explain(error, self._path)
                raise

    def _log_is_long(self) -> bool:
        return os.fstat(self._log).st_size > _LOG_LIMIT

    def _fold(self) -> None:
        sqlite_file.begin_log(self._check())
        os.fsync(self._log)


def _put(db: sqlite3.Connection, rows: Sequence[tuple[str, Sequence[Any]]]) -> None:
    if not db.in_transaction:
        db.execute("begin")
    for sql, alike in groupby(rows, itemgetter(0)):
        db.executemany(sql, [row for _, row in alike])
