"""Run a batch: workers share one source, write through one executor, and put results into one buffer for the caller.

Workers are tasks of the book and never raise into its task group. Leaving the batch stops them.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Literal, Never, Self, TypeVar

import anyio
from anyio.lowlevel import checkpoint_if_cancelled
from attrs import define, field, frozen

from crossbook._batch.executor import POOL_SECONDS, Executor
from crossbook._batch.reader import ItemReader
from crossbook._batch.results import Progress, Result, Summary
from crossbook._batch.source import Source
from crossbook._concurrency import await_result, run_shielded
from crossbook._http import logs, observation
from crossbook._http.circuit_breaker import CircuitBreaker
from crossbook._http.client import Client
from crossbook._http.session import Session
from crossbook._tracebacks import copy_without_traceback, hide_internal_frames
from crossbook.errors import AuthError, CrossbookError, UsageError
from crossbook.vendor import Rate

I = TypeVar("I")  # noqa: E741  (an item of the source)
OnError = Literal["collect", "stop"]
_RATE_SECONDS = 5.0
_SAMPLE_SECONDS = 0.1
_GUESSED_SECONDS = 0.1  # for a request, if a dry run sent none


class Throughput:
    """The rate of a batch in results per second, over its last 5 seconds, from samples at least 0.1 s apart."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def measure(self, now: float, summary: Summary, total: int | None, waiting: float = 0.0) -> Progress:
        done = summary.total
        if not self._samples or now - self._samples[-1][0] >= _SAMPLE_SECONDS:
            self._samples.append((now, done))
            while now - self._samples[0][0] > _RATE_SECONDS:
                self._samples.popleft()
        start, done_at_start = self._samples[0]
        rate = (done - done_at_start) / (now - start) if now > start else 0.0
        return Progress(
            done=done,
            failed=summary.counts.get("failed", 0),
            uncertain=summary.counts.get("uncertain", 0),
            rate=rate,
            total=total,
            seconds_left=(total - done) / rate if total is not None and rate > 0 else None,
            waiting=waiting,
        )


def estimate_full_run(summary: Summary, writes: float, rate: Rate | None, workers: int) -> None:
    """Set `requests` and `seconds` of a dry run to an estimate of the real run, which sends `writes` more requests."""
    sent = summary.requests
    summary.requests += math.ceil(round(writes, 6))  # a sum of fractions may be slightly too large
    measured = summary.seconds / sent if sent else _GUESSED_SECONDS / workers
    summary.seconds = summary.requests * (1 / rate.per_second if rate else measured)


@define
class StopPolicy:
    """A rule that decides after each result whether the batch stops. Failures replayed from earlier runs do not count.

    Args:
        on_error: "stop" stops the batch at the first failure.
        max_failures: the batch stops after this many failures; None: no limit.
    """

    on_error: OnError = "collect"
    max_failures: int | None = None
    _failed: int = 0

    def check(self, result: Result) -> str | None:
        """Return why the batch stops after this result, or None if it continues."""
        if result.status != "failed" or result.replayed:
            return None
        self._failed += 1
        if isinstance(result.error, AuthError):
            return "the vendor does not accept the credentials"
        if self.on_error == "stop":
            return f"input {result.index} failed (on_error='stop')"
        if not self.may_fail_more(0):
            return f"{self._failed:,} inputs failed (max_failures)"
        return None

    def may_fail_more(self, unreported: int) -> bool:
        """Return whether the batch continues after `unreported` further failures."""
        if self.on_error == "stop":
            return self._failed + unreported == 0
        return self.max_failures is None or self._failed + unreported < max(1, self.max_failures)


