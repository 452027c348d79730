"""Work that goes on beside the caller, in the book's one task group: the next page, a shared login.

A job never raises into the group: its outcome waits for whoever asks, also when the one who started it is gone.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from math import inf
from types import TracebackType
from typing import Any, Generic, TypeVar

import anyio
import msgspec
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint, current_token
from sniffio import current_async_library

from crossbook.errors import UsageError

T = TypeVar("T")


class Job(Generic[T]):
    """One piece of work under way; `await job.result()` as often as wanted."""

    __slots__ = ("_done", "_error", "_value")
    _value: T

    def __init__(self) -> None:
        self._done = anyio.Event()
        self._error: Exception | None = None

    async def _run(self, work: Callable[[], Awaitable[T]]) -> None:
        # What a closed book leaves to those who still wait.
        self._error = UsageError("the book was closed while this was under way")
        try:
            self._value = await work()
            self._error = None
        except Exception as error:
            self._error = error
        finally:
            self._done.set()

    @property
    def done(self) -> bool:
        return self._done.is_set()

    async def wait(self) -> None:
        """Until it is over, whatever came of it."""
        await self._done.wait()

    async def result(self) -> T:
        await self._done.wait()
        if self._error is not None:
            raise self._error
        return self._value


def start(group: TaskGroup, work: Callable[[], Awaitable[T]]) -> Job[T]:
    job: Job[T] = Job()
    group.start_soon(job._run, work)  # pyright: ignore[reportPrivateUsage]
    return job


async def let_it_leave() -> None:
    """Lets the request of a job that was just started go out, before work that may keep the event loop for long.

    A task begins in the loop's next pass, and the slowest of the transports writes in the one after that.
    """
    await checkpoint()
    await checkpoint()


# The event loop's clock and identity, bound once: anyio finds out anew, each time, which library's loop it is in.


def clock_of_this_loop() -> Callable[[], float]:
    """What tells the seconds in the event loop that runs now; it does not keep that alive."""
    if current_async_library() != "asyncio":
        return anyio.current_time
    from asyncio import get_running_loop

    return lambda: get_running_loop().time()


def bound_clock() -> Callable[[], float]:
    """The same at half the price, for who does not outlive the event loop."""
    if current_async_library() != "asyncio":
        return anyio.current_time
    from asyncio import get_running_loop

    return get_running_loop().time


def which_loop() -> Callable[[], object]:
    """What tells, in a task, which event loop it runs in, to be compared; RuntimeError where none of this kind runs."""
    if current_async_library() != "asyncio":
        return current_token
    from asyncio import get_running_loop

    return get_running_loop


# What has to come to its end before a cancellation is let through: files and connections that are closed.


async def undisturbed(work: Callable[[], Awaitable[None]]) -> None:
    """Does the work to its end, and cancels the caller only then, however often it is asked to.

    A shield of anyio's is not enough on asyncio, which itself (a time-out, a client that left) cancels through any.
    """
    with anyio.CancelScope(shield=True):
        if current_async_library() == "asyncio":
            await _beside(work)
        else:
            await work()


async def _beside(work: Callable[[], Awaitable[None]]) -> None:
    task, interrupted = asyncio.ensure_future(work()), None
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as error:
            interrupted = error
    if interrupted is None:
        return task.result()
    if not task.cancelled():
        task.exception()  # looked at, or asyncio logs that nobody did
    raise interrupted


# The moment by which one request is over, whoever hangs.
#
# A scope of anyio with a deadline costs as much as all the rest of a call's policy, half of that for a timer that hardly
# ever rings. On asyncio a request is ended as `asyncio.timeout` ends it, and one timer serves all of a connection.

Until = Callable[[float], AbstractContextManager[Any]]
"""`with until(moment):` leaves the block at that moment of the event loop's clock, without an error."""


@contextmanager
def until_of_this_loop() -> Generator[Until]:
    """What ends requests in the event loop that runs now."""
    if current_async_library() != "asyncio":
        yield lambda moment: anyio.CancelScope(deadline=moment)
        return
    alarm = _Alarm(asyncio.get_running_loop())
    try:
        yield partial(_Block, alarm)
    finally:
        if not alarm.under_way:  # somebody else's client ends no request when a book closes
            alarm.stop()


