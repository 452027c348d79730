"""Phones: E.164 where a number is valid for the account's region, else the text as it is, and then nobody's key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from control import Server

from crossbook import AddressBook, Contact, InvalidInput
from crossbook.vendor import Card
from crossbook_testing.contract.people import national, phone, values

pytestmark = pytest.mark.anyio


def reads_phones(card: Card) -> bool:
    return "r" in card.holds["phone"].access


def contact(card: Card, number: str, group: str) -> Contact:
    return Contact(**{**values(card), "phone": number}, groups=(group,))


async def test_a_number_that_is_not_valid_stays_the_text_it_is_and_is_no_key(
    make_book: Callable[..., AddressBook], card: Card, server: Server
) -> None:
    """`1234567890` in AU is possible, and no number; so is `500600` in PL."""
    if not reads_phones(card) or card.vendor == "serwersms":
        return  # the one shows no phones, the other's server takes valid ones only
    text = "1234567890"
    async with make_book(default_region="AU") as book:
        group = (await book.groups.create("Friends")).id
        created = await book.contacts.create(contact(card, text, group))
        assert (await book.contacts.get(created.id)).phone == text
        before = server.requests(card.vendor)
        with pytest.raises(InvalidInput, match="AU") as caught:
            await book.contacts.find(phone=text)
        assert caught.value.field == "phone"
        assert server.requests(card.vendor) == before


RAW: dict[str, Callable[[Any, str, str], Any]] = {
    "atom": lambda wire, number, group: wire.contacts.create_contact(
        models("atom").NewContact(group_id=int(group), phone_number=number)
    ),
    "vercom": lambda wire, number, group: wire.contacts.create_contacts(
        [models("vercom").NewContact(phoneNumber=number)]
    ),
}


def models(vendor: str) -> Any:
    import importlib

    return importlib.import_module(f"crossbook_wire.{vendor}.models")


async def test_it_is_found_however_somebody_else_stored_it(book: Any, card: Card, group: str) -> None:
    """By the vendor's own call, as its panel or another program would have written it."""
    if card.vendor not in RAW:
        return
    stored = [phone(card, 1), phone(card, 2)[1:], national(card, 3).replace(" ", "").replace("-", "")]
    for number in stored:
        await RAW[card.vendor](book.wire, number, group)
    for number in range(1, 4):
        found = await book.contacts.find(phone=phone(card, number))
        assert found is not None
        assert found.phone == phone(card, number)
