"""`Pager`: a list whose pages are fetched while it is read. The next pages are requested ahead."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import AsyncIterator, Callable, Generator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from anyio import Future

from crossbook._concurrency import await_result, yield_to_new_tasks
from crossbook._pagination import cursor
from crossbook._pagination.cursor import Position
from crossbook._pagination.strategies import Fetch, FetchByOffset
from crossbook._tracebacks import hide_internal_frames
from crossbook.errors import CrossbookError
from crossbook.models import Page

V = TypeVar("V")
StartTask = Callable[[Callable[[], Any]], Future[Any]]
FetchedPage = tuple[Sequence[V | None], Position | None]


class Prefetcher(Generic[V]):
    """A fetcher of the pages of one list, which requests the next pages before the reader needs them.

    Without `start` no page is prefetched. Otherwise the request for the next page starts when its position is known:
    when the reader takes a page, or, by offset, as soon as the rows of the page that the reader waits for have come.

    With `prefetch` > 1, which needs pages by offset, `prefetch` requests are in flight. Their positions are guesses:
    each assumes that the pages before it are full. A page that is not full makes all guesses after it wrong. They are
    discarded, the list continues from where that page ended, and no further guesses are made: the vendor may cap its
    pages below the requested size.

    Invariant: `_tasks` are the requests for consecutive pages, and the first is the next page that the reader takes.
    """

    def __init__(self, fetch: Fetch[V], start: StartTask | None, prefetch: int) -> None:
        self._fetch = fetch
        self._by_offset: FetchByOffset[V] | None = fetch if isinstance(fetch, FetchByOffset) else None
        self._start = start
        self._prefetch = prefetch
        self._guesses = self._by_offset is not None and prefetch > 1
        self._tasks: deque[tuple[Position | None, Future[FetchedPage[V]]]] = deque()
        self._awaited_offset: int | None = None  # the offset of the page that the reader waits for

    async def take_page(self, position: Position | None) -> FetchedPage[V]:
        """Return the page at this position, and the position of the next page (None after the last page)."""
        if self._guesses:
            self.start_requests(position)
        elif self._tasks and self._tasks[0][0] != position:
            self._tasks.clear()  # an earlier read of this page was cancelled
        if self._by_offset is None:
            return await (await_result(self._tasks.popleft()[1]) if self._tasks else self._fetch(position))
        self._awaited_offset = self._by_offset.offset(position)
        try:
            if not self._tasks:
                return await self._request(position)
            guess, task = self._tasks.popleft()
            rows, after = await await_result(task)
        finally:
            self._awaited_offset = None
        if guess != position:
            self._by_offset.check_repeat(position, after)  # the request did not know the page before it
        return rows, after

    def start_requests(self, position: Position | None) -> bool:
        """Request the next pages from this position on, `prefetch` at most. Return whether any was requested."""
        if self._start is None:
            return False
        if self._tasks and not self._is_same_page(self._tasks[0][0], position):
            self._tasks.clear()
            self._guesses = False
        started = False
        while len(self._tasks) < self._prefetch:
            if self._tasks:
                if not (self._guesses and self._by_offset):
                    break
                position = self._by_offset.position_after(self._tasks[-1][0])
            self._tasks.append((position, self._start(partial(self._request, position))))
            started = True
        return started

    def _is_same_page(self, guess: Position | None, position: Position | None) -> bool:
        by_offset = self._by_offset
        return guess == position or (by_offset is not None and by_offset.offset(guess) == by_offset.offset(position))

    async def _request(self, position: Position | None) -> FetchedPage[V]:
        if self._by_offset is None:
            return await self._fetch(position)
        offset = self._by_offset.offset(position)

        def start_next(after: Position) -> bool:
            return not self._tasks and self._awaited_offset == offset and self.start_requests(after)

        return await self._by_offset(position, start_next)


class HasId(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=HasId)


@dataclass(frozen=True, slots=True)
class _List(Generic[T]):
    """The list that a pager reads: the function that fetches pages of a size, the filters' hash, and where to start."""

    make_fetch: Callable[[int], Fetch[T]]
    size: int
    start: StartTask
    filters: bytes
    position: Position | None
    limit: int | None
    unique: bool
    prefetch: int
    vendor: str | None
    operation: str | None


