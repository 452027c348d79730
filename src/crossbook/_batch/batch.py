"""A batch at work: workers that share one source, results for one reader, a journal beside them.

Workers live in the book's task group and never raise into it; leaving the batch stops them.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Generic, Literal, Self, TypeVar

import anyio
from anyio.lowlevel import checkpoint_if_cancelled
from attrs import define

from crossbook._batch.executor import Executor
from crossbook._batch.intake import ItemReader
from crossbook._batch.results import Progress, Result, Summary
from crossbook._batch.source import Source
from crossbook._concurrency import await_result, run_shielded
from crossbook._http.session import Session
from crossbook._tracebacks import hide_internal_frames
from crossbook.errors import AuthError, UsageError
from crossbook.vendor import Rate

# How fast a batch goes, for its progress; and how long one would take, for a dry run.

_SECONDS = 5.0
_GUESS = 0.1  # seconds a request takes, where nothing was asked


class Throughput:
    """Results a second over the last seconds, sampled: many results cost no more than a few."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def after(self, summary: Summary, total: int | None) -> Progress:
        now, done = anyio.current_time(), summary.total
        if not self._samples or now - self._samples[-1][0] >= 0.1:
            self._samples.append((now, done))
            while now - self._samples[0][0] > _SECONDS:
                self._samples.popleft()
        since, before = self._samples[0]
        rate = (done - before) / (now - since) if now > since else 0.0
        return Progress(
            done=done,
            failed=summary.counts.get("failed", 0),
            uncertain=summary.counts.get("uncertain", 0),
            rate=rate,
            total=total,
            seconds_left=(total - done) / rate if total is not None and rate > 0 else None,
        )


def foretell(summary: Summary, writes: float, rate: Rate | None, workers: int) -> None:
    """What a run would cost, from what the dry run did: its lookups come again, and then `writes` requests."""
    asked = summary.requests
    summary.requests += math.ceil(writes)
    pace = summary.seconds / asked if asked else _GUESS / workers
    # No faster than the vendor allows, where that is known.
    summary.seconds = summary.requests * (1 / rate.per_second if rate else pace)


# When a batch begins nothing more.

OnError = Literal["collect", "stop"]


@define
class Policy:
    """Looks at results as they come; failures of earlier runs count for nothing.

    Args:
        on_error: "stop" ends the batch at the first failure.
        max_failures: so many are borne, one more ends it; None bears all.
    """

    on_error: OnError = "collect"
    max_failures: int | None = None
    _failed: int = 0

    def against(self, result: Result) -> str | None:
        """Why nothing more is to be begun after this result; None if nothing speaks against it."""
        if result.status != "failed" or result.replayed:
            return None
        self._failed += 1
        if isinstance(result.error, AuthError):
            return "the vendor does not accept the credentials"
        if self.on_error == "stop":
            return f"input {result.index} failed (on_error='stop')"
        if self.max_failures is not None and self._failed > self.max_failures:
            return f"more than {self.max_failures:,} failed (max_failures)"
        return None


# Between the workers and the reader: results as they come, or in order, and never more inputs under way than fit.


