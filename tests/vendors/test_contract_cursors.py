"""Cursors are opaque, valid for one list with the same filters, and have no personal data."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from fakes import VENDORS, FakeTransport, book_over, reply
from hypothesis import given, settings
from hypothesis import strategies as st

from crossbook import AddressBook, InvalidInputError, Page
from crossbook._pagination.cursor import hash_filters
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.people import field_values, full_contact

pytestmark = pytest.mark.anyio

ROWS: dict[str, Any] = {
    "serwersms": {"items": [{"id": 1}, {"id": 2}], "paging": {"page": 1, "count": 2}},
    "atom": {"status": "success", "result": {"id": 1, "contacts": [{"id": 1}, {"id": 2}]}},
    "filemail": {"responsestatus": "OK", "contacts": [{"contactid": "1"}, {"contactid": "2"}]},
    "vercom": {"meta": {}, "data": [{"id": "1"}, {"id": "2"}]},
}
BOOKS = {"status": "success", "result": [{"id": 1, "name": "Friends"}]}
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=6,
)


async def test_cursor_bound_to_filters(book: AddressBook, profile: VendorProfile, group: str) -> None:
    other = (await book.groups.create("Others")).id
    for number in range(3):
        await book.contacts.create(full_contact(profile, number, [group]))
        await book.contacts.create(full_contact(profile, number + 3, [other]))
    all_contacts = (await book.contacts.list(page_size=1)).cursor
    friends = (await book.contacts.list(page_size=1, group=group)).cursor
    groups = (await book.groups.list(page_size=1)).cursor
    assert None not in (all_contacts, friends, groups)
    for filters, cursor in (({}, friends), ({"group": group}, all_contacts), ({"group": other}, friends), ({}, groups)):
        with pytest.raises(InvalidInputError, match="cursor") as caught:
            book.contacts.list(after=cursor, **filters)
        assert (caught.value.field, caught.value.sent) == ("after", "no")
    with pytest.raises(InvalidInputError, match="cursor"):
        book.groups.list(after=all_contacts)


def make_transport(vendor: str) -> FakeTransport:
    """Return a transport of an account with two contacts."""
    return FakeTransport(lambda call: reply(BOOKS if call.path.endswith("address-book/list") else ROWS[vendor]))


async def cursor_of(vendor: str) -> str:
    async with book_over(vendor, make_transport(vendor)) as book:
        cursor = (await book.contacts.list(page_size=1)).cursor
    assert cursor is not None
    return cursor


async def test_cursor_of_other_vendor_refused(vendor: str) -> None:
    cursor = await cursor_of(vendor)
    for name in VENDORS:
        async with book_over(name, make_transport(name)) as book:
            if name == vendor:
                book.contacts.list(after=cursor)
            else:
                with pytest.raises(InvalidInputError, match="cursor"):
                    book.contacts.list(after=cursor)


async def test_cursor_has_no_personal_data(book: AddressBook, profile: VendorProfile, group: str) -> None:
    for number in range(3):
        await book.contacts.create(full_contact(profile, number, [group]))
    filters: dict[str, Any] = {
        name: field_values(profile)[name] for name in ("phone", "email") if name in profile.filters
    }
    if "search" in profile.filters:
        filters["search"] = "Żółw-Example"
    for name, value in [("group", group), *filters.items()]:
        cursor = (await book.contacts.list(page_size=1, **{name: value})).cursor
        if cursor is not None:
            raw = base64.urlsafe_b64decode(cursor + "==")
            assert len(cursor) < 80
            for secret in (field_values(profile, 0)["phone"][1:], "anna", "Żółw", "crm"):
                assert secret.encode() not in raw
                assert secret not in cursor


@pytest.mark.parametrize("name", VENDORS)
@given(garbage=st.text() | st.from_regex(r"[A-Za-z0-9_-]{0,40}", fullmatch=True))
@settings(max_examples=60)
async def test_garbage_cursor_refused(name: str, garbage: str) -> None:
    transport = make_transport(name)
    async with book_over(name, transport) as book:
        for listing in (book.contacts.list, book.groups.list):
            with pytest.raises(InvalidInputError, match="cursor"):
                listing(after=garbage)
    assert transport.sent == []


@pytest.mark.parametrize("name", VENDORS)
@given(position=JSON_VALUES)
@settings(max_examples=40)
async def test_forged_position_refused_or_harmless(name: str, position: Any) -> None:
    real = base64.urlsafe_b64decode(await cursor_of(name) + "==")
    filters = len(hash_filters())
    assert json.loads(real[filters:]) is not None
    forged = base64.urlsafe_b64encode(real[:filters] + json.dumps(position).encode()).decode()
    async with book_over(name, make_transport(name)) as book:
        try:
            page = await book.contacts.list(after=forged)
        except InvalidInputError:
            return
        assert isinstance(page, Page)
