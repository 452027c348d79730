"""Contract tests of a book's lifetime: opening it once, in one event loop; closing it; copies with other options."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from anyio.from_thread import start_blocking_portal

import crossbook
from crossbook import AddressBook, Attempt, CrossbookError, InvalidInputError, UsageError
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.fixtures import Fixtures, Make, Requests, assert_no_requests, has_capability
from crossbook_testing.contract.people import argument, full_contact


async def assert_refused(book: AddressBook, words: str) -> None:
    """Check that each call raises `UsageError` with these words in its message, or `UnsupportedError`."""
    for call in (book.contacts.get("1"), book.groups.get("1"), book.contacts.find(email="a@example.com")):
        with pytest.raises(CrossbookError) as caught:
            await call
        if not isinstance(caught.value, crossbook.UnsupportedError):
            assert isinstance(caught.value, UsageError)
            assert words in str(caught.value)
            assert isinstance(caught.value, RuntimeError)
    for listing in (book.contacts.list, book.groups.list):
        with pytest.raises((UsageError, crossbook.UnsupportedError)) as caught_list:
            listing()
        assert isinstance(caught_list.value, crossbook.UnsupportedError) or words in str(caught_list.value)


class LifetimeTests(Fixtures):
    async def test_book_before_open_refuses_calls(self, make: Make, requests: Requests, profile: VendorProfile) -> None:
        await assert_refused(make(), "not open")
        assert requests.total() == 0

    async def test_book_after_close_refuses_calls(self, make: Make, requests: Requests, profile: VendorProfile) -> None:
        async with make() as book:
            await book.contacts.list()
        with assert_no_requests(requests):
            await assert_refused(book, "closed")
            await assert_refused(book.with_options(timeout=3), "closed")
            with pytest.raises(UsageError, match="closed"):
                await book.__aenter__()

    async def test_book_opens_once(self, make: Make) -> None:
        async with make() as book:
            with pytest.raises(UsageError, match="already open"):
                await book.__aenter__()
            assert (await book.contacts.list()).items == ()

    async def test_open_and_aclose_can_be_repeated(self, make: Make, requests: Requests) -> None:
        book = make()
        assert await book.open() is book
        assert await book.open() is book
        assert (await book.contacts.list()).items == ()
        with pytest.raises(UsageError, match="already open"):
            await book.__aenter__()
        await book.aclose()
        await book.aclose()
        with assert_no_requests(requests):
            await assert_refused(book, "closed")
            with pytest.raises(UsageError, match="make a new book"):
                await book.open()
        never = make()
        await never.aclose()
        with pytest.raises(UsageError, match="closed"):
            await never.open()

    async def test_book_is_opened_and_closed_in_any_task(self, make: Make) -> None:
        """Two books are opened in tasks that end, and are closed in the order of their opening, each in another."""
        books = [make(), make()]
        for book in books:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(book.open)
                tasks.start_soon(book.open)
        for book in books:
            assert (await book.contacts.list()).items == ()
        for book in books:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(book.aclose)
                tasks.start_soon(book.aclose)
            await assert_refused(book, "closed")

    async def test_aclose_in_async_with_closes(self, make: Make) -> None:
        async with make() as book:
            assert await book.open() is book
            with anyio.CancelScope():
                await book.aclose()
            await assert_refused(book, "closed")

    async def test_aclose_in_another_event_loop_raises(self, make: Make) -> None:
        book = await make().open()
        try:
            with start_blocking_portal() as portal, pytest.raises(UsageError, match="another event loop"):
                portal.call(book.aclose)
            assert (await book.contacts.list()).items == ()
        finally:
            await book.aclose()

    async def test_book_in_another_event_loop_raises(self, make: Make) -> None:
        async with make() as book:

            async def elsewhere() -> str:
                with pytest.raises(UsageError, match="another event loop") as caught:
                    await book.contacts.list()
                return str(caught.value)

            with start_blocking_portal() as portal:
                assert "open one book per event loop" in portal.call(elsewhere)
            assert (await book.contacts.list()).items == ()

    async def test_book_passes_exceptions_through(self, make: Make) -> None:
        with pytest.raises(ZeroDivisionError):
            async with make():
                _ = 1 / 0
        with anyio.move_on_after(0) as scope:
            async with make() as book:
                await book.contacts.list()
        assert scope.cancelled_caught

    async def test_with_options_shares_connection(self, make: Make, requests: Requests, profile: VendorProfile) -> None:
        seen: list[Attempt] = []
        async with make() as book:
            group = (await book.groups.create("Friends")).id if has_capability(profile, "groups.create") else ""
            await book.contacts.create(full_contact(profile, 0, [group]))
            copy = book.with_options(timeout=3, max_attempts=1, on_attempt=seen.append)
            assert type(copy) is type(book)
            assert len([contact async for contact in copy.contacts.list()]) == 1
            count = len(seen)
            assert count >= 1
            assert (seen[0].vendor, seen[0].number, seen[0].sent, seen[0].status) == (profile.vendor, 1, "yes", 200)
            await book.contacts.list()
            assert len(seen) == count, "the original keeps its own options"
        await assert_refused(copy, "closed")

    async def test_options_are_checked(self, make: Make, profile: VendorProfile) -> None:
        wrong: list[dict[str, Any]] = [
            {"timeout": 0},
            {"max_attempts": -1},
            {"read_timeout": -3.0},
            {"max_response_bytes": 0},
            {"rate": 0},
        ]
        for options in wrong:
            ((name, value),) = options.items()
            with pytest.raises(InvalidInputError, match=name) as caught:
                make(**options)
            assert caught.value.field == name
            if name != "rate":
                with pytest.raises(InvalidInputError, match=name):
                    make().with_options(**argument(name, value))
        for misspelt in (make, make().with_options):
            with pytest.raises(InvalidInputError, match=r"timeuot.*did you mean 'timeout'"):
                misspelt(**argument("timeuot", 3))
        with pytest.raises(InvalidInputError, match="transport"):
            make(transport="carrier pigeon")

    async def test_base_url_must_be_safe(self, make: Make) -> None:
        for url in (
            "http://vendor.example.com",
            "ftp://vendor.example.com",
            "vendor.example.com",
            "https://",
            "https://u:p@a.b",
        ):
            with pytest.raises(InvalidInputError) as caught:
                make(base_url=url)
            assert caught.value.field == "base_url"
            assert "u:p" not in str(caught.value)
        make(base_url="http://vendor.example.com", allow_http=True)
        make(base_url="http://[::1]:80/")
