"""`Clock`: virtual time for a test. It jumps to the next deadline when every task waits, or advances on request."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from math import inf
from typing import Any, Protocol

from anyio.lowlevel import current_token
from sniffio import AsyncLibraryNotFoundError, current_async_library

from crossbook.errors import UsageError


class Clock:
    """The virtual time of one test, under asyncio and trio. The fixture `crossbook_clock` is one.

    It replaces the event loop's clock when the test's first book is made or used in the loop. All waits in that loop
    follow it: crossbook's, `asyncio.sleep`, time-outs of your own. Threads and sockets need real time: a jump does not
    wait for them, unless `threshold` is set.

    Attributes:
        autojump: whether time jumps to the next deadline as soon as every task waits; default True. If False, time
            stands still until `advance`.
        threshold: real seconds for which every task must have waited before a jump; default 0.

    Example:
        ```python
        crossbook_sandbox.inject_fault("get", kind=429, retry_after=30)
        async with crossbook_book("vercom") as book:
            await book.contacts.get(contact.id)  # at once
        assert crossbook_clock.elapsed >= 30
        ```
    """

    def __init__(self) -> None:
        self._loops: dict[object, _LoopClock] = {}
        self._earlier = 0.0  # seconds that passed outside of the present loops
        self._began = time.time()
        self._autojump = True
        self._threshold = 0.0

    @property
    def elapsed(self) -> float:
        """The virtual seconds that have passed since the clock was created."""
        return self._earlier + max((loop.elapsed() for loop in self._loops.values()), default=0.0)

    def unix(self) -> float:
        """Return the virtual date in unix seconds. The sandbox uses it."""
        return self._began + self.elapsed

    def advance(self, seconds: float) -> None:
        """Advance virtual time. Tasks whose deadline has then passed continue as soon as the test awaits.

        Args:
            seconds: the number of seconds, at least 0.

        Raises:
            UsageError: the number is negative or infinite.

        Example:
            ```python
            crossbook_clock.advance(3600)  # the login token has expired
            ```
        """
        if not 0 <= seconds < inf:
            raise UsageError(
                f"cannot advance the clock by {seconds} seconds: pass a number of seconds, 0 or more, not infinite"
            )
        if not self._loops:
            self._earlier += seconds
        for loop in self._loops.values():
            loop.jump(seconds)

    @property
    def autojump(self) -> bool:
        """Whether virtual time jumps to the next deadline as soon as every task waits. Can be set."""
        return self._autojump

    @autojump.setter
    def autojump(self, value: bool) -> None:
        self._autojump = value
        self._configure_loops()

    @property
    def threshold(self) -> float:
        """Real seconds for which every task must have waited before a jump. Can be set."""
        return self._threshold

    @threshold.setter
    def threshold(self, seconds: float) -> None:
        self._threshold = seconds
        self._configure_loops()

    def install(self) -> None:
        """Give the running event loop, if there is one, this virtual time. A sandbox's books call this.

        Raises:
            UsageError: the clock of this event loop cannot be replaced (uvloop).
        """
        try:
            library = current_async_library()
        except AsyncLibraryNotFoundError:
            return
        token = current_token()
        if token not in self._loops:
            self._loops[token] = _TrioClock() if library == "trio" else _AsyncioClock(asyncio.get_running_loop())
            self._configure_loops()

    def release(self) -> None:
        """Return the event loops to real time, which continues at the virtual time. The fixture calls this last."""
        self._earlier = self.elapsed
        for loop in self._loops.values():
            loop.release()
        self._loops.clear()

    def _configure_loops(self) -> None:
        for loop in self._loops.values():
            loop.set_threshold(self._threshold if self._autojump else inf)


class _LoopClock(Protocol):
    """The virtual clock of one event loop. It starts at the loop's present time."""

    def elapsed(self) -> float: ...
    def jump(self, seconds: float) -> None: ...
    def set_threshold(self, threshold: float) -> None: ...
    def release(self) -> None: ...


class _AsyncioClock:
    def __init__(self, loop: Any) -> None:
        selector = getattr(loop, "_selector", None)
        if selector is None:
            raise UsageError(
                f"the clock of {type(loop).__module__} cannot be replaced: run this test in asyncio's own event loop"
            )
        self._loop, self._selector = loop, selector
        self._began: float = loop.time()
        self._now: float = self._began
        self._threshold = 0.0
        self._select: Callable[[float | None], list[Any]] = selector.select
        loop.time = lambda: self._now
        selector.select = self._wait

    def _wait(self, timeout: float | None = None) -> list[Any]:
        if timeout is None or timeout <= 0:
            return self._select(timeout)
        # No task can continue before the next deadline, unless a socket or thread is ready.
        events = self._select(min(self._threshold, timeout))
        if not events and self._threshold < inf:
            self._now += timeout
        return events

    def elapsed(self) -> float:
        return self._now - self._began

    def jump(self, seconds: float) -> None:
        self._now += seconds
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(lambda: None)  # wakes the loop, which checks its deadlines

    def set_threshold(self, threshold: float) -> None:
        self._threshold = threshold

    def release(self) -> None:
        then, now = time.monotonic(), self._now
        self._loop.time = lambda: now + time.monotonic() - then
        self._selector.select = self._select


class _TrioClock:
    def __init__(self) -> None:
        import trio.lowlevel
        import trio.testing

        self._began = trio.current_time()
        self._clock = trio.testing.MockClock()
        self._clock.jump(self._began)
        self._token = trio.lowlevel.current_trio_token()
        try:
            # trio accepts a clock only at the start of a run, and the run has started.
            from trio._core._run import GLOBAL_RUN_CONTEXT

            GLOBAL_RUN_CONTEXT.runner.clock = self._clock
        except (ImportError, AttributeError) as error:
            raise UsageError(
                "the clock of this release of trio cannot be replaced: start the run with trio.testing.MockClock"
            ) from error

    def elapsed(self) -> float:
        return self._clock.current_time() - self._began

    def jump(self, seconds: float) -> None:
        import trio

        self._clock.jump(seconds)
        with suppress(trio.RunFinishedError):
            self._token.run_sync_soon(lambda: None)

    def set_threshold(self, threshold: float) -> None:
        self._clock.autojump_threshold = threshold

    def release(self) -> None:
        self._clock.autojump_threshold = inf
        self._clock.rate = 1.0
