"""A journal in one SQLite file: any number of named runs, one row an item."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
from attrs import fields, frozen

from crossbook.errors import InvalidInputError
from crossbook.journal.base import JournalEntry, RunKey, StoredRun
from crossbook.journal.group_commit import GroupCommit

T = TypeVar("T")
_COLUMNS = ", ".join(f'"{column.name}"' for column in fields(JournalEntry))
_SET = ", ".join(
    f'"{column.name}" = excluded."{column.name}"' for column in fields(JournalEntry) if column.name != "index"
)
_WRITE = (
    f"insert into entry (run, {_COLUMNS}) values (?{', ?' * len(fields(JournalEntry))}) "  # noqa: S608
    f'on conflict (run, "index") do update set {_SET}'
)
_READ = f'select {_COLUMNS} from entry where run = ? and "index" = ?'  # noqa: S608
_FIRST_OPEN = """
    select "index" + 1 from entry as this where run = ? and state = 'done' and not exists (
        select 1 from entry as next
        where next.run = this.run and next."index" = this."index" + 1 and next.state = 'done'
    ) order by "index" limit 1
"""
_FIRST_UNCERTAIN = """
    select "index" from entry where run = ? and state = 'done' and status = 'uncertain' order by "index" limit 1
"""

_HEADING = [column.name for column in fields(RunKey)]
_OPEN = f"""
    select id, {", ".join(_HEADING)}, finished, archived,
        (select max("index") from entry where entry.run = run.id),
        exists (select 1 from bookmark where bookmark.run = run.id)
    from run where name = ?
"""  # noqa: S608
_BEGIN = (
    f"insert into run (id, name, {', '.join(_HEADING)}) values (?, ?{', ?' * len(_HEADING)}) "  # noqa: S608
    f"on conflict (id) do update set {', '.join(f'{name} = excluded.{name}' for name in _HEADING)}"
)
_SAMPLES = f"""
    select {_COLUMNS} from entry where run = ? and state = 'done' and key is not null and id is not null
        and status in ('created', 'updated', 'unchanged', 'skipped')
    order by "index" desc limit ?
