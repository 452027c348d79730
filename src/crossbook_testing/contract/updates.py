"""Changing and clearing: what is named changes, what is not named stays."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from crossbook import AddressBook, InvalidInputError
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.fixtures import Fixtures, Requests, claims, needs
from crossbook_testing.contract.people import only, readable, values, whole


async def still_in(book: AddressBook, id: str, group: str) -> None:
    """No change of a contact changes its groups, where it can have any."""
    if group and claims(book.profile, "contacts.groups_of"):
        assert [each.id for each in await book.contacts.groups_of(id)] == [group]


class Updates(Fixtures):
    """Changing and clearing: what is named changes, what is not named stays."""

    async def test_update_changes_what_is_named_and_nothing_else(
        self, book: AddressBook, profile: VendorProfile, group: str
    ) -> None:
        needs(profile, "contacts.update")
        contact = whole(profile, groups=[group])
        created = await book.contacts.create(contact)
        expected = {name: getattr(contact, name) for name in values(profile) if name in set(readable(profile))}
        for name, value in values(profile, 1).items():
            if name == "created_at":  # on create only
                continue
            changed = await book.contacts.update(created.id, **only(name, value))
            assert (changed.id, changed.status) == (created.id, "updated")
            if name in expected:
                expected[name] = value
            found = await book.contacts.get(created.id)
            assert {each: getattr(found, each) for each in expected} == expected, name
        await still_in(book, created.id, group)

    async def test_none_and_the_empty_text_clear_a_field(
        self, book: AddressBook, profile: VendorProfile, group: str
    ) -> None:
        needs(profile, "contacts.update")
        contact = whole(profile, groups=[group])
        kept = {name for name, support in profile.contact_fields.items() if support.required} | {"phone", "created_at"}
        for empty in (None, ""):
            created = await book.contacts.create(contact)
            clearable = [name for name in values(profile) if name not in kept]
            for name in clearable:
                await book.contacts.update(created.id, **only(name, empty))
                found = await book.contacts.get(created.id)
                if name in set(readable(profile)):
                    assert getattr(found, name) is None, name
            found = await book.contacts.get(created.id)
            left: dict[str, Any] = {
                name: getattr(contact, name) for name in kept & set(readable(profile)) & set(values(profile))
            }
            assert {name: getattr(found, name) for name in left} == left
            await still_in(book, created.id, group)

    async def test_what_a_vendor_must_have_cannot_be_cleared(
        self, book: AddressBook, profile: VendorProfile, requests: Requests, group: str
    ) -> None:
        needs(profile, "contacts.update")
        created = await book.contacts.create(whole(profile, groups=[group]))
        before = Counter(requests)
        needed = [name for name, support in profile.contact_fields.items() if support.required] + [
            "groups"
        ] * profile.single_group
        for name in needed:
            with pytest.raises(InvalidInputError, match=name) as caught:
                await book.contacts.update(created.id, **only(name, [] if name == "groups" else None))
            assert caught.value.field == name
        assert requests == before

    async def test_further_fields_change_and_clear_one_by_one(
        self, book: AddressBook, profile: VendorProfile, group: str
    ) -> None:
        needs(profile, "contacts.update")
        if not profile.extra_fields and profile.extra_fields is not None:
            pytest.skip(f"{profile.title} has no further fields")
        contact = whole(profile, groups=[group])
        created = await book.contacts.create(contact)
        first, second, *_ = contact.fields or {}
        await book.contacts.update(created.id, fields={first: "new", second: None})
        found = dict((await book.contacts.get(created.id)).fields or {})
        assert found.pop(second, None) is None
        assert found == {
            name: value for name, value in {**(contact.fields or {}), first: "new"}.items() if name != second
        }

    async def test_an_update_without_a_change_or_of_nothing_known_is_refused(
        self, book: AddressBook, someone: str, requests: Requests
    ) -> None:
        needs(book.profile, "contacts.update")
        before = Counter(requests)
        odd: tuple[dict[str, Any], ...] = ({}, {"nickname": "Ania"}, {"opted_out": None}, {"archived": True})
        for changes in odd:
            with pytest.raises(InvalidInputError):
                await book.contacts.update(someone, **changes)
        assert requests == before
