"""Contract tests of phone numbers: E.164 if the number is valid for the account's region, else the unchanged text."""

from __future__ import annotations

import pytest

from crossbook import AddressBook, Contact, InvalidInputError
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.fixtures import (
    Fixtures,
    Make,
    Requests,
    assert_invalid,
    assert_no_requests,
    has_capability,
    skip_unless,
)
from crossbook_testing.contract.people import (
    make_contact,
    minimal_contact,
    national_phone,
    phone,
    similar_contact,
    unique_fields,
)


def reads_phones(profile: VendorProfile) -> bool:
    return "phone" in profile.contact_fields and "r" in profile.contact_fields["phone"].access


def contact(profile: VendorProfile, number: str, group: str) -> Contact:
    return make_contact(profile, group, phone=number)


class PhoneTests(Fixtures):
    async def test_phone_spellings_are_normalized(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        if "phone" not in profile.contact_fields:
            pytest.skip(f"{profile.title} holds no phones")
        normal = phone(profile)
        spellings = [
            normal,
            f"{normal[:3]} {normal[3:]}",
            f"00{normal[1:]}",
            national_phone(profile),
            national_phone(profile).replace(" ", ""),
        ]
        if profile.default_region is None:
            spellings = spellings[:2]
        elif profile.default_region == "AU":
            spellings.remove(f"00{normal[1:]}")  # Australians dial abroad with 0011
        if "phone" in unique_fields(profile):
            skip_unless(profile, "contacts.delete")
        for number, spelling in enumerate(spellings):
            created = await book.contacts.create(similar_contact(profile, number, [group], phone=spelling))
            assert created.contact.phone == normal
            if reads_phones(profile):
                assert (await book.contacts.get(created.id)).phone == normal, spelling
            if "phone" in unique_fields(profile):
                await book.contacts.delete(created.id)

    async def test_phone_of_another_country(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        if "phone" not in profile.contact_fields:
            pytest.skip(f"{profile.title} holds no phones")
        abroad = "+61491570313" if profile.default_region == "PL" else "+48500600799"
        created = await book.contacts.create(contact(profile, abroad, group))
        if reads_phones(profile):
            assert (await book.contacts.get(created.id)).phone == abroad
        if "phone" in profile.match_keys:
            found = await book.contacts.find(phone=abroad)
            assert found is not None
            assert found.id == created.id

    async def test_default_region_of_book(self, make: Make, profile: VendorProfile) -> None:
        if not reads_phones(profile):
            pytest.skip(f"{profile.title} shows no phones")
        other, text, normal = (
            ("AU", "0491 570 110", "+61491570110")
            if profile.default_region == "PL"
            else ("PL", "500 600 711", "+48500600711")
        )
        async with make(default_region=other) as book:
            group = (await book.groups.create("Friends")).id if has_capability(profile, "groups.create") else ""
            created = await book.contacts.create(contact(profile, text, group))
            assert (await book.contacts.get(created.id)).phone == normal
        if "phone" in profile.match_keys:
            async with make() as book:
                region = f" of region {profile.default_region}" if profile.default_region else ""
                why = rf"phone is not a valid number{region}: write \+<country><number>"
                with pytest.raises(InvalidInputError, match=why):
                    await book.contacts.find(phone=text)

    async def test_invalid_phone_is_refused(
        self, book: AddressBook, profile: VendorProfile, requests: Requests, group: str, contact_id: str
    ) -> None:
        skip_unless(profile, "contacts.update")
        if profile.phone_pattern is None:
            pytest.skip(f"{profile.title} takes any text for a phone")
        with assert_no_requests(requests):
            for text in ("ask at the reception", "5006007oo", "+48 500", "500 600 700 ext. 5", "tel:+48500600700;x=1"):
                create = book.contacts.create(contact(profile, text, group))
                for call in (create, book.contacts.update(contact_id, phone=text)):
                    assert text not in str(await assert_invalid(call, "phone"))

    async def test_find_phone_in_every_spelling(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        skip_unless(profile, "contacts.find")
        if "phone" not in profile.match_keys:
            pytest.skip(f"{profile.title} has no search by phone")
        await book.contacts.create(minimal_contact(profile, 1, [group]))
        created = await book.contacts.create(minimal_contact(profile, 0, [group], phone=phone(profile)))
        spellings = [phone(profile), f" {phone(profile)[:3]} {phone(profile)[3:]} "]
        if profile.default_region is not None:
            spellings += [phone(profile)[1:], national_phone(profile)]
        for spelling in spellings:
            found = await book.contacts.find(phone=spelling)
            assert found is not None, spelling
            assert (found.id, found.phone) == (created.id, phone(profile))
