"""`SqliteSuppressions`: a store of a suppression list in one SQLite file, which several processes can use at once."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from anyio import to_thread

from crossbook._private_files import create_private_file, restrict_mode
from crossbook.errors import CrossbookError, InvalidInputError
from crossbook.suppressions.base import SuppressionEntry

T = TypeVar("T")
_APPLICATION = 0x63627331  # "cbs1": SQLite tools and `file` show it
_VERSION = 1
_LOCK_TIMEOUT = 30.0  # seconds to wait for the writer of another process
_FEW = 64  # keys that are looked up on the event loop, since a thread would take longer
_KEYS_OF_A_PERSON = 4
_PAGE = 1000
_MAPPED = 1024**3  # bytes of the file that are mapped into memory at most
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SCHEMA = (
    """create table entry (
        id integer primary key, kind text not null, key text not null, channel text not null, action text not null,
        time integer not null, received integer not null, reason text not null, source text not null, raw text,
        scheme integer not null
    )""",
    "create table lookup (key text not null, entry integer not null, primary key (key, entry)) without rowid",
    "create table receipt (id text primary key, received integer not null) without rowid",
    "create table meta (name text primary key, value text not null) without rowid",
    f"pragma application_id = {_APPLICATION}",
    f"pragma user_version = {_VERSION}",
)
_COLUMNS = "kind, key, channel, action, time, received, reason, source, raw, scheme"
_QUALIFIED = ", ".join(f"entry.{name}" for name in _COLUMNS.split(", "))
_FIND = f"""
    select lookup.key, {_QUALIFIED} from lookup join entry on entry.id = lookup.entry
    where lookup.key in (select value from json_each(?)) order by lookup.key, entry.id
