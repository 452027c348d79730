"""A batch at work: workers that share one source, results for one reader, a journal beside them.

Workers live in the book's task group and never raise into it; leaving the batch stops them.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable
from typing import Generic, Self, TypeVar

import anyio

from crossbook.core.batch.pace import Pace
from crossbook.core.batch.results import Progress, Result, Summary
from crossbook.core.batch.source import Source
from crossbook.core.batch.window import Window
from crossbook.core.batch.writer import Writer
from crossbook.core.connection import Connection
from crossbook.core.frames import public
from crossbook.core.jobs import Job
from crossbook.errors import AuthError, UsageError

I = TypeVar("I")  # noqa: E741  (an item of the source)


class Batch(Generic[I]):
    """A batch that was asked for and begins when it is entered, or when its summary is awaited.

    `async with batch as run: async for result in run: …` gives exactly one `Result` an input. Leaving the block stops
    the workers; what was in flight then is counted as `cancelled` and, with a journal, open in it: the same call
    later goes on there.

    Example:
        ```python
        async with book.contacts.create_many(people, journal="import.sqlite", match="phone") as run:
            async for result in run:
                print(result.index, result.status, result.id)
        print(run.summarised())
        ```
    """

    def __init__(
        self,
        connection: Connection,
        source: Source[I],
        writer: Writer[I],
        *,
        workers: int,
        ordered: bool,
        on_error: str,
        max_failures: int | None,
        progress: Callable[[Progress], None] | None,
        summary: Summary,
        requests: Callable[[], int],
    ) -> None:
        self._connection = connection
        self._source = source
        self._writer = writer
        self._workers = workers
        self._on_error = on_error
        self._max_failures = max_failures
        self._progress = progress
        self._summary = summary
        self._requests = requests
        self._window = Window(max(2 * workers * writer.chunk, 64), ordered=ordered)
        self._pace = Pace()
        self._jobs: list[Job[None]] = []
        self._scopes: list[anyio.CancelScope] = []
        self._working = 0
        self._stopping = False
        self._broken: BaseException | None = None
        self._began = 0.0

    async def __aenter__(self) -> Self:
        self._connection.check()
        if self._jobs or self._began:
            raise UsageError("a batch runs once: ask for a new one", vendor=self._connection.card.vendor)
        self._began = anyio.current_time()
        self._source.start(await self._writer.open())
        self._working = self._workers
        self._jobs = [self._connection.start(self._work) for _ in range(self._workers)]
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Stops the workers, and returns when nothing is going on any more."""
        self._stopping = True
        for scope in self._scopes:
            scope.cancel()
        with anyio.CancelScope(shield=True):
            for job in self._jobs:
                await job.wait()
            for task in self._writer.in_flight.values():
                self._summary.add(Result(index=task.index, ref=task.ref, status="cancelled", attempts=task.attempts))
            await self._source.aclose()
            await self._writer.close(exhausted=self._source.exhausted)
        self._account()

    def _account(self) -> None:
        summary, seconds, sent = self._summary, anyio.current_time() - self._began, self._requests()
        summary.requests, summary.seconds = sent, seconds
        if summary.dry_run:
            summary.requests += math.ceil(self._writer.would_write)
            rate = self._connection.card.rate
            # At a known rate by it; else by the pace of the lookups, or a guess of 0.1 s a request.
            each = 1 / rate.per_second if rate else seconds / sent if sent else 0.1 / self._workers
            summary.seconds = summary.requests * each

    def __aiter__(self) -> AsyncIterator[Result]:
        return self

    @public
    async def __anext__(self) -> Result:
        result = await self._window.get()
        if result is None:
            if self._broken is not None:
                raise self._broken
            raise StopAsyncIteration
        return result

    @public
    async def summary(self) -> Summary:
        """Runs the batch to its end and answers what became of it; results are counted and not kept.

        Raises:
            Whatever the source raised, after what was in flight ended.
        """
        async with self:
            async for _ in self:
                pass
        return self._summary

    def summarised(self) -> Summary:
        """What became of it so far."""
        return self._summary

    async def _work(self) -> None:
        with anyio.CancelScope() as scope:
            self._scopes.append(scope)
            try:
                while not self._stopping and not self._source.exhausted:
                    await self._window.room()
                    chunk = await self._source.take(self._writer.chunk)
                    await self._writer.process(chunk, self._settled)
            except Exception as error:
                # The source, a callback of the user's or the journal: nothing more is begun, and the reader is told.
                self._broken = self._broken or error
                self._stop("the source, a callback or the journal failed")
            finally:
                self._working -= 1
                if self._working == 0:
                    self._window.close()

    def _settled(self, result: Result) -> None:
        self._summary.add(result)
        self._window.put(result)
        if self._progress is not None:
            self._progress(self._pace.after(self._summary, self._source.total))
        if result.status != "failed" or result.replayed:
            return
        failed = self._summary.counts.get("failed", 0)
        if self._on_error == "stop":
            self._stop(f"input {result.index} failed (on_error='stop')")
        elif isinstance(result.error, AuthError):
            self._stop("the vendor does not accept the credentials")
        elif self._max_failures is not None and failed > self._max_failures:
            self._stop(f"more than {self._max_failures} failed (max_failures)")

    def _stop(self, why: str) -> None:
        """Begins nothing more; what is in flight ends."""
        self._stopping = True
        self._summary.stopped = self._summary.stopped or why
