"""Contract tests of pages: each item once and in order, as pages or items, from the start or from a cursor."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from crossbook import AddressBook, Contact, InvalidInputError, Page, VendorUnavailableError
from crossbook._http.request import TransportResponse
from crossbook._pagination.strategies import PerGroupPagination, SinglePage
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.fixtures import Fixtures, Make, Requests, has_capability, skip_unless
from crossbook_testing.contract.people import full_contact
from crossbook_testing.contract.response_replacer import ResponseReplacer

DOWN = TransportResponse(500, {"content-type": "text/plain"}, b"")


async def people(book: AddressBook, group: str, count: int = 7) -> list[str]:
    return [(await book.contacts.create(full_contact(book.profile, number, [group]))).id for number in range(count)]


async def read(pages: AsyncIterator[Page[Contact]], into: list[str]) -> None:
    async for page in pages:
        into += [contact.id for contact in page.items]


class PageTests(Fixtures):
    async def test_list_items_pages_and_first_page(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        ids = await people(book, group)
        pager = book.contacts.list(page_size=3)
        assert [contact.id async for contact in pager] == ids
        pages = [page async for page in pager.pages()]
        assert [contact.id for page in pages for contact in page.items] == ids
        assert [len(page.items) for page in pages[:3]] == [3, 3, 1]
        assert all(page.cursor is not None for page in pages[:-1])
        assert pages[-1].cursor is None
        first = await pager
        assert [contact.id for contact in first.items] == ids[:3]
        assert [contact.id for contact in (await pager).items] == ids[:3], "a pager can be read again"

    async def test_list_resumes_in_another_book(
        self, book: AddressBook, profile: VendorProfile, group: str, make: Make
    ) -> None:
        ids = await people(book, group)
        seen: list[str] = []
        cursor = None
        async with make() as elsewhere:
            while True:
                page = await elsewhere.contacts.list(page_size=2, after=cursor)
                seen += [contact.id for contact in page.items]
                cursor = page.cursor
                if cursor is None:
                    break
                assert cursor.isascii()
                assert cursor.isprintable()
            first = await book.contacts.list(page_size=3)
            rest = [contact.id async for contact in elsewhere.contacts.list(page_size=3, after=first.cursor)]
        assert seen == ids
        assert rest == ids[3:]

    async def test_cursor_works_with_another_page_size(
        self, book: AddressBook, profile: VendorProfile, group: str
    ) -> None:
        ids = await people(book, group)
        first = await book.contacts.list(page_size=3)
        for size in (1, 2, 5, 100, None):
            rest = [contact.id async for contact in book.contacts.list(page_size=size, after=first.cursor)]
            assert rest == ids[3:], size

    async def test_list_empty_account(self, book: AddressBook, profile: VendorProfile) -> None:
        assert [contact async for contact in book.contacts.list()] == []
        page = await book.contacts.list()
        assert (page.items, page.cursor) == ((), None)

    async def test_list_groups_in_pages(self, book: AddressBook, profile: VendorProfile) -> None:
        skip_unless(profile, "groups.create", "groups.list")
        before = [group.id async for group in book.groups.list()]
        made = {(await book.groups.create(f"Group {number}")).id for number in range(5)}
        listed = [group.id async for group in book.groups.list(page_size=2)]
        assert len(listed) == len(set(listed))
        assert set(listed) == made | set(before)
        page = await book.groups.list(page_size=2)
        assert [group.id for group in page.items] == listed[:2]
        assert [group.id async for group in book.groups.list(page_size=2, after=page.cursor)] == listed[2:]

    async def test_list_prefetches_one_page(
        self, book: AddressBook, profile: VendorProfile, requests: Requests, group: str
    ) -> None:
        await people(book, group)
        before = Counter(requests)
        read = 0
        async for _ in book.contacts.list(page_size=1):
            read += 1
            fetched = (requests - before)[profile.capability("contacts.list").operation]
            assert fetched <= read + 1
        assert read == 7

    async def test_list_can_be_abandoned(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        ids = await people(book, group)
        for stop in range(3):
            async for contact in book.contacts.list(page_size=2):
                if contact.id == ids[stop]:
                    break
            async for page in book.contacts.list(page_size=2).pages():
                assert page.items
                break
        with pytest.raises(ZeroDivisionError):
            _ = [1 / 0 async for _ in book.contacts.list(page_size=2)]
        assert [contact.id async for contact in book.contacts.list(page_size=2)] == ids

    async def test_page_size_is_checked(self, book: AddressBook, profile: VendorProfile, requests: Requests) -> None:
        wrong: list[Any] = [0, -1, True, "3", 2.0, profile.contact_paging.max_size + 1]
        for size in wrong:
            with pytest.raises(InvalidInputError, match="page_size") as caught:
                book.contacts.list(page_size=size)
            assert caught.value.field == "page_size"
        await book.contacts.list(page_size=profile.contact_paging.max_size)
        if has_capability(profile, "groups.list"):
            await book.groups.list(page_size=profile.group_paging.max_size)

    async def test_list_error_carries_cursor(
        self, book: AddressBook, profile: VendorProfile, replacer: ResponseReplacer, group: str
    ) -> None:
        """An error that cuts a list carries the cursor to continue from, so that the list does not look complete."""
        ids = await people(book, group)
        once = book.with_options(max_attempts=1)
        first = await once.contacts.list(page_size=3)
        replacer.replace_next(DOWN, sent=False)
        with pytest.raises(VendorUnavailableError) as caught:
            await once.contacts.list(page_size=3, after=first.cursor)
        assert caught.value.cursor == first.cursor
        rest = [contact.id async for contact in once.contacts.list(page_size=3, after=caught.value.cursor)]
        assert rest == ids[3:]

    async def test_pages_error_carries_cursor(
        self, book: AddressBook, profile: VendorProfile, replacer: ResponseReplacer, group: str
    ) -> None:
        if isinstance(profile.contact_paging, (SinglePage, PerGroupPagination)):
            pytest.skip(f"{profile.title} sends a whole group, or all, at once")
        ids = await people(book, group)
        replacer.replace_next(DOWN, sent=False, after=2)
        seen: list[str] = []
        pages = book.with_options(max_attempts=1).contacts.list(page_size=2).pages()
        with pytest.raises(VendorUnavailableError) as caught:
            await read(pages, seen)
        assert seen == ids[:4]
        assert caught.value.cursor is not None
        assert [contact.id async for contact in book.contacts.list(page_size=2, after=caught.value.cursor)] == ids[4:]
