"""Group commit: one sync of the disk serves all who wait for it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import anyio
from anyio import to_thread
from anyio.lowlevel import checkpoint

from crossbook.core import journal_file
from crossbook.core.sqlite_file import SqliteFile

_LOG_LIMIT = 16 * 1024 * 1024
"""Bytes of log from which the next commit folds it into the file."""


class GroupCommit(SqliteFile):
    """Rows that survive the process soon after `write` returned, and the machine too if they were to be `durable`.

    A row costs microseconds, and is written where it is asked for. Whoever first needs the disk leads: it commits what
    all have written so far, and syncs the log in a thread; who comes meanwhile waits for the next sync.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._asked = self._durable = 0  # how often durability was asked for, and how many of those have it
        self._leading: anyio.Event | None = None  # set when the commit under way is over

    async def write(self, sql: str, rows: Iterable[Sequence[Any]], *, durable: bool) -> None:
        await self._idle()
        self._do(lambda db: _put(db, sql, rows))
        if durable:
            self._asked += 1
            await self._until(self._asked)
        elif self._leading is None:  # who leads commits it
            self._commit()
            if self._log_is_long():
                await self._lead()

    async def close(self) -> None:
        with anyio.CancelScope(shield=True):
            while self._leading is not None:
                await self._leading.wait()
            await super().close()
        if self._failed is None:
            self._durable = self._asked

    async def _until(self, mine: int) -> None:
        while self._durable < mine:
            self._check()
            if self._leading is None:
                await self._lead()
            else:
                await self._leading.wait()

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
                await self._idle()
                self._commit()  # what was written meanwhile
        except OSError as error:
            raise self._broken(error) from None
        finally:
            self._leading = None
            over.set()

    def _commit(self) -> None:
        self._do(lambda db: db.execute("commit") if db.in_transaction else None)

    def _log_is_long(self) -> bool:
        return os.fstat(self._log).st_size > _LOG_LIMIT

    def _fold(self) -> None:
        db = self._check()
        db.execute("pragma wal_checkpoint(truncate)").fetchall()
        journal_file.begin_log(db)
        os.fsync(self._log)


def _put(db: sqlite3.Connection, sql: str, rows: Iterable[Sequence[Any]]) -> None:
    if not db.in_transaction:
        db.execute("begin")
    db.executemany(sql, rows)