class _Alarm:
    """The timer. When the request that it was set for is over it stays: setting it anew is what costs."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.under_way: set[_Block] = set()
        self.rings = inf
        self._timer: asyncio.TimerHandle | None = None

    def stop(self) -> None:
        self.rings = inf
        if self._timer is not None:
            self._timer.cancel()

    def set(self, moment: float) -> None:
        self.stop()
        self.rings, self._timer = moment, self.loop.call_at(moment, self._ring)

    def _ring(self) -> None:
        now = self.loop.time()
        self.rings = inf
        for block in [block for block in self.under_way if block.moment <= now]:
            if block.ends():
                self.under_way.discard(block)
        if self.under_way:
            self.set(min(block.moment for block in self.under_way))


class _Block:
    __slots__ = ("_alarm", "_asked", "_ended", "_task", "moment")

    def __init__(self, alarm: _Alarm, moment: float) -> None:
        self.moment = moment
        self._alarm = alarm
        self._ended = False
        self._task: asyncio.Task[Any]
        self._asked: int  # how often the task was asked to end before

    def __enter__(self) -> None:
        task, alarm = asyncio.current_task(self._alarm.loop), self._alarm
        assert task is not None
        self._task, self._asked = task, task.cancelling()
        alarm.under_way.add(self)
        if self.moment < alarm.rings:
            alarm.set(self.moment)

    def ends(self) -> bool:
        """Ends it; False if that is to come in the event loop's next pass."""
        if self._task._must_cancel:  # type: ignore[attr-defined]
            # Somebody else cancelled the task, which was not told yet: a second one would take the message from that,
            # by which anyio knows its own. anyio itself looks here before it cancels.
            return False
        self._ended = True
        self._task.cancel()
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._alarm.under_way.discard(self)
        if not self._ended:
            return False
        alone = self._task.uncancel() <= self._asked
        # If somebody else wants the task to end as well, that goes on. A scope of anyio's does not take what began with
        # us for its own, and cancels again at the next await.
        return kind is asyncio.CancelledError and (
            alone or (_unsaid(error) and anyio.current_effective_deadline() == -inf)
        )


def _unsaid(error: BaseException | None) -> bool:
    """Whether nobody left a message on a cancellation, as anyio does, and we do not."""
    while isinstance(error, asyncio.CancelledError):
        if error.args:
            return False
        error = error.__context__
    return True


# Process long answers in chunks: between two chunks other tasks of the event loop run, and a cancellation arrives.
#
# A thread would not help: msgspec holds the interpreter's lock while it decodes.

R = TypeVar("R")
S = TypeVar("S")
LONG = 1024 * 1024
"""Bytes of a body that are decoded at once."""
ROWS = 1000
"""Rows that are processed at once: about 10 ms."""
_COUNTED = 8 * LONG
_DEPTH = 2  # a list is a member of the answer or of one of its members: `contacts`, `result.contacts`
_Lists = list[tuple[tuple[str, ...], list[msgspec.Raw]]]
_INDEX = re.compile(r"\[(\d+)\]")


async def map_in_chunks(rows: Sequence[S], read: Callable[[S], R]) -> list[R]:
    """Apply `read` to each row."""
    if len(rows) <= ROWS:
        return [read(row) for row in rows]
    done: list[R] = []
    for start in range(0, len(rows), ROWS):
        await checkpoint()
        done += [read(row) for row in rows[start : start + ROWS]]
    return done


async def count_in_chunks(content: bytes, marks: Sequence[bytes]) -> list[int]:
    """Count each of these single bytes."""
    counts = [0] * len(marks)
    for start in range(0, len(content), _COUNTED):
        await checkpoint()
        for number, mark in enumerate(marks):
            counts[number] += content.count(mark, start, start + _COUNTED)
    return counts


async def decode_in_chunks(content: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Decode a JSON object with long lists of rows.

    The long lists are cut out as raw rows, which costs a tenth of decoding them. The object is decoded with empty lists
    first. Then each chunk of rows is put into an object of its own, which has nothing else, and is decoded as the same
    type; its rows are appended to the list of the first object.
    """
    await checkpoint()
    frame, lists = await _cut_out(msgspec.Raw(content), _DEPTH)
    whole = decoder.decode(msgspec.json.encode(frame))
    for path, rows in lists:
        target = _list_at(whole, path)
        if target is None:  # no list of the model
            return decoder.decode(content)
        for start in range(0, len(rows), ROWS):
            await checkpoint()
            part: Any = rows[start : start + ROWS]
            for name in reversed(path):
                part = {name: part}
            try:
                decoded = _list_at(decoder.decode(msgspec.json.encode(part)), path)
            except msgspec.ValidationError as error:
                raise msgspec.ValidationError(_moved(str(error), start)) from None
            assert decoded is not None  # as the first, of the same type
            target += decoded
    return whole


async def _cut_out(raw: msgspec.Raw, depth: int) -> tuple[dict[str, Any], _Lists]:
    """The members of an object, its long lists emptied; and the rows of these, by the path to them."""
    members: dict[str, Any] = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    lists: _Lists = []
    for name, value in members.items():
        text = memoryview(value)
        if len(text) <= LONG:
            continue
        await checkpoint()
        match bytes(text[:1]):
            case b"[":
                lists.append(((name,), msgspec.json.decode(value, type=list[msgspec.Raw])))
                members[name] = []
            case b"{" if depth > 1:
                members[name], below = await _cut_out(value, depth - 1)
                lists += [((name, *path), rows) for path, rows in below]
            case _:
                pass
    return members, lists


def _list_at(model: object, path: tuple[str, ...]) -> list[Any] | None:
    for name in path:
        model = getattr(model, name, None)
    return model if isinstance(model, list) else None  # pyright: ignore[reportUnknownVariableType]


def _moved(message: str, start: int) -> str:
    """The message of an error in a chunk that begins at this row of its list."""
    return _INDEX.sub(lambda index: f"[{int(index[1]) + start}]", message, count=1)
