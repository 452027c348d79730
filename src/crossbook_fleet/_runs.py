"""The runs and their chunks in the database: store, find, block, finish."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from attrs import frozen
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries

from crossbook.errors import InvalidInputError
from crossbook_fleet import _inputs
from crossbook_fleet._database import Database, Rows
from crossbook_fleet._journal import PostgresJournal

RunState = Literal["submitting", "open", "paused", "cancelled", "finished"]
MAX_FAILURES = 5  # of a chunk, until it is parked
_SWEEP = 1000  # chunks that are given to the queue at a time
_FIND = "select id, name, account, method, options, state, priority, chunk_size, chunks, items, key from crossbook.run"
_BEGIN = """
    insert into crossbook.run (name, account, method, options, chunk_size, priority, key)
    values ($1, $2, $3, $4, $5, $6, $7) on conflict (name) do nothing
"""
_OPEN = """
    update crossbook.run set state = 'open', chunks = $2, items =
        (select coalesce(sum(items), 0) from crossbook.chunk where run = $1)
    where id = $1 and state = 'submitting'
"""
_STORE = """
    insert into crossbook.chunk (run, number, items, payload, digest)
    select id, $2, $3, $4, $5 from crossbook.run where id = $1 and state = 'submitting' for share
    on conflict (run, number) do nothing returning digest
"""
# Transactions that take or release match keys of an account follow each other. Two chunks that are stored at once would
# otherwise both find a new key free, and other transactions would lock the same rows in different orders.
_LOCK_KEYS = "select pg_advisory_xact_lock(hashtextextended('crossbook keys ' || $1::bigint, 0))"
# The new fence ends what workers do: they store no intent any more.
_DELETE_INPUTS = """
    update crossbook.chunk set payload = null, fence = fence + 1, state = 'waiting', owner = null, leased_until = null
    where run = $1 and state <> 'done' returning number
"""
# A chunk waits for the last chunk before it with one of its match keys, also in another run.
_TAKE_KEYS = """
    with held as (
        select hash, run, number from crossbook.match_key
        where account = $1 and hash = any($4) and (run, number) <> ($2, $3) order by hash for update
    ), taken as (
        insert into crossbook.match_key (account, hash, run, number)
        select $1, hash, $2, $3 from unnest($4::bytea[]) as hash order by hash
        on conflict (account, hash) do update set run = excluded.run, number = excluded.number
    )
    select distinct run, number from held
"""
_WAITING = """
    select run.name, run.account, run.priority, chunk.number
    from crossbook.chunk join crossbook.run on run.id = chunk.run
    where run.state = 'open' and chunk.blockers = 0 and run.account = any($1)
        and (chunk.state = 'waiting' or (chunk.state = 'leased' and chunk.leased_until < clock_timestamp()))
    order by run.priority desc, run.id, chunk.number limit $2
"""
_RETURN = """
    update crossbook.chunk set state = 'waiting', owner = null, leased_until = null, failures = $4, error = $5
    where run = $1 and number = $2 and fence = $3 and state = 'leased'
"""
_PARK = """
    update crossbook.chunk set state = 'parked', owner = null, leased_until = null, failures = $4, error = $5
    where run = $1 and number = $2 and fence = $3 and state = 'leased' returning 1
"""
_DONE = """
    update crossbook.chunk set state = 'done', payload = null, results = $4, owner = null, leased_until = null,
        error = null
    where run = $1 and number = $2 and fence = $3 and state = 'leased' returning 1
"""
_FINISH = """
    update crossbook.run set state = 'finished', finished_at = clock_timestamp()
    where id = $1 and state = 'open' and done_chunks >= chunks