@define(eq=False, repr=False)
class ResultBuffer:
    """A buffer that passes results to the caller, and limits the number of inputs between the source and the caller.

    A worker reserves capacity before it takes inputs from the source. Each result that the caller reads frees capacity.
    So a slow caller slows the workers down. In an ordered batch, one slow input holds the others back sooner or later.

    Args:
        size: the number of inputs that may be taken and not read yet.
        ordered: whether results come in the order of the source.
    """

    size: int
    _ordered: bool
    reserved: int = 0
    _early: dict[int, Result] = field(
        factory=dict[int, Result]
    )  # results of an ordered batch that wait for an earlier result
    _ready: deque[Result] = field(factory=deque[Result])
    _next: int = 0  # the index of the next result of an ordered batch
    _closed: bool = False
    _has_result: anyio.Event = field(factory=anyio.Event)
    _has_capacity: anyio.Event = field(factory=anyio.Event)

    def try_reserve(self, count: int) -> bool:
        """Reserve capacity for `count` inputs without waiting. If too little is free, reserve none and return False."""
        if self.reserved + count > self.size:
            return False
        self.reserved += count
        return True

    async def reserve(self, count: int) -> None:
        """Wait until there is capacity for `count` inputs, and reserve it."""
        while not self.try_reserve(count):
            if self._has_capacity.is_set():
                self._has_capacity = anyio.Event()
            await self._has_capacity.wait()

    def release(self, count: int) -> None:
        if count:
            self.reserved -= count
            self._has_capacity.set()

    def put(self, result: Result) -> None:
        if self._ordered:
            self._early[result.index] = result
            while self._next in self._early:
                self._ready.append(self._early.pop(self._next))
                self._next += 1
        else:
            self._ready.append(result)
        if self._ready:
            self._has_result.set()

    @property
    def has_result(self) -> bool:
        return bool(self._ready)

    def get_nowait(self) -> Result | None:
        """Return the next result without waiting, or None if no result is ready."""
        if not self._ready:
            return None
        self.release(1)
        return self._ready.popleft()

    async def get(self) -> Result | None:
        """Wait for the next result and return it. Return None after the last result."""
        while not self._ready:
            if self._closed:
                return None
            if self._has_result.is_set():  # otherwise another reader waits for this event too
                self._has_result = anyio.Event()
            await self._has_result.wait()
        return self.get_nowait()

    def close(self) -> None:
        """Accept no more results. Make the results that an ordered batch holds back readable, in order of index."""
        self._ready.extend(self._early.pop(index) for index in sorted(self._early))
        self._closed = True
        self._has_result.set()


@frozen
class BatchCall:
    """The call that made a batch, so that a fleet can make it again on another machine. Its repr shows the method only.

    Attributes:
        account: as `AddressBook.account_key`.
        method: the public method, for example "contacts.create_many".
        arguments: its positional arguments after the source.
        options: its keyword arguments.
        settings: the options of the book that decide what is written: `default_region`, `default_group`.
    """

    account: tuple[str, str, str] = field(repr=False)
    method: str
    arguments: tuple[Any, ...] = field(repr=False)
    options: Mapping[str, Any] = field(repr=False)
    settings: Mapping[str, str | None] = field(repr=False)


