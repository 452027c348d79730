"""`PostgresJournal`: the journal of one chunk, which is leased to one worker at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from itertools import islice
from typing import Any

import msgspec
from attrs import evolve, fields

from crossbook.errors import JournalBusyError
from crossbook.journal import JournalEntry, RunKey, StoredRun
from crossbook_fleet._database import Database

_FIELDS = [column.name for column in fields(JournalEntry)]
_to_bytes = msgspec.msgpack.Encoder().encode
_from_bytes = msgspec.msgpack.Decoder().decode
_CLAIM = """
    update crossbook.chunk set
        state = 'leased', fence = fence + 1, owner = $3,
        leased_until = clock_timestamp() + make_interval(secs => $4),
        failures = failures + (state = 'leased')::int
    where run = $1 and number = $2 and blockers = 0
        and (state = 'waiting' or (state = 'leased' and leased_until < clock_timestamp()))
    returning fence, payload, failures
"""
_START = "update crossbook.run set started_at = clock_timestamp() where id = $1 and started_at is null"
_RENEW = """
    update crossbook.chunk set leased_until = clock_timestamp() + make_interval(secs => $4)
    where run = $1 and number = $2 and fence = $3 and state = 'leased' returning 1
"""
_RELEASE = """
    update crossbook.chunk set state = 'waiting', owner = null, leased_until = null
    where run = $1 and number = $2 and fence = $3 and state = 'leased'
"""
# The lock of the chunk's row: no other worker claims the chunk between the check and the end of the insert.
_INTENT = """
    insert into crossbook.journal (run, number, fence, entries)
    select run, number, fence, $4 from crossbook.chunk
    where run = $1 and number = $2 and fence = $3 and state = 'leased' and leased_until > clock_timestamp() for share
    returning 1
"""
# A response that comes after the end of the lease is recorded, unless there is a new owner, who looks the item up.
_OUTCOME = """
    insert into crossbook.journal (run, number, fence, entries)
    select run, number, fence, $4 from crossbook.chunk
    where run = $1 and number = $2 and fence = $3 and state = 'leased' for share
    returning 1