"""  # noqa: S608

_to_json = msgspec.json.Encoder().encode
_names = msgspec.json.Decoder(tuple[str, ...]).decode
_record = msgspec.json.Decoder(dict[str, Any]).decode


@frozen
class JournalRun:
    """A run as `SqliteJournal.runs` lists it.

    Attributes:
        name: its name; "" is a name too.
        vendor, operation, match, base_url: what it was made for.
        state: `begun`, `finished` or `archived`.
        counts: how many items there are by status; `open` are those without an outcome.
    """

    name: str
    vendor: str
    operation: str
    match: str | None
    base_url: str
    state: Literal["begun", "finished", "archived"]
    counts: dict[str, int]


class SqliteJournal:
    """A journal in a file, for as many runs as have names; one of them is open at a time.

    What `record_intents` and `finish` wrote is on disk when they return. What the others wrote is with the system within
    milliseconds, so that it survives the process, and on disk with the next intent.

    Args:
        path: the file, made where there is none, and readable by its owner alone. While it is open its log lies beside
            it (`…-wal`). After its process was killed both files are the journal: copy and move them together.

    Raises (from every method):
        InvalidInputError: the path holds something else, is damaged, lacks its log, or may not be written.
        JournalBusyError: another process or run has the file open; one that was killed has let go of it.
        CrossbookError: the disk is full, or failed. Nothing more is taken then; what was intended before is there.

    Example:
        ```python
        journal = SqliteJournal("import.sqlite")
        assert await journal.open("") is None
        url, key = "https://sms.example.com", secrets.token_bytes(32)
        await journal.begin(RunKey("atom", "contacts.create_many", "phone", url, "", None, key, None))
        await journal.record_intents([Entry(0, None, "9c1d", None, "intent", at=time.time())])
        await journal.close()
        ```
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._file = GroupCommit(self._path)
        self._run = 0
        self._name = ""
        self._last = -1  # no item beyond it has an entry, so that a new one costs no look into the file

    async def open(self, run: str) -> StoredRun | None:
        self._run, self._last, stored = await self._file.open(lambda db: _open(db, run))
        self._name = run
        return stored

    async def begin(self, heading: RunKey) -> None:
        row = (self._run, self._name, *(getattr(heading, name) for name in _HEADING))
        await self._file.write(_BEGIN, [row], durable=False)

    async def samples(self, count: int) -> Sequence[JournalEntry]:
        return await self._file.scan(
            lambda db: [_entry(*row) for row in db.execute(_SAMPLES, (self._run, count)).fetchall()]
        )

    async def entry(self, index: int) -> JournalEntry | None:
        if index > self._last:
            return None
        rows = await self._file.read(_READ, self._run, index)
        return _entry(*rows[0]) if rows else None

    async def owner(self, id: str) -> int | None:
        return await self._first("min", "status is not 'skipped' and id", id)

    async def key_index(self, key: str) -> int | None:
        return await self._first("min", "key", key)

    async def last_written(self, key: str) -> int | None:
        return await self._first("max", "state = 'done' and status not in ('skipped', 'failed') and key", key)

    async def _first(self, which: str, where: str, value: str) -> int | None:
        sql = f'select {which}("index") from entry where run = ? and {where} = ?'  # noqa: S608
        ((index,),) = await self._file.read(sql, self._run, value)
        return None if index is None else int(index)

    async def record_intents(self, entries: Sequence[JournalEntry]) -> None:
        await self._file.write(_WRITE, self._rows(entries), durable=True)

    async def record_outcomes(self, entries: Sequence[JournalEntry]) -> None:
        await self._file.write(_WRITE, self._rows(entries), durable=False)

    async def checkpoint(self, cursor: str, index: int) -> None:
        sql = "insert or replace into bookmark values (?, ?, ?)"
        await self._file.write(sql, [(self._run, index, cursor)], durable=False)

    async def checkpoints(self) -> tuple[tuple[str, int], ...]:
        sql = 'select cursor, "index" from bookmark where run = ? order by "index"'
        return tuple((cursor, index) for cursor, index in await self._file.read(sql, self._run))

    async def first_open(self) -> int:
        first = await self.entry(0)
        if first is None or first.state != "done":
            return 0
        return await self._file.scan(lambda db: int(db.execute(_FIRST_OPEN, (self._run,)).fetchone()[0]))

    async def first_uncertain(self) -> int | None:
        def read(db: sqlite3.Connection) -> int | None:
            row = db.execute(_FIRST_UNCERTAIN, (self._run,)).fetchone()
            return None if row is None else int(row[0])

        return None if self._last < 0 else await self._file.scan(read)

    async def finish(self, count: int) -> None:
        await self._file.write("update run set finished = ? where id = ?", [(count, self._run)], durable=True)

    async def close(self) -> None:
        await self._file.close()

    async def runs(self) -> tuple[JournalRun, ...]:
        """Return the runs of a file that is there, in the order in which they began.

        Example:
            ```python
            await book.contacts.create_many(people, journal="people.sqlite").run()
            for run in await SqliteJournal("people.sqlite").runs():
                print(run.name, run.state, run.counts)
            ```
        """
        return await self._once(_runs)

    async def archive(self, run: str = "") -> None:
        """Delete from a finished run what it needs only to be resumed or replayed.

        That is its key, the hashes of its items, match keys and account, the ids seen before a write, and the cursors
        of its source. What stays are outcomes: status, contact id, error, and your own `item_key`. The file is written anew,
        so that no byte of the rest is left in it; copies of the file and freed blocks of the disk are not touched. The
        run is not run again: the same call is refused, and writes nothing; so resolve its uncertain items before. To
        archive it again does no harm.

        Raises:
            InvalidInputError: there is no such file or run, the run is not finished, or it has uncertain results.

        Example:
            ```python
            await book.contacts.create_many(people, journal="people.sqlite").run()
            await SqliteJournal("people.sqlite").archive()
            ```
        """
        await self._once(lambda db: _archive(db, run))

    async def _once(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Opens the file for this work alone; it is not made for it."""
        if not self._path.exists():
            raise InvalidInputError(f"there is no journal {self._path}", field="journal")
        found = await self._file.open(work)
        await self._file.close()
        return found

    def _rows(self, entries: Sequence[JournalEntry]) -> list[tuple[Any, ...]]:
        rows = [self._row(entry) for entry in entries]
        for entry in entries:
            self._last = max(self._last, entry.index)
        return rows

    def _row(self, entry: JournalEntry) -> tuple[Any, ...]:
        for name, value in (("item_key", entry.item_key), ("id", entry.id)):
            if value is not None and not value.isascii():
                try:
                    value.encode()
                except UnicodeEncodeError:
                    raise InvalidInputError(f"{name} gives text that is no valid Unicode", field=name) from None
        return (
            self._run, entry.index, entry.item_key, entry.fingerprint, entry.key, entry.state, entry.at, _json(entry.seen),
            entry.attempts, entry.status, entry.id, _json(entry.error), _json(entry.dropped_fields),
            _json(entry.write_only_fields),
        )  # fmt: skip


def _open(db: sqlite3.Connection, run: str) -> tuple[int, int, StoredRun | None]:
    """The run's number, a new one if it is not there; the index of its last entry; the run."""
    found = db.execute(_OPEN, (run,)).fetchone()
    if found is None:
        return db.execute("select coalesce(max(id), 0) + 1 from run").fetchone()[0], -1, None
    number, *heading, finished, archived, last, marked = found
    state: Any = "archived" if archived else "begun" if finished is None else "finished"
    return number, -1 if last is None else last, StoredRun(RunKey(*heading), state, last is None and not marked)


def _runs(db: sqlite3.Connection) -> tuple[JournalRun, ...]:
    counts: dict[int, dict[str, int]] = {}
    sql = "select run, case state when 'done' then status else 'open' end as shown, count(*) from entry group by 1, 2"
    for number, status, count in db.execute(sql):
        counts.setdefault(number, {})[status] = count
    sql = """
        select id, name, vendor, operation, match, base_url,
            case when archived then 'archived' when finished is null then 'begun' else 'finished' end
        from run order by id
    """
    found: list[list[Any]] = [[*row, counts.get(row[0], {})] for row in db.execute(sql)]
    return tuple(JournalRun(*run) for _, *run in found)


def _archive(db: sqlite3.Connection, run: str) -> None:
    found = db.execute("select id, finished from run where name = ?", (run,)).fetchone()
    which = f"run {run!r}" if run else "run without a name"
    if found is None:
        raise InvalidInputError(f"the journal has no {which}", field="run")
    number, finished = found
    # A run that was finished has open items again if the one that settles its uncertain items died.
    sql = "select exists (select 1 from entry where run = ? and state = 'intent')"
    if finished is None or db.execute(sql, (number,)).fetchone()[0]:
        raise InvalidInputError(f"the {which} is not finished: resume it with the call that began it", field="run")
    sql = "select count(*) from entry where run = ? and state = 'done' and status = 'uncertain'"
    ((uncertain,),) = db.execute(sql, (number,))
    if uncertain:
        raise InvalidInputError(
            f"the {which} has {uncertain:,} uncertain, which an archived run could not resolve any more: first run "
            "the same journal again with match=, or decide with uncertain='retry', 'skip' or 'done'",
            field="run",
        )
    db.execute("pragma secure_delete = on")
    db.execute("begin immediate")
    db.execute("update run set archived = 1, key = x'', tag = null, account = null where id = ?", (number,))
    db.execute("update entry set fingerprint = '', key = null, seen = null where run = ?", (number,))
    db.execute("delete from bookmark where run = ?", (number,))
    db.execute("commit")
    # The log holds the pages as they were before, and so does the file until the log is folded into it.
    for statement in ("pragma wal_checkpoint(truncate)", "vacuum", "pragma wal_checkpoint(truncate)"):
        db.execute(statement).fetchall()


def _json(value: tuple[str, ...] | dict[str, Any] | None) -> str | None:
    return _to_json(value).decode() if value else None


def _entry(
    index: int, item_key: str | None, fingerprint: str, key: str | None, state: Any, at: float, seen: str | None,
    attempts: int, status: str | None, id: str | None, error: str | None, lost: str | None, unverified: str | None,
) -> JournalEntry:  # fmt: skip
    return JournalEntry(
        index, item_key, fingerprint, key, state, at, _names(seen) if seen else (), attempts, status, id,
        _record(error) if error else None, _names(lost) if lost else (), _names(unverified) if unverified else (),
    )  # fmt: skip
