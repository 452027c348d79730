"""All the ways to page, each as a fetch of one page after a position; behind them one pager (pager.py)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct

from crossbook._pagination.cursor import (
    Position,
    fingerprint,
    group_position,
    invalid_cursor,
    numbers,
    parts,
    whole_number,
)
from crossbook.errors import InvalidResponseError

# A list by offset: its end, and where its next page begins as soon as that can be told.

T = TypeVar("T")


class ByOffset(Generic[T]):
    """The fetch of an `Offset`.

    A vendor that ignores the offset, or something before it that does, would give the same page for ever: a position
    keeps what the page before it was, and a page with the same ends is an error and no page.
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
        self, position: Position | None, known: Callable[[Position], bool] | None = None
    ) -> tuple[Sequence[T | None], Position | None]:
        """The page at a position. `known` is told where the next one begins, as soon as it is, and whether it asks."""
        offset = self.place(position)
        rows = await self._call(offset, self._size)
        if not rows:
            return (), None
        # By what came, not by what was asked: a vendor may cap the page lower than it says.
        after = [offset + len(rows), _seen(rows)]
        self.check(position, after)
        if known is not None and known(after):
            # A profile, which comes with the vendor's class, imports no event loop; a book has it by now.
            from crossbook._concurrency import yield_to_new_tasks

            await yield_to_new_tasks()  # before this page is read
        if self._read is not None:
            read = self._read
            rows = [None if row is None else read(row) for row in rows]
        return rows, after

    def place(self, position: Position | None) -> int:
        """The offset; a guess is nothing else."""
        if isinstance(position, list):
            offset, seen = parts(position, 2)  # pyright: ignore[reportUnknownArgumentType]
            return numbers([offset, seen or 0], 2)[0]
        return whole_number(position)

    def following(self, position: Position | None) -> Position:
        """Where the page after the one at a position begins, if that is a full one."""
        return self.place(position) + self._size

    def check(self, position: Position | None, after: Position | None) -> None:
        """InvalidResponseError if the page that begins at a position is the one before it."""
        if isinstance(position, list) and after is not None and position[1] is not None and position[1] == after[1]:
            raise InvalidResponseError(
                "the same page came twice: the vendor, or a proxy before it, ignores the offset, and the list would "
                "never end",
                status=200, sent="yes",
            )  # fmt: skip


def _seen(rows: Sequence[Any]) -> int | None:
    """What a page is, by how many rows it has and the ids of its ends; None where they have none."""
    ends = [getattr(row, "id", None) for row in (rows[0], rows[-1])]
    return fingerprint([str(len(rows)), *map(str, ends)]) if all(isinstance(end, (str, int)) for end in ends) else None


Fetch = Callable[[Position | None], Awaitable[tuple[Sequence[T | None], Position | None]]]


class OffsetPagination(Struct, frozen=True):
    """`limit` and `offset`, no total: the end is an empty page, never merely a short one."""

    default_size: int
    max_size: int

    def over(
        self,
        call: Callable[[int, int], Awaitable[Sequence[Any]]],
        size: int,
        read: Callable[[Any], Any] | None = None,
    ) -> ByOffset[Any]:
        """Pages of what `call` answers; `read` makes ours of each row of theirs, when the next page is on its way."""
        return ByOffset(call, size, read)


class PageNumberPagination(Struct, frozen=True):
    """Numbered pages from 1. `call` answers the rows and the number of pages, where the vendor tells it.

    Where it does not, the end is an empty page, or one with the same rows as the last: a server that ignores
    the page number would else repeat page 1 for ever. A number means nothing without the size of its pages: a
    position keeps the size with which it was made.
    """

    default_size: int
    max_size: int

    def over(
        self,
        call: Callable[[int, int], Awaitable[tuple[Sequence[T | None], int | None]]],
        size: int,
        *,
        ident: Callable[[T], str],
    ) -> Fetch[T]:
        async def fetch(position: Position | None) -> tuple[Sequence[T | None], Position | None]:
            page, before, limit = numbers(position, 3) if position is not None else (1, 0, size)
            if not 1 <= limit <= self.max_size:
                raise invalid_cursor()
            rows, count = await call(page, limit)
            seen = fingerprint([ident(row) for row in rows if row is not None])
            if count is not None:
                return rows, [page + 1, seen, limit] if page < count else None
            if not rows or seen == before:
                return (), None
            return rows, [page + 1, seen, limit]

        return fetch


class SinglePage(Struct, frozen=True):
    """The vendor sends everything at once; pages are cut from it on our side."""

    default_size: int = 1000
    max_size: int = 1_000_000

    def over(
        self,
        call: Callable[[], Awaitable[Sequence[Any]]],
        size: int,
        read: Callable[[Any], Any] | None = None,
    ) -> Fetch[Any]:
        """Pages of what `call` answers; `read` makes a contact of a row, when its page is read."""
        kept: list[Sequence[Any]] = []

        async def fetch(position: Position | None) -> tuple[Sequence[Any], Position | None]:
            start = whole_number(position)
            if not kept:
                kept.append(await call())
            end = start + size
            rows, following = kept[0][start:end], end if end < len(kept[0]) else None
            if read is not None:
                # As in by_offset.py: a profile imports no event loop.
                from crossbook._concurrency import map_in_chunks

                rows = await map_in_chunks(rows, read)
            return rows, following

        return fetch


class PerGroupPagination(Struct, frozen=True):
    """There is no list of all: it goes group by group, and pages never cross from one into the next."""

    default_size: int = 1000
    max_size: int = 1_000_000

    def over(
        self,
        groups: Callable[[], Awaitable[Sequence[str]]],
        call: Callable[[str], Awaitable[Sequence[T | None]]],
        size: int,
    ) -> Fetch[T]:
        names: list[str] = []
        kept: dict[str, Sequence[T | None]] = {}

        async def fetch(position: Position | None) -> tuple[Sequence[T | None], Position | None]:
            if not names:
                # In the order of ids, so that a cursor means the same later, whatever order the vendor lists in.
                names.extend(sorted(await groups(), key=lambda g: (len(g), g)))
            after, start = group_position(position)
            group = next((g for g in names if (len(g), g) >= (len(after), after)), None)
            if group is None:
                return (), None
            if group != after:
                start = 0
            if group not in kept:
                kept.clear()
                kept[group] = await call(group)
            rows, end = kept[group], start + size
            if end < len(rows):
                return rows[start:end], [group, end]
            following = next((g for g in names if (len(g), g) > (len(group), group)), None)
            return rows[start:end], [following, 0] if following is not None else None

        return fetch


Paging = OffsetPagination | PageNumberPagination | SinglePage | PerGroupPagination
