"""The pager: which pages are requested when, errors, cursors, and prefetch."""

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
    """Yield a pager over five pages of two items; the last item of a page is also the first of the next."""

    async def fetch(position: Any) -> tuple[Sequence[Contact | None], Any]:
        number = position or 0
        await anyio.lowlevel.checkpoint()
        fetched.append(number)
        if number == fails_at:
            raise NoResponseError("the connection broke", sent="maybe")
        items = [Contact(id=str(number)), None, Contact(id=str(number + 1))]
        return items, number + 1 if number + 1 < PAGES else None

    async with anyio.create_task_group() as group:
        start: Callable[[Callable[[], Any]], Any] = lambda work: start_task(group, work)  # noqa: E731
        yield Pager(lambda _: fetch, 100, start, b"xx", position, unique=unique)
        group.cancel_scope.cancel()


async def test_rows_that_are_none_skipped() -> None:
    async with paging([]) as pager:
        expected = [str(number + more) for number in range(PAGES) for more in (0, 1)]
        assert [contact.id async for contact in pager] == expected
        pages = [page async for page in pager.pages()]
    assert [contact.id for page in pages for contact in page.items] == expected
    assert [page.cursor is None for page in pages] == [False] * 4 + [True]
    assert len({page.cursor for page in pages}) == PAGES


async def test_await_fetches_one_page() -> None:
    fetched: Fetched = []
    async with paging(fetched) as pager:
        page = await pager
        await anyio.wait_all_tasks_blocked()
        assert isinstance(page, Page)
        assert fetched == [0]
        assert (await pager) == page
        assert fetched == [0, 0], "each read sends its own request"


async def test_only_next_page_prefetched() -> None:
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


async def test_unique_drops_repeated_items() -> None:
    async with paging([], unique=True) as pager:
        for _ in range(2):
            assert [contact.id async for contact in pager] == [str(number) for number in range(PAGES + 1)]


async def test_unique_from_cursor() -> None:
    async with paging([]) as plain:
        second = (await plain).cursor or ""
    async with paging([], unique=True) as pager:
        assert [contact.id async for contact in pager.at(second)] == [str(number) for number in range(1, PAGES + 1)]


@pytest.mark.parametrize("fails_at", [0, 2, 4])
async def test_error_raised_with_cursor_of_its_page(fails_at: int) -> None:
    async with paging([], fails_at=fails_at) as pager:
        pages = pager.pages()
        cursors = [(await anext(pages)).cursor for _ in range(fails_at)]
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(NoResponseError) as caught:
            await anext(pages)
        assert caught.value.cursor == (cursors[-1] if cursors else None)


async def test_error_at_first_page_keeps_given_cursor() -> None:
    async with paging([]) as pager:
        second = (await pager).cursor
    async with paging([], fails_at=1, position=1) as pager:
        with pytest.raises(NoResponseError) as caught:
            await pager
        assert caught.value.cursor == second


async def test_leaving_early_leaves_no_task() -> None:
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


async def test_closing_book_ends_prefetch_with_usage_error() -> None:
    async def fetch(position: Any) -> tuple[Sequence[Contact], Any]:
        if position:
            await anyio.sleep_forever()
        return [Contact(id="1")], 1

    async with anyio.create_task_group() as group:
        pages = Pager(lambda _: fetch, 100, lambda work: start_task(group, work), b"xx", None).pages()
        await anext(pages)
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    with pytest.raises(UsageError, match="closed"):
        await anext(pages)


# Pages of two by offset. Pages are requested concurrently, and complete in an order that depends on the offset.
class PagedList:
    """A list of `count` contacts whose pages complete out of order."""

    def __init__(self, count: int, cap: int = 2, fails_at: int | None = None, *, ignores_offset: bool = False) -> None:
        self.requested: list[int] = []
        self.max_in_flight = 0
        self._count = count
        self._cap = cap
        self._fails_at = fails_at
        self._ignores_offset = ignores_offset  # ignores the offset
        self._in_flight = 0

    async def call(self, offset: int, limit: int) -> Sequence[Contact | None]:
        self.requested.append(offset)
        self._in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self._in_flight)
        for _ in range(10 - offset % 7):  # later pages complete first
            await anyio.lowlevel.checkpoint()
        self._in_flight -= 1
        if offset == self._fails_at:
            raise NoResponseError("the connection broke", sent="maybe")
        if self._ignores_offset:
            assert len(self.requested) < 50, "the list never ends"
            offset = 0
        return [Contact(id=str(number)) for number in range(offset, min(offset + self._cap, self._count))]


