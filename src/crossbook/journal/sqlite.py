"""`SqliteJournal`: a journal in one SQLite file, with any number of named runs and one row for each item."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
from attrs import fields, frozen

from crossbook.errors import InvalidInputError
from crossbook.journal._sqlite_file import SqliteFile
from crossbook.journal.base import JournalEntry, RunKey, StoredRun

T = TypeVar("T")
_FIELDS = [column.name for column in fields(JournalEntry)]
_COLUMNS = ", ".join(f'"{name}"' for name in _FIELDS)
_WRITE = (
    f"insert into entry (run, {_COLUMNS}) values (?{', ?' * len(_FIELDS)}) "  # noqa: S608
    'on conflict (run, "index") do update set '
    + ", ".join(f'"{name}" = excluded."{name}"' for name in _FIELDS if name != "index")
)
_READ = f'select {_COLUMNS} from entry where run = ? and "index" between ? and ? order by "index"'  # noqa: S608
_FIRST_OPEN = """
    select "index" + 1 from entry as this where run = ? and state = 'done' and not exists (
        select 1 from entry as next
        where next.run = this.run and next."index" = this."index" + 1 and next.state = 'done'
    ) order by "index" limit 1
"""
_FIRST_UNCERTAIN = """
    select "index" from entry where run = ? and state = 'done' and status = 'uncertain' order by "index" limit 1
"""
_STATE = "case when archived then 'archived' when finished is null then 'begun' else 'finished' end"

_RUN_KEY = [column.name for column in fields(RunKey)]
_OPEN = f"""
    select id, {_STATE}, {", ".join(_RUN_KEY)},
        (select max("index") from entry where entry.run = run.id),
        exists (select 1 from checkpoint where checkpoint.run = run.id)
    from run where name = ?
"""  # noqa: S608
_BEGIN = (
    f"insert into run (id, name, {', '.join(_RUN_KEY)}) values (?, ?{', ?' * len(_RUN_KEY)}) "  # noqa: S608
    f"on conflict (id) do update set {', '.join(f'{name} = excluded.{name}' for name in _RUN_KEY)}"
)
_SAMPLES = f"""
    select {_COLUMNS} from entry where run = ? and state = 'done' and key is not null and id is not null
        and status in ('created', 'updated', 'unchanged', 'skipped')
    order by "index" desc limit ?
"""  # noqa: S608

# The entries of one person: with one of the ids, or with one of the keys and not with the id of another person.
_OF_PERSON = """
    run = (select id from run where name = :run) and (
        id in (select value from json_each(:ids)) or key in (select value from json_each(:keys))
        and (id is null or id not in (select value from json_each(:others)))
    )
"""
_ERASE = f"""
    update entry set item_key = null, fingerprint = '', key = null, state = 'done', existing_ids = null,
        status = 'erased', id = null, error = null, dropped_fields = null, write_only_fields = null
    where {_OF_PERSON}
