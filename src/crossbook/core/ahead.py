"""Pages that are asked for before they are read."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from crossbook.core.by_offset import ByOffset
from crossbook.core.jobs import Job
from crossbook.core.pages import Fetch
from crossbook.core.positions import Position

T = TypeVar("T")
Starter = Callable[[Callable[[], Any]], Job[Any]]
Fetched = tuple[Sequence[T | None], Position | None]


class Ahead(Generic[T]):
    """The pages that are on their way.

    The next page is asked for when the one before it is handed over, or sooner: when that has come, and the reader
    waits for it already. Where it can be told at which position the following ones begin, if each page before them is
    full, a window of several is on its way. One that is not full makes those guesses worthless: they are dropped, and
    the list goes on from where that page ended, one after another, since a vendor whose pages are shorter than asked
    for would spoil all further guesses too.
    """

    def __init__(self, fetch: Fetch[T], start: Starter | None, window: int) -> None:
        self._fetch = fetch
        self._by_offset: ByOffset[T] | None = fetch if isinstance(fetch, ByOffset) else None
        self._start = start
        self._window = window
        self._guesses = self._by_offset is not None and window > 1
        self._jobs: deque[tuple[Position | None, Job[Fetched[T]]]] = deque()
        self._waits_for: int | None = None  # the offset of the page that the reader waits for

    async def page(self, position: Position | None) -> Fetched[T]:
        """The page at this position; with a window the next ones are asked for beside it."""
        if self._guesses:
            self.look(position)
        elif self._jobs and self._jobs[0][0] != position:
            self._jobs.clear()  # of a reader who gave up waiting for the page before, and comes again
        if self._by_offset is None:
            return await (self._jobs.popleft()[1].result() if self._jobs else self._fetch(position))
        self._waits_for = self._by_offset.place(position)
        try:
            if not self._jobs:
                return await self._fetched(position)
            began, job = self._jobs.popleft()
            rows, after = await job.result()
        finally:
            self._waits_for = None
        if began != position:
            self._by_offset.check(position, after)  # a guess knows no page before it
        return rows, after

    def look(self, position: Position | None) -> bool:
        """Asks for the page at this position, which is the next to be read, and for those after it."""
        if self._start is None:
            return False
        if self._jobs and not self._is_at(self._jobs[0][0], position):
            self._jobs.clear()
            self._guesses = False
        began = False
        while len(self._jobs) < self._window:
            if self._jobs:
                if not (self._guesses and self._by_offset):
                    break
                position = self._by_offset.following(self._jobs[-1][0])
            self._jobs.append((position, self._start(partial(self._fetched, position))))
            began = True
        return began

    def _is_at(self, guess: Position | None, position: Position | None) -> bool:
        by_offset = self._by_offset
        return guess == position or (by_offset is not None and by_offset.place(guess) == by_offset.place(position))

    async def _fetched(self, position: Position | None) -> Fetched[T]:
        if self._by_offset is None:
            return await self._fetch(position)
        return await self._by_offset(position, partial(self._known, self._by_offset.place(position)))

    def _known(self, offset: int, after: Position) -> bool:
        """The page at this offset has come, and tells where the next begins."""
        return not self._jobs and self._waits_for == offset and self.look(after)
