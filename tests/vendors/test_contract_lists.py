"""Filters, order and prefetch of lists: native, emulated over the whole list, or unsupported; never partial."""

from __future__ import annotations

from typing import Any

import pytest
from control import Server

from crossbook import AddressBook, InvalidInputError, UnsupportedError
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.people import full_contact

pytestmark = pytest.mark.anyio

SUPPORT = """
             serwersms  atom      filemail  vercom
group        native     native    emulated  native
search       native     -         -         -
phone        -          -         -         native
email        -          -         emulated  native
external_id  -          -         -         native
archived     -          -         -         native
opted_out    emulated   -         -         native
full         -          emulated  -         -
"""
SORTS = ("first_name", "last_name", "phone", "company", "tax_id", "email", "address", "city", "description")


async def ids(book: AddressBook, **filters: Any) -> list[str]:
    return [contact.id async for contact in book.contacts.list(**filters)]


def test_filters_of_each_vendor(vendor: str, profile: VendorProfile) -> None:
    header, *rows = (line.split() for line in SUPPORT.strip().splitlines())
    column = header.index(vendor) + 1
    expected = {row[0]: row[column] for row in rows if row[column] != "-"}
    assert {name: how for name, how in profile.filters.items() if ":" not in name} == expected


async def test_list_by_search(book: AddressBook, profile: VendorProfile, group: str) -> None:
    if "search" in profile.filters:
        created = [(await book.contacts.create(full_contact(profile, number, [group]))).id for number in range(3)]
        assert await ids(book, search="Sons 1") == [created[1]]
        assert await ids(book, search="Sons") == created
        assert await ids(book, search="no such text") == []


async def test_list_sorted(book: AddressBook, profile: VendorProfile, group: str) -> None:
    if not profile.sorts:
        return
    assert profile.sorts == set(SORTS)
    created: dict[int, str] = {}
    for number in (2, 0, 1):
        created[number] = (await book.contacts.create(full_contact(profile, number, [group]))).id
    for column in SORTS:
        if column == "first_name":
            continue  # all contacts have the same value
        assert await ids(book, sort=column) == [created[0], created[1], created[2]], column
        assert await ids(book, sort=column, descending=True) == [created[2], created[1], created[0]], column
    assert sorted(await ids(book, sort="first_name")) == sorted(created.values())


async def test_list_archived_and_opted_out(
    book: AddressBook, profile: VendorProfile, server: Server, group: str
) -> None:
    if "archived" not in profile.filters:
        return
    created = [(await book.contacts.create(full_contact(profile, number, [group]))).id for number in range(3)]
    server.mark(profile.vendor, created[0], archived=True)
    await book.contacts.unsubscribe(created[1], "email")
    assert await ids(book, archived=True) == [created[0]]
    assert await ids(book, archived=False) == created[1:]
    (found,) = [contact async for contact in book.contacts.list(opted_out="email")]
    assert (found.id, found.opted_out) == (created[1], {"email"})
    assert "opted_out" in found.known_fields
    assert await ids(book, opted_out="sms") == []
    with pytest.raises(InvalidInputError, match="sms"):
        book.contacts.list(opted_out="fax")  # type: ignore[arg-type]


async def test_prefetch_returns_same_list_or_unsupported(
    book: AddressBook, profile: VendorProfile, server: Server
) -> None:
    if profile.vendor != "vercom":
        with pytest.raises(UnsupportedError, match="several pages at once") as caught:
            book.contacts.list(prefetch=8)
        assert caught.value.field == "prefetch"
        return
    expected = await ids(book, page_size=1)
    assert await ids(book, page_size=1, prefetch=8) == expected
    assert await ids(book, page_size=3, prefetch=2, unique=True) == expected


@pytest.mark.parametrize("prefetch", [0, -1, 2.0, True, "8", None])
async def test_invalid_prefetch_refused(book: AddressBook, prefetch: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        book.contacts.list(prefetch=prefetch)
    assert caught.value.field == "prefetch"
