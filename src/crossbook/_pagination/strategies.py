"""The ways in which vendors page a list. Each makes a `Fetch`, a function that returns the page at a position."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct

from crossbook._pagination.cursor import Position, fingerprint, invalid_cursor, parse_position
from crossbook.errors import InvalidResponseError

T = TypeVar("T")
# Returns the items of a page (None for a row that is not an item) and the next position; None after the last page.
Fetch = Callable[[Position | None], Awaitable[tuple[Sequence[T | None], Position | None]]]


class OffsetPagination(Struct, frozen=True):
    """Paging by `limit` and `offset`, without a total. Only an empty page ends the list; a short page does not."""

    default_size: int
    max_size: int

    def over(
        self,
        call: Callable[[int, int], Awaitable[Sequence[Any]]],
        size: int,
        read: Callable[[Any], Any] | None = None,
    ) -> FetchByOffset[Any]:
        """Return a `Fetch` of pages. It calls `call(offset, limit)`, which requests the rows of one page.

        `read` makes an item of a row. It runs after the request for the next page was started.
        """
        return FetchByOffset(call, size, read)


class FetchByOffset(Generic[T]):
    """A `Fetch` of the page at an offset. A position is an offset, or an offset and the fingerprint of the page before.

    A vendor or proxy that ignores the offset returns the same page forever. A page with the fingerprint of the page
    before it therefore raises InvalidResponseError.
    """

    def __init__(
        self,
        call: Callable[[int, int], Awaitable[Sequence[Any]]],
        size: int,
        read: Callable[[Any], T] | None,
    ) -> None:
        self._call = call
        self._size = size
        self._read = read

    async def __call__(
        self, position: Position | None, start_next: Callable[[Position], bool] | None = None
    ) -> tuple[Sequence[T | None], Position | None]:
        """Return the page at a position, and the position of the next page (None after the last page).

        `start_next` gets the next position before the rows are read, and returns whether it started a request.
        """
        offset = self.offset(position)
        rows = await self._call(offset, self._size)
        if not rows:
            return (), None
        # The offset grows by the rows that came: a vendor may cap the page below the requested size.
        after = [offset + len(rows), _page_fingerprint(rows)]
        self.check_repeat(position, after)
        if start_next is not None and start_next(after):
            # Imported here, since profiles import this module and must not import an event loop.
            from crossbook._concurrency import yield_to_new_tasks

            await yield_to_new_tasks()
        if self._read is not None:
            read = self._read
            rows = [None if row is None else read(row) for row in rows]
        return rows, after

    def offset(self, position: Position | None) -> int:
        if position is None:
            return 0
        if isinstance(position, list):
            offset, seen = position if len(position) == 2 else (None, None)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            position = [offset, 0 if seen is None else seen]
            return int(parse_position(position, int, int)[0])
        return int(parse_position(position, int)[0])

    def position_after(self, position: Position | None) -> Position:
        """Return the position of the next page if the page at this position is full."""
        return self.offset(position) + self._size

    def check_repeat(self, position: Position | None, after: Position | None) -> None:
        """Raise InvalidResponseError if the vendor returned the previous page again for `position`."""
        if isinstance(position, list) and after is not None and position[1] is not None and position[1] == after[1]:
            raise InvalidResponseError(
                "the vendor returned the same page twice: it, or a proxy, ignores the offset; report this to the "
                "vendor, or check the proxy",
                status=200, sent="yes",
            )  # fmt: skip


def _page_fingerprint(rows: Sequence[Any]) -> int | None:
    """Return a page's fingerprint: a hash of its number of rows and its first and last id. None if rows have no ids."""
    ends = [getattr(row, "id", None) for row in (rows[0], rows[-1])]
    return fingerprint([str(len(rows)), *map(str, ends)]) if all(isinstance(end, (str, int)) for end in ends) else None