@asynccontextmanager
async def prefetching(contacts: PagedList, prefetch: int, position: Any = None) -> AsyncIterator[Pager[Contact]]:
    async with anyio.create_task_group() as group:
        start: Callable[[Callable[[], Any]], Any] = lambda work: start_task(group, work)  # noqa: E731
        yield Pager(
            lambda size: OffsetPagination(default_size=2, max_size=2).over(contacts.call, size),
            2,
            start,
            b"xx",
            position,
            prefetch=prefetch,
        )
        group.cancel_scope.cancel()


@pytest.mark.parametrize("cap", [1, 2], ids=["the vendor caps its pages lower than it says", "full pages"])
@pytest.mark.parametrize("count", [0, 1, 2, 7, 20])
@pytest.mark.parametrize("prefetch", [2, 4, 30])
async def test_prefetch_keeps_items_in_order(count: int, prefetch: int, cap: int) -> None:
    contacts = PagedList(count, cap)
    async with prefetching(contacts, prefetch) as pager:
        assert [contact.id async for contact in pager] == [str(number) for number in range(count)]
        assert contacts.max_in_flight in (prefetch, prefetch + 1)
        assert len(contacts.requested) <= count / cap + 1 + prefetch
        assert await pager == (await pager.pages().__anext__())


async def test_prefetch_from_cursor() -> None:
    contacts = PagedList(20)
    async with prefetching(contacts, 4) as pager:
        second = (await pager).cursor or ""
        assert [contact.id async for contact in pager.at(second)] == [str(number) for number in range(2, 20)]
    assert contacts.max_in_flight in (4, 5)


async def test_prefetch_limits_requests_beyond_end() -> None:
    contacts = PagedList(10)
    async with prefetching(contacts, 4) as pager:
        pages = [page async for page in pager.pages()]
    assert sorted(contacts.requested) == [0, 2, 4, 6, 8, 10, 12, 14, 16]
    assert [page.cursor is None for page in pages] == [False] * 5 + [True]


async def read_into(seen: list[str], pager: Pager[Contact]) -> None:
    async for contact in pager:
        seen.append(contact.id)  # noqa: PERF401


async def test_prefetch_error_raised_in_order_with_cursor() -> None:
    contacts = PagedList(20, fails_at=8)
    seen: list[str] = []
    async with prefetching(contacts, 4) as pager:
        with pytest.raises(NoResponseError) as caught:
            await read_into(seen, pager)
        assert seen == [str(number) for number in range(8)]
        contacts._fails_at = None
        assert caught.value.cursor is not None
        rest = [contact.id async for contact in pager.at(caught.value.cursor)]
    assert rest == [str(number) for number in range(8, 20)]


async def test_prefetch_error_beyond_end_ignored() -> None:
    contacts = PagedList(4, fails_at=8)
    async with prefetching(contacts, 4) as pager:
        assert len([contact async for contact in pager]) == 4


async def test_next_page_requested_before_rows_read() -> None:
    """The request for the next page leaves before the rows of this page are read, which may take long."""
    contacts, requested = PagedList(8), list[int]()

    def read(row: Contact) -> Contact:
        requested.append(max(contacts.requested))
        return row

    async with anyio.create_task_group() as group:
        start: Callable[[Callable[[], Any]], Any] = lambda work: start_task(group, work)  # noqa: E731
        fetcher = lambda size: OffsetPagination(default_size=2, max_size=2).over(contacts.call, size, read)  # noqa: E731
        async for contact in Pager(fetcher, 2, start, b"xx", None):
            assert max(contacts.requested) > int(contact.id)
    assert all(latest >= 2 * (number // 2 + 1) for number, latest in enumerate(requested))


GAVE_UP: Page[Contact] = Page(())


@pytest.mark.parametrize("prefetch", [1, 4])
async def test_cancelled_read_can_be_repeated(prefetch: int) -> None:
    async with prefetching(PagedList(20), prefetch) as pager:
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


async def test_prefetch_repeated_page_raises_error() -> None:
    for prefetch in (1, 2, 5):
        contacts = PagedList(20, ignores_offset=True)
        seen: list[str] = []
        async with prefetching(contacts, prefetch) as pager:
            with pytest.raises(InvalidResponseError, match="the same page") as caught:
                await read_into(seen, pager)
            page = await pager
            assert caught.value.cursor == page.cursor, "where it stopped"
            with pytest.raises(InvalidResponseError, match="the same page"):
                await pager.at(page.cursor or "")
        assert seen == ["0", "1"]
        assert len(contacts.requested) <= 2 + prefetch + 2
