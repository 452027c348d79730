"""Work that goes on beside the caller, in the book's one task group: the next page, a shared login.

A job never raises into the group: its outcome waits for whoever asks, also when the one who started it is gone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import anyio
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint

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
