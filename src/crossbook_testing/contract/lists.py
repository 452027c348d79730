"""Contract tests of a list's filters and sorting: the result is complete, or the list raises an error."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from crossbook import AddressBook, Contact, InvalidInputError, UnsupportedError
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.fixtures import Fixtures, Requests, has_capability, skip_unless
from crossbook_testing.contract.people import argument, field_values, full_contact

FILTERS: dict[str, Any] = {
    "group": "1", "search": "Anna", "phone": "+48500600700", "email": "anna@example.com", "external_id": "crm-0",
    "archived": True, "opted_out": "sms", "full": True,
}  # fmt: skip


async def ids(book: AddressBook, **filters: Any) -> list[str]:
    return [contact.id async for contact in book.contacts.list(**filters)]


class ListTests(Fixtures):
    async def test_list_unsupported_filter_raises(
        self, book: AddressBook, profile: VendorProfile, requests: Requests
    ) -> None:
        for name, value in FILTERS.items():
            if name not in profile.filters:
                with pytest.raises(UnsupportedError, match=name) as caught:
                    book.contacts.list(**argument(name, value))
                assert caught.value.operation == "contacts.list"
        for column in {"id", "created_at", "first_name"} - profile.sorts:
            with pytest.raises(UnsupportedError, match="sort"):
                book.contacts.list(sort=column)
        assert requests.total() == 0

    async def test_list_empty_filter_raises(self, book: AddressBook, profile: VendorProfile) -> None:
        """An empty filter raises, since a program may delete all contacts of a list filtered by an empty variable."""
        for name, value in FILTERS.items():
            if name in profile.filters and isinstance(value, str):
                with pytest.raises(InvalidInputError):
                    book.contacts.list(**argument(name, ""))

    async def test_list_by_group(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        skip_unless(profile, "groups.create")
        if "group" not in profile.filters:
            pytest.skip(f"{profile.title} does not list by group")
        other = (await book.groups.create("Others")).id
        inside = [(await book.contacts.create(full_contact(profile, number, [group]))).id for number in range(3)]
        outside = [(await book.contacts.create(full_contact(profile, number, [other]))).id for number in range(3, 5)]
        assert await ids(book, group=group) == inside
        assert await ids(book, group=other) == outside
        assert await ids(book) == inside + outside
        empty = (await book.groups.create("Empty")).id
        assert await ids(book, group=empty) == []

    async def test_list_by_phone_email_external_id(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        created = [(await book.contacts.create(full_contact(profile, number, [group]))).id for number in range(3)]
        for name in {"phone", "email", "external_id"} & profile.filters.keys():
            assert await ids(book, **argument(name, field_values(profile, 1)[name])) == [created[1]]
            assert await ids(book, **argument(name, field_values(profile, 7)[name])) == []
            if "group" in profile.filters:
                assert await ids(book, group=group, **argument(name, field_values(profile, 1)[name])) == [created[1]]

    async def test_list_contacts_without_group(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        if "group" not in profile.filters:
            pytest.skip(f"{profile.title} does not list by group")
        if "group:none" in profile.filters:
            await book.contacts.create(full_contact(profile, 0, [group]))
            free = (await book.contacts.create(full_contact(profile, 1))).id
            assert await ids(book, group="none") == [free]
        else:
            with pytest.raises(UnsupportedError, match="without a group"):
                book.contacts.list(group="none")

    async def test_list_full_fetches_missing_fields(
        self, book: AddressBook, profile: VendorProfile, requests: Requests, group: str
    ) -> None:
        if "full" not in profile.filters:
            pytest.skip(f"{profile.title} lists contacts whole")
        contacts = [full_contact(profile, number, [group]) for number in range(3)]
        for contact in contacts:
            await book.contacts.create(contact)
        before = Counter(requests)
        found: list[Contact] = [contact async for contact in book.contacts.list(full=True)]
        assert [(each.company, dict(each.fields or {})) for each in found] == [
            (each.company, dict(each.fields or {})) for each in contacts
        ]
        assert (requests - before)[profile.capability("contacts.get").operation] == 3

    async def test_list_limit_counts_all_pages(
        self, book: AddressBook, profile: VendorProfile, requests: Requests, group: str
    ) -> None:
        """A list with a limit requests no page after its last item, and its last page has no cursor."""
        created = [(await book.contacts.create(full_contact(profile, number, [group]))).id for number in range(5)]
        listing = profile.capability("contacts.list").operation
        assert await ids(book, limit=3, page_size=2) == created[:3]
        assert await ids(book, limit=9, page_size=2) == created
        before = Counter(requests)
        page = await book.contacts.list(limit=2)
        assert [contact.id for contact in page.items] == created[:2]
        assert page.cursor is None
        assert await ids(book, limit=2, page_size=2) == created[:2]
        assert (requests - before)[listing] == 2
        first = await book.contacts.list(page_size=2)
        if first.cursor is not None:
            assert await ids(book, limit=2, after=first.cursor) == created[len(first.items) : len(first.items) + 2]

    async def test_list_limit_is_checked(self, book: AddressBook) -> None:
        for limit in (0, -1, 1.0, True, "3"):
            with pytest.raises(InvalidInputError, match="limit") as caught:
                book.contacts.list(**argument("limit", limit))
            assert caught.value.field == "limit"

    async def test_first_is_one_item_or_none(
        self, book: AddressBook, profile: VendorProfile, requests: Requests, group: str
    ) -> None:
        assert await book.contacts.list().first() is None
        created = [(await book.contacts.create(full_contact(profile, number, [group]))).id for number in range(3)]
        before = Counter(requests)
        first = await book.contacts.list(page_size=2).first()
        assert first is not None
        assert first.id == created[0]
        assert (requests - before)[profile.capability("contacts.list").operation] == 1

    async def test_count_contacts(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        assert await book.contacts.count() == 0
        for number in range(3):
            await book.contacts.create(full_contact(profile, number, [group]))
        assert await book.contacts.count() == 3
        if "group" in profile.filters and has_capability(profile, "groups.create"):
            other = (await book.groups.create("Others")).id
            assert await book.contacts.count(group=group) == 3
            assert await book.contacts.count(group=other) == 0

    async def test_count_first_and_limit_of_groups(self, book: AddressBook, profile: VendorProfile) -> None:
        skip_unless(profile, "groups.create", "groups.list")
        before = await book.groups.count()
        named = [(await book.groups.create(name)).id for name in ("Friends", "Family", "Work")]
        assert await book.groups.count() == before + 3
        listed = [group.id async for group in book.groups.list()]
        assert set(named) <= set(listed)
        assert [group.id async for group in book.groups.list(limit=2)] == listed[:2]
        first = await book.groups.list().first()
        assert first is not None
        assert first.id == listed[0]