@define(eq=False, repr=False, kw_only=True)
class Batch(Generic[I]):
    """A batch of writes, one for each input. It begins with `async with batch`, or with `await batch.run()`.

    `async with batch as run: async for result in run: …` gives one `Result` for each input that was read. After a
    stop nothing more is read, and `run.summary.stopped` says why. Leaving the block stops the workers. Items in flight
    are then `cancelled`; with a journal the same call resumes them later.

    Example:
        ```python
        async with book.contacts.create_many(people, journal="import.sqlite", match="phone") as run:
            async for result in run:
                print(result.index, result.status, result.id)
        print(run.summary)
        ```
    """

    _session: Session = field(alias="session")
    _source: Source[I] = field(alias="source")
    _reader: ItemReader[I] = field(alias="reader")
    _executor: Executor[I] = field(alias="executor")
    _workers: int = field(alias="workers")
    _ordered: bool = field(alias="ordered")
    _policy: StopPolicy = field(alias="policy")
    _progress: Callable[[Progress], None] | None = field(alias="progress")
    _summary: Summary = field(alias="summary")
    _client: Client = field(alias="client")
    _operation: str = field(alias="operation")
    _rate: Rate | None = field(alias="rate")
    _breaker: CircuitBreaker = field(init=False)
    _buffer: ResultBuffer = field(init=False)
    _throughput: Throughput = field(init=False, factory=Throughput)
    _tasks: list[anyio.Future[None]] = field(init=False, factory=list[anyio.Future[None]])
    _scopes: list[anyio.CancelScope] = field(init=False, factory=list[anyio.CancelScope])
    _running: int = field(init=False, default=0)  # workers that have not ended
    _workers_ended: anyio.Event = field(init=False, factory=anyio.Event)
    _stopping: bool = field(init=False, default=False)
    _error: Exception | None = field(init=False, default=None)
    _began: float | None = field(init=False, default=None)
    call: BatchCall | None = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        size = 3 * self._workers * self._executor.chunk_size
        if self._executor.pools:
            self._executor.slots = anyio.Semaphore(self._workers, fast_acquire=True)
            size += 3 * self._executor.operation.bulk_size  # arrays of creates, updates and group changes
        self._buffer = ResultBuffer(max(size, 64), self._ordered)
        assert self._client.breaker is not None  # the client of a batch has one
        self._breaker = self._client.breaker
        self._breaker.on_wait = self._report_wait
        self._breaker.on_give_up = self._stop_for_error

    @hide_internal_frames
    async def __aenter__(self) -> Self:
        self._session.check_open()
        if self._began is not None:
            raise UsageError("a batch runs once: call the method again for a new batch", vendor=self._vendor)
        self._began = anyio.current_time()
        if observation.telemetry is not None:
            self._client.batch = observation.telemetry.begin_batch(self._vendor, self._operation)
        opening = self._session.start_task(self._reader.open)
        try:
            self._source.start(*await await_result(opening))
            self._source.done_before = self._reader.first_open
        except BaseException as error:
            await run_shielded(partial(self._reader.abort, opening))
            self._end_observation(error)
            raise
        self._running = self._workers
        if self._source.is_recognized:  # the journal has all results: large chunks, and no worker waits for a response
            self._running, self._executor.chunk_size = 1, self._buffer.size
        self._tasks = [self._session.start_task(self._work) for _ in range(self._running)]
        if self._executor.pools:
            self._tasks.append(self._session.start_task(self._flush_regularly))
        return self

    @hide_internal_frames
    async def __aexit__(self, *exc: object) -> None:
        """Stop the workers, wait until every task of the batch has ended, and complete the summary."""
        if not (self._source.exhausted or self._stopping):
            self._summary.stopped = "its `async with` block was left before all inputs were processed"
        self._stopping = True
        for scope in self._scopes:
            scope.cancel()
        try:
            await run_shielded(self._end)
        except BaseException as error:
            self._end_observation(error)
            raise
        self._end_observation(self._error or self._summary.stop_error)

    async def _end(self) -> None:
        for task in self._tasks:
            await task.wait()
        for result in (*self._executor.cancel_in_flight(), *self._executor.cancel_items(self._source.left)):
            self._add(result)
        self._buffer.close()
        try:
            await self._source.aclose()
        finally:
            exhausted = self._source.exhausted and self._error is None
            await self._executor.close(self._source.taken, exhausted=exhausted)
            close: Callable[[], None] | None = getattr(self._progress, "close", None)
            if close is not None:
                close()
        self._summary.requests = self._client.requests
        self._summary.seconds = anyio.current_time() - (self._began or 0.0)
        if self._summary.dry_run:
            estimate_full_run(self._summary, self._executor.estimated_writes, self._rate, self._workers)

    def _end_observation(self, error: BaseException | None) -> None:
        if self._client.batch is not None:
            self._client.batch.end(self._summary, error)

    def __aiter__(self) -> AsyncIterator[Result]:
        return self

    async def __anext__(self) -> Result:
        return self._buffer.get_nowait() or await self._wait_for_next()

    @hide_internal_frames
    async def _wait_for_next(self) -> Result:
        if self._began is None:
            raise UsageError("the batch has not begun: use `async with`, or await its run()", vendor=self._vendor)
        result = await self._buffer.get()
        if result is not None:
            return result
        if self._error is not None:
            raise self._error
        if not (self._source.exhausted or self._stopping) or self._executor.in_flight:
            raise UsageError(
                "the batch stopped before all items were done: read its results inside its `async with`, while the "
                "book is open",
                vendor=self._vendor,
            )
        raise StopAsyncIteration

    if not TYPE_CHECKING:  # a type checker reports `await batch` itself

        @hide_internal_frames
        def __await__(self) -> Never:
            raise UsageError(
                "a batch cannot be awaited: write `summary = await batch.run()`, or `async with batch as run:` and "
                "`async for result in run:` for its results",
                vendor=self._vendor,
            )

    @hide_internal_frames
    async def run(self) -> Summary:
        """Run the whole batch and return its summary. The results of single inputs are counted, but not kept.

        Raises:
            Exception: The error of the source or of a callback, after the items in flight have ended.
        """
        async with self:
            async for _ in self:
                pass
        return self._summary

    async def take_chunks(self, size: int, key: bytes) -> AsyncIterator[list[tuple[I, tuple[str, ...]]]]:
        """Yield the inputs in lists instead of running the batch, each with the keys that it shares with others.

        Args:
            size: the number of inputs in a list.
            key: the secret key of the hashes of match keys.
        """
        if self._began is not None:
            raise UsageError("a batch runs once: call the method again for a new batch", vendor=self._vendor)
        self._began = anyio.current_time()
        self._reader.hashes.set_key(key)
        self._source.start(None, 0)
        try:
            while not self._source.exhausted:
                taken = await self._source.take(size)
                if len(taken) < size and not self._source.exhausted:
                    continue  # the source failed: the next call raises its error
                items = [(value, self._reader.make_item(index, value)) for index, value in taken]
                if items:
                    yield [(value, item.prepared.list_keys()) for value, item in items]
        finally:
            await self._source.aclose()

    def take_unread(self) -> list[Result]:
        """Return the results that are not read yet. After the `async with` block these include cancelled inputs.

        Example:
            ```python
            async with book.contacts.create_many(people) as run:
                async for result in run:
                    break
            print(len(run.take_unread()))
            ```
        """
        unread: list[Result] = []
        while (result := self._buffer.get_nowait()) is not None:
            unread.append(result)
        return unread

    def stop(self, why: str = "stop() was called") -> None:
        """Stop the batch early: begin no more items. Items in flight are completed, and their results can be read.

        An item that waits for a vendor that is unavailable fails at once.

        Args:
            why: the reason in the summary.
        """
        self._stopping = True
        self._summary.stopped = self._summary.stopped or why
        self._source.stop()
        self._breaker.end_waits()

    @property
    def summary(self) -> Summary:
        """The counts of results so far. `requests` and `seconds` are set when the batch ends."""
        return self._summary

    @property
    def _vendor(self) -> str:
        return self._session.profile.vendor

    async def _work(self) -> None:
        """Process chunks of the source until it ends or the batch stops."""
        try:
            with anyio.CancelScope() as scope:
                self._scopes.append(scope)
                while not (self._stopping or self._source.exhausted):
                    await self._process_chunk()
                if not self._executor.active:  # no lookup is in progress
                    await self._executor.flush(self._report)
                if self._source.exhausted:
                    await self._reader.check_end(self._source.taken)
        except Exception as error:
            self._fail(error)
        except anyio.get_cancelled_exc_class():
            await checkpoint_if_cancelled()  # raises if the book was closed
            why = "the source or a callback cancelled the task that it runs in: it must not cancel tasks of a batch"
            self._fail(UsageError(why, vendor=self._vendor))
        finally:
            self._running -= 1
            if self._running == 0:
                self._workers_ended.set()
                if not self._executor.pools:
                    self._buffer.close()

    async def _flush_regularly(self) -> None:
        """Write items that have waited too long until their array is full, since the source or the vendor is slow.

        The end of the workers does not cancel a write in progress: its items left the pool, so no worker writes them.
        """
        try:
            with anyio.CancelScope() as scope:
                self._scopes.append(scope)
                while not self._workers_ended.is_set():
                    with anyio.move_on_after(POOL_SECONDS):
                        await self._workers_ended.wait()
                    await self._executor.flush_old(self._report)
        except Exception as error:
            self._fail(error)
        finally:
            self._buffer.close()

    async def _process_chunk(self) -> None:
        size = self._executor.chunk_size
        if not self._buffer.try_reserve(size):
            if not self._buffer.has_result:
                await self._executor.flush(self._report)  # all that was taken waits for an array to be full
            await self._buffer.reserve(size)
            if self._stopping:
                return
        chunk = self._source.take_now(size) if self._source.is_sync else await self._source.take(size)
        self._buffer.release(size - len(chunk))
        if not self._stopping:
            await self._executor.process(chunk, self._report)
        else:
            for result in self._executor.cancel_items(chunk):
                self._report(result)

    def _add(self, result: Result) -> None:
        self._summary.add(result)
        self._buffer.put(result)
        if self._client.batch is not None and not (result.replayed or self._summary.dry_run):
            self._client.batch.add_result(result.status)

    def _report(self, result: Result) -> None:
        self._add(result)
        why = self._policy.check(result)
        if why is not None:
            self._stop_for_error(result.error, why)
        self._report_progress()

    def _report_wait(self) -> None:
        logs.log_batch_wait(self._vendor, self._operation, self._breaker.waiting)
        self._report_progress()

    def _report_progress(self) -> None:
        if self._progress is not None:
            try:
                now, total = self._session.now(), self._source.total
                self._progress(self._throughput.measure(now, self._summary, total, self._breaker.waiting))
            except Exception as error:
                self._fail(error)

    def _stop_for_error(self, error: CrossbookError | None, why: str) -> None:
        if self._summary.stopped is None:
            self._summary.stop_error = None if error is None else copy_without_traceback(error)
        self.stop(why)

    def _fail(self, error: Exception) -> None:
        """Stop the batch for an error of source, journal or callback. The batch raises the error after the results."""
        self._error = self._error or error
        self.stop(f"the source, the journal or a callback failed: {type(error).__name__}")