class ResultBuffer:
    """Inputs under way to their reader: taken from the source, and their results not read yet.

    Workers ask for `room` before they take more of the source, so that a slow reader slows them down, and so that
    in an ordered batch one slow input holds up the others sooner or later; `get` gives the reader the next result,
    None after the last.

    Args:
        size: how many may be under way.
        ordered: whether results come in the order of the source.
    """

    def __init__(self, size: int, *, ordered: bool) -> None:
        self._size = size
        self._ordered = ordered
        self.under_way = 0
        self._early: dict[int, Result] = {}
        self._ready: deque[Result] = deque()
        self._next = 0  # the index that comes next, if they come in order
        self._closed = False
        self._news = anyio.Event()
        self._space = anyio.Event()

    def room_now(self, count: int) -> bool:
        """Counts `count` more as taken, if so many may be."""
        if self.under_way + count > self._size:
            return False
        self.under_way += count
        return True

    async def room(self, count: int) -> None:
        """Waits until `count` more may be taken, and counts them as taken."""
        while not self.room_now(count):
            if self._space.is_set():
                self._space = anyio.Event()
            await self._space.wait()

    def give_back(self, count: int) -> None:
        """So many were not taken, or were read."""
        if count:
            self.under_way -= count
            self._space.set()

    def put(self, result: Result) -> None:
        if self._ordered:
            self._early[result.index] = result
            while self._next in self._early:
                self._ready.append(self._early.pop(self._next))
                self._next += 1
        else:
            self._ready.append(result)
        if self._ready and not self._news.is_set():
            self._news.set()

    def get_now(self) -> Result | None:
        """The next result, if it is there."""
        if not self._ready:
            return None
        self.under_way -= 1
        if not self._space.is_set():
            self._space.set()
        return self._ready.popleft()

    async def get(self) -> Result | None:
        while not self._ready:
            if self._closed:
                return None
            if self._news.is_set():  # else another reader waits for it too
                self._news = anyio.Event()
            await self._news.wait()
        return self.get_now()

    def close(self) -> None:
        """There are no more: what is left is given in order of index."""
        self._ready.extend(self._early.pop(index) for index in sorted(self._early))
        self._closed = True
        self._news.set()


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
        print(run.summary)
        ```
    """

    def __init__(
        self,
        session: Session,
        source: Source[I],
        intake: ItemReader[I],
        writer: Executor[I],
        *,
        workers: int,
        ordered: bool,
        policy: Policy,
        progress: Callable[[Progress], None] | None,
        summary: Summary,
        requests: Callable[[], int],
        rate: Rate | None,
    ) -> None:
        self._session = session
        self._source = source
        self._intake = intake
        self._writer = writer
        self._workers = workers
        self._policy = policy
        self._progress = progress
        self._summary = summary
        self._requests = requests
        self._rate = rate
        self._window = ResultBuffer(max(3 * workers * writer.chunk, 64), ordered=ordered)
        self._pace = Throughput()
        self._jobs: list[anyio.Future[None]] = []
        self._scopes: list[anyio.CancelScope] = []
        self._working = 0
        self._stopping = False
        self._broken: Exception | None = None
        self._began: float | None = None

    @hide_internal_frames
    async def __aenter__(self) -> Self:
        self._session.check_open()
        if self._began is not None:
            raise UsageError("a batch runs once: ask for a new one", vendor=self._session.profile.vendor)
        self._began = anyio.current_time()
        opening = self._session.start_task(self._intake.open)
        try:
            self._source.start(*await await_result(opening))
        except BaseException:
            await run_shielded(partial(self._intake.give_up, opening))
            raise
        self._working = self._workers
        self._jobs = [self._session.start_task(self._work) for _ in range(self._workers)]
        return self

    @hide_internal_frames
    async def __aexit__(self, *exc: object) -> None:
        """Stops the workers, and returns when nothing is going on any more."""
        if not (self._source.exhausted or self._stopping):
            self._summary.stopped = "its block was left before the end"
        self._stopping = True
        for scope in self._scopes:
            scope.cancel()
        await run_shielded(self._end)

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

    @hide_internal_frames
    async def _next(self) -> Result:
        if self._began is None:
            raise UsageError(
                "a batch begins when it is entered: `async with` it, or await its summary()",
                vendor=self._session.profile.vendor,
            )
        result = await self._window.get()
        if result is not None:
            return result
        if self._broken is not None:
            raise self._broken
        if not (self._source.exhausted or self._stopping) or self._writer.in_flight:
            what = "the batch was left, or its book closed, before it was done"
            raise UsageError(what, vendor=self._session.profile.vendor)
        raise StopAsyncIteration

    @hide_internal_frames
    async def run(self) -> Summary:
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

    @property
    def summary(self) -> Summary:
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
            self._break(UsageError(what, vendor=self._session.profile.vendor))
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
