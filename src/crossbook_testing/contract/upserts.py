"""Contract tests of an upsert of one contact: it creates, updates or leaves the contact with the same key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crossbook import AddressBook, AmbiguousMatchError, InvalidInputError, UnsupportedError
from crossbook.vendor import MatchKey, VendorProfile
from crossbook_testing.contract.fixtures import Fixtures, Requests, Stored, assert_no_requests, has_capability
from crossbook_testing.contract.people import argument, full_contact, minimal_contact, some_change, unique_fields


def find_match_key(profile: VendorProfile) -> MatchKey:
    """Return a match key of the vendor. Skip the test if the vendor has none."""
    for key in profile.match_keys:
        if key in profile.contact_fields:
            return key
    pytest.skip(f"{profile.title} has no match key")


class UpsertTests(Fixtures):
    async def test_upsert_creates_updates_and_keeps(
        self, book: AddressBook, profile: VendorProfile, group: str, stored: Stored
    ) -> None:
        match = find_match_key(profile)
        contact = full_contact(profile, groups=[group])
        created = await book.contacts.upsert(contact, match=match)
        assert created.status == "created"
        assert created.contact == replace(created.contact, id=created.id)
        again = await book.contacts.upsert(contact, match=match)
        if not created.write_only_fields:
            assert (again.status, again.id) == ("unchanged", created.id)
        if has_capability(profile, "contacts.update"):
            values = {match: getattr(contact, match), **some_change(profile)}
            if profile.single_group:
                values["groups"] = [group]
            missing = {name for name, support in profile.contact_fields.items() if support.required} - values.keys()
            values |= {name: getattr(contact, name) for name in missing}
            changed = await book.contacts.upsert(match=match, **values)
            assert (changed.status, changed.id) == ("updated", created.id)
            ((name, value),) = some_change(profile).items()
            assert getattr(await book.contacts.get(created.id), name) == value
        assert stored() == 1

    async def test_upsert_of_ambiguous_key_raises(
        self, book: AddressBook, profile: VendorProfile, group: str, stored: Stored
    ) -> None:
        match = find_match_key(profile)
        if match in unique_fields(profile):
            pytest.skip(f"two contacts of {profile.title} cannot have the same {match}")
        ids = [(await book.contacts.create(full_contact(profile, 0, [group]))).id for _ in range(2)]
        with pytest.raises(AmbiguousMatchError) as caught:
            await book.contacts.upsert(full_contact(profile, 0, [group]), match=match)
        assert set(caught.value.candidates) == set(ids)
        assert stored() == 2

    async def test_upsert_without_key_raises(
        self, book: AddressBook, profile: VendorProfile, group: str, stored: Stored
    ) -> None:
        match = find_match_key(profile)
        contact = replace(full_contact(profile, 0, [group]), **argument(match, None))
        with pytest.raises(InvalidInputError):
            await book.contacts.upsert(contact, match=match)
        assert stored() == 0

    async def test_upsert_arguments_are_checked(
        self, book: AddressBook, profile: VendorProfile, group: str, requests: Requests
    ) -> None:
        match = find_match_key(profile)
        contact = minimal_contact(profile, groups=[group])
        with assert_no_requests(requests):
            with pytest.raises(UnsupportedError, match=f"did you mean '{match}'"):
                await book.contacts.upsert(contact, **argument("match", f"{match}s"))
            with pytest.raises(InvalidInputError, match="not both"):
                await book.contacts.upsert(contact, match=match, **argument("company", "ABC"))
            with pytest.raises(InvalidInputError, match="missing"):
                await book.contacts.upsert(match=match)
            with pytest.raises(InvalidInputError, match="on_opted_out"):
                await book.contacts.upsert(contact, match=match, **argument("on_opted_out", "skip"))

    async def test_create_takes_keywords(
        self, book: AddressBook, profile: VendorProfile, group: str, stored: Stored, requests: Requests
    ) -> None:
        contact = full_contact(profile, groups=[group])
        values = {name: getattr(contact, name) for name in contact.known_fields}
        created = await book.contacts.create(**values)
        assert created.status == "created"
        assert all(getattr(created.contact, name) == value for name, value in values.items())
        assert stored() == 1
        with assert_no_requests(requests):
            with pytest.raises(InvalidInputError, match="not both"):
                await book.contacts.create(contact, **argument("company", "ABC"))
            with pytest.raises(InvalidInputError, match="contact is missing"):
                await book.contacts.create()
            with pytest.raises(InvalidInputError, match="did you mean 'phone'") as caught:
                await book.contacts.create(**argument("phonne", "+48500600700"))
            assert caught.value.field == "phonne"
