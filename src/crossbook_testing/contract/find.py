"""Contract tests of `find`: it returns None, one contact, or raises an error that lists all matches."""

from __future__ import annotations

import pytest

from crossbook import AddressBook, AmbiguousMatchError, InvalidInputError, UnsupportedError
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.fixtures import Fixtures, Requests, assert_invalid, skip_unless
from crossbook_testing.contract.people import (
    argument,
    field_values,
    full_contact,
    make_contact,
    similar_contact,
    unique_fields,
)

KEYS = {"phone": "+48500600700", "email": "anna@example.com", "external_id": "crm-0"}


class FindTests(Fixtures):
    async def test_find_without_match_returns_none(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        skip_unless(profile, "contacts.find")
        await book.contacts.create(full_contact(profile, 1, [group]))
        for name in profile.match_keys:
            assert await book.contacts.find(**argument(name, field_values(profile)[name])) is None

    async def test_find_returns_only_match(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        skip_unless(profile, "contacts.find")
        ids = [(await book.contacts.create(full_contact(profile, number, [group]))).id for number in range(3)]
        for name in profile.match_keys:
            for number, id in enumerate(ids):
                found = await book.contacts.find(**argument(name, field_values(profile, number)[name]))
                assert found is not None
                assert found.id == id

    async def test_find_with_several_matches_raises(
        self, book: AddressBook, profile: VendorProfile, group: str
    ) -> None:
        skip_unless(profile, "contacts.find")
        keys = profile.match_keys.keys() - unique_fields(profile)
        if not keys:
            pytest.skip(f"no two contacts of {profile.title} have the same key")
        ids = [(await book.contacts.create(similar_contact(profile, number, [group]))).id for number in range(3)]
        for name in keys:
            with pytest.raises(AmbiguousMatchError) as caught:
                await book.contacts.find(**argument(name, field_values(profile)[name]))
            assert set(caught.value.candidates) == set(ids)
            assert caught.value.field == name
            assert field_values(profile)[name] not in str(caught.value)

    async def test_find_contact_in_two_groups(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        skip_unless(profile, "contacts.find", "groups.create")
        if profile.single_group:
            pytest.skip(f"a contact of {profile.title} is in one group")
        groups = [group, (await book.groups.create("Others")).id]
        created = await book.contacts.create(full_contact(profile, 0, groups))
        for name in profile.match_keys:
            found = await book.contacts.find(**argument(name, field_values(profile)[name]))
            assert found is not None
            assert found.id == created.id

    async def test_find_ignores_partial_match(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        """`find` ignores contacts that match only in part, which a vendor's search may return."""
        skip_unless(profile, "contacts.find")
        if "email" not in profile.match_keys:
            pytest.skip(f"{profile.title} has no search by e-mail")
        await book.contacts.create(make_contact(profile, group, email="joanna@example.com"))
        assert await book.contacts.find(email="anna@example.com") is None

    async def test_find_email_ignores_case(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        skip_unless(profile, "contacts.find")
        if "email" not in profile.match_keys:
            pytest.skip(f"{profile.title} has no search by e-mail")
        for stored in ("Anna.Nowak@Example.com", "jan@example.com"):
            created = await book.contacts.create(make_contact(profile, group, email=stored))
            for spelling in {stored, f" {stored} ", stored if stored != stored.lower() else stored.upper()}:
                found = await book.contacts.find(email=spelling)
                assert found is not None, spelling
                assert (found.id, found.email) == (created.id, stored)

    async def test_find_by_unsupported_key_raises(
        self, book: AddressBook, profile: VendorProfile, requests: Requests
    ) -> None:
        skip_unless(profile, "contacts.find")
        for name in KEYS.keys() - profile.match_keys.keys():
            with pytest.raises(UnsupportedError, match=name):
                await book.contacts.find(**argument(name, KEYS[name]))
        assert requests.total() == 0

    async def test_find_takes_exactly_one_key(
        self, book: AddressBook, profile: VendorProfile, requests: Requests
    ) -> None:
        skip_unless(profile, "contacts.find")
        for keys in ({}, {"phone": "+48500600700", "email": "anna@example.com"}, KEYS):
            with pytest.raises(InvalidInputError, match="exactly one"):
                await book.contacts.find(**keys)
        for name in profile.match_keys:
            await assert_invalid(book.contacts.find(**argument(name, "")), name, match=f"{name} is empty")
        assert requests.total() == 0

    async def test_find_by_unassigned_number_returns_none(self, book: AddressBook, profile: VendorProfile) -> None:
        skip_unless(profile, "contacts.find")
        if "phone" in profile.match_keys:
            assert await book.contacts.find(phone="+9991234567") is None