"""


@frozen
class StoredRun:
    """A run as the database has it.

    Attributes:
        id: the row's id.
        name: the user's name of the run.
        account: the id of the account's row.
        method: the public method that made the batch.
        options: its keyword arguments; `arguments` has the positional ones.
        state: `submitting` until all inputs are stored.
        priority: the highest comes first.
        chunk_size: the number of inputs in a chunk.
        chunks: the number of chunks, once all are stored.
        items: the number of inputs, once all are stored.
        key: the key of the digests of the inputs.
    """

    id: int
    name: str
    account: int
    method: str
    options: dict[str, Any]
    state: RunState
    priority: int
    chunk_size: int
    chunks: int
    items: int
    key: bytes


async def find_run(database: Database, name: str) -> StoredRun:
    """Return the run of this name. Raise InvalidInputError if there is none."""
    row = await database.run(lambda db: db.fetchrow(f"{_FIND} where name = $1", name))
    if row is None:
        raise InvalidInputError(f"the fleet has no run {name!r}: submit it first", field="run")
    return StoredRun(**{**row, "options": json.loads(row["options"])})


async def begin_run(
    database: Database, name: str, account: int, method: str, options: dict[str, Any], chunk: int, priority: int
) -> StoredRun:
    """Store a new run, or return the run of this name. Raise InvalidInputError if that was another call."""
    values = name, account, method, json.dumps(options), chunk, priority, secrets.token_bytes(32)
    await database.run(lambda db: db.execute(_BEGIN, *values))
    stored = await find_run(database, name)
    for what, was, now in (
        ("account", stored.account, account), ("batch", (stored.method, stored.options), (method, options)),
        ("chunk", stored.chunk_size, chunk),
    ):  # fmt: skip
        if was != now:
            raise InvalidInputError(
                f"run {name!r} was submitted with another {what}: repeat that call, or choose another name",
                field=what,
            )
    return stored


async def find_salt(database: Database, account: int) -> bytes:
    """Return the secret key with which the account's match keys are hashed."""
    salt: bytes = await database.run(
        lambda db: db.fetchval("select salt from crossbook.account where id = $1", account)
    )
    return salt


async def store_chunk(
    database: Database, run: StoredRun, number: int, values: Sequence[tuple[Any, tuple[str, ...]]], salt: bytes
) -> None:
    """Store the inputs of a chunk, unless it is stored. Raise InvalidInputError if it was stored with other inputs."""
    payload = _inputs.encode_inputs(run.method, [value for value, _ in values], number * run.chunk_size)
    digest = hashlib.blake2b(payload, key=run.key, digest_size=16).digest()
    keys = sorted({_hash(key, salt) for _, keys in values for key in keys})

    async def store(db: Any) -> Any:
        async with db.transaction():
            await db.execute(_LOCK_KEYS, run.account)
            if await db.fetchval(_STORE, run.id, number, len(values), payload, digest) is None:
                sql = "select digest from crossbook.chunk where run = $1 and number = $2"
                return await db.fetchval(sql, run.id, number)
            held: Rows = await db.fetch(_TAKE_KEYS, run.account, run.id, number, keys) if keys else []
            if held:
                rows = [(run.id, number, each["run"], each["number"]) for each in held]
                await db.executemany("insert into crossbook.blocker values ($1, $2, $3, $4)", rows)
                sql = "update crossbook.chunk set blockers = $3 where run = $1 and number = $2"
                await db.execute(sql, run.id, number, len(held))
        return digest

    stored = await database.run(store)
    if stored is None:
        raise InvalidInputError(f"run {run.name!r} was cancelled: choose another name for the run", field="run")
    if stored != digest:
        raise InvalidInputError(
            f"run {run.name!r} was submitted with other inputs: inputs from number {number * run.chunk_size:,} on have "
            "changed; pass the same source, or choose another name for the run",
            field="source",
        )


def _hash(key: str, salt: bytes) -> bytes:
    return hashlib.blake2b(key.encode(errors="surrogatepass"), key=salt, digest_size=8).digest()


async def open_run(database: Database, run: StoredRun, chunks: int) -> None:
    """Let workers begin: all inputs of the run are stored."""
    await database.run(lambda db: db.execute(_OPEN, run.id, chunks))
    await database.run(lambda db: db.execute(_FINISH, run.id))  # a run without inputs
    await enqueue_waiting(database, [run.account])


