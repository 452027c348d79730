"""Finding: nobody, one, or an error that lists them; and a vendor that cannot be asked so says it."""

from __future__ import annotations

import pytest

from crossbook import AddressBook, AmbiguousMatchError, InvalidInputError, UnsupportedError
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.fixtures import Fixtures, Requests, needs
from crossbook_testing.contract.people import only, person, values, whole

KEYS = {"phone": "+48500600700", "email": "anna@example.com", "external_id": "crm-0"}


class Finding(Fixtures):
    """Finding: nobody, one, or an error that lists them; and a vendor that cannot be asked so says it."""

    async def test_nobody_is_none(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        needs(profile, "contacts.find")
        await book.contacts.create(whole(profile, 1, [group]))
        for name in profile.match_keys:
            assert await book.contacts.find(**only(name, values(profile)[name])) is None

    async def test_the_one_is_found_among_others(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        needs(profile, "contacts.find")
        ids = [(await book.contacts.create(whole(profile, number, [group]))).id for number in range(3)]
        for name in profile.match_keys:
            for number, id in enumerate(ids):
                found = await book.contacts.find(**only(name, values(profile, number)[name]))
                assert found is not None
                assert found.id == id

    async def test_several_are_an_error_that_lists_them(
        self, book: AddressBook, profile: VendorProfile, group: str
    ) -> None:
        needs(profile, "contacts.find")
        ids = [(await book.contacts.create(whole(profile, 0, [group]))).id for _ in range(3)]
        for name in profile.match_keys:
            with pytest.raises(AmbiguousMatchError) as caught:
                await book.contacts.find(**only(name, values(profile)[name]))
            assert set(caught.value.candidates) == set(ids)
            assert caught.value.field == name
            assert values(profile)[name] not in str(caught.value)

    async def test_a_contact_in_two_groups_is_one(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        needs(profile, "contacts.find", "groups.create")
        if profile.single_group:
            pytest.skip(f"a contact of {profile.title} is in one group")
        groups = [group, (await book.groups.create("Others")).id]
        created = await book.contacts.create(whole(profile, 0, groups))
        for name in profile.match_keys:
            found = await book.contacts.find(**only(name, values(profile)[name]))
            assert found is not None
            assert found.id == created.id

    async def test_a_part_of_the_value_is_not_the_value(
        self, book: AddressBook, profile: VendorProfile, group: str
    ) -> None:
        """A vendor's search finds more than was asked for."""
        needs(profile, "contacts.find")
        if "email" not in profile.match_keys:
            pytest.skip(f"{profile.title} is not asked by e-mail")
        await book.contacts.create(person(profile, group, email="joanna@example.com"))
        assert await book.contacts.find(email="anna@example.com") is None

    async def test_an_address_is_found_in_any_case(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        needs(profile, "contacts.find")
        if "email" not in profile.match_keys:
            pytest.skip(f"{profile.title} is not asked by e-mail")
        for stored in ("Anna.Nowak@Example.com", "jan@example.com"):
            created = await book.contacts.create(person(profile, group, email=stored))
            for asked in {stored, f" {stored} ", stored if stored != stored.lower() else stored.upper()}:
                found = await book.contacts.find(email=asked)
                assert found is not None, asked
                assert (found.id, found.email) == (created.id, stored)

    async def test_a_key_that_the_vendor_cannot_be_asked_by(
        self, book: AddressBook, profile: VendorProfile, requests: Requests
    ) -> None:
        needs(profile, "contacts.find")
        for name in KEYS.keys() - profile.match_keys.keys():
            with pytest.raises(UnsupportedError, match=name):
                await book.contacts.find(**only(name, KEYS[name]))
        assert requests.total() == 0

    async def test_exactly_one_key(self, book: AddressBook, profile: VendorProfile, requests: Requests) -> None:
        needs(profile, "contacts.find")
        for keys in ({}, {"phone": "+48500600700", "email": "anna@example.com"}, KEYS):
            with pytest.raises(InvalidInputError, match="exactly one"):
                await book.contacts.find(**keys)
        for name in profile.match_keys:
            with pytest.raises(InvalidInputError, match=f"{name} is empty") as caught:
                await book.contacts.find(**only(name, ""))
            assert caught.value.field == name
        assert requests.total() == 0

    async def test_a_number_of_no_country_is_nobody(self, book: AddressBook, profile: VendorProfile) -> None:
        needs(profile, "contacts.find")
        if "phone" in profile.match_keys:
            assert await book.contacts.find(phone="+9991234567") is None
