"""Each paging strategy yields every item once and in order, with any page size, from any cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossbook import InvalidInputError
from crossbook._pagination.strategies import (
    Fetch,
    OffsetPagination,
    PageNumberPagination,
    PerGroupPagination,
    SinglePage,
)

Items = list[int]
ITEMS = st.lists(st.integers(), max_size=30, unique=True)
SIZES = st.integers(1, 12)


def offset(items: Items, size: int, *, cap: int = 1000) -> Fetch[int]:
    async def call(start: int, limit: int) -> Sequence[int]:
        return items[start : start + min(limit, cap)]

    return OffsetPagination(default_size=10, max_size=1000).over(call, size)


def numbered(items: Items, size: int, *, with_count: bool = True) -> Fetch[int]:
    async def call(page: int, limit: int) -> tuple[Sequence[int], int | None]:
        return items[(page - 1) * limit : page * limit], -(-len(items) // limit) if with_count else None

    return PageNumberPagination(default_size=10, max_size=1000).over(call, size, ident=str)


def single_page(items: Items, size: int) -> Fetch[int]:
    async def call() -> Sequence[int]:
        return items

    return SinglePage().over(call, size)


def grouped(items: Items, size: int) -> Fetch[int]:
    names = [str(number) for number in range(0, 30, 3)]

    async def groups() -> Sequence[str]:
        return list(reversed(names))

    async def call(group: str) -> Sequence[int]:
        return items[int(group) : int(group) + 3]

    return PerGroupPagination().over(groups, call, size)


STRATEGIES: dict[str, Callable[[Items, int], Fetch[int]]] = {
    "offset": offset,
    "offset, capped by the vendor": lambda items, size: offset(items, size, cap=2),
    "numbered": numbered,
    "numbered, not with_count": lambda items, size: numbered(items, size, with_count=False),
    "single_page": single_page,
    "grouped": grouped,
}


async def read(way: Callable[[Items, int], Fetch[int]], items: Items, sizes: Sequence[int]) -> Items:
    """Return all items, each page by a new fetch with another size, as after a restart."""
    seen: Items = []
    position: Any = None
    for number in range(100):
        rows, position = await way(items, sizes[number % len(sizes)])(position)
        seen += [row for row in rows if row is not None]
        if position is None:
            return seen
    raise AssertionError("it never ends")


@pytest.mark.parametrize("name", STRATEGIES)
@given(items=ITEMS, sizes=st.lists(SIZES, min_size=1, max_size=3))
def test_every_item_once_in_order(name: str, items: Items, sizes: list[int]) -> None:
    assert anyio.run(read, STRATEGIES[name], items, sizes) == items


@pytest.mark.parametrize("name", STRATEGIES)
@given(
    position=st.recursive(st.none() | st.integers() | st.text() | st.floats(), st.lists, max_leaves=4)
    | st.lists(st.integers(-3, 3), min_size=3, max_size=3)
)
def test_foreign_position_refused_or_harmless(name: str, position: Any) -> None:
    try:
        rows, after = anyio.run(STRATEGIES[name]([1, 2, 3], 2), position)
    except InvalidInputError:
        return
    assert len(rows) <= 3
    assert after is None or after != position


def test_repeated_page_ends_list() -> None:
    requested: list[int] = []

    async def call(page: int, limit: int) -> tuple[Sequence[int], int | None]:
        requested.append(page)
        return [1, 2], None

    fetch = PageNumberPagination(default_size=2, max_size=1000).over(call, 2, ident=str)
    assert anyio.run(read, lambda items, size: fetch, [], [2]) == [1, 2]
    assert requested == [1, 2]


def test_single_page_fetched_once() -> None:
    requested: list[int] = []

    async def call() -> Sequence[int]:
        requested.append(1)
        return list(range(10))

    fetch = SinglePage().over(call, 3)
    assert anyio.run(read, lambda items, size: fetch, [], [3]) == list(range(10))
    assert len(requested) == 1


@pytest.mark.anyio
async def test_single_page_reads_rows_with_their_page() -> None:
    seen: list[int] = []

    async def call() -> Sequence[int]:
        return range(6)

    fetch = SinglePage().over(call, 3, lambda row: seen.append(row) or -row)
    assert await fetch(None) == ([0, -1, -2], 3)
    assert seen == [0, 1, 2]
    assert await fetch(3) == ([-3, -4, -5], None), "no empty page after the last full one"
