"""Process chunks: one by `chunk`, or all that wait by a `Worker`, to which PgQueuer delivers them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import socket
from collections.abc import AsyncGenerator, Callable, Mapping
from contextvars import ContextVar
from datetime import timedelta
from typing import Any, Literal

from pgqueuer.core.qm import QueueManager
from pgqueuer.db import AsyncpgDriver
from pgqueuer.domain.errors import FailingListenerError, RetryRequested
from pgqueuer.models import Job
from pgqueuer.queries import Queries

from crossbook._batch.batch import Batch
from crossbook.book import AddressBook
from crossbook.errors import CrossbookError, InvalidInputError, JournalBusyError
from crossbook_fleet import _inputs, _runs
from crossbook_fleet._database import AWAY, Database, logger
from crossbook_fleet._journal import PostgresJournal
from crossbook_fleet._runs import StoredRun

Outcome = Literal["done", "later", "parked", "nothing"]
_FAILED: tuple[type[Exception], ...] = (*AWAY, FailingListenerError)  # the connection of the queue
_POLL_SECONDS = 0.25
_LONGEST_DELAY = 5.0  # seconds until a chunk is tried again
_lease: ContextVar[PostgresJournal | None] = ContextVar("crossbook_fleet_lease", default=None)
_OPEN_RUNS = """
    select exists (select 1 from crossbook.run where account = any($1) and (state = 'submitting' or (state = 'open'
        and exists (select 1 from crossbook.chunk where chunk.run = run.id and chunk.state in ('waiting', 'leased')
            and blockers = 0))))
"""
_OTHER_RUNS = """
    select run.name, account.vendor, account.name as account
    from crossbook.run join crossbook.account on account.id = run.account
    where state in ('submitting', 'open') and not account.id = any($1)