class Pager(Generic[T]):
    """A list of contacts, groups or other records, whose pages are fetched while it is read.

    `async for item in pager` yields every item, and requests the next page while one is read. `await pager` returns one
    `Page` with `.items` and `.cursor`. `async for page in pager.pages()` yields every page. `await pager.first()`
    returns one item or None. A pager can be read again; each read sends its own requests. A list with `prefetch=n`
    keeps n requests in flight, and a list with `limit=n` ends after n items.

    Raises:
        CrossbookError: a page could not be fetched. To continue the list there, pass `after=error.cursor`.

    Example:
        ```python
        async for contact in book.contacts.list(group=friends.id):
            print(contact.id)
        page = await book.contacts.list(group=friends.id, page_size=500)
        ```
    """

    def __init__(
        self,
        make_fetch: Callable[[int], Fetch[T]],
        size: int,
        start: StartTask,
        filters: bytes,
        position: Position | None,
        *,
        limit: int | None = None,
        unique: bool = False,
        prefetch: int = 1,
        vendor: str | None = None,
        operation: str | None = None,
    ) -> None:
        self._list = _List(make_fetch, size, start, filters, position, limit, unique, prefetch, vendor, operation)

    def at(self, after: str) -> Pager[T]:
        """Return a pager of the same list that starts at a cursor.

        Args:
            after: `page.cursor` or `error.cursor` of this list.

        Raises:
            InvalidInputError: the cursor is of another list, or invalid.
        """
        other = copy.copy(self)
        other._list = replace(self._list, position=cursor.decode(after, self._list.filters))
        return other

    @hide_internal_frames
    async def first(self) -> T | None:
        """Return the first item of the list, or None if the list is empty. It requests a page of one item.

        Where a vendor returns its whole list at once, or a page has no valid row, more is read.

        Raises:
            CrossbookError: a page could not be fetched.

        Example:
            ```python
            newest = await book.contacts.list(group=friends.id).first()
            ```
        """
        async for page in _Pages(replace(self._list, limit=1), ahead=False):
            for item in page.items:
                return item
        return None

    def __repr__(self) -> str:
        return "<Pager>"

    @hide_internal_frames
    async def _page(self) -> Page[T]:
        return await _Pages(self._list, ahead=False).__anext__()

    def __await__(self) -> Generator[Any, Any, Page[T]]:
        return self._page().__await__()

    def pages(self) -> AsyncIterator[Page[T]]:
        """Yield every page of the list. Meanwhile the next `prefetch` pages are requested."""
        return _Pages(self._list, ahead=True)

    def __aiter__(self) -> AsyncIterator[T]:
        return _Items(_Pages(self._list, ahead=True))


async def count_items(pager: Pager[Any]) -> int:
    """Return the number of items in a list, which is read to its end."""
    count = 0
    async for page in pager.pages():
        count += len(page.items)
    return count


class _Pages(AsyncIterator[Page[T]]):
    """An iterator over the pages of a list. Not a generator, since a generator left early is closed in another task."""

    def __init__(self, source: _List[T], *, ahead: bool) -> None:
        self._list = source
        size, self._left = source.size, source.limit
        if self._left is not None:  # the page after the last item would be requested in vain
            size, ahead = min(size, self._left), False
        self._prefetcher = Prefetcher(source.make_fetch(size), source.start if ahead else None, source.prefetch)
        self._position = source.position
        self._seen: set[str] | None = set() if source.unique else None
        self._done = False

    @hide_internal_frames
    async def __anext__(self) -> Page[T]:
        if self._done:
            raise StopAsyncIteration
        source = self._list
        try:
            rows, after = await self._prefetcher.take_page(self._position)
        except CrossbookError as error:
            self._done = True
            error.vendor, error.operation = error.vendor or source.vendor, error.operation or source.operation
            if self._position is not None:
                error.cursor = cursor.encode(self._position, source.filters)
            raise
        if after is not None and self._prefetcher.start_requests(after):
            await yield_to_new_tasks()  # the request leaves even if the reader never waits before the next page
        self._position = after
        self._done = after is None
        items = tuple([row for row in rows if row is not None])
        if self._seen is not None:
            items = tuple([item for item in items if self._is_new(item.id, self._seen)])
        if self._left is not None:
            items = items[: self._left]
            self._left -= len(items)
            if self._left == 0:
                self._done, after = True, None
        return Page(items, None if after is None else cursor.encode(after, source.filters))

    @staticmethod
    def _is_new(id: str, seen: set[str]) -> bool:
        if id in seen:
            return False
        seen.add(id)
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
