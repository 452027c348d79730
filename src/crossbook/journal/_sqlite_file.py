"""The SQLite file of a journal: create, check and lock the file, commit rows in groups, translate SQLite's errors."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from copy import copy
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

import anyio
from anyio import to_thread
from anyio.lowlevel import checkpoint

from crossbook._concurrency import run_shielded
from crossbook._private_files import create_private_file, restrict_mode
from crossbook.errors import CrossbookError, InvalidInputError, JournalBusyError, UsageError

T = TypeVar("T")
VERSION = 3
_OPEN = -VERSION
"""The version in the main file while the journal is open. The log holds `VERSION`, and the newest rows."""
_APPLICATION = 0x63626A31  # "cbj1": SQLite tools and `file` show it
_LOCK_TIMEOUT = 0.5  # seconds to wait for a file that another connection is just closing
_LOG_LIMIT = 16 * 1024 * 1024  # bytes of log from which the next commit merges it into the file

_SCHEMA = (
    """create table run (
        id integer primary key, name text not null unique, vendor text not null, operation text not null,
        match text, base_url text not null, brand text not null, account text, key blob not null, tag blob,
        finished integer, archived integer not null default 0
    )""",
    """create table entry (
        run integer not null, "index" integer not null, item_key text, fingerprint text not null, key text,
        state text not null, at real not null, existing_ids text, attempts integer not null, status text, id text,
        error text, dropped_fields text, write_only_fields text, primary key (run, "index")
    ) without rowid""",
    "create index entry_key on entry (run, key) where key is not null",
    "create index entry_id on entry (run, id) where id is not null",
    """create table checkpoint (
        run integer not null, "index" integer not null, cursor text not null, primary key (run, "index")
    ) without rowid""",
    f"pragma application_id = {_APPLICATION}",
    f"pragma user_version = {VERSION}",
)


def connect(path: Path) -> tuple[sqlite3.Connection, int]:
    """Open or create the file. Return a connection to it, and a file descriptor of its write-ahead log, for syncs.

    The connection holds the lock of the file until it is closed or its process ends. Only the owner may read the file.
    An existing file is read to its end, so that a damaged page is found here and not in the middle of a run.

    Raises:
        InvalidInputError: the file is not a journal, is damaged, lacks its log, or may not be written.
        sqlite3.Error: any other failure; `translate_error` turns it into an error of ours.
    """
    try:
        create_private_file(path)
        # An absolute path is never one of SQLite's special names.
        db = sqlite3.connect(path.absolute(), timeout=_LOCK_TIMEOUT, isolation_level=None, check_same_thread=False)
    except ValueError as error:
        raise InvalidInputError(f"invalid path of the journal: {error}", field="journal") from None
    try:
        db.execute("pragma locking_mode = exclusive")
        application, version = _read_pragma(db, "application_id"), _read_pragma(db, "user_version")
        if not application and not version and not _read_pragma(db, "schema_version"):
            restrict_mode(path)
            _create_schema(db)
            return db, _open_log(db, path)
        if application != _APPLICATION:
            problem = "is an SQLite file of another program: pass the path of the journal"
        elif version == _OPEN and not _has_log(db):
            problem = (
                f"cannot be used: its log {_get_log_path(db)} is missing, which holds the last writes. Put the log "
                "back into the same folder, and copy both files together: without the log, everything would be "
                "written again"
            )
        elif version > VERSION:
            problem = "was written by a newer crossbook: update this installation"
        elif version not in (VERSION, _OPEN):
            problem = "was written by an older crossbook: finish its run with that version, or pass a new path"
        else:
            restrict_mode(path)
            if db.execute("pragma quick_check(1)").fetchone()[0] == "ok":
                return db, _open_log(db, path)
            problem = f"cannot be used: {_FIXES[sqlite3.SQLITE_CORRUPT]}"
            raise InvalidInputError(f"the journal {path} {problem}", field="journal", cause="SQLITE_CORRUPT")
        raise InvalidInputError(f"the journal {path} {problem}", field="journal")
    except BaseException:
        db.close()
        raise


def _create_schema(db: sqlite3.Connection) -> None:
    # Before the write-ahead log is switched on, so that the main file itself holds the application id.
    db.execute("begin exclusive")
    for statement in _SCHEMA:
        db.execute(statement)
    db.execute("commit")


def _open_log(db: sqlite3.Connection, path: Path) -> int:
    if db.execute("pragma journal_mode = wal").fetchone()[0] != "wal":
        raise InvalidInputError(
            f"the file system of {path} does not support SQLite's write-ahead log: use a local folder", field="journal"
        )
    # FULL would sync in each commit, on the event loop. NORMAL leaves this sync out; `_lead` makes it in a thread.
    # `_lead` also merges the log into the file, when no task waits for the merge.
    db.execute("pragma synchronous = normal")
    db.execute("pragma wal_autocheckpoint = 0")
    db.execute("pragma journal_size_limit = 0")  # truncate the log when it restarts
    restart_log(db)
    return os.open(_get_log_path(db), os.O_RDWR)


def restart_log(db: sqlite3.Connection) -> None:
    """Merge the write-ahead log into the file, mark the file as open, and start the log again from its beginning.

    The mark in the file is `_OPEN`; the first row of the new log sets `VERSION` again. So a reader sees the mark only
    if the log is lost. The process may be killed between any two statements: the log is never empty while the file is
    marked. The first write into a log syncs the log's header: this happens here, in a thread, not on the event loop.
    """
    db.execute(f"pragma user_version = {_OPEN}")
    db.execute("pragma wal_checkpoint(restart)").fetchall()
    db.execute(f"pragma user_version = {VERSION}")


def _has_log(db: sqlite3.Connection) -> bool:
    # SQLite has created an empty log by now if there was no log.
    return os.path.exists(log := _get_log_path(db)) and os.path.getsize(log) > 0


def _get_log_path(db: sqlite3.Connection) -> str:
    return f"{db.execute('pragma database_list').fetchone()[2]}-wal"


def _read_pragma(db: sqlite3.Connection, pragma: str) -> int:
    found: int = db.execute(f"pragma {pragma}").fetchone()[0]
    return found


_CHECK_PERMISSIONS = "check the permissions of the file and its folder"
_FIXES = {
    sqlite3.SQLITE_NOTADB: "it is a file of another program: pass the path of the journal",
    sqlite3.SQLITE_CORRUPT: "it is damaged: restore a copy, because a new journal would write everything again",
    sqlite3.SQLITE_READONLY: f"it may not be written: {_CHECK_PERMISSIONS}",
    sqlite3.SQLITE_PERM: f"it may not be written: {_CHECK_PERMISSIONS}",
}


def translate_error(error: Exception, path: Path) -> CrossbookError:
    """Translate an error of SQLite or the system into a CrossbookError that says what is wrong with the file."""
    if isinstance(error, OSError):
        code, cause = sqlite3.SQLITE_FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else 0, type(error).__name__
    else:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the higher bits are SQLite's extended code
        cause = getattr(error, "sqlite_errorname", type(error).__name__)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return JournalBusyError(f"the journal {path} is open in another run: wait until that run has ended")
    if code == sqlite3.SQLITE_CANTOPEN:
        return InvalidInputError(
            f"the journal {path} cannot be opened: {_explain_cannot_open(path)}", field="journal", cause=cause
        )
    if code == sqlite3.SQLITE_IOERR and not _is_writable(path):
        code = sqlite3.SQLITE_READONLY  # a file that is open for reading only cannot be locked
    if code in _FIXES:
        return InvalidInputError(f"the journal {path} cannot be used: {_FIXES[code]}", field="journal", cause=cause)
    why = "the disk is full" if code == sqlite3.SQLITE_FULL else "the disk or its file system refused the write"
    return CrossbookError(
        f"the journal {path} cannot be written: {why}; fix this, then repeat the call that began the run, to resume it",
        cause=cause,
    )


def _is_writable(path: Path) -> bool:
    # Not by opening the file: closing it again would release every lock that this process has on it.
    return not path.exists() or os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _explain_cannot_open(path: Path) -> str:
    try:
        path.stat()
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno == errno.ELOOP:
            return "its path has a symbolic link that leads back to itself: pass the path of the file itself"
    with suppress(OSError, ValueError):  # the path may not even be inspected
        if path.is_dir():
            return "it is a folder: pass the path of a file"
        if not path.absolute().parent.is_dir():
            return "its folder does not exist: create it"
    return _CHECK_PERMISSIONS


class SqliteFile:
    """The open file of a journal. Short work runs on the event loop at once, long work in a thread.

    Durable writes use **group commit** (DeWitt et al., 1984): one sync of the log serves all tasks that wait for it.
    The first task that needs a sync becomes the leader. The leader commits the rows of all tasks and syncs the log in a
    thread. Tasks that arrive during the sync queue their rows and wait; one of them leads the next commit.

    Invariants:
        - A durable `write` returns only after a sync that began when its rows were already committed.
        - Rows are written in the order of the calls, whether they are durable or not.
        - The event loop uses the connection only while no thread does: `_wait_until_idle` comes before `_run_now`.
        - After a failure every call raises the same error. So no caller takes a lost row for a written row.

    Args:
        path: the file; `open` creates it if it does not exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None
        self._log = -1  # the file descriptor of the log
        self._failure: CrossbookError | None = None
        self._in_thread: anyio.Event | None = None  # set when the connection returns from its thread
        self._threads: anyio.CapacityLimiter | None = None
        # asyncio can cancel a task whose thread continues: this lock keeps the event loop off the thread's connection.
        self._lock = threading.Lock()
        self._rows: list[tuple[str, Sequence[Any]]] = []  # queued: the next commit writes them
        self._requested = self._synced = 0  # durable writes so far, and how many of them are on disk
        self._leading: anyio.Event | None = None  # set when the leader's commit is over
        self._followers = 0  # tasks that wait for the leader; one of them leads next

    async def open(self, begin: Callable[[sqlite3.Connection], T]) -> T:
        """Open the file, call `begin` with its connection, and return the result. Close the file if either fails."""
        if self._db is not None or self._in_thread is not None:
            raise JournalBusyError("this journal object is already in use by another run: use one object for each run")
        self._failure, self._threads = None, anyio.CapacityLimiter(1)

        def work() -> T:
            self._db, self._log = connect(self._path)
            try:
                return begin(self._db)
            except BaseException:
                self._close_connection()
                raise

        try:
            return await self._run_in_thread(work)
        except BaseException:
            # If asyncio cancelled this task, its thread may still open the file: wait for the thread, then close.
            await self.close()
            raise

    async def write(self, sql: str, rows: Iterable[Sequence[Any]], *, durable: bool) -> None:
        """Write rows with one SQL statement. If `durable`, return only when they are on disk.

        Other rows survive a crash of the process soon after the return, and are on disk after the next durable write.
        """
        self._get_connection()
        self._rows += [(sql, row) for row in rows]
        if durable:
            self._requested += 1
            await self._wait_until_synced(self._requested)
        elif self._leading is None:
            await self._wait_until_idle()
            self._commit()
            if self._is_log_long():
                await self._lead()

    async def read(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a short query. It runs on the event loop, so the query must use an index."""
        await self._wait_until_idle()
        self._flush()
        return self._run_now(lambda db: db.execute(sql, values).fetchall())

    async def scan(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run work that reads many rows in a thread, and return its result."""
        await self._wait_until_idle()
        self._flush()
        return await self._run_in_thread(lambda: work(self._get_connection()))

    async def close(self) -> None:
        """Write all rows to disk and close the file, even if the caller is cancelled meanwhile."""
        if self._threads is not None:
            await run_shielded(self._close)

    async def _close(self) -> None:
        while self._leading is not None:
            await self._leading.wait()
        await self._wait_until_idle()
        try:
            if self._failure is None and self._db is not None:
                self._flush()
        finally:
            await self._run_in_thread(self._close_connection)
        if self._failure is None:
            self._synced = self._requested

    def _close_connection(self) -> None:
        db, self._db = self._db, None
        if db is None:
            return
        try:
            if self._failure is None:
                if db.in_transaction:
                    db.execute("commit")
                os.fsync(self._log)
        finally:
            os.close(self._log)
            db.close()  # merges the log into the file and removes the log

    async def _wait_until_synced(self, number: int) -> None:
        """Wait until the durable write with this number is on disk. Commit the rows if no other task does that."""
        while self._synced < number:
            self._get_connection()
            if self._leading is None:
                await self._lead()
            else:
                self._followers += 1
                try:
                    await self._leading.wait()
                finally:
                    self._followers -= 1

    async def _lead(self) -> None:
        """Commit the queued rows of all tasks, and sync the log once for all of them, as the leader of a group commit.

        `requested` is read before the commit, so it counts only writes whose rows this commit includes. A write that
        arrives during the sync has a higher number, and waits for the next leader.
        """
        over = self._leading = anyio.Event()
        try:
            # asyncio can cancel this task in spite of the shield. Then a follower leads the next commit.
            with anyio.CancelScope(shield=True):
                await checkpoint()  # tasks that are ready now queue their rows for this commit
                await self._wait_until_idle()
                if self._db is None:
                    return  # `close` has synced the rows
                requested = self._requested
                self._commit()
                if self._is_log_long():
                    await self._run_in_thread(self._merge_log)
                else:
                    await to_thread.run_sync(os.fsync, self._log, limiter=self._threads)
                self._synced = max(self._synced, requested)
                if not self._followers:  # a follower would commit these rows as the next leader
                    await self._wait_until_idle()
                    self._commit()
        except OSError as error:
            raise self._record_failure(error) from None
        finally:
            self._leading = None
            over.set()

    def _commit(self) -> None:
        self._flush()
        self._run_now(lambda db: db.execute("commit") if db.in_transaction else None)

    def _flush(self) -> None:
        """Insert the queued rows in the open transaction, without a commit."""
        if not self._rows:
            return
        rows, self._rows = self._rows, []

        def insert(db: sqlite3.Connection) -> None:
            if not db.in_transaction:
                db.execute("begin")
            for sql, group in groupby(rows, itemgetter(0)):
                db.executemany(sql, [row for _, row in group])

        try:
            self._run_now(insert)
        except Exception as error:
            # The rows of other tasks are lost with this row: their calls have to fail too.
            self._failure = self._failure or translate_error(error, self._path)
            raise

    def _is_log_long(self) -> bool:
        return os.fstat(self._log).st_size > _LOG_LIMIT

    def _merge_log(self) -> None:
        restart_log(self._get_connection())
        os.fsync(self._log)

    def _run_now(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run short work on the event loop and return its result. No thread may be using the connection."""
        try:
            with self._lock:
                return work(self._get_connection())
        except sqlite3.Error as error:
            raise self._record_failure(error) from None

    async def _run_in_thread(self, work: Callable[[], T]) -> T:
        """Run long work in a thread and return its result. No other work uses the connection meanwhile."""
        await self._wait_until_idle()
        back = self._in_thread = anyio.Event()

        def work_locked() -> T:
            with self._lock:
                return work()

        try:
            return await to_thread.run_sync(work_locked, limiter=self._threads)
        except (sqlite3.Error, OSError) as error:
            raise self._record_failure(error) from None
        finally:
            self._in_thread = None
            back.set()

    async def _wait_until_idle(self) -> None:
        while self._in_thread is not None:
            await self._in_thread.wait()

    def _get_connection(self) -> sqlite3.Connection:
        if self._failure is not None:
            raise copy(self._failure)
        if self._db is None:
            raise UsageError("the journal is not open: call open() first")
        return self._db

    def _record_failure(self, error: sqlite3.Error | OSError) -> CrossbookError:
        self._failure = translate_error(error, self._path)
        return copy(self._failure)
