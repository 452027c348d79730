"""Phones: E.164 where a number is valid for the account's region, else the text as it is, and then nobody's key."""

from __future__ import annotations

from collections import Counter

import pytest

from crossbook import AddressBook, Contact, InvalidInputError
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.fixtures import Fixtures, Make, Requests, claims, needs
from crossbook_testing.contract.people import least, national, person, phone, within


def reads_phones(profile: VendorProfile) -> bool:
    return "phone" in profile.contact_fields and "r" in profile.contact_fields["phone"].access


def contact(profile: VendorProfile, number: str, group: str) -> Contact:
    return person(profile, group, phone=number)


class Phones(Fixtures):
    """Phones: E.164 where a number is valid for the account's region, else the text as it is, and then nobody's key."""

    async def test_every_spelling_is_stored_and_read_in_normal_form(
        self, book: AddressBook, profile: VendorProfile, group: str
    ) -> None:
        if "phone" not in profile.contact_fields:
            pytest.skip(f"{profile.title} holds no phones")
        normal = phone(profile)
        spellings = [
            normal,
            f"{normal[:3]} {normal[3:]}",
            f"00{normal[1:]}",
            national(profile),
            national(profile).replace(" ", ""),
        ]
        if profile.default_region is None:
            spellings = spellings[:2]
        elif profile.default_region == "AU":
            spellings.remove(f"00{normal[1:]}")  # not how Australians dial abroad
        for spelling in spellings:
            created = await book.contacts.create(contact(profile, spelling, group))
            assert created.contact.phone == normal
            if reads_phones(profile):
                assert (await book.contacts.get(created.id)).phone == normal, spelling

    async def test_a_number_of_another_country_comes_back_as_it_was(
        self, book: AddressBook, profile: VendorProfile, group: str
    ) -> None:
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

    async def test_the_region_is_the_accounts(self, make: Make, profile: VendorProfile) -> None:
        if not reads_phones(profile):
            pytest.skip(f"{profile.title} shows no phones")
        other, text, normal = (
            ("AU", "0491 570 110", "+61491570110")
            if profile.default_region == "PL"
            else ("PL", "500 600 711", "+48500600711")
        )
        async with make(default_region=other) as book:
            group = (await book.groups.create("Friends")).id if claims(profile, "groups.create") else ""
            created = await book.contacts.create(contact(profile, text, group))
            assert (await book.contacts.get(created.id)).phone == normal
        if "phone" in profile.match_keys:
            async with make() as book:
                why = rf"phone is no number of region {profile.default_region}: write \+<country><number>"
                with pytest.raises(InvalidInputError, match=why):
                    await book.contacts.find(phone=text)

    async def test_what_is_no_number_does_not_leave_where_only_numbers_are_taken(
        self, book: AddressBook, profile: VendorProfile, requests: Requests, group: str, someone: str
    ) -> None:
        needs(profile, "contacts.update")
        if profile.phone_pattern is None:
            pytest.skip(f"{profile.title} takes any text for a phone")
        before = Counter(requests)
        for text in ("ask at the reception", "5006007oo", "+48 500", "500 600 700 ext. 5", "tel:+48500600700;x=1"):
            calls = [book.contacts.create(contact(profile, text, group)), book.contacts.update(someone, phone=text)]
            for call in calls:
                with pytest.raises(InvalidInputError) as caught:
                    await call
                assert caught.value.field == "phone"
                assert text not in str(caught.value)
        assert requests == before

    async def test_it_is_found_in_every_spelling(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        needs(profile, "contacts.find")
        if "phone" not in profile.match_keys:
            pytest.skip(f"{profile.title} is not asked by phone")
        await book.contacts.create(least(profile, 1, [group]))
        created = await book.contacts.create(Contact(phone=phone(profile), groups=within(group)))
        for spelling in (
            phone(profile),
            phone(profile)[1:],
            national(profile),
            f" {phone(profile)[:3]} {phone(profile)[3:]} ",
        ):
            found = await book.contacts.find(phone=spelling)
            assert found is not None, spelling
            assert (found.id, found.phone) == (created.id, phone(profile))