"""
_LOAD = "select entries from crossbook.journal where run = $1 and number = $2 order by position"
CLOCK = getattr(time, "CLOCK_BOOTTIME", None)  # it goes on while the machine sleeps; a lease does too


def now() -> float:
    """Return the seconds of a clock that nobody sets."""
    return time.monotonic() if CLOCK is None else time.clock_gettime(CLOCK)


class PostgresJournal:
    """The journal of one chunk of a run.

    A worker claims the chunk for a time (`claim`), and renews that lease while it works (`renew`). Each claim has a
    number that grows, its fence. Intents are stored only while the lease of this fence holds, so a worker that was
    stopped for too long stores nothing, and sends nothing.

    Outcomes are stored with the next intents, or at the end: if the worker dies before, they are looked up.

    The rows are read once, when the chunk is claimed. A chunk has few items, so all of them are kept in memory.

    Args:
        database: the connections.
        run: the id of the run.
        number: the number of the chunk in the run, from 0.
        owner: a name of this worker, for `status`.
    """

    def __init__(self, database: Database, run: int, number: int, owner: str) -> None:
        self._database, self._run, self._number, self._owner = database, run, number, owner
        self._fence = 0
        self._until = float("-inf")
        self._run_key: RunKey | None = None
        self._finished = False
        self._is_lost = False  # another worker has claimed the chunk
        self._unstored: list[Sequence[Any]] = []
        self._storing = asyncio.Lock()
        self._checkpoints: dict[int, str] = {}
        self.entries: dict[int, JournalEntry] = {}
        self._by_key: dict[str, set[int]] = {}  # indexes of entries that have or had this key, and likewise the ids
        self._by_id: dict[str, set[int]] = {}
        self.payload: bytes | None = None
        self.failures = 0

    async def claim(self, seconds: float) -> int | None:
        """Claim the chunk for this long. Return the fence of the claim, or None if the chunk is not free."""
        began = now()
        row = await self._database.run(lambda db: db.fetchrow(_CLAIM, self._run, self._number, self._owner, seconds))
        if row is None:
            return None
        await self._database.run(lambda db: db.execute(_START, self._run))
        self._fence, self.payload, self.failures = row["fence"], row["payload"], row["failures"]
        self._until = began + seconds
        return self._fence

    async def renew(self, seconds: float) -> bool:
        """Extend the lease to this long from now. Return False if another worker has claimed the chunk."""
        began = now()
        held = await self._database.run(lambda db: db.fetchval(_RENEW, self._run, self._number, self._fence, seconds))
        self._until = began + seconds if held else float("-inf")
        return bool(held)

    async def release(self) -> None:
        """Give the chunk back, for any worker."""
        self._until = float("-inf")
        await self._database.run(lambda db: db.execute(_RELEASE, self._run, self._number, self._fence))

    @property
    def is_held(self) -> bool:
        """Whether the lease holds, by the clock of this machine alone."""
        return now() < self._until

    @property
    def is_finished(self) -> bool:
        return self._finished

    @property
    def fence(self) -> int:
        return self._fence

    async def open(self, run: str) -> StoredRun | None:
        rows = await self._database.run(lambda db: db.fetch(_LOAD, self._run, self._number))
        for row in rows:
            for record in _from_bytes(row["entries"]):
                self._apply(*record)
        if self._run_key is None:
            return None
        empty = not (self.entries or self._checkpoints)
        return StoredRun(self._run_key, "finished" if self._finished else "begun", empty)

    def _apply(self, kind: str, *values: Any) -> None:
        if kind == "entry":
            entry = JournalEntry(*values)
            for name in ("existing_ids", "dropped_fields", "write_only_fields"):
                setattr(entry, name, tuple(getattr(entry, name)))
            self.entries[entry.index] = entry
            if entry.key is not None:
                self._by_key.setdefault(entry.key, set()).add(entry.index)
            if entry.id is not None:
                self._by_id.setdefault(entry.id, set()).add(entry.index)
        elif kind == "begin":
            self._run_key = RunKey(*values)
        elif kind == "checkpoint":
            self._checkpoints[values[0]] = values[1]
        else:
            self._finished = True

    async def _write(self, records: Sequence[Sequence[Any]], *, durable: bool, needs_lease: bool = True) -> None:
        """Apply the records, and store them: at once if they are durable, else with the next durable records.

        While one call stores records, those of others collect, and are stored together.
        """
        for kind, *values in records:
            self._apply(kind, *values)
        self._unstored += records
        if not durable:
            return
        async with self._storing:
            unstored, self._unstored = self._unstored, []
            if unstored and not self._is_lost:
                sql, data = _INTENT if needs_lease else _OUTCOME, _to_bytes(unstored)
                stored = await self._database.run(
                    lambda db: db.fetchval(sql, self._run, self._number, self._fence, data)
                )
                self._is_lost = not stored
        if self._is_lost:
            self._until = float("-inf")
            raise JournalBusyError(
                f"another worker has taken over chunk {self._number} of the run: this worker sends nothing more for it",
                field="journal",
            )

    async def begin(self, run_key: RunKey) -> None:
        values = [getattr(run_key, column.name) for column in fields(RunKey)]
        await self._write([["begin", *values]], durable=True)

    async def find_samples(self, count: int) -> Sequence[JournalEntry]:
        found = (self.entries[index] for index in sorted(self.entries, reverse=True))
        return [evolve(entry) for entry in islice(filter(_is_written, found), count)]

    async def find_entry(self, index: int) -> JournalEntry | None:
        entry = self.entries.get(index)
        return None if entry is None else evolve(entry)

    async def find_entries(self, first: int, count: int) -> Sequence[JournalEntry]:
        return [evolve(self.entries[index]) for index in range(first, first + count) if index in self.entries]

    async def find_owner(self, id: str) -> int | None:
        found = (index for index in self._by_id.get(id, ()) if self.entries[index].status != "skipped")
        return min((index for index in found if self.entries[index].id == id), default=None)

    async def find_key(self, key: str) -> int | None:
        found = self._by_key.get(key, ())
        return min((index for index in found if self.entries[index].key == key), default=None)

    async def find_last_written(self, key: str) -> int | None:
        found = (self.entries[index] for index in self._by_key.get(key, ()))
        written = (entry for entry in found if entry.key == key and entry.state == "done")
        return max((entry.index for entry in written if entry.status not in ("skipped", "failed")), default=None)

    async def record_intents(self, entries: Sequence[JournalEntry]) -> None:
        await self._write([_list_values(entry) for entry in entries], durable=True)

    async def record_outcomes(self, entries: Sequence[JournalEntry]) -> None:
        await self._write([_list_values(entry) for entry in entries], durable=False)

    async def checkpoint(self, cursor: str, index: int) -> None:
        await self._write([["checkpoint", index, cursor]], durable=False)

    async def find_checkpoints(self) -> tuple[tuple[str, int], ...]:
        return tuple((self._checkpoints[index], index) for index in sorted(self._checkpoints))

    async def find_first_open(self) -> int:
        index = 0
        while (entry := self.entries.get(index)) is not None and entry.state == "done":
            index += 1
        return index

    async def find_first_uncertain(self) -> int | None:
        return min((e.index for e in self.entries.values() if e.status == "uncertain"), default=None)

    async def finish(self, count: int) -> None:
        await self._write([["finish"]], durable=True, needs_lease=False)

    async def close(self) -> None:
        """Store what is not stored yet."""
        if self._unstored and not self._is_lost:
            await self._write([], durable=True, needs_lease=False)


def _list_values(entry: JournalEntry) -> list[Any]:
    return ["entry", *(getattr(entry, name) for name in _FIELDS)]


def _is_written(entry: JournalEntry) -> bool:
    return (
        entry.state == "done" and entry.key is not None and entry.id is not None
        and entry.status in ("created", "updated", "unchanged", "skipped")
    )  # fmt: skip
