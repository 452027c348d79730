"""An SQLite file that this process holds alone: short work on it is done at once, long work in a thread."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable
from copy import copy
from pathlib import Path
from typing import Any, TypeVar

import anyio
from anyio import to_thread

from crossbook.core import journal_file
from crossbook.core.undisturbed import undisturbed
from crossbook.errors import CrossbookError, JournalBusy, UsageError

T = TypeVar("T")


class SqliteFile:
    """One connection, and a descriptor of its write-ahead log. After a failure nothing more is taken.

    Args:
        path: the file; it is made where there is none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None
        self._log = -1
        self._away: anyio.Event | None = None  # set when the connection comes back from a thread
        self._threads: anyio.CapacityLimiter | None = None
        self._failed: CrossbookError | None = None
        # A task of asyncio that is cancelled from outside leaves its thread at work: this keeps us off its connection.
        self._lock = threading.Lock()

    async def open(self, begin: Callable[[sqlite3.Connection], T]) -> T:
        """Opens the file and begins with it; if that fails, it is closed again."""
        if self._db is not None or self._away is not None:
            raise JournalBusy("this journal is open already: it serves one run at a time")
        self._failed, self._threads = None, anyio.CapacityLimiter(1)

        def work() -> T:
            self._db, self._log = journal_file.connect(self._path)
            try:
                return begin(self._db)
            except BaseException:
                self._shut()
                raise

        try:
            return await self._aside(work)
        except BaseException:
            # Cancelled from outside (asyncio), it leaves a thread behind that goes on opening: nobody would close it.
            await self.close()
            raise

    async def read(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Few rows, found by an index."""
        await self._idle()
        return self._do(lambda db: db.execute(sql, values).fetchall())

    async def scan(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Whatever walks through many rows, in a thread."""
        return await self._aside(lambda: work(self._check()))

    async def close(self) -> None:
        """Syncs what was written and closes the file, whether or not the caller is cancelled."""
        if self._threads is not None:
            await undisturbed(self._close)

    async def _close(self) -> None:
        await self._aside(self._shut)

    def _shut(self) -> None:
        db, self._db = self._db, None
        if db is None:
            return
        try:
            if self._failed is None:
                if db.in_transaction:
                    db.execute("commit")
                os.fsync(self._log)
        finally:
            os.close(self._log)
            db.close()  # folds the log into the file and removes it

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Short work, here and now; the caller has seen to it that the connection is idle."""
        try:
            with self._lock:
                return work(self._check())
        except sqlite3.Error as error:
            raise self._broken(error) from None

    async def _idle(self) -> None:
        while self._away is not None:
            await self._away.wait()

    async def _aside(self, work: Callable[[], T]) -> T:
        """Long work, which has the connection to itself in a thread."""
        await self._idle()
        back = self._away = anyio.Event()

        def locked() -> T:
            with self._lock:
                return work()

        try:
            return await to_thread.run_sync(locked, limiter=self._threads)
        except (sqlite3.Error, OSError) as error:
            raise self._broken(error) from None
        finally:
            self._away = None
            back.set()

    def _check(self) -> sqlite3.Connection:
        if self._failed is not None:
            raise copy(self._failed)
        if self._db is None:
            raise UsageError("the journal is not open")
        return self._db

    def _broken(self, error: sqlite3.Error | OSError) -> CrossbookError:
        self._failed = journal_file.explain(error, self._path)
        return copy(self._failed)
