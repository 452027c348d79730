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
