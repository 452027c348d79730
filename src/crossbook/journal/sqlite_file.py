"""An SQLite file that this process holds alone: short work on it is done at once, long work in a thread."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from pathlib import Path
from typing import Any, TypeVar

import anyio
from anyio import to_thread

from crossbook._concurrency import run_shielded
from crossbook.errors import CrossbookError, InvalidInputError, JournalBusyError, UsageError

# A journal's file: made, recognised or refused, and what SQLite says about it in our words.

_APPLICATION = 0x63626A31  # "cbj1", which `file` and every SQLite tool can show
VERSION = 3
_OPEN = -VERSION
"""The version in the file itself while it is open: what was written since is in its log alone, as is `VERSION`."""
# How long a file that is being let go of is waited for, in seconds.
_PATIENCE = 0.5
_CREATING = threading.Lock()

_SCHEMA = (
    """create table run (
        id integer primary key, name text not null unique, vendor text not null, operation text not null,
        match text, base_url text not null, brand text not null, account text, key blob not null, tag blob,
        finished integer, archived integer not null default 0
    )""",
    """create table entry (
        run integer not null, "index" integer not null, item_key text, fingerprint text not null, key text,
        state text not null, at real not null, seen text, attempts integer not null, status text, id text,
        error text, dropped_fields text, write_only_fields text, primary key (run, "index")
    ) without rowid""",
    "create index entry_key on entry (run, key) where key is not null",
    "create index entry_id on entry (run, id) where id is not null",
    """create table bookmark (
        run integer not null, "index" integer not null, cursor text not null, primary key (run, "index")
    ) without rowid""",
    f"pragma application_id = {_APPLICATION}",
    f"pragma user_version = {VERSION}",
)


def connect(path: Path) -> tuple[sqlite3.Connection, int]:
    """The file, made where there is none, and a descriptor of its log, by which the log is synced.

    The file is locked for this connection alone until it is closed or its process is gone. Only its owner may read it.
    An existing file is read to its end, so that a damaged page is found here and not in the middle of a run.

    Raises:
        InvalidInputError: what is there is no journal, is damaged, lacks its log, or may not be written.
        sqlite3.Error: everything else; `explain` says it in our words.
    """
    try:
        _create_private(path)
        # An absolute path is never one of SQLite's special names.
        db = sqlite3.connect(path.absolute(), timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
    except ValueError as error:
        raise InvalidInputError(f"the journal's path is none: {error}", field="journal") from None
    try:
        db.execute("pragma locking_mode = exclusive")
        application, version = _number(db, "application_id"), _number(db, "user_version")
        if not application and not version and not _number(db, "schema_version"):
            _make_private(path)
            _create(db)
        elif application != _APPLICATION:
            what = "is an SQLite file of something else: name the journal's own file"
            raise InvalidInputError(f"{path} {what}", field="journal")
        elif version == _OPEN and not _has_log(db):
            raise InvalidInputError(
                f"the journal {path} cannot be used: its log {_log_of(db)} is missing, which holds what was written "
                "last. Put the log back beside it, and copy both files together: without the log, everything would be "
                "written again",
                field="journal",
            )
        elif version > VERSION:
            raise InvalidInputError(
                f"the journal {path} was written by a newer crossbook: update this one", field="journal"
            )
        elif version not in (VERSION, _OPEN):
            what = "was written by an older crossbook: end its run with that version"
            raise InvalidInputError(f"the journal {path} {what}", field="journal")
        else:
            _make_private(path)
            if db.execute("pragma quick_check(1)").fetchone()[0] != "ok":
                what = f"the journal {path} cannot be used: {_MENDS[sqlite3.SQLITE_CORRUPT]}"
                raise InvalidInputError(what, field="journal", cause="SQLITE_CORRUPT")
        return db, _open_log(db, path)
    except BaseException:
        db.close()
        raise


def _create_private(path: Path) -> None:
    """Create the file if there is none, readable by its owner from the beginning; its log gets the same mode."""
    # To close any descriptor of a file lets go of all locks that this process has on it, and of this file no other
    # connection of the process has any: each comes by here first.
    with _CREATING, suppress(OSError):  # an obstacle is SQLite's to name
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _make_private(path: Path) -> None:
    """Take from others the right to read or write a journal that was there before."""
    for name in (path, path.with_name(f"{path.name}-wal")):
        with suppress(OSError):  # the file of another owner
            mode = name.stat().st_mode
            if stat.S_ISREG(mode):
                name.chmod(stat.S_IMODE(mode) & ~0o077)


def _create(db: sqlite3.Connection) -> None:
    # Before the write-ahead log is switched on, so that the file itself says at once whose it is.
    db.execute("begin exclusive")
    for statement in _SCHEMA:
        db.execute(statement)
    db.execute("commit")


def _open_log(db: sqlite3.Connection, path: Path) -> int:
    if db.execute("pragma journal_mode = wal").fetchone()[0] != "wal":
        raise InvalidInputError(f"no write-ahead log can be kept beside {path}: name another place", field="journal")
    # NORMAL leaves out the one sync a commit that FULL would make there and then: the journal makes it itself, in a
    # thread. It also folds the log into the file when that does not hold up anybody.
    db.execute("pragma synchronous = normal")
    db.execute("pragma wal_autocheckpoint = 0")
    db.execute("pragma journal_size_limit = 0")  # a log that begins anew is cut
    begin_log(db)
    return os.open(_log_of(db), os.O_RDWR)


def begin_log(db: sqlite3.Connection) -> None:
    """Fold the log into the file, mark the file as open, and begin the log anew.

    The mark is taken back in the log at once, so that it shows only where the log is lost. At no moment is the log
    empty while the file is marked: a process may be killed anywhere in here. With the first write into a log, SQLite
    syncs the log's header: here, and not on the event loop.
    """
    db.execute(f"pragma user_version = {_OPEN}")
    db.execute("pragma wal_checkpoint(restart)").fetchall()
    db.execute(f"pragma user_version = {VERSION}")


def _has_log(db: sqlite3.Connection) -> bool:
    # By now SQLite has made an empty one where there was none.
    return os.path.exists(log := _log_of(db)) and os.path.getsize(log) > 0


def _log_of(db: sqlite3.Connection) -> str:
    return f"{db.execute('pragma database_list').fetchone()[2]}-wal"


def _number(db: sqlite3.Connection, pragma: str) -> int:
    found: int = db.execute(f"pragma {pragma}").fetchone()[0]
    return found


_MENDS = {
    sqlite3.SQLITE_NOTADB: "it is a file of something else: name the journal's own file",
    sqlite3.SQLITE_CORRUPT: "it is damaged: restore a copy of it, since a new journal would write everything again",
    sqlite3.SQLITE_READONLY: "it may not be written: look at the permissions of the file and its folder",
    sqlite3.SQLITE_PERM: "it may not be written: look at the permissions of the file and its folder",
}


def explain(error: Exception, path: Path) -> CrossbookError:
    """What went wrong with the file, in one of our errors."""
    if isinstance(error, OSError):
        code, cause = sqlite3.SQLITE_FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else 0, type(error).__name__
    else:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest is SQLite's finer division
        cause = getattr(error, "sqlite_errorname", type(error).__name__)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return JournalBusyError(f"the journal {path} is open in another run: wait until that run has ended")
    if code == sqlite3.SQLITE_CANTOPEN:
        return InvalidInputError(
            f"the journal {path} cannot be opened: {_obstacle(path)}", field="journal", cause=cause
        )
    if code == sqlite3.SQLITE_IOERR and not _is_writable(path):
        code = sqlite3.SQLITE_READONLY  # opened for reading alone, it cannot be locked either
    if code in _MENDS:
        return InvalidInputError(f"the journal {path} cannot be used: {_MENDS[code]}", field="journal", cause=cause)
    why = "the disk is full" if code == sqlite3.SQLITE_FULL else "the disk or its file system refused"
    return CrossbookError(f"the journal {path} cannot be written: {why}; the same call goes on from there", cause=cause)


def _is_writable(path: Path) -> bool:
    # Not by opening it: closing it again would let go of every lock that this process has on it.
    return not path.exists() or os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _obstacle(path: Path) -> str:
    try:
        path.stat()
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno == errno.ELOOP:
            return "its path has a symbolic link that leads back to itself: name the file itself"
    try:
        if path.is_dir():
            return "it is a folder"
        if not path.absolute().parent.is_dir():
            return "its folder does not exist"
    except (OSError, ValueError):
        pass  # a path that cannot even be looked at
    return "look at the permissions of the file and its folder"


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
            raise JournalBusyError("this journal is open already: it serves one run at a time")
        self._failed, self._threads = None, anyio.CapacityLimiter(1)

        def work() -> T:
            self._db, self._log = connect(self._path)
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
            await run_shielded(self._close)

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
        self._failed = explain(error, self._path)
        return copy(self._failed)