"""  # noqa: S608
_EXISTS = {
    count: f"select 1 from lookup where key in (?{', ?' * (count - 1)}) limit 1"  # noqa: S608
    for count in range(1, _KEYS_OF_A_PERSON + 1)
}
_LIST = f"select id, {_COLUMNS} from entry where id > ? order by id limit {_PAGE}"  # noqa: S608
_INSERT = f"insert into entry ({_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
_to_json = msgspec.json.Encoder().encode


class SqliteSuppressions:
    """A store that keeps the entries of a suppression list in one SQLite file. Its memory does not grow with the list.

    Several processes can use the file at once, such as a web service and an import. Writes are on disk when the call
    returns. Only the owner of the file may read it.

    Args:
        path: the file. It is created if it does not exist. Its log (`…-wal`) is in the same folder.

    Raises (from every method):
        InvalidInputError: the file is not a suppression list, is damaged, or may not be written.
        CrossbookError: the disk is full or failed, or another process holds the file for more than 30 seconds.

    Example:
        ```python
        suppressions = crossbook.SuppressionList(SqliteSuppressions("suppressions.sqlite"))
        ```
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._reader: sqlite3.Connection | None = None
        self._writer: sqlite3.Connection | None = None
        self._tag = ""
        # Locks of threads, since the tasks of several event loops may share a list.
        self._reading, self._writing = threading.Lock(), threading.Lock()

    async def open(self, tag: str) -> str:
        if self._writer is None:
            await self._run_in_thread(lambda: self._open(tag))
        return self._tag

    async def append(self, entries: Sequence[SuppressionEntry], receipt: str | None = None) -> bool:
        return await self._run_in_thread(lambda: self._append(entries, receipt))

    async def find(self, keys: Collection[str]) -> Mapping[str, Sequence[SuppressionEntry]]:
        if len(keys) > _FEW:
            return await self._run_in_thread(lambda: self._find(keys))
        # Most people of an import are not listed: a query without the entries, and without JSON, is twice as fast.
        exists = _EXISTS.get(len(keys))
        if exists is not None and not self._run(partial(self._read, exists, list(keys))):
            return {}
        return self._run(partial(self._find, keys))

    async def entries(self) -> AsyncIterator[SuppressionEntry]:
        last = 0
        while rows := await self._run_in_thread(partial(self._read, _LIST, (last,))):
            for row in rows:
                yield _make_entry(row[1:])
            last = rows[-1][0]

    async def close(self) -> None:
        await self._run_in_thread(self._close)

    def _open(self, tag: str) -> None:
        with self._writing, self._reading:
            if self._writer is not None:
                return
            create_private_file(self._path)
            writer, reader = self._connect(), None
            try:
                self._tag = _prepare(writer, self._path, tag)
                restrict_mode(self._path)
                reader = self._connect()
                # The system caches the pages that are read, in memory that it can take back.
                reader.execute(f"pragma mmap_size = {_MAPPED}")
            except BaseException:
                writer.close()
                raise
            self._writer, self._reader = writer, reader

    def _connect(self) -> sqlite3.Connection:
        try:
            # An absolute path is never one of SQLite's special names.
            return sqlite3.connect(
                self._path.absolute(), timeout=_LOCK_TIMEOUT, isolation_level=None, check_same_thread=False
            )
        except ValueError as error:
            raise InvalidInputError(f"invalid path of the suppression list: {error}", field="suppressions") from None

    def _append(self, entries: Sequence[SuppressionEntry], receipt: str | None) -> bool:
        with self._writing:
            db = self._get(self._writer)
            db.execute("begin immediate")
            try:
                if receipt is not None:
                    sql = "insert or ignore into receipt values (?, unixepoch())"
                    if db.execute(sql, (receipt,)).rowcount == 0:
                        db.execute("rollback")
                        return False
                last = db.execute("select coalesce(max(id), 0) from entry").fetchone()[0]
                db.executemany(_INSERT, map(_make_row, entries))
                db.executemany(
                    "insert or ignore into lookup values (?, ?)",
                    ((key, id) for id, entry in enumerate(entries, last + 1) for key in entry.lookup_keys),
                )
                db.execute("commit")
            except BaseException:
                with suppress(sqlite3.Error):
                    db.execute("rollback")
                raise
        return True

    def _find(self, keys: Collection[str]) -> dict[str, list[SuppressionEntry]]:
        found: dict[str, list[SuppressionEntry]] = {}
        asked = list(keys)
        for start in range(0, len(asked), _PAGE):
            for key, *row in self._read(_FIND, (_to_json(asked[start : start + _PAGE]).decode(),)):
                found.setdefault(key, []).append(_make_entry(row))
        return found

    def _read(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        with self._reading:
            return self._get(self._reader).execute(sql, values).fetchall()

    def _get(self, db: sqlite3.Connection | None) -> sqlite3.Connection:
        if db is None:
            raise CrossbookError("the suppression list was closed by another task: close it after its last use")
        return db

    def _close(self) -> None:
        with self._writing, self._reading:
            reader, writer, self._reader, self._writer = self._reader, self._writer, None, None
            for db in (reader, writer):
                if db is not None:
                    db.close()

    async def _run_in_thread(self, work: Callable[[], T]) -> T:
        return await to_thread.run_sync(self._run, work)

    def _run(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except sqlite3.Error as error:
            raise _translate(error, self._path) from None


def _prepare(db: sqlite3.Connection, path: Path, tag: str) -> str:
    """Create the tables of a new file, or check an existing file. Return the tag of the list."""
    db.execute("pragma synchronous = full")
    db.execute("begin immediate")
    try:
        application = db.execute("pragma application_id").fetchone()[0]
        version = db.execute("pragma user_version").fetchone()[0]
        if not application and not version and not db.execute("select count(*) from sqlite_schema").fetchone()[0]:
            for statement in _SCHEMA:
                db.execute(statement)
        elif application != _APPLICATION:
            raise _refuse(path, "is an SQLite file of another program: pass the path of the list")
        elif version > _VERSION:
            raise _refuse(path, "was written by a newer crossbook: update this installation")
        db.execute("insert or ignore into meta values ('tag', ?)", (tag,))
        stored: str = db.execute("select value from meta where name = 'tag'").fetchone()[0]
        db.execute("commit")
    except BaseException:
        with suppress(sqlite3.Error):
            db.execute("rollback")
        raise
    if db.execute("pragma journal_mode = wal").fetchone()[0] != "wal":
        raise _refuse(path, "is on a file system without SQLite's write-ahead log: use a local folder")
    return stored


def _refuse(path: Path, problem: str) -> InvalidInputError:
    return InvalidInputError(f"the suppression list {path} {problem}", field="suppressions")


def _translate(error: sqlite3.Error, path: Path) -> CrossbookError:
    cause = getattr(error, "sqlite_errorname", type(error).__name__)
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_NOTADB:
        return _refuse(path, "is a file of another program: pass the path of the list")
    if code == sqlite3.SQLITE_CORRUPT:
        return _refuse(path, "is damaged: restore a copy, because a new list would have no opt-outs")
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return _refuse(path, "cannot be opened for writing: check the path, and the permissions of file and folder")
    why = {sqlite3.SQLITE_BUSY: "another process holds it: repeat the call", sqlite3.SQLITE_FULL: "the disk is full"}
    return CrossbookError(
        f"the suppression list {path} cannot be used: {why.get(code, 'the disk or its file system failed')}",
        cause=cause,
    )


def _make_row(entry: SuppressionEntry) -> tuple[Any, ...]:
    time, received = ((each - _EPOCH) // _MICROSECOND for each in (entry.time, entry.received))
    return (
        entry.kind, entry.key, entry.channel, entry.action, time, received, entry.reason, entry.source, entry.raw,
        entry.scheme,
    )  # fmt: skip


def _make_entry(row: Sequence[Any]) -> SuppressionEntry:
    kind, key, channel, action, time, received, reason, source, raw, scheme = row
    return SuppressionEntry(
        kind=kind, key=key, channel=channel, action=action, time=_EPOCH + time * _MICROSECOND,
        received=_EPOCH + received * _MICROSECOND, reason=reason, source=source, raw=raw, scheme=scheme,
    )  # fmt: skip
