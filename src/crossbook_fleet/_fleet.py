"""`Postgres`: the fleet. It has what books share, and the runs that workers process."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries

from crossbook._batch.batch import Batch
from crossbook._batch.results import Result
from crossbook.errors import InvalidInputError, UnsupportedError, UsageError
from crossbook.shared import SharedLimit, TokenStore
from crossbook.suppressions import SuppressionStore
from crossbook_fleet import _inputs, _runs, _schema, _worker
from crossbook_fleet._database import Database, Rows
from crossbook_fleet._limit import PostgresLimit
from crossbook_fleet._runs import RunState
from crossbook_fleet._suppressions import PostgresSuppressions
from crossbook_fleet._tokens import PostgresTokenStore
from crossbook_fleet._worker import MakeBook, Outcome, Worker

_OPTIONS = frozenset({
    "match", "on_duplicate", "on_unsupported_field", "on_opted_out", "max_wait", "settle_timeout", "lookup",
    "other_writers", "concurrency", "with_contacts", "shared_phone",
})  # fmt: skip
_DEFAULTS = {
    "on_error": "collect", "same_account": False, "dry_run": False, "ordered": False, "progress": False, "run": "",
}  # fmt: skip
_LARGEST = 1_000_000  # input of a chunk, and priority
_ACCOUNT = """
    insert into crossbook.account (vendor, base_url, name, salt) values ($1, $2, $3, $4)
    on conflict (vendor, base_url, name) do update set name = excluded.name returning id
"""
_STATUS = """
    select counts, parked_chunks,
        extract(epoch from coalesce(finished_at, clock_timestamp()) - started_at)::float8 as seconds
    from crossbook.run where id = $1
"""
_LEASED = """
    select owner, number, extract(epoch from leased_until - clock_timestamp())::float8 as remaining
    from crossbook.chunk where run = $1 and state = 'leased' order by leased_until
"""
_PARKED = "select number, error from crossbook.chunk where run = $1 and state = 'parked' order by number limit 100"
_RESULTS = """
    select number, results from crossbook.chunk where run = $1 and number > $2 and state = 'done'
    order by number limit 1
"""
_UNPARK = """
    update crossbook.chunk set state = 'waiting', failures = 0, error = null
    where run = $1 and state = 'parked' returning 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStatus:
    """What has become of a run so far.

    Args:
        run: its name.
        state: `submitting`, `open`, `paused`, `cancelled` or `finished`.
        items: the number of its inputs.
        done: the number of inputs in chunks that are done.
        counts: their number by the status of their results.
        chunks: the number of chunks.
        parked: chunks that failed too often, by number, each with its error (the first 100).
        workers: the workers that process chunks now, each with the numbers of its chunks.
        oldest_lease: seconds until the first of their leases ends; None if no chunk is leased.
        rate: inputs a second since the first chunk was begun, or 0.0.
        seconds_left: an estimate; None if nothing is done yet.
    """

    run: str
    state: RunState
    items: int
    done: int
    counts: Mapping[str, int]
    chunks: int
    parked: Mapping[int, str] = field(default_factory=dict[int, str])
    workers: Mapping[str, Sequence[int]] = field(default_factory=dict[str, Sequence[int]])
    oldest_lease: float | None = None
    rate: float = 0.0
    seconds_left: float | None = None


