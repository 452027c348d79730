"""Phones: E.164 where a number is valid for the account's region, else the text as it is, and then nobody's key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from control import Server
from people import least, national, phone, values

from crossbook import AddressBook, Contact, InvalidInput
from crossbook.core.card import Card

pytestmark = pytest.mark.anyio


def reads_phones(card: Card) -> bool:
    return "r" in card.holds["phone"].access


def contact(card: Card, number: str, group: str) -> Contact:
    return Contact(**{**values(card), "phone": number}, groups=(group,))


async def test_every_spelling_is_stored_and_read_in_normal_form(book: AddressBook, card: Card, group: str) -> None:
    normal = phone(card)
    spellings = [
        normal,
        f"{normal[:3]} {normal[3:]}",
        f"00{normal[1:]}",
        national(card),
        national(card).replace(" ", ""),
    ]
    if card.default_region is None:
        spellings = spellings[:2]
    elif card.default_region == "AU":
        spellings.remove(f"00{normal[1:]}")  # not how Australians dial abroad
    for spelling in spellings:
        created = await book.contacts.create(contact(card, spelling, group))
        assert created.contact.phone == normal
        if reads_phones(card):
            assert (await book.contacts.get(created.id)).phone == normal, spelling


async def test_a_number_of_another_country_comes_back_as_it_was(book: AddressBook, card: Card, group: str) -> None:
    abroad = "+61491570313" if card.default_region == "PL" else "+48500600799"
    created = await book.contacts.create(contact(card, abroad, group))
    if reads_phones(card):
        assert (await book.contacts.get(created.id)).phone == abroad
        found = await book.contacts.find(phone=abroad)
        assert found is not None
        assert found.id == created.id


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


async def test_the_region_is_the_accounts(make_book: Callable[..., AddressBook], card: Card) -> None:
    if not reads_phones(card):
        return
    other, text, normal = (
        ("AU", "0491 570 110", "+61491570110") if card.default_region == "PL" else ("PL", "500 600 711", "+48500600711")
    )
    async with make_book(default_region=other) as book:
        group = (await book.groups.create("Friends")).id
        created = await book.contacts.create(contact(card, text, group))
        assert (await book.contacts.get(created.id)).phone == normal
    async with make_book() as book:
        with pytest.raises(InvalidInput):
            await book.contacts.find(phone=text)


async def test_what_is_no_number_does_not_leave_where_only_numbers_are_taken(
    book: AddressBook, card: Card, server: Server, group: str
) -> None:
    before = server.requests(card.vendor)
    for text in ("ask at the reception", "5006007oo", "+48 500", "500 600 700 ext. 5", "tel:+48500600700;x=1"):
        if card.phone_pattern is None:
            continue
        calls = [book.contacts.create(contact(card, text, group)), book.contacts.update("1", phone=text)]
        for call in calls:
            with pytest.raises(InvalidInput) as caught:
                await call
            assert caught.value.field == "phone"
            assert text not in str(caught.value)
    assert server.requests(card.vendor) == before


async def test_it_is_found_in_every_spelling(book: AddressBook, card: Card, group: str) -> None:
    if "phone" not in card.match_keys:
        return
    await book.contacts.create(least(card, 1, [group]))
    created = await book.contacts.create(Contact(phone=phone(card), groups=(group,)))
    for spelling in (phone(card), phone(card)[1:], national(card), f" {phone(card)[:3]} {phone(card)[3:]} "):
        found = await book.contacts.find(phone=spelling)
        assert found is not None, spelling
        assert (found.id, found.phone) == (created.id, phone(card))


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
