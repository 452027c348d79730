"""The moment by which one request is over, whoever hangs.

A scope of anyio with a deadline costs as much as all the rest of a call's policy, half of that for a timer that hardly
ever rings. On asyncio a request is ended as `asyncio.timeout` ends it, and one timer serves all of a connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from math import inf
from types import TracebackType
from typing import Any

import anyio
from sniffio import current_async_library

Until = Callable[[float], AbstractContextManager[Any]]
"""`with until(moment):` leaves the block at that moment of the event loop's clock, without an error."""


@contextmanager
def of_this_loop() -> Generator[Until]:
    """What ends requests in the event loop that runs now."""
    if current_async_library() != "asyncio":
        yield lambda moment: anyio.CancelScope(deadline=moment)
        return
    alarm = _Alarm(asyncio.get_running_loop())
    try:
        yield partial(_Block, alarm)
    finally:
        alarm.stop()


class _Alarm:
    """The timer. When the request that it was set for is over it stays: setting it anew is what costs."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.under_way: set[_Block] = set()
        self.rings = inf
        self._timer: asyncio.TimerHandle | None = None

    def stop(self) -> None:
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
    __slots__ = ("_alarm", "_asked", "_ended", "_put_off", "_task", "moment")

    def __init__(self, alarm: _Alarm, moment: float) -> None:
        self.moment = moment
        self._alarm = alarm
        self._ended = self._put_off = False
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
        if self._task.cancelling() > self._asked and not self._put_off:
            # Somebody else ends the task. What did not reach it yet would lose its message, by which anyio knows it.
            self._put_off = True
            return False
        self._ended = True
        self._task.cancel()
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._alarm.under_way.discard(self)
        # If somebody else wants the task to end as well, that goes on.
        return self._ended and self._task.uncancel() <= self._asked and kind is asyncio.CancelledError
