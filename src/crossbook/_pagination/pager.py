"""One pager over all the ways to page: `async for` gives items, `await` gives a page, `.pages()` gives pages."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Generator, Sequence
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from anyio import Future

from crossbook._concurrency import await_result, yield_to_new_tasks
from crossbook._pagination import cursor
from crossbook._pagination.cursor import Position
from crossbook._pagination.strategies import ByOffset, Fetch
from crossbook._tracebacks import hide_internal_frames
from crossbook.errors import CrossbookError
from crossbook.models import Page

# Pages that are asked for before they are read.

V = TypeVar("V")
Starter = Callable[[Callable[[], Any]], Future[Any]]
Fetched = tuple[Sequence[V | None], Position | None]


class Prefetcher(Generic[V]):
    """The pages that are on their way.

    The next page is asked for when the one before it is handed over, or sooner: when that has come, and the reader
    waits for it already. Where it can be told at which position the following ones begin, if each page before them is
    full, a window of several is on its way. One that is not full makes those guesses worthless: they are dropped, and
    the list goes on from where that page ended, one after another, since a vendor whose pages are shorter than asked
    for would spoil all further guesses too.
    """

    def __init__(self, fetch: Fetch[V], start: Starter | None, prefetch: int) -> None:
        self._fetch = fetch
        self._by_offset: ByOffset[V] | None = fetch if isinstance(fetch, ByOffset) else None
        self._start = start
        self._prefetch = prefetch
        self._guesses = self._by_offset is not None and prefetch > 1
        self._jobs: deque[tuple[Position | None, Future[Fetched[V]]]] = deque()
        self._waits_for: int | None = None  # the offset of the page that the reader waits for

    async def page(self, position: Position | None) -> Fetched[V]:
        """The page at this position; with a window the next ones are asked for beside it."""
        if self._guesses:
            self.look(position)
        elif self._jobs and self._jobs[0][0] != position:
            self._jobs.clear()  # of a reader who gave up waiting for the page before, and comes again
        if self._by_offset is None:
            return await (await_result(self._jobs.popleft()[1]) if self._jobs else self._fetch(position))
        self._waits_for = self._by_offset.place(position)
        try:
            if not self._jobs:
                return await self._fetched(position)
            began, job = self._jobs.popleft()
            rows, after = await await_result(job)
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
        while len(self._jobs) < self._prefetch:
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

    async def _fetched(self, position: Position | None) -> Fetched[V]:
        if self._by_offset is None:
            return await self._fetch(position)
        return await self._by_offset(position, partial(self._known, self._by_offset.place(position)))

    def _known(self, offset: int, after: Position) -> bool:
        """The page at this offset has come, and tells where the next begins."""
        return not self._jobs and self._waits_for == offset and self.look(after)


class HasId(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=HasId)


class Pager(Generic[T]):
    """A list that is fetched as it is read.

    `async for item in pager` reads every item, the next page already on its way while one is read; `await pager`
    gives one `Page` with `.items` and `.cursor`; `async for page in pager.pages()` gives every page. A pager can be
    read again: it asks the vendor again. Of a list with a `window` so many pages are on their way.

    Raises:
        CrossbookError: a page could not be had; `error.cursor` is where the list goes on (`after=error.cursor`).

    Example:
        ```python
        async for contact in book.contacts.list(group=friends.id):
            print(contact.id)
        page = await book.contacts.list(group=friends.id, page_size=500)
        ```
    """

    def __init__(
        self,
        fetcher: Callable[[], Fetch[T]],
        start: Starter,
        filters: bytes,
        position: Position | None,
        *,
        unique: bool = False,
        prefetch: int = 1,
        vendor: str | None = None,
        operation: str | None = None,
    ) -> None:
        def pages(ahead: bool) -> _Pages[T]:
            look = Prefetcher(fetcher(), start if ahead else None, prefetch)
            return _Pages(look, filters, position, set() if unique else None, vendor, operation)

        self._pages = pages

        def at(after: str) -> Pager[T]:
            position = cursor.decode(after, filters)
            return Pager(
                fetcher, start, filters, position, unique=unique, prefetch=prefetch, vendor=vendor, operation=operation
            )

        self._at = at

    def at(self, after: str) -> Pager[T]:
        """The same list from this cursor on.

        Args:
            after: `page.cursor` or `error.cursor` of this list.

        Raises:
            InvalidInputError: it is a cursor of another list, or none.
        """
        return self._at(after)

    def __repr__(self) -> str:
        return "<Pager>"

    @hide_internal_frames
    async def _page(self) -> Page[T]:
        return await self._pages(False).__anext__()

    def __await__(self) -> Generator[Any, Any, Page[T]]:
        return self._page().__await__()

    def pages(self) -> AsyncIterator[Page[T]]:
        """Every page, the next one, or the next `window`, fetched ahead."""
        return self._pages(True)

    def __aiter__(self) -> AsyncIterator[T]:
        return _Items(self._pages(True))


class _Pages(AsyncIterator[Page[T]]):
    """A class and no generator: leaving a loop in the middle must not meet a task group or a cancel scope."""

    def __init__(
        self, ahead: Prefetcher[T], filters: bytes, position: Position | None, seen: set[str] | None,
        vendor: str | None, operation: str | None,
    ) -> None:  # fmt: skip
        self._ahead = ahead
        self._filters = filters
        self._position = position
        self._seen = seen
        self._vendor = vendor
        self._operation = operation
        self._done = False

    @hide_internal_frames
    async def __anext__(self) -> Page[T]:
        if self._done:
            raise StopAsyncIteration
        try:
            rows, after = await self._ahead.page(self._position)
        except CrossbookError as error:
            self._done = True
            error.vendor, error.operation = error.vendor or self._vendor, error.operation or self._operation
            if self._position is not None:
                error.cursor = cursor.encode(self._position, self._filters)
            raise
        if after is not None and self._ahead.look(after):
            await yield_to_new_tasks()  # also if the reader waits for nothing until the next page
        self._position = after
        self._done = after is None
        if self._seen is None:
            items = tuple([row for row in rows if row is not None])
        else:
            items = tuple([row for row in rows if row is not None and self._first(row)])
        return Page(items, None if after is None else cursor.encode(after, self._filters))

    def _first(self, item: T) -> bool:
        assert self._seen is not None
        if item.id in self._seen:
            return False
        self._seen.add(item.id)
        return True


class _Items(AsyncIterator[T]):
    def __init__(self, pages: AsyncIterator[Page[T]]) -> None:
        self._pages = pages
        self._items: tuple[T, ...] = ()
        self._next = 0

    async def __anext__(self) -> T:
        while self._next >= len(self._items):
            self._items = (await self._pages.__anext__()).items
            self._next = 0
        self._next += 1
        return self._items[self._next - 1]