"""


def check_may_send() -> None:
    """Raise JournalBusyError if the running task processes a chunk whose lease has ended."""
    lease = _lease.get()
    if lease is not None and not lease.is_held:
        raise JournalBusyError(
            "this worker did not renew its lease in time, so another worker takes the chunk over: nothing was sent",
            field="journal",
        )


class Worker:
    """One process that works on the runs of some accounts.

    Args:
        database: the connections.
        books: the open books, by the id of the account's row.
        lease: seconds for which it may go silent before another worker takes its chunks over.
    """

    def __init__(self, database: Database, books: Mapping[int, AddressBook], lease: float) -> None:
        self._database, self._books, self._lease = database, books, lease
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(2)}"
        self._batches: set[Batch[Any]] = set()
        self._is_stopping = False

    def stop(self) -> None:
        """Begin nothing more. Requests in flight are completed."""
        self._is_stopping = True
        for batch in self._batches:
            batch.stop("the worker is stopping")

    async def process(self, name: str, number: int) -> Outcome:
        """Process one chunk; see `chunk`."""
        run = await _runs.find_run(self._database, name)
        if run.state in ("cancelled", "finished"):
            return "nothing"
        if run.state == "paused" or self._is_stopping:
            return "later"
        if run.account not in self._books:
            raise InvalidInputError(
                f"run {name!r} is of another account: open a book of that account in this worker", field="books"
            )
        journal = PostgresJournal(self._database, run.id, number, self.name)
        if await journal.claim(self._lease) is None:
            state = await _runs.find_chunk_state(self._database, run.id, number)
            return "parked" if state == "parked" else "later" if state in ("leased", "waiting") else "nothing"
        try:
            why = await self._process_claimed(run, journal)
        except JournalBusyError:
            logger.warning("chunk %d of run %s was taken over by another worker", number, name)
            return "later"
        if journal.is_finished:
            await _runs.finish_chunk(self._database, run, number, journal)
            return "done"
        if why is None:
            await journal.release()
            return "later"
        return "parked" if await _runs.return_chunk(self._database, run.id, number, journal, why) else "later"

    async def _process_claimed(self, run: StoredRun, journal: PostgresJournal) -> str | None:
        """Process a claimed chunk. Return why it failed; None if it did not, or if the worker is stopping."""
        if journal.failures >= _runs.MAX_FAILURES:
            return "its workers were killed, or went silent, again and again"
        try:
            async with self._renewed(journal):
                stopped = await self._run_batch(run, journal)
        except JournalBusyError:
            raise
        except asyncio.CancelledError:
            await asyncio.shield(journal.release())
            raise
        except CrossbookError as error:
            return str(error)
        except Exception as error:
            logger.exception("a chunk of run %s failed", run.name)
            return f"{type(error).__name__}: see the worker's log"  # its message may quote personal data
        return (
            None if self._is_stopping or journal.is_finished else stopped or "the vendor could not process all inputs"
        )

    async def _run_batch(self, run: StoredRun, journal: PostgresJournal) -> str | None:
        """Run the chunk's batch, and return why it stopped early, or None."""
        assert journal.payload is not None
        resource, method = run.method.split(".")
        make_batch = getattr(getattr(self._books[run.account], resource), method)
        options = dict(run.options)
        source, arguments = _inputs.decode_inputs(run.method, journal.payload), options.pop("arguments")
        settings = options.pop("settings")
        token = _lease.set(journal)
        try:
            batch: Batch[Any] = make_batch(source, *arguments, journal=journal, same_account=True, **options)
            _check_settings(run, settings, batch)
            self._batches.add(batch)
            try:
                await batch.run()
            finally:
                self._batches.discard(batch)
            return batch.summary.stopped
        finally:
            _lease.reset(token)

    @contextlib.asynccontextmanager
    async def _renewed(self, journal: PostgresJournal) -> AsyncGenerator[None]:
        """Renew the lease of the chunk while the block runs."""

        async def renew() -> None:
            held = True
            while held:
                await asyncio.sleep(self._lease / 3)
                held = await journal.renew(self._lease)

        task = asyncio.create_task(renew())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def work(self, *, forever: bool, concurrency: int) -> None:
        """Process chunks until no run of these accounts is open, or until `stop`."""
        await self._report_other_accounts()
        while not self._is_stopping and (forever or await self._has_open_runs()):
            try:
                await self._work_until_idle(forever, concurrency)
            except _FAILED as error:
                logger.warning("the queue's connection failed (%s): connecting again", type(error).__name__)
                await asyncio.sleep(_POLL_SECONDS)

    async def _work_until_idle(self, forever: bool, concurrency: int) -> None:
        accounts, clock = list(self._books), asyncio.get_running_loop().time
        connection = await self._database.connect()
        try:
            manager = QueueManager(Queries(AsyncpgDriver(connection)))
            for account in accounts:
                manager.entrypoint(_runs.name_queue(account))(self._process_job)
            lease = timedelta(seconds=self._lease)
            running = asyncio.create_task(
                manager.run(
                    dequeue_timeout=lease / 4, batch_size=1, max_concurrent_tasks=concurrency, heartbeat_timeout=lease
                )
            )
            swept = float("-inf")
            while not running.done():
                if self._is_stopping or not (forever or await self._has_open_runs()):
                    manager.shutdown.set()
                elif clock() - swept > self._lease:
                    swept = clock()
                    await _runs.enqueue_waiting(self._database, accounts)
                await asyncio.wait([running], timeout=_POLL_SECONDS)
            await running
        finally:
            await connection.close()

    async def _process_job(self, job: Job) -> None:
        run, number = json.loads(job.payload or b"[]")
        if await self.process(run, number) == "later" and not self._is_stopping:
            raise RetryRequested(delay=timedelta(seconds=min(_LONGEST_DELAY, self._lease / 4)))

    async def _has_open_runs(self) -> bool:
        return bool(await self._database.run(lambda db: db.fetchval(_OPEN_RUNS, list(self._books))))

    async def _report_other_accounts(self) -> None:
        for row in await self._database.run(lambda db: db.fetch(_OTHER_RUNS, list(self._books))):
            logger.warning(
                "run %s is of account %s at %s: this worker has no book of it, and leaves it to others",
                row["name"], row["account"], row["vendor"],
            )  # fmt: skip


def _check_settings(run: StoredRun, settings: Mapping[str, str | None], batch: Batch[Any]) -> None:
    """Raise InvalidInputError if this worker's book would write other contacts than the book that submitted the run."""
    assert batch.call is not None
    for name, value in settings.items():
        if batch.call.settings[name] != value:
            raise InvalidInputError(
                f"run {run.name!r} was submitted by a book with {name} {value!r}, and this worker's book has "
                f"{batch.call.settings[name]!r}: make the worker's book with the same {name}",
                field=name,
            )


MakeBook = Callable[..., AddressBook]
