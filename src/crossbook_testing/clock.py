"""Time that a test need not wait for: it jumps to the next deadline when everybody waits, or goes where it is told."""

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
    """The time of one test, under asyncio and trio. The fixture `crossbook_clock` is one.

    It takes over the event loop's clock when the test's first book is made or used there, and everything in that loop
    follows it: crossbook's waits, `asyncio.sleep`, time-outs of your own. What needs real time, a thread or a socket,
    gets none: a wait for it does not hold the jumps up, unless `threshold` lets it.

    Attributes:
        autojump: whether time jumps to the next deadline as soon as every task waits; True. If not, it stands still
            until `advance`.
        threshold: real seconds for which every task must have waited before a jump; 0.

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
        self._before = 0.0
        self._began = time.time()
        self._autojump = True
        self._threshold = 0.0

    @property
    def elapsed(self) -> float:
        """Seconds that have passed for the test."""
        return self._before + max((loop.elapsed() for loop in self._loops.values()), default=0.0)

    def unix(self) -> float:
        """The date: what the sandbox takes for now, in unix time."""
        return self._began + self.elapsed

    def advance(self, seconds: float) -> None:
        """Moves time; who waited for it wakes up as soon as the test awaits something.

        Args:
            seconds: how far.

        Raises:
            UsageError: less than 0.

        Example:
            ```python
            crossbook_clock.advance(3600)  # the login token is dead now
            ```
        """
        if not 0 <= seconds < inf:
            raise UsageError("time goes forward only: seconds is a number from 0 on")
        if not self._loops:
            self._before += seconds
        for loop in self._loops.values():
            loop.jump(seconds)

    @property
    def autojump(self) -> bool:
        """Whether time jumps as soon as every task waits; it can be set."""
        return self._autojump

    @autojump.setter
    def autojump(self, wanted: bool) -> None:
        self._autojump = wanted
        self._tell()

    @property
    def threshold(self) -> float:
        """Real seconds for which every task must have waited before a jump; it can be set."""
        return self._threshold

    @threshold.setter
    def threshold(self, seconds: float) -> None:
        self._threshold = seconds
        self._tell()

    def install(self) -> None:
        """Takes over the clock of the event loop that runs here, if one does. Books of a sandbox call it by themselves.

        Raises:
            UsageError: an event loop whose clock cannot be replaced (uvloop).
        """
        try:
            library = current_async_library()
        except AsyncLibraryNotFoundError:
            return
        token = current_token()
        if token not in self._loops:
            self._loops[token] = _Trio() if library == "trio" else _Asyncio(asyncio.get_running_loop())
            self._tell()

    def release(self) -> None:
        """Lets real time go on from where this one is. The fixture calls it at the test's end."""
        self._before = self.elapsed
        for loop in self._loops.values():
            loop.release()
        self._loops.clear()

    def _tell(self) -> None:
        for loop in self._loops.values():
            loop.jumps_after(self._threshold if self._autojump else inf)


class _LoopClock(Protocol):
    """The clock of one event loop, taken over. It goes on from the time that the loop had."""

    def elapsed(self) -> float: ...
    def jump(self, seconds: float) -> None: ...
    def jumps_after(self, threshold: float) -> None: ...
    def release(self) -> None: ...


class _Asyncio:
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
        # Nobody can go on before the next deadline, unless something comes from outside.
        events = self._select(min(self._threshold, timeout))
        if not events and self._threshold < inf:
            self._now += timeout
        return events

    def elapsed(self) -> float:
        return self._now - self._began

    def jump(self, seconds: float) -> None:
        self._now += seconds
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(lambda: None)  # it looks at its deadlines again

    def jumps_after(self, threshold: float) -> None:
        self._threshold = threshold

    def release(self) -> None:
        then, now = time.monotonic(), self._now
        self._loop.time = lambda: now + time.monotonic() - then
        self._selector.select = self._select


class _Trio:
    def __init__(self) -> None:
        import trio.lowlevel
        import trio.testing

        self._began = trio.current_time()
        self._clock = trio.testing.MockClock()
        self._clock.jump(self._began)
        self._token = trio.lowlevel.current_trio_token()
        try:
            # trio takes a clock when a run begins only, which is not ours to begin.
            from trio._core._run import GLOBAL_RUN_CONTEXT

            GLOBAL_RUN_CONTEXT.runner.clock = self._clock
        except (ImportError, AttributeError) as error:
            raise UsageError(
                "this release of trio does not let its clock be replaced: begin the run with trio.testing.MockClock"
            ) from error

    def elapsed(self) -> float:
        return self._clock.current_time() - self._began

    def jump(self, seconds: float) -> None:
        import trio

        self._clock.jump(seconds)
        with suppress(trio.RunFinishedError):
            self._token.run_sync_soon(lambda: None)

    def jumps_after(self, threshold: float) -> None:
        self._clock.autojump_threshold = threshold

    def release(self) -> None:
        self._clock.autojump_threshold = inf
        self._clock.rate = 1.0