"""  # noqa: S608

_to_json = msgspec.json.Encoder().encode
_parse_names = msgspec.json.Decoder(tuple[str, ...]).decode
_parse_record = msgspec.json.Decoder(dict[str, Any]).decode


@frozen
class JournalRun:
    """A run in a journal, as `SqliteJournal.runs` lists it.

    Attributes:
        name: its name; "" is a valid name.
        vendor, operation, match, base_url: as in `RunKey`.
        state: `begun`, `finished` or `archived`.
        counts: the number of items by status; `open` counts items without an outcome.
    """

    name: str
    vendor: str
    operation: str
    match: str | None
    base_url: str
    state: Literal["begun", "finished", "archived"]
    counts: dict[str, int]


class SqliteJournal:
    """A journal in one SQLite file, which may contain several named runs. Only one run is open at a time.

    Rows of `record_intents` and `finish` are on disk when the call returns. Rows of other calls reach the operating
    system within milliseconds, so they survive the process; the next intent brings them to disk.

    Args:
        path: the file. It is created if it does not exist, and only its owner may read it. While it is open, its log
            (`…-wal`) is in the same folder. After a crash both files are the journal: copy and move them together.

    Raises (from every method):
        InvalidInputError: the file is not a journal, is damaged, lacks its log, or may not be written.
        JournalBusyError: another process or run has the file open. A killed process has released it.
        CrossbookError: the disk is full or failed. Every later call fails too; earlier intents are on disk.

    Example:
        ```python
        journal = SqliteJournal("import.sqlite")
        assert await journal.open("") is None
        url, key = "https://sms.example.com", secrets.token_bytes(32)
        await journal.begin(RunKey("atom", "contacts.create_many", "phone", url, "", None, key, None))
        await journal.record_intents([JournalEntry(0, None, "9c1d", None, "intent", at=time.time())])
        await journal.close()
        ```
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._file = SqliteFile(self._path)
        self._run = 0
        self._name = ""
        self._last = -1  # the highest index with an entry: a new item needs no query

    async def open(self, run: str) -> StoredRun | None:
        self._run, self._last, stored = await self._file.open(lambda db: _open(db, run))
        self._name = run
        return stored

    async def begin(self, run_key: RunKey) -> None:
        row = (self._run, self._name, *(getattr(run_key, name) for name in _RUN_KEY))
        await self._file.write(_BEGIN, [row], durable=False)

    async def find_samples(self, count: int) -> Sequence[JournalEntry]:
        rows = await self._file.scan(lambda db: db.execute(_SAMPLES, (self._run, count)).fetchall())
        return [_read_row(*row) for row in rows]

    async def find_entry(self, index: int) -> JournalEntry | None:
        return next(iter(await self.find_entries(index, 1)), None)

    async def find_entries(self, first: int, count: int) -> Sequence[JournalEntry]:
        if first > self._last:
            return []
        return [_read_row(*row) for row in await self._file.read(_READ, self._run, first, first + count - 1)]

    async def find_owner(self, id: str) -> int | None:
        return await self._find_index("min", "status is not 'skipped' and id", id)

    async def find_key(self, key: str) -> int | None:
        return await self._find_index("min", "key", key)

    async def find_last_written(self, key: str) -> int | None:
        return await self._find_index("max", "state = 'done' and status not in ('skipped', 'failed') and key", key)

    async def _find_index(self, which: Literal["min", "max"], where: str, value: str) -> int | None:
        sql = f'select {which}("index") from entry where run = ? and {where} = ?'  # noqa: S608
        ((index,),) = await self._file.read(sql, self._run, value)
        return None if index is None else int(index)

    async def record_intents(self, entries: Sequence[JournalEntry]) -> None:
        await self._file.write(_WRITE, self._make_rows(entries), durable=True)

    async def record_outcomes(self, entries: Sequence[JournalEntry]) -> None:
        await self._file.write(_WRITE, self._make_rows(entries), durable=False)

    async def checkpoint(self, cursor: str, index: int) -> None:
        sql = "insert or replace into checkpoint values (?, ?, ?)"
        await self._file.write(sql, [(self._run, index, cursor)], durable=False)

    async def find_checkpoints(self) -> tuple[tuple[str, int], ...]:
        sql = 'select cursor, "index" from checkpoint where run = ? order by "index"'
        return tuple((cursor, index) for cursor, index in await self._file.read(sql, self._run))

    async def find_first_open(self) -> int:
        first = await self.find_entry(0)
        if first is None or first.state != "done":
            return 0
        return await self._file.scan(lambda db: int(db.execute(_FIRST_OPEN, (self._run,)).fetchone()[0]))

    async def find_first_uncertain(self) -> int | None:
        if self._last < 0:
            return None
        row = await self._file.scan(lambda db: db.execute(_FIRST_UNCERTAIN, (self._run,)).fetchone())
        return None if row is None else int(row[0])

    async def finish(self, count: int) -> None:
        await self._file.write("update run set finished = ? where id = ?", [(count, self._run)], durable=True)

    async def close(self) -> None:
        await self._file.close()

    async def runs(self) -> tuple[JournalRun, ...]:
        """Return the runs that the journal's file contains, in the order in which they began.

        Example:
            ```python
            await book.contacts.create_many(people, journal="people.sqlite").run()
            for run in await SqliteJournal("people.sqlite").runs():
                print(run.name, run.state, run.counts)
            ```
        """
        return await self._run_alone(_list_runs)

    async def archive(self, run: str = "") -> None:
        """Delete from a finished run all hashes, keys and cursors, which are needed only to resume or replay the run.

        Deleted are its key, the hashes of its items, match keys and account, the ids that existed before a write, and
        the cursors of its source. The outcomes stay: status, contact id, error, and your own `item_key`. The file is
        rewritten, so that it contains no byte of the deleted values. Copies of the file and freed blocks of the disk
        are not changed. An archived run cannot run again: the same call is refused before any write. So resolve its
        uncertain items first. A second `archive` of the run does nothing.

        Args:
            run: the name of the run.

        Raises:
            InvalidInputError: the file or run does not exist, the run is not finished, or it has uncertain results.

        Example:
            ```python
            await book.contacts.create_many(people, journal="people.sqlite").run()
            await SqliteJournal("people.sqlite").archive()
            ```
        """
        await self._run_alone(lambda db: _archive(db, run))

    async def find_run_keys(self) -> Mapping[str, RunKey]:
        """Return the keys of all runs of the journal's file, by the name of the run."""
        sql = f"select name, {', '.join(_RUN_KEY)} from run order by id"  # noqa: S608
        return await self._run_alone(lambda db: {name: RunKey(*values) for name, *values in db.execute(sql)})

    async def find_person(
        self, run: str, *, keys: Collection[str], ids: Collection[str], others: Collection[str] = ()
    ) -> Sequence[JournalEntry]:
        """Return the entries of one person in a run.

        Args:
            run: the name of the run.
            keys: hashes of the person's match keys under the run's key.
            ids: the ids of the person's contacts.
            others: ids of other people's contacts with one of the keys, such as those who share a phone.
        """
        sql = f'select {_COLUMNS} from entry where {_OF_PERSON} order by "index"'  # noqa: S608
        values = _make_person(run, keys, ids, others)
        return await self._run_alone(lambda db: [_read_row(*row) for row in db.execute(sql, values)])

    async def erase_person(
        self, run: str, *, keys: Collection[str], ids: Collection[str], others: Collection[str] = ()
    ) -> int:
        """Replace the entries of one person in a run by `erased` entries without any key, and return how many.

        A run that resumes reports `erased` for these inputs and writes nothing. The file is rewritten, so that it
        contains no byte of the deleted values. Copies of the file and freed blocks of the disk are not changed.

        Args:
            run, keys, ids, others: as in `find_person`.
        """
        return await self._run_alone(lambda db: _erase(db, _make_person(run, keys, ids, others)))

    async def _run_alone(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Open the journal's file, do `work` on it, and close it. Raise InvalidInputError if there is no such file."""
        if not self._path.exists():
            raise InvalidInputError(f"there is no journal {self._path}: check the path", field="journal")
        found = await self._file.open(work)
        await self._file.close()
        return found

    def _make_rows(self, entries: Sequence[JournalEntry]) -> list[tuple[Any, ...]]:
        rows = [self._make_row(entry) for entry in entries]
        self._last = max([self._last, *(entry.index for entry in entries)])
        return rows

    def _make_row(self, entry: JournalEntry) -> tuple[Any, ...]:
        for name, value in (("item_key", entry.item_key), ("id", entry.id)):
            if value is not None and not value.isascii():
                try:
                    value.encode()
                except UnicodeEncodeError:
                    raise InvalidInputError(
                        f"{name} contains half of a surrogate pair: pass valid Unicode", field=name
                    ) from None
        return (
            self._run, entry.index, entry.item_key, entry.fingerprint, entry.key, entry.state, entry.at,
            _dump(entry.existing_ids), entry.attempts, entry.status, entry.id, _dump(entry.error),
            _dump(entry.dropped_fields), _dump(entry.write_only_fields),
        )  # fmt: skip


def _open(db: sqlite3.Connection, name: str) -> tuple[int, int, StoredRun | None]:
    """Find a run by name. Return its number (a new one if not found), its last entry's index, and the run or None."""
    found = db.execute(_OPEN, (name,)).fetchone()
    if found is None:
        return db.execute("select coalesce(max(id), 0) + 1 from run").fetchone()[0], -1, None
    number, state, *run_key, last, has_checkpoints = found
    return (
        number,
        -1 if last is None else last,
        StoredRun(RunKey(*run_key), state, last is None and not has_checkpoints),
    )


def _list_runs(db: sqlite3.Connection) -> tuple[JournalRun, ...]:
    counts: dict[int, dict[str, int]] = {}
    sql = "select run, case state when 'done' then status else 'open' end as shown, count(*) from entry group by 1, 2"
    for number, status, count in db.execute(sql):
        counts.setdefault(number, {})[status] = count
    sql = f"select id, name, vendor, operation, match, base_url, {_STATE} from run order by id"  # noqa: S608
    found: list[list[Any]] = [[*run, counts.get(number, {})] for number, *run in db.execute(sql)]
    return tuple(JournalRun(*run) for run in found)


def _archive(db: sqlite3.Connection, name: str) -> None:
    found = db.execute("select id, finished from run where name = ?", (name,)).fetchone()
    which = f"run {name!r}" if name else "run without a name"
    if found is None:
        raise InvalidInputError(f"the journal has no {which}: list its runs with SqliteJournal.runs()", field="run")
    number, finished = found
    # A finished run has open items again if a later run that settled its uncertain items was killed.
    sql = "select exists (select 1 from entry where run = ? and state = 'intent')"
    if finished is None or db.execute(sql, (number,)).fetchone()[0]:
        raise InvalidInputError(f"the {which} is not finished: resume it with the call that began it", field="run")
    sql = "select count(*) from entry where run = ? and state = 'done' and status = 'uncertain'"
    ((uncertain,),) = db.execute(sql, (number,))
    if uncertain:
        raise InvalidInputError(
            f"the {which} has {uncertain:,} uncertain items, which an archived run cannot resolve: first run the same "
            "journal again with match=, or decide with uncertain='retry', 'skip' or 'done'",
            field="run",
        )
    db.execute("pragma secure_delete = on")
    db.execute("begin immediate")
    db.execute("update run set archived = 1, key = x'', tag = null, account = null where id = ?", (number,))
    db.execute("update entry set fingerprint = '', key = null, existing_ids = null where run = ?", (number,))
    db.execute("delete from checkpoint where run = ?", (number,))
    db.execute("commit")
    _rewrite(db)


def _make_person(run: str, keys: Collection[str], ids: Collection[str], others: Collection[str]) -> dict[str, str]:
    return {"run": run, "keys": _list(keys), "ids": _list(ids), "others": _list(others)}


def _list(values: Collection[str]) -> str:
    return _to_json(list(values)).decode()


def _erase(db: sqlite3.Connection, person: Mapping[str, str]) -> int:
    db.execute("pragma secure_delete = on")
    db.execute("begin immediate")
    count = db.execute(_ERASE, person).rowcount
    db.execute("commit")
    if count:
        _rewrite(db)
    return count


def _rewrite(db: sqlite3.Connection) -> None:
    # The log still holds the old pages, and so does the file until the log is merged into it.
    for statement in ("pragma wal_checkpoint(truncate)", "vacuum", "pragma wal_checkpoint(truncate)"):
        db.execute(statement).fetchall()


def _dump(value: tuple[str, ...] | dict[str, Any] | None) -> str | None:
    return _to_json(value).decode() if value else None


def _read_row(*row: Any) -> JournalEntry:
    entry = JournalEntry(*row)
    for name in ("existing_ids", "dropped_fields", "write_only_fields"):
        names = getattr(entry, name)
        setattr(entry, name, _parse_names(names) if names else ())
    entry.error = _parse_record(entry.error) if entry.error else None  # type: ignore[arg-type]
    return entry