async def enqueue_waiting(database: Database, accounts: Sequence[int]) -> None:
    """Give the chunks that wait to the queue. It has each chunk once."""

    async def enqueue(db: Any) -> None:
        rows = await db.fetch(_WAITING, list(accounts), _SWEEP)
        if not rows:
            return
        names = [name_queue(row["account"]) for row in rows]
        jobs: list[bytes | None] = [json.dumps([row["name"], row["number"]]).encode() for row in rows]
        keys: list[str | None] = [f"{row['account']}:{row['name']}:{row['number']}" for row in rows]
        priorities = [row["priority"] for row in rows]
        await Queries(AsyncpgDriver(db)).enqueue(names, jobs, priorities, dedupe_key=keys, on_conflict="skip")

    await database.run(enqueue)


def name_queue(account: int) -> str:
    """Return the name of the queue with the chunks of an account."""
    return f"crossbook.chunk.{account}"


async def find_chunk_state(database: Database, run: int, number: int) -> str | None:
    """Return the state of a chunk, or None if there is no such chunk."""
    sql = "select state from crossbook.chunk where run = $1 and number = $2"
    state: str | None = await database.run(lambda db: db.fetchval(sql, run, number))
    return state


async def return_chunk(database: Database, run: int, number: int, journal: PostgresJournal, error: str) -> bool:
    """Give a chunk back that failed, or park it after `MAX_FAILURES`. Return whether it was parked."""
    failures = journal.failures + 1
    values = run, number, journal.fence, failures, error
    if failures < MAX_FAILURES:
        await database.run(lambda db: db.execute(_RETURN, *values))
        return False

    async def park(db: Any) -> None:
        async with db.transaction():
            if await db.fetchval(_PARK, *values):
                await db.execute("update crossbook.run set parked_chunks = parked_chunks + 1 where id = $1", run)

    await database.run(park)
    return True


async def finish_chunk(database: Database, run: StoredRun, number: int, journal: PostgresJournal) -> None:
    """Keep the results of a chunk and delete its inputs and journal. Let chunks that waited for it begin."""
    results = _inputs.encode_results(journal.entries)
    counts = Counter(str(entry.status) for entry in journal.entries.values())

    async def finish(db: Any) -> bool:
        async with db.transaction():
            await db.execute(_LOCK_KEYS, run.account)
            if not await db.fetchval(_DONE, run.id, number, journal.fence, results):
                return False
            await db.execute("delete from crossbook.journal where run = $1 and number = $2", run.id, number)
            may_begin = await _unblock(db, run.id, number)
            found: Mapping[str, int] = json.loads(
                await db.fetchval("select counts from crossbook.run where id = $1 for update", run.id)
            )
            sql = "update crossbook.run set done_chunks = done_chunks + 1, counts = $2 where id = $1"
            await db.execute(sql, run.id, json.dumps(Counter(found) + counts))
            await db.execute(_FINISH, run.id)
            return may_begin

    if await database.run(finish):
        await enqueue_waiting(database, [run.account])


async def _unblock(db: Any, run: int, number: int) -> bool:
    """Release the match keys of a chunk that ended. Return whether another chunk may begin now."""
    await db.execute("delete from crossbook.match_key where run = $1 and number = $2", run, number)
    sql = "delete from crossbook.blocker where by_run = $1 and by_number = $2 returning run, number"
    waiting = await db.fetch(sql, run, number)
    sql = "update crossbook.chunk set blockers = blockers - 1 where run = $1 and number = $2 returning blockers"
    left = [await db.fetchval(sql, each["run"], each["number"]) for each in waiting]
    return 0 in left


async def delete_inputs(database: Database, run: StoredRun) -> None:
    """Delete the inputs of a cancelled run, and let chunks of other runs that waited for it begin."""

    async def delete(db: Any) -> None:
        async with db.transaction():
            await db.execute(_LOCK_KEYS, run.account)
            for row in await db.fetch(_DELETE_INPUTS, run.id):
                await _unblock(db, run.id, row["number"])
            await db.execute("delete from crossbook.journal where run = $1", run.id)
            await db.execute("update crossbook.run set parked_chunks = 0 where id = $1", run.id)

    await database.run(delete)
    await enqueue_waiting(database, [run.account])
