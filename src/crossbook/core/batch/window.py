"""Between the workers and the reader: results as they come, or in order, and never more inputs under way than fit."""

from __future__ import annotations

from collections import deque

import anyio

from crossbook.core.batch.results import Result


class Window:
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
