"""Between the workers and the reader: results as they come, or in order, never more than a window of them."""

from __future__ import annotations

from collections import deque

import anyio

from crossbook.core.batch.results import Result


class Window:
    """Results under way to their reader.

    Workers ask for `room` before they take more of the source, so that a slow reader slows them down; `get` gives the
    reader the next result, None after the last.
    """

    def __init__(self, size: int, *, ordered: bool) -> None:
        self._size = size
        self._ordered = ordered
        self._early: dict[int, Result] = {}
        self._ready: deque[Result] = deque()
        self._next = 0  # the index that comes next, if they come in order
        self._closed = False
        self._news = anyio.Event()
        self._space = anyio.Event()

    def put(self, result: Result) -> None:
        if self._ordered:
            self._early[result.index] = result
            while self._next in self._early:
                self._ready.append(self._early.pop(self._next))
                self._next += 1
        else:
            self._ready.append(result)
        if self._ready:
            self._news.set()

    async def room(self) -> None:
        while not self._closed and len(self._ready) + len(self._early) >= self._size and self._ready:
            if self._space.is_set():
                self._space = anyio.Event()
            await self._space.wait()

    async def get(self) -> Result | None:
        while not self._ready:
            if self._closed:
                return None
            self._news = anyio.Event()
            await self._news.wait()
        result = self._ready.popleft()
        self._space.set()
        return result

    def close(self) -> None:
        """There are no more: what is left is given in order of index."""
        self._ready.extend(self._early.pop(index) for index in sorted(self._early))
        self._closed = True
        self._news.set()
        self._space.set()
