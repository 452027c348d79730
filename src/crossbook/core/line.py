"""Where requests wait: for a place among those in flight, and for a turn. First come, first served."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from math import inf

import anyio

from crossbook.core.limits import Bucket


class Late(Exception):
    """No turn comes in time; `wait` is how many seconds it would take, as far as can be told."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"no turn for {wait:.3g} s")
        self.wait = wait


class _Waiter:
    __slots__ = ("late", "latest", "woken")

    def __init__(self, latest: float) -> None:
        self.latest = latest
        self.late: Late | None = None
        self.woken = anyio.Event()


class Line:
    """At most `places` requests in flight, as fast as the bucket deals out turns.

    Nobody is ever handed anything: the first in the line looks whether there is a place and a turn, and takes both at
    once, with no await after it. So who is cancelled while waiting holds nothing that could be lost, and a limit that
    changes meanwhile is seen.
    """

    def __init__(self, clock: Callable[[], float] = anyio.current_time) -> None:
        self._clock = clock
        self._bucket = Bucket(inf, 1.0)
        self._limited = False  # whether the bucket has anything to say: looking at the clock costs as much as the rest
        self._places = 1
        self._in_flight = 0
        self._waiters: OrderedDict[_Waiter, None] = OrderedDict()

    async def acquire(self, longest: float | None = None, *, ahead: bool = False) -> None:
        """Waits for a place and a turn; `release` gives the place back.

        Args:
            longest: seconds to wait at most; None waits as long as it takes.
            ahead: for what the others wait for, a login: it takes the next turn, and a place beyond the last.

        Raises:
            Late: as soon as it is clear that it would take longer.
        """
        if not self.acquire_nowait(ahead=ahead):
            await self._wait(inf if longest is None else longest, ahead)

    def acquire_nowait(self, *, ahead: bool = False) -> bool:
        """The same for who need not wait; False if one has to."""
        return (ahead or not self._waiters) and self._take(ahead)

    def release(self) -> None:
        """The request ended, however it did."""
        self._in_flight -= 1
        if self._in_flight == self._places - 1:
            self._wake_first()

    def _take(self, ahead: bool) -> bool:
        if self._in_flight >= self._places and not ahead:
            return False
        if self._limited and not self._bucket.take(self._clock()):
            return False
        self._in_flight += 1
        return True

    async def _wait(self, longest: float, ahead: bool) -> None:
        now = self._clock()
        waiter = _Waiter(now + longest)
        begins = self._bucket.begins(now, 0 if ahead else len(self._waiters))
        if begins > waiter.latest:
            raise Late(begins - now)
        self._waiters[waiter] = None
        if ahead:
            self._waiters.move_to_end(waiter, last=False)
        try:
            while waiter.late is None:
                first = next(iter(self._waiters)) is waiter
                if first and self._take(ahead):
                    return
                now = self._clock()
                begins = self._bucket.begins(now)
                if now >= waiter.latest:
                    raise Late(begins - now)
                for_turn = first and (ahead or self._in_flight < self._places)
                with anyio.CancelScope(deadline=min(begins, waiter.latest) if for_turn else waiter.latest):
                    await waiter.woken.wait()
                if waiter.woken.is_set():
                    waiter.woken = anyio.Event()
            raise waiter.late
        finally:
            self._waiters.pop(waiter, None)
            self._wake_first()

    def _wake_first(self) -> None:
        if self._waiters:
            next(iter(self._waiters)).woken.set()

    def _dismiss_late(self, now: float) -> None:
        """Turns come later than was said: tells those for whom that is too late."""
        before = 0
        for waiter in list(self._waiters):
            begins = self._bucket.begins(now, before)
            if begins > waiter.latest:
                del self._waiters[waiter]
                waiter.late = Late(begins - now)
                waiter.woken.set()
            else:
                before += 1
