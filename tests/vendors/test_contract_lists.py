"""Narrowing and ordering a list: natively, over a whole list, or not at all; never half."""

from __future__ import annotations

from typing import Any

import pytest
from control import Server
from people import values, whole

from crossbook import AddressBook, Contact, InvalidInput, Unsupported
from crossbook.core.card import Card

pytestmark = pytest.mark.anyio

FILTERS: dict[str, Any] = {
    "group": "1", "search": "Anna", "phone": "+48500600700", "email": "anna@example.com", "external_id": "crm-0",
    "archived": True, "opted_out": "sms", "full": True,
}  # fmt: skip
SUPPORT = """
             serwersms  atom      filemail  vercom
group        native     native    emulated  native
search       native     -         -         -
phone        -          -         -         native
email        -          -         emulated  native
external_id  -          -         -         native
archived     -          -         -         native
opted_out    -          -         -         native
full         -          emulated  -         -
"""
SORTS = ("first_name", "last_name", "phone", "company", "tax_id", "email", "address", "city", "description")


async def ids(book: AddressBook, **filters: Any) -> list[str]:
    return [contact.id async for contact in book.contacts.list(**filters)]


def test_which_filters_there_are(vendor: str, card: Card) -> None:
    header, *rows = (line.split() for line in SUPPORT.strip().splitlines())
    column = header.index(vendor) + 1
    expected = {row[0]: row[column] for row in rows if row[column] != "-"}
    assert {name: how for name, how in card.filters.items() if ":" not in name} == expected


async def test_a_filter_that_is_not_there_is_unsupported(book: AddressBook, card: Card, server: Server) -> None:
    for name, value in FILTERS.items():
        if name not in card.filters:
            with pytest.raises(Unsupported, match=name) as caught:
                book.contacts.list(**{name: value})
            assert caught.value.operation == "contacts.list"
    for column in {*SORTS, "id", "createdAt"} - card.sorts:
        with pytest.raises(Unsupported, match="sort"):
            book.contacts.list(sort=column)
    assert server.requests(card.vendor).total() == 0


async def test_an_empty_filter_does_not_list_everybody(book: AddressBook, card: Card) -> None:
    """Think of whoever deletes what such a list gives, with a variable that happens to be empty."""
    for name, value in FILTERS.items():
        if name in card.filters and isinstance(value, str):
            with pytest.raises(InvalidInput):
                book.contacts.list(**{name: ""})


async def test_by_group(book: AddressBook, card: Card, group: str) -> None:
    other = (await book.groups.create("Others")).id
    inside = [(await book.contacts.create(whole(card, number, [group]))).id for number in range(3)]
    outside = [(await book.contacts.create(whole(card, number, [other]))).id for number in range(3, 5)]
    assert await ids(book, group=group) == inside
    assert await ids(book, group=other) == outside
    assert await ids(book) == inside + outside
    empty = (await book.groups.create("Nobody")).id
    assert await ids(book, group=empty) == []


async def test_by_phone_email_and_external_id(book: AddressBook, card: Card, group: str) -> None:
    created = [(await book.contacts.create(whole(card, number, [group]))).id for number in range(3)]
    for name in {"phone", "email", "external_id"} & card.filters.keys():
        assert await ids(book, **{name: values(card, 1)[name]}) == [created[1]]
        assert await ids(book, **{name: values(card, 7)[name]}) == []
        assert await ids(book, **{name: values(card, 1)[name], "group": group}) == [created[1]]


async def test_by_search(book: AddressBook, card: Card, group: str) -> None:
    if "search" in card.filters:
        created = [(await book.contacts.create(whole(card, number, [group]))).id for number in range(3)]
        assert await ids(book, search="Sons 1") == [created[1]]
        assert await ids(book, search="Sons") == created
        assert await ids(book, search="nobody at all") == []


async def test_those_in_no_group(book: AddressBook, card: Card, group: str) -> None:
    if "group:none" in card.filters:
        await book.contacts.create(whole(card, 0, [group]))
        free = (await book.contacts.create(whole(card, 1))).id
        assert await ids(book, group="none") == [free]
    else:
        with pytest.raises(Unsupported, match="no group"):
            book.contacts.list(group="none")


async def test_in_order(book: AddressBook, card: Card, group: str) -> None:
    if not card.sorts:
        return
    assert card.sorts == set(SORTS)
    created: dict[int, str] = {}
    for number in (2, 0, 1):
        created[number] = (await book.contacts.create(whole(card, number, [group]))).id
    for column in SORTS:
        if column == "first_name":
            continue  # all bear the same
        assert await ids(book, sort=column) == [created[0], created[1], created[2]], column
        assert await ids(book, sort=column, descending=True) == [created[2], created[1], created[0]], column
    assert sorted(await ids(book, sort="first_name")) == sorted(created.values())


async def test_archived_and_opted_out(book: AddressBook, card: Card, server: Server, group: str) -> None:
    if "archived" not in card.filters:
        return
    created = [(await book.contacts.create(whole(card, number, [group]))).id for number in range(3)]
    server.mark(card.vendor, created[0], archived=True)
    await book.contacts.unsubscribe(created[1], "email")
    assert await ids(book, archived=True) == [created[0]]
    assert await ids(book, archived=False) == created[1:]
    (found,) = [contact async for contact in book.contacts.list(opted_out="email")]
    assert (found.id, found.opted_out) == (created[1], {"email"})
    assert "opted_out" in found.known
    assert await ids(book, opted_out="sms") == []
    with pytest.raises(InvalidInput, match="sms"):
        book.contacts.list(opted_out="fax")  # type: ignore[arg-type]


async def test_full_fetches_what_the_list_does_not_tell(
    book: AddressBook, card: Card, server: Server, group: str
) -> None:
    if "full" not in card.filters:
        return
    contacts = [whole(card, number, [group]) for number in range(3)]
    for contact in contacts:
        await book.contacts.create(contact)
    before = server.requests(card.vendor)
    found: list[Contact] = [contact async for contact in book.contacts.list(full=True)]
    assert [(each.company, dict(each.fields or {})) for each in found] == [
        (each.company, dict(each.fields or {})) for each in contacts
    ]
    assert (server.requests(card.vendor) - before)["getContact"] == 3
