"""One pager over all the ways to page: what is fetched when, and how it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from crossbook import Contact, InvalidResponseError, NoResponseError, Page, UsageError
from crossbook._concurrency import start_task
from crossbook._pagination.pager import Pager
from crossbook._pagination.strategies import OffsetPagination

pytestmark = pytest.mark.anyio

PAGES = 5
Fetched = list[int]


@asynccontextmanager
async def paging(
    fetched: Fetched, *, fails_at: int | None = None, position: Any = None, unique: bool = False
) -> AsyncIterator[Pager[Contact]]:
    """A list of five pages of two; the last of each is the first of the next."""

    async def fetch(position: Any) -> tuple[Sequence[Contact | None], Any]:
        number = position or 0
        await anyio.lowlevel.checkpoint()
        fetched.append(number)
        if number == fails_at:
            raise NoResponseError("the line broke", sent="maybe")
        items = [Contact(id=str(number)), None, Contact(id=str(number + 1))]
        return items, number + 1 if number + 1 < PAGES else None

    async with anyio.create_task_group() as group:
        start: Callable[[Callable[[], Any]], Any] = lambda work: start_task(group, work)  # noqa: E731
        yield Pager(lambda: fetch, start, b"xx", position, unique=unique)
        group.cancel_scope.cancel()


async def test_items_and_pages_without_what_is_none() -> None:
    async with paging([]) as pager:
        expected = [str(number + more) for number in range(PAGES) for more in (0, 1)]
        assert [contact.id async for contact in pager] == expected
        pages = [page async for page in pager.pages()]
    assert [contact.id for page in pages for contact in page.items] == expected
    assert [page.cursor is None for page in pages] == [False] * 4 + [True]
    assert len({page.cursor for page in pages}) == PAGES


async def test_one_page_is_one_fetch() -> None:
    fetched: Fetched = []
    async with paging(fetched) as pager:
        page = await pager
        await anyio.wait_all_tasks_blocked()
        assert isinstance(page, Page)
        assert fetched == [0]
        assert (await pager) == page
        assert fetched == [0, 0], "it asks again"


async def test_the_next_page_is_on_its_way_and_no_other() -> None:
    fetched: Fetched = []
    async with paging(fetched) as pager:
        pages = pager.pages()
        for number in range(PAGES):
            await anext(pages)
            await anyio.wait_all_tasks_blocked()
            assert fetched == list(range(min(number + 2, PAGES)))
        with pytest.raises(StopAsyncIteration):
            await anext(pages)
        assert fetched == list(range(PAGES))


async def test_unique_drops_what_was_listed_before() -> None:
    async with paging([], unique=True) as pager:
        for _ in range(2):
            assert [contact.id async for contact in pager] == [str(number) for number in range(PAGES + 1)]


async def test_from_a_cursor_on_it_is_unique_too() -> None:
    async with paging([]) as plain:
        second = (await plain).cursor or ""
    async with paging([], unique=True) as pager:
        assert [contact.id async for contact in pager.at(second)] == [str(number) for number in range(1, PAGES + 1)]


@pytest.mark.parametrize("fails_at", [0, 2, 4])
async def test_an_error_comes_when_its_page_is_asked_for_and_says_where(fails_at: int) -> None:
    async with paging([], fails_at=fails_at) as pager:
        pages = pager.pages()
        cursors = [(await anext(pages)).cursor for _ in range(fails_at)]
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(NoResponseError) as caught:
            await anext(pages)
        assert caught.value.cursor == (cursors[-1] if cursors else None)


async def test_an_error_at_the_first_page_after_a_cursor_says_that_cursor() -> None:
    async with paging([]) as pager:
        second = (await pager).cursor
    async with paging([], fails_at=1, position=1) as pager:
        with pytest.raises(NoResponseError) as caught:
            await pager
        assert caught.value.cursor == second


async def test_leaving_early_leaves_nothing_behind() -> None:
    fetched: Fetched = []
    async with paging(fetched) as pager:
        async for _ in pager:
            break
        async for _ in pager.pages():
            break
        with anyio.move_on_after(0):
            async for _ in pager:
                await anyio.sleep_forever()
    assert set(fetched) <= {0, 1}


async def test_a_page_under_way_when_the_book_closes_is_a_usage_error() -> None:
    async def fetch(position: Any) -> tuple[Sequence[Contact], Any]:
        if position:
            await anyio.sleep_forever()
        return [Contact(id="1")], 1

    async with anyio.create_task_group() as group:
        pages = Pager(lambda: fetch, lambda work: start_task(group, work), b"xx", None).pages()
        await anext(pages)
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    with pytest.raises(UsageError, match="closed"):
        await anext(pages)


# Pages of two by offset, as many as are asked for at once; a page is let go by its offset.
class Shelf:
    """A list of so many contacts, whose pages come in whatever order the test lets them."""

    def __init__(self, count: int, cap: int = 2, breaks_at: int | None = None, *, deaf: bool = False) -> None:
        self.asked: list[int] = []
        self.most = 0
        self._count = count
        self._cap = cap
        self._breaks_at = breaks_at
        self._deaf = deaf  # gives its first page whatever is asked for
        self._under_way = 0

    async def call(self, offset: int, limit: int) -> Sequence[Contact | None]:
        self.asked.append(offset)
        self._under_way += 1
        self.most = max(self.most, self._under_way)
        for _ in range(10 - offset % 7):  # the later ones are through first
            await anyio.lowlevel.checkpoint()
        self._under_way -= 1
        if offset == self._breaks_at:
            raise NoResponseError("the line broke", sent="maybe")
        if self._deaf:
            assert len(self.asked) < 50, "it never ends"
            offset = 0
        return [Contact(id=str(number)) for number in range(offset, min(offset + self._cap, self._count))]


@asynccontextmanager
async def side_by_side(shelf: Shelf, prefetch: int, position: Any = None) -> AsyncIterator[Pager[Contact]]:
    async with anyio.create_task_group() as group:
        start: Callable[[Callable[[], Any]], Any] = lambda work: start_task(group, work)  # noqa: E731
        yield Pager(
            lambda: OffsetPagination(default_size=2, max_size=2).over(shelf.call, 2),
            start,
            b"xx",
            position,
            prefetch=prefetch,
        )
        group.cancel_scope.cancel()


@pytest.mark.parametrize("cap", [1, 2], ids=["the vendor caps its pages lower than it says", "full pages"])
@pytest.mark.parametrize("count", [0, 1, 2, 7, 20])
@pytest.mark.parametrize("prefetch", [2, 4, 30])
async def test_side_by_side_every_item_comes_once_and_in_order(count: int, prefetch: int, cap: int) -> None:
    shelf = Shelf(count, cap)
    async with side_by_side(shelf, prefetch) as pager:
        assert [contact.id async for contact in pager] == [str(number) for number in range(count)]
        assert shelf.most in (prefetch, prefetch + 1)
        assert len(shelf.asked) <= count / cap + 1 + prefetch
        assert await pager == (await pager.pages().__anext__())


async def test_side_by_side_from_a_cursor_on_too() -> None:
    shelf = Shelf(20)
    async with side_by_side(shelf, 4) as pager:
        second = (await pager).cursor or ""
        assert [contact.id async for contact in pager.at(second)] == [str(number) for number in range(2, 20)]
    assert shelf.most in (4, 5)


async def test_side_by_side_no_more_than_the_window_is_asked_for_beyond_the_end() -> None:
    shelf = Shelf(10)
    async with side_by_side(shelf, 4) as pager:
        pages = [page async for page in pager.pages()]
    assert sorted(shelf.asked) == [0, 2, 4, 6, 8, 10, 12, 14, 16]
    assert [page.cursor is None for page in pages] == [False] * 5 + [True]


async def read_into(seen: list[str], pager: Pager[Contact]) -> None:
    async for contact in pager:
        seen.append(contact.id)  # noqa: PERF401


async def test_side_by_side_an_error_comes_in_its_place_with_its_cursor() -> None:
    shelf = Shelf(20, breaks_at=8)
    seen: list[str] = []
    async with side_by_side(shelf, 4) as pager:
        with pytest.raises(NoResponseError) as caught:
            await read_into(seen, pager)
        assert seen == [str(number) for number in range(8)]
        shelf._breaks_at = None
        assert caught.value.cursor is not None
        rest = [contact.id async for contact in pager.at(caught.value.cursor)]
    assert rest == [str(number) for number in range(8, 20)]


async def test_side_by_side_an_error_beyond_the_end_is_nobodys() -> None:
    shelf = Shelf(4, breaks_at=8)
    async with side_by_side(shelf, 4) as pager:
        assert len([contact async for contact in pager]) == 4


async def test_the_next_page_is_asked_for_before_this_one_is_read() -> None:
    """Reading a page may keep the event loop for long: the next one is on its way meanwhile."""
    shelf, asked = Shelf(8), list[int]()

    def read(row: Contact) -> Contact:
        asked.append(max(shelf.asked))
        return row

    async with anyio.create_task_group() as group:
        start: Callable[[Callable[[], Any]], Any] = lambda work: start_task(group, work)  # noqa: E731
        fetcher = lambda: OffsetPagination(default_size=2, max_size=2).over(shelf.call, 2, read)  # noqa: E731
        async for contact in Pager(fetcher, start, b"xx", None):
            assert max(shelf.asked) > int(contact.id)
    assert all(latest >= 2 * (number // 2 + 1) for number, latest in enumerate(asked))


GAVE_UP: Page[Contact] = Page(())


@pytest.mark.parametrize("prefetch", [1, 4])
async def test_who_gives_up_waiting_for_a_page_and_comes_again_misses_none(prefetch: int) -> None:
    async with side_by_side(Shelf(20), prefetch) as pager:
        for patience in range(20):
            pages, seen = pager.pages(), list[str]()
            page: Page[Contact] | None = None
            for number in range(100):
                page = GAVE_UP
                async with anyio.create_task_group() as group:
                    if number % 2:
                        group.start_soon(_give_up, group.cancel_scope, patience)
                    page = await anext(pages, None)
                    group.cancel_scope.cancel()
                if page is None:
                    break
                seen += [contact.id for contact in page.items]
            assert page is None
            assert seen == [str(number) for number in range(20)], patience


async def _give_up(scope: anyio.CancelScope, passes: int) -> None:
    for _ in range(passes):
        await anyio.lowlevel.checkpoint()
    scope.cancel()


async def test_side_by_side_a_vendor_that_gives_the_same_page_for_ever_ends_in_an_error() -> None:
    for prefetch in (1, 2, 5):
        shelf = Shelf(20, deaf=True)
        seen: list[str] = []
        async with side_by_side(shelf, prefetch) as pager:
            with pytest.raises(InvalidResponseError, match="the same page") as caught:
                await read_into(seen, pager)
            page = await pager
            assert caught.value.cursor == page.cursor, "where it stopped"
            with pytest.raises(InvalidResponseError, match="the same page"):
                await pager.at(page.cursor or "")
        assert seen == ["0", "1"]
        assert len(shelf.asked) <= 2 + prefetch + 2
