"""Contract tests of updates: given fields change or are cleared, and the other fields stay."""

from __future__ import annotations

from typing import Any

import pytest

from crossbook import AddressBook, InvalidInputError
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.fixtures import (
    Fixtures,
    Requests,
    assert_invalid,
    assert_no_requests,
    has_capability,
    skip_unless,
)
from crossbook_testing.contract.people import argument, field_values, full_contact, readable, unique_fields


async def assert_in_group(book: AddressBook, id: str, group: str) -> None:
    """Check that the contact is still in its group, if the vendor has groups."""
    if group and has_capability(book.profile, "contacts.groups_of"):
        assert [each.id for each in await book.contacts.groups_of(id)] == [group]


class UpdateTests(Fixtures):
    async def test_update_changes_only_given_fields(
        self, book: AddressBook, profile: VendorProfile, group: str
    ) -> None:
        skip_unless(profile, "contacts.update")
        contact = full_contact(profile, groups=[group])
        id = (await book.contacts.create(contact)).id
        expected = {name: getattr(contact, name) for name in field_values(profile) if name in set(readable(profile))}
        for name, value in field_values(profile, 1).items():
            if name == "created_at":  # on create only
                continue
            changed = await book.contacts.update(id, **argument(name, value))
            assert changed.status == "updated"
            assert changed.id == id or name in unique_fields(profile), "only a unique field may be the id"
            id = changed.id
            if name in expected:
                expected[name] = value
            found = await book.contacts.get(id)
            assert found.id == id
            assert {each: getattr(found, each) for each in expected} == expected, name
        await assert_in_group(book, id, group)

    async def test_update_clears_field(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        skip_unless(profile, "contacts.update")
        kept = {name for name, support in profile.contact_fields.items() if support.required} | {"phone", "created_at"}
        for number, empty in enumerate((None, "")):
            contact = full_contact(profile, number, [group])
            created = await book.contacts.create(contact)
            clearable = [name for name in field_values(profile) if name not in kept]
            for name in clearable:
                await book.contacts.update(created.id, **argument(name, empty))
                found = await book.contacts.get(created.id)
                if name in set(readable(profile)):
                    assert getattr(found, name) is None, name
            found = await book.contacts.get(created.id)
            left: dict[str, Any] = {
                name: getattr(contact, name) for name in kept & set(readable(profile)) & set(field_values(profile))
            }
            assert {name: getattr(found, name) for name in left} == left
            await assert_in_group(book, created.id, group)

    async def test_update_cannot_clear_required_field(
        self, book: AddressBook, profile: VendorProfile, requests: Requests, group: str
    ) -> None:
        skip_unless(profile, "contacts.update")
        created = await book.contacts.create(full_contact(profile, groups=[group]))
        required = [name for name, support in profile.contact_fields.items() if support.required]
        if profile.single_group:
            required.append("groups")
        with assert_no_requests(requests):
            for name in required:
                call = book.contacts.update(created.id, **argument(name, [] if name == "groups" else None))
                await assert_invalid(call, name, match=name)
            if profile.requires_any_of:
                cleared: dict[str, Any] = dict.fromkeys(profile.requires_any_of)
                with pytest.raises(InvalidInputError, match=" or ".join(profile.requires_any_of)):
                    await book.contacts.update(created.id, **cleared)

    async def test_update_changes_single_custom_fields(
        self, book: AddressBook, profile: VendorProfile, group: str
    ) -> None:
        skip_unless(profile, "contacts.update")
        if not profile.extra_fields and profile.extra_fields is not None:
            pytest.skip(f"{profile.title} has no further fields")
        contact = full_contact(profile, groups=[group])
        created = await book.contacts.create(contact)
        first, *others = contact.fields or {}
        cleared = others[:1]  # a vendor may have only one
        await book.contacts.update(created.id, fields={first: "new", **dict.fromkeys(cleared)})
        found = dict((await book.contacts.get(created.id)).fields or {})
        assert [found.pop(name, None) for name in cleared] == [None] * len(cleared)
        assert found == {
            name: value for name, value in {**(contact.fields or {}), first: "new"}.items() if name not in cleared
        }

    async def test_update_without_known_change_is_refused(
        self, book: AddressBook, contact_id: str, requests: Requests
    ) -> None:
        skip_unless(book.profile, "contacts.update")
        odd: tuple[dict[str, Any], ...] = ({}, {"nickname": "Ania"}, {"opted_out": None}, {"archived": True})
        with assert_no_requests(requests):
            for changes in odd:
                with pytest.raises(InvalidInputError):
                    await book.contacts.update(contact_id, **changes)
