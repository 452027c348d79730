"""Contract tests: creating, reading and deleting one contact."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import fields as fields_of
from dataclasses import replace
from typing import Any

import pytest

from crossbook import AddressBook, NotFoundError, RejectedError
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.fixtures import Fixtures, Stored, has_capability, skip_unless
from crossbook_testing.contract.people import (
    argument,
    field_values,
    full_contact,
    minimal_contact,
    readable,
    some_change,
    unique_fields,
)


class ContactTests(Fixtures):
    async def test_create_then_get_returns_written_fields(
        self, book: AddressBook, profile: VendorProfile, group: str, stored: Stored
    ) -> None:
        contact = full_contact(profile, groups=[group])
        created = await book.contacts.create(contact)
        assert (created.status, type(created.id)) == ("created", str)
        assert stored() == 1
        found = await book.contacts.get(created.id)
        assert found.id == created.id
        assert set(readable(profile)) <= found.known_fields, "get reads every readable field of the profile"
        for name in (*field_values(profile), "fields"):
            if name in found.known_fields:
                assert getattr(found, name) == getattr(contact, name), name
        assert found.name == "Łucja Żółw-Example 0", "stored, or made of first and last name"
        (listed,) = [each async for each in book.contacts.list()]
        assert listed.id == created.id
        for name in listed.known_fields & set(field_values(profile)):
            assert getattr(listed, name) == getattr(contact, name), name
        unknown = {field.name for field in fields_of(found)} - found.known_fields - {"groups"}
        assert {name for name in unknown if getattr(found, name) is not None} == set()

    async def test_get_knows_empty_fields(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        given = minimal_contact(profile, groups=[group])
        found = await book.contacts.get((await book.contacts.create(given)).id)
        expected = set(given.known_fields) | {"id", "name", "groups", "fields", "opted_out", "archived", "created_at"}
        assert set(readable(profile)) <= found.known_fields
        assert {name for name in found.known_fields - expected if getattr(found, name) is not None} == set()
        assert not found.fields
        assert not found.opted_out

    async def test_create_lists_write_only_fields(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        contact = full_contact(profile, groups=[group])
        created = await book.contacts.create(contact)
        assert created.dropped_fields == ()
        hidden = tuple(name for name, support in profile.contact_fields.items() if support.access == "w")
        assert created.write_only_fields == hidden
        assert all(
            getattr(created.contact, name) == getattr(contact, name) for name in [*field_values(profile), "groups"]
        )
        assert created.contact.id == created.id
        if hidden:
            skip_unless(profile, "contacts.update")
            changed = await book.contacts.update(
                created.id, **{name: field_values(profile, 1)[name] for name in hidden}
            )
            assert changed.write_only_fields == hidden

    async def test_used_unique_value_is_refused(
        self, book: AddressBook, profile: VendorProfile, group: str, stored: Stored
    ) -> None:
        """A second contact with a used value is refused, and neither contact changes."""
        names = unique_fields(profile)
        if not names:
            pytest.skip(f"two contacts of {profile.title} may have the same value in any field")
        first, second = full_contact(profile, 0, [group]), full_contact(profile, 1, [group])
        ids = [(await book.contacts.create(contact)).id for contact in (first, second)]
        for name in names:
            used = argument(name, getattr(first, name))
            with pytest.raises(RejectedError):
                await book.contacts.create(replace(full_contact(profile, 2, [group]), **used))
            if has_capability(profile, "contacts.update"):
                with pytest.raises(RejectedError):
                    await book.contacts.update(ids[1], **used)
            assert stored() == 2
            for id, contact in zip(ids, (first, second), strict=True):
                found = await book.contacts.get(id)
                assert name not in found.known_fields or getattr(found, name) == getattr(contact, name)

    async def test_delete_removes_contact(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        skip_unless(profile, "contacts.delete")
        created = await book.contacts.create(full_contact(profile, groups=[group]))
        await book.contacts.delete(created.id)
        assert [contact.id async for contact in book.contacts.list()] == []
        for call in (book.contacts.get, book.contacts.delete):
            with pytest.raises(NotFoundError):
                await call(created.id)

    async def test_missing_contact_raises_not_found(
        self, book: AddressBook, profile: VendorProfile, contact_id: str
    ) -> None:
        skip_unless(profile, "contacts.delete")
        await book.contacts.delete(contact_id)
        calls: list[Callable[[], Awaitable[Any]]] = [
            lambda: book.contacts.get(contact_id),
            lambda: book.contacts.delete(contact_id),
        ]
        if has_capability(profile, "contacts.update"):
            calls.append(lambda: book.contacts.update(contact_id, **some_change(profile)))
        for call in calls:
            with pytest.raises(NotFoundError) as caught:
                await call()
            assert (caught.value.vendor, caught.value.sent) == (profile.vendor, "yes")