class PageNumberPagination(Struct, frozen=True):
    """Paging by page number, which begins at 1. The vendor may return the number of pages.

    Without that number, an empty page ends the list, or a page with the same rows as the one before it: a server that
    ignores the page number would repeat page 1 forever. A position is the page number, the fingerprint of the page
    before, and the page size, since a number is meaningless with another size.
    """

    default_size: int
    max_size: int

    def over(
        self,
        call: Callable[[int, int], Awaitable[tuple[Sequence[T | None], int | None]]],
        size: int,
        *,
        ident: Callable[[T], str],
    ) -> FetchByPageNumber[T]:
        """Return a `Fetch` that calls `call(number, size)` for one page: its items, and the page count or None."""
        return FetchByPageNumber(call, size, self.max_size, ident)


class FetchByPageNumber(Generic[T]):
    """A `Fetch` of the page with a number. `page_count` is what the vendor said last, or None."""

    def __init__(
        self,
        call: Callable[[int, int], Awaitable[tuple[Sequence[T | None], int | None]]],
        size: int,
        max_size: int,
        ident: Callable[[T], str],
    ) -> None:
        self._call = call
        self._size = size
        self._max_size = max_size
        self._ident = ident
        self.page_count: int | None = None

    async def __call__(self, position: Position | None) -> tuple[Sequence[T | None], Position | None]:
        number, before, limit = 1, 0, self._size
        if position is not None:
            number, before, limit = parse_position(position, int, int, int)
        if not 1 <= limit <= self._max_size:
            raise invalid_cursor()
        rows, self.page_count = await self._call(number, limit)
        seen = fingerprint([self._ident(row) for row in rows if row is not None])
        after = [number + 1, seen, limit]
        if self.page_count is not None:
            return rows, after if number < self.page_count else None
        return ((), None) if not rows or seen == before else (rows, after)


class SinglePage(Struct, frozen=True):
    """No paging: the vendor returns the whole list at once, and pages are cut from it. A position is an index."""

    default_size: int = 1000
    max_size: int = 1_000_000

    def over(
        self,
        call: Callable[[], Awaitable[Sequence[Any]]],
        size: int,
        read: Callable[[Any], Any] | None = None,
    ) -> Fetch[Any]:
        """Return a `Fetch` of pages cut from all rows. It calls `call()` once for all; `read` makes a row an item."""
        cached: list[Sequence[Any]] = []

        async def fetch(position: Position | None) -> tuple[Sequence[Any], Position | None]:
            start: int = 0 if position is None else parse_position(position, int)[0]
            if not cached:
                cached.append(await call())
            end = start + size
            rows, after = cached[0][start:end], end if end < len(cached[0]) else None
            if read is not None:
                # Imported here, since profiles import this module and must not import an event loop.
                from crossbook._concurrency import map_in_chunks

                rows = await map_in_chunks(rows, read)
            return rows, after

        return fetch


class PerGroupPagination(Struct, frozen=True):
    """Paging group by group, for a vendor without a list of all contacts. No page has contacts of two groups.

    Groups are read in the order of their ids, so that a position (group id, index) means the same in a later run.
    """

    default_size: int = 1000
    max_size: int = 1_000_000

    def over(
        self,
        groups: Callable[[], Awaitable[Sequence[str]]],
        call: Callable[[str], Awaitable[Sequence[T | None]]],
        size: int,
    ) -> Fetch[T]:
        """Return a `Fetch`. It calls `groups()` for the group ids, and `call(group)` for the contacts of each group."""
        ids: list[str] = []
        cached: dict[str, Sequence[T | None]] = {}

        async def fetch(position: Position | None) -> tuple[Sequence[T | None], Position | None]:
            first, start = ("", 0) if position is None else parse_position(position, str, int)
            if not ids:
                ids.extend(sorted(await groups(), key=_numeric_order))
            remaining = [group for group in ids if _numeric_order(group) >= _numeric_order(first)]
            if not remaining:
                return (), None
            group = remaining[0]
            if group != first:
                start = 0
            if group not in cached:
                cached.clear()
                cached[group] = await call(group)
            rows, end = cached[group], start + size
            after = [group, end] if end < len(rows) else [remaining[1], 0] if len(remaining) > 1 else None
            return rows[start:end], after

        return fetch


def _numeric_order(group: str) -> tuple[int, str]:
    return len(group), group


Paging = OffsetPagination | PageNumberPagination | SinglePage | PerGroupPagination
