"""Phones: E.164 if a number is valid for the account's region, else text that matches no contact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from control import Server

from crossbook import AddressBook, Contact, InvalidInputError
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.people import field_values, national_phone, phone

pytestmark = pytest.mark.anyio


def reads_phones(profile: VendorProfile) -> bool:
    return "r" in profile.contact_fields["phone"].access


def contact(profile: VendorProfile, number: str, group: str) -> Contact:
    return Contact(**{**field_values(profile), "phone": number}, groups=(group,))


async def test_invalid_number_unchanged_and_no_match_key(
    make_book: Callable[..., AddressBook], profile: VendorProfile, server: Server
) -> None:
    """`1234567890` in AU and `500600` in PL have a possible length, but are not valid numbers."""
    if not reads_phones(profile) or profile.vendor == "serwersms":
        return  # Filemail returns no phones, and the sandbox of SerwerSMS accepts valid numbers only
    text = "1234567890"
    async with make_book(default_region="AU") as book:
        group = (await book.groups.create("Friends")).id
        created = await book.contacts.create(contact(profile, text, group))
        assert (await book.contacts.get(created.id)).phone == text
        before = server.requests(profile.vendor)
        with pytest.raises(InvalidInputError, match="AU") as caught:
            await book.contacts.find(phone=text)
        assert caught.value.field == "phone"
        assert server.requests(profile.vendor) == before


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


async def test_phone_found_in_other_spellings(book: Any, profile: VendorProfile, group: str) -> None:
    """Contacts are created by the wire, as the vendor's panel or another program would write them."""
    if profile.vendor not in RAW:
        return
    stored = [phone(profile, 1), phone(profile, 2)[1:], national_phone(profile, 3).replace(" ", "").replace("-", "")]
    for number in stored:
        await RAW[profile.vendor](book.wire, number, group)
    for number in range(1, 4):
        found = await book.contacts.find(phone=phone(profile, number))
        assert found is not None
        assert found.phone == phone(profile, number)


async def test_cut_number_is_refused_before_any_request(
    book: AddressBook, profile: VendorProfile, server: Server, group: str
) -> None:
    """Filemail and Vercom would store `4.85006e+10` as it is."""
    before = server.requests(profile.vendor)
    for text in ("4.85006e+10", "4,85E+10"):
        with pytest.raises(InvalidInputError, match="lost digits") as caught:
            await book.contacts.create(contact(profile, text, group))
        assert caught.value.field == "phone"
        if "phone" in profile.match_keys:
            with pytest.raises(InvalidInputError, match="lost digits"):
                await book.contacts.find(phone=text)
    assert server.requests(profile.vendor) == before


@pytest.mark.parametrize(
    "spelling", ["48500600700.0", "4.8500600700E+10", "+48 (0) 500 600 700", "\u202a+480500600700"]
)
async def test_number_of_a_spreadsheet_is_found(
    book: AddressBook, profile: VendorProfile, group: str, spelling: str
) -> None:
    """All spellings are one match key, so an upsert finds the contact."""
    if "phone" not in profile.match_keys:
        return
    if profile.default_region != "PL" and spelling.startswith("4"):
        return  # digits alone are a Polish number in PL only
    created = await book.contacts.create(contact(profile, "+48500600700", group))
    found = await book.contacts.find(phone=spelling)
    assert found is not None
    assert found.id == created.id
