"""All the ways to page, each as a fetch of one page after a position; behind them one pager (pager.py)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from msgspec import Struct

from crossbook.core.by_offset import ByOffset
from crossbook.core.positions import Position, bad_cursor, fingerprint, group_position, numbers, whole_number

T = TypeVar("T")
Fetch = Callable[[Position | None], Awaitable[tuple[Sequence[T | None], Position | None]]]


class Offset(Struct, frozen=True):
    """`limit` and `offset`, no total: the end is an empty page, never merely a short one."""

    default: int
    longest: int

    def over(
        self,
        call: Callable[[int, int], Awaitable[Sequence[Any]]],
        size: int,
        read: Callable[[Any], Any] | None = None,
    ) -> ByOffset[Any]:
        """Pages of what `call` answers; `read` makes ours of each row of theirs, when the next page is on its way."""
        return ByOffset(call, size, read)


class PageNumber(Struct, frozen=True):
    """Numbered pages from 1. `call` answers the rows and the number of pages, where the vendor tells it.

    Where it does not, the end is an empty page, or one with the same rows as the last: a server that ignores
    the page number would else repeat page 1 for ever. A number means nothing without the size of its pages: a
    position keeps the size with which it was made.
    """

    default: int
    longest: int

    def over(
        self,
        call: Callable[[int, int], Awaitable[tuple[Sequence[T | None], int | None]]],
        size: int,
        *,
        ident: Callable[[T], str],
    ) -> Fetch[T]:
        async def fetch(position: Position | None) -> tuple[Sequence[T | None], Position | None]:
            page, before, limit = numbers(position, 3) if position is not None else (1, 0, size)
            if not 1 <= limit <= self.longest:
                raise bad_cursor()
            rows, count = await call(page, limit)
            seen = fingerprint([ident(row) for row in rows if row is not None])
            if count is not None:
                return rows, [page + 1, seen, limit] if page < count else None
            if not rows or seen == before:
                return (), None
            return rows, [page + 1, seen, limit]

        return fetch


class Whole(Struct, frozen=True):
    """The vendor sends everything at once; pages are cut from it on our side."""

    default: int = 1000
    longest: int = 1_000_000

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
                # As in by_offset.py: a card imports no event loop.
                from crossbook.core.chunks import map_in_chunks

                rows = await map_in_chunks(rows, read)
            return rows, following

        return fetch


class PerGroup(Struct, frozen=True):
    """There is no list of all: it goes group by group, and pages never cross from one into the next."""

    default: int = 1000
    longest: int = 1_000_000

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


Paging = Offset | PageNumber | Whole | PerGroup
