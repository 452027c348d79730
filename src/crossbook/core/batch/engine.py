"""A batch at work: workers that share one source, results for one reader, a journal beside them.

Workers live in the book's task group and never raise into it; leaving the batch stops them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Generic, Self, TypeVar

import anyio
from anyio.lowlevel import checkpoint_if_cancelled

from crossbook.core.batch.intake import Intake
from crossbook.core.batch.pace import Pace, foretell
from crossbook.core.batch.policy import Policy
from crossbook.core.batch.results import Progress, Result, Summary
from crossbook.core.batch.source import Source
from crossbook.core.batch.window import Window
from crossbook.core.batch.writer import Writer
from crossbook.core.card import Rate
from crossbook.core.connection import Connection
from crossbook.core.frames import public
from crossbook.core.jobs import Job
from crossbook.core.undisturbed import undisturbed
from crossbook.errors import UsageError

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
        intake: Intake[I],
        writer: Writer[I],
        *,
        workers: int,
        ordered: bool,
        policy: Policy,
        progress: Callable[[Progress], None] | None,
        summary: Summary,
        requests: Callable[[], int],
        rate: Rate | None,
    ) -> None:
        self._connection = connection
        self._source = source
        self._intake = intake
        self._writer = writer
        self._workers = workers
        self._policy = policy
        self._progress = progress
        self._summary = summary
        self._requests = requests
        self._rate = rate
        self._window = Window(max(3 * workers * writer.chunk, 64), ordered=ordered)
        self._pace = Pace()
        self._jobs: list[Job[None]] = []
        self._scopes: list[anyio.CancelScope] = []
        self._working = 0
        self._stopping = False
        self._broken: Exception | None = None
        self._began: float | None = None

    @public
    async def __aenter__(self) -> Self:
        self._connection.check()
        if self._began is not None:
            raise UsageError("a batch runs once: ask for a new one", vendor=self._connection.card.vendor)
        self._began = anyio.current_time()
        opening = self._connection.start(self._intake.open)
        try:
            self._source.start(*await opening.result())
        except BaseException:
            await undisturbed(partial(self._intake.give_up, opening))
            raise
        self._working = self._workers
        self._jobs = [self._connection.start(self._work) for _ in range(self._workers)]
        return self

    @public
    async def __aexit__(self, *exc: object) -> None:
        """Stops the workers, and returns when nothing is going on any more."""
        if not (self._source.exhausted or self._stopping):
            self._summary.stopped = "its block was left before the end"
        self._stopping = True
        for scope in self._scopes:
            scope.cancel()
        await undisturbed(self._end)

    async def _end(self) -> None:
        for job in self._jobs:
            await job.wait()
        for result in self._writer.cancelled(self._source.left):
            self._summary.add(result)
        try:
            await self._source.aclose()
        finally:
            exhausted = self._source.exhausted and self._broken is None
            await self._writer.close(self._source.taken, exhausted=exhausted)
            close: Callable[[], None] | None = getattr(self._progress, "close", None)
            if close is not None:
                close()
        self._summary.requests = self._requests()
        self._summary.seconds = anyio.current_time() - (self._began or 0.0)
        if self._summary.dry_run:
            foretell(self._summary, self._writer.would_write, self._rate, self._workers)

    def __aiter__(self) -> AsyncIterator[Result]:
        return self

    async def __anext__(self) -> Result:
        return self._window.get_now() or await self._next()

    @public
    async def _next(self) -> Result:
        if self._began is None:
            raise UsageError(
                "a batch begins when it is entered: `async with` it, or await its summary()",
                vendor=self._connection.card.vendor,
            )
        result = await self._window.get()
        if result is not None:
            return result
        if self._broken is not None:
            raise self._broken
        if not (self._source.exhausted or self._stopping) or self._writer.in_flight:
            what = "the batch was left, or its book closed, before it was done"
            raise UsageError(what, vendor=self._connection.card.vendor)
        raise StopAsyncIteration

    @public
    async def summary(self) -> Summary:
        """Runs the batch to its end and answers what became of it; results are counted and not kept.

        What the source raised is raised here, after what was in flight ended.
        """
        async with self:
            async for _ in self:
                pass
        return self._summary

    def stop(self, why: str = "stop() was called") -> None:
        """Begins no more items. Those in flight end in order, and the reader gets their results.

        Args:
            why: what the summary says of it.
        """
        self._stop(why)

    def summarised(self) -> Summary:
        """What became of it so far; requests and seconds are told at the end."""
        return self._summary

    async def _work(self) -> None:
        try:
            with anyio.CancelScope() as scope:
                self._scopes.append(scope)
                while not (self._stopping or self._source.exhausted):
                    await self._work_off()
                if self._source.exhausted:
                    await self._intake.check_end(self._source.taken)
        except Exception as error:
            self._break(error)
        except anyio.get_cancelled_exc_class():
            await checkpoint_if_cancelled()  # the book is closed
            what = "the source or a callback was cancelled from within: what it waited for was"
            self._break(UsageError(what, vendor=self._connection.card.vendor))
        finally:
            self._working -= 1
            if self._working == 0:
                self._window.close()

    async def _work_off(self) -> None:
        size = self._writer.chunk
        if not self._window.room_now(size):
            await self._window.room(size)
            if self._stopping:
                return
        chunk = self._source.take_now(size) if self._source.at_hand else await self._source.take(size)
        self._window.give_back(size - len(chunk))
        if not self._stopping:
            await self._writer.process(chunk, self._settled)
        else:
            for result in self._writer.cancelled(chunk):
                self._settled(result)

    def _settled(self, result: Result) -> None:
        self._summary.add(result)
        self._window.put(result)
        why = self._policy.against(result)
        if why is not None:
            self._stop(why)
        if self._progress is not None:
            try:
                self._progress(self._pace.after(self._summary, self._source.total))
            except Exception as error:
                self._break(error)

    def _break(self, error: Exception) -> None:
        """The source, the journal or a callback failed: nothing more is begun, and the reader is told at the end."""
        self._broken = self._broken or error
        self._stop(f"the source, the journal or a callback failed: {type(error).__name__}")

    def _stop(self, why: str) -> None:
        """Begins nothing more; what is in flight ends."""
        self._stopping = True
        self._summary.stopped = self._summary.stopped or why
        self._source.stop()