class Postgres:
    """A fleet in one Postgres database: limits, tokens, and the journal of runs that many processes share.

    `await fleet.init()` makes the tables once. A fleet runs on asyncio only.

    Args:
        url: a URL of Postgres (`postgresql://user:password@host/database`), not of a pooler such as PgBouncer.
        token_key: the key with which login tokens are encrypted, 32 bytes in URL-safe base64
            (`cryptography.fernet.Fernet.generate_key()`). Without it no token is stored, and each process logs in.
        lease: seconds for which a worker may go silent before another one takes its chunks over.
        connections: the largest number of connections of this process, at least 2.

    Attributes:
        tokens: the store of login tokens, or None without `token_key`.

    Raises:
        InvalidInputError: an argument is invalid.

    Example:
        ```python
        async with crossbook_fleet.Postgres.from_env() as fleet:
            await fleet.init()
            async with crossbook.Vercom.from_env(account="main", shared=fleet) as book:
                await fleet.submit(book.contacts.upsert_many(source, match="external_id"), run="spring")
            await fleet.work({"main": crossbook.Vercom.from_env})
            print(await fleet.status("spring"))
        ```
    """

    def __init__(
        self, url: str, *, token_key: str | bytes | None = None, lease: float = 30.0, connections: int = 8
    ) -> None:
        if not 0.1 <= lease <= 3600:
            raise InvalidInputError("lease must be a number of seconds, from 0.1 to 3600", field="lease")
        if connections < 2:
            raise InvalidInputError("connections must be a whole number, at least 2", field="connections")
        self._database = Database(url, connections)
        self.tokens: TokenStore | None = None if token_key is None else PostgresTokenStore(self._database, token_key)
        self._lease = lease
        self._accounts: dict[tuple[str, str, str], int] = {}
        self._worker: Worker | None = None

    @classmethod
    def from_env(cls, **options: Any) -> Self:
        """Make a fleet with arguments from environment variables.

        They are CROSSBOOK_FLEET_URL and, if set, CROSSBOOK_FLEET_TOKEN_KEY and CROSSBOOK_FLEET_LEASE.

        Args:
            options: arguments of the constructor, instead of the variables.

        Raises:
            InvalidInputError: CROSSBOOK_FLEET_URL is not set, or a variable is invalid.

        Example:
            ```python
            async with crossbook_fleet.Postgres.from_env(lease=10) as fleet:
                print(await fleet.status("spring"))
            ```
        """
        url = os.environ.get("CROSSBOOK_FLEET_URL")
        if not url:
            raise InvalidInputError("set the environment variable CROSSBOOK_FLEET_URL", field="CROSSBOOK_FLEET_URL")
        options.setdefault("token_key", os.environ.get("CROSSBOOK_FLEET_TOKEN_KEY") or None)
        if lease := os.environ.get("CROSSBOOK_FLEET_LEASE"):
            try:
                options.setdefault("lease", float(lease))
            except ValueError:
                raise InvalidInputError(
                    "CROSSBOOK_FLEET_LEASE must be a number of seconds", field="CROSSBOOK_FLEET_LEASE"
                ) from None
        return cls(url, **options)

    def __repr__(self) -> str:
        return "<crossbook_fleet.Postgres>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections to the database."""
        await self._database.close()

    async def init(self) -> bool:
        """Make the tables, or bring them to this version. Return whether anything was changed.

        Several processes may call it at once. PgQueuer's own tables are made in the connection's default schema.

        Raises:
            UsageError: there is a pooler in between, or the tables were made by a newer version.
        """
        connection = await self._database.connect()
        try:
            changed = await _schema.migrate(connection)
            queries = Queries(AsyncpgDriver(connection))
            async with queries.schema_lock():
                if not await queries.schema_is_installed():
                    await queries.install()
                    changed = True
            await queries.upgrade()
            return changed
        finally:
            await connection.close()

    @property
    def suppressions(self) -> SuppressionStore:
        """The store of the suppression list that all processes share: `crossbook.SuppressionList(fleet.suppressions)`.

        Example:
            ```python
            suppressions = crossbook.SuppressionList(fleet.suppressions)
            await suppressions.add(email="anna@example.com", channel="email", reason="form")
            ```
        """
        return PostgresSuppressions(self._database)

    def limit(self, vendor: str, base_url: str, account: str) -> SharedLimit:
        """Return the limit of an account, for books with `shared=`; see `crossbook.shared.Shared`."""
        return PostgresLimit(self._database, lambda: self._find_account(vendor, base_url, account))

    def check_may_send(self) -> None:
        """Raise JournalBusyError if the running task processes a chunk whose lease has ended."""
        _worker.check_may_send()

    async def _find_account(self, vendor: str, base_url: str, name: str) -> int:
        place = vendor, base_url, name
        if place not in self._accounts:
            salt = secrets.token_bytes(16)
            self._accounts[place] = await self._database.run(lambda db: db.fetchval(_ACCOUNT, *place, salt))
        return self._accounts[place]

    async def submit(self, batch: Batch[Any], *, run: str, chunk: int = 1000, priority: int = 0) -> RunStatus:
        """Store the inputs of a batch as a run, instead of running the batch.

        A repeated call with the same inputs stores what is missing, also after a kill. So every machine may submit.

        Args:
            batch: a batch that has not begun, of an open book with `shared=`.
            run: the name of the run.
            chunk: the number of inputs that a worker takes at a time.
            priority: chunks of the run with the highest priority come first.

        Returns:
            The run's status.

        Raises:
            InvalidInputError: the run was submitted with another batch, account, chunk size or other inputs, it was
                cancelled, or an input cannot be stored unchanged.
            UsageError: there is a pooler in between, or the tables are missing.
            UnsupportedError: the batch has an option that a fleet does not have, such as a journal or a callable.

        Example:
            ```python
            await fleet.submit(book.contacts.upsert_many(source, match="external_id"), run="spring")
            ```
        """
        if not run.strip() or "\0" in run:
            raise InvalidInputError("run must be the name of the run", field="run")
        if not (type(chunk) is int and 0 < chunk <= _LARGEST):
            raise InvalidInputError(f"chunk must be a whole number, from 1 to {_LARGEST:,}", field="chunk")
        if not (type(priority) is int and abs(priority) <= _LARGEST):
            raise InvalidInputError(
                f"priority must be a whole number, from {-_LARGEST:,} to {_LARGEST:,}", field="priority"
            )
        call = batch.call
        if call is None:
            raise InvalidInputError("batch must be a batch of book.contacts or book.groups", field="batch")
        options = {name: value for name, value in call.options.items() if value not in (None, _DEFAULTS.get(name))}
        others = sorted(options.keys() - _OPTIONS)
        if others:
            raise UnsupportedError(
                f"a fleet has no option {others[0]}: leave it out of the batch, since the fleet has the journal, the "
                "progress and the results",
                field=others[0],
            )
        options |= {"arguments": list(call.arguments), "settings": dict(call.settings)}
        account = await self._find_account(*call.account)
        stored = await _runs.begin_run(self._database, run, account, call.method, options, chunk, priority)
        # One process at a time reads its source: reading may create the groups of the contacts.
        async with self._database.lock(f"run {run}"):
            if (await _runs.find_run(self._database, run)).state == "submitting":
                salt, number = await _runs.find_salt(self._database, account), 0
                async for values in batch.take_chunks(chunk, salt):
                    await _runs.store_chunk(self._database, stored, number, values, salt)
                    number += 1
                await _runs.open_run(self._database, stored, number)
        return await self.status(run)

    async def status(self, run: str) -> RunStatus:
        """Return what has become of a run so far.

        Args:
            run: the name of the run.

        Raises:
            InvalidInputError: there is no such run.

        Example:
            ```python
            print(await fleet.status("spring"))
            ```
        """
        found = await _runs.find_run(self._database, run)
        row = await self._database.run(lambda db: db.fetchrow(_STATUS, found.id))
        leased = await self._database.run(lambda db: db.fetch(_LEASED, found.id))
        parked: Rows = await self._database.run(lambda db: db.fetch(_PARKED, found.id)) if row["parked_chunks"] else []
        counts: dict[str, int] = json.loads(row["counts"])
        done = sum(counts.values())
        rate = done / row["seconds"] if row["seconds"] else 0.0
        workers: dict[str, list[int]] = {}
        for each in leased:
            workers.setdefault(each["owner"], []).append(each["number"])
        return RunStatus(
            run=run, state=found.state, items=found.items, done=done, counts=counts, chunks=found.chunks,
            parked={each["number"]: each["error"] or "" for each in parked}, workers=workers,
            oldest_lease=leased[0]["remaining"] if leased else None, rate=rate,
            seconds_left=(found.items - done) / rate if rate and found.state == "open" else None,
        )  # fmt: skip

    async def results(self, run: str) -> AsyncIterator[Result]:
        """Yield the results of the chunks that are done, in the order of the source.

        Args:
            run: the name of the run.

        Raises:
            InvalidInputError: there is no such run.

        Example:
            ```python
            failed = [result async for result in fleet.results("spring") if result.status == "failed"]
            ```
        """
        found = await _runs.find_run(self._database, run)
        row = {"number": -1}
        while (row := await self._next_results(found.id, row["number"])) is not None:
            for result in _inputs.decode_results(row["results"], row["number"] * found.chunk_size):
                yield result

    async def _next_results(self, run: int, after: int) -> Any:
        return await self._database.run(lambda db: db.fetchrow(_RESULTS, run, after))

    async def pause(self, run: str) -> None:
        """Begin no more chunks of a run. Chunks that are being processed are completed.

        Raises:
            InvalidInputError: there is no such run, or it is not open.
        """
        await self._change_state(run, "paused", "open")

    async def resume(self, run: str) -> None:
        """Go on with a run that was paused.

        Raises:
            InvalidInputError: there is no such run, or it is not paused.
        """
        await self._change_state(run, "open", "paused")
        await _runs.enqueue_waiting(self._database, [(await _runs.find_run(self._database, run)).account])

    async def cancel(self, run: str) -> None:
        """End a run, and delete its inputs from the database. What was written to the vendor stays written.

        Chunks that are being processed end with their next record.

        Raises:
            InvalidInputError: there is no such run, or it is finished.
        """
        await self._change_state(run, "cancelled", "submitting", "open", "paused")
        await _runs.delete_inputs(self._database, await _runs.find_run(self._database, run))

    async def retry(self, run: str) -> int:
        """Process the parked chunks of a run again. Return their number.

        Raises:
            InvalidInputError: there is no such run, or it is cancelled.
        """
        found = await _runs.find_run(self._database, run)
        if found.state == "cancelled":
            raise InvalidInputError(f"run {run!r} is cancelled", field="run")

        async def unpark(db: Any) -> int:
            async with db.transaction():
                count = len(await db.fetch(_UNPARK, found.id))
                await db.execute("update crossbook.run set parked_chunks = 0 where id = $1", found.id)
                return count

        count = await self._database.run(unpark)
        await _runs.enqueue_waiting(self._database, [found.account])
        return count

    async def _change_state(self, run: str, state: RunState, *before: RunState) -> None:
        found = await _runs.find_run(self._database, run)
        if found.state == state:
            return
        sql = "update crossbook.run set state = $2 where id = $1 and state = any($3) returning 1"
        if not await self._database.run(lambda db: db.fetchval(sql, found.id, state, list(before))):
            raise InvalidInputError(f"run {run!r} is {found.state}", field="run")

    @asynccontextmanager
    async def books(self, books: Mapping[str, MakeBook]) -> AsyncGenerator[None]:
        """Open the books whose chunks this process processes, for `chunk`. `work` does that itself.

        Args:
            books: for each account a callable that makes its book, for instance `{"main": crossbook.Vercom.from_env}`.
                It is called with `account=` (the key) and `shared=`.
        """
        async with AsyncExitStack() as stack:
            opened = [
                await stack.enter_async_context(make_book(account=account, shared=self))
                for account, make_book in books.items()
            ]
            by_account = {await self._find_account(*book.account_key): book for book in opened}
            self._worker = Worker(self._database, by_account, self._lease)
            try:
                yield
            finally:
                self._worker = None

    async def work(self, books: Mapping[str, MakeBook], *, forever: bool = False, concurrency: int = 2) -> None:
        """Process chunks until no run of these accounts is open. Call it in as many processes as you like.

        Runs of other accounts are left to other workers; a log record names them.

        Args:
            books: as in `books`.
            forever: wait for further runs, until `stop`.
            concurrency: how many chunks this process processes at a time, at least 2.

        Example:
            ```python
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, fleet.stop)
            await fleet.work({"main": crossbook.Vercom.from_env})
            ```
        """
        if concurrency < 2:
            raise InvalidInputError("concurrency must be a whole number, at least 2", field="concurrency")
        async with self.books(books):
            await self._open_worker.work(forever=forever, concurrency=concurrency)

    def stop(self) -> None:
        """Stop between two inputs, release the leases, and let `work` return. A signal handler may call it."""
        if self._worker is not None:
            self._worker.stop()

    @property
    def _open_worker(self) -> Worker:
        if self._worker is None:
            raise UsageError("no book is open: call chunk inside `async with fleet.books({...})`")
        return self._worker

    async def process(self, run: str, number: int) -> Outcome:
        """Process one chunk; see `chunk`."""
        return await self._open_worker.process(run, number)


async def chunk(fleet: Postgres, run: str, number: int) -> Outcome:
    """Process one chunk of a run, unless another worker does. It is idempotent: call it as often as you like.

    An engine other than PgQueuer calls it: its arguments are names and numbers, never people or secrets.

    Args:
        fleet: a fleet, inside `async with fleet.books({...})`.
        run: the name of the run.
        number: the number of the chunk, from 0.

    Returns:
        `done`: the chunk is done now. `later`: call again, since it was stopped, or another worker has it. `parked`: it
        failed too often, and waits for `retry`. `nothing`: there is nothing to do.

    Raises:
        InvalidInputError: the fleet has no run of this name, or no book of its account is open.
        UsageError: no book is open.

    Example:
        ```python
        async with fleet.books({"main": crossbook.Vercom.from_env}):
            await crossbook_fleet.chunk(fleet, "spring", 0)
        ```
    """
    return await fleet.process(run, number)
