"""What goes in comes out: creating, reading and deleting one contact."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import fields as fields_of
from typing import Any

import pytest

from crossbook import AddressBook, NotFoundError
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.fixtures import Fixtures, Stored, claims, needs
from crossbook_testing.contract.people import least, readable, values, whole


class Contacts(Fixtures):
    """What goes in comes out: creating, reading and deleting one contact."""

    async def test_what_was_written_is_read_back(
        self, book: AddressBook, profile: VendorProfile, group: str, stored: Stored
    ) -> None:
        contact = whole(profile, groups=[group])
        created = await book.contacts.create(contact)
        assert (created.status, type(created.id)) == ("created", str)
        assert stored() == 1
        found = await book.contacts.get(created.id)
        assert found.id == created.id
        assert set(readable(profile)) <= found.known_fields, "get tells every field that the card says can be read"
        for name in (*values(profile), "fields"):
            if name in found.known_fields:
                assert getattr(found, name) == getattr(contact, name), name
        assert found.name == "Łucja Żółw-Example 0", "stored, or derived from the halves"
        (listed,) = [each async for each in book.contacts.list()]
        assert listed.id == created.id
        for name in listed.known_fields & set(values(profile)):
            assert getattr(listed, name) == getattr(contact, name), name
        unknown = {field.name for field in fields_of(found)} - found.known_fields - {"groups"}
        assert {name for name in unknown if getattr(found, name) is not None} == set()

    async def test_what_was_left_out_is_known_to_be_empty(
        self, book: AddressBook, profile: VendorProfile, group: str
    ) -> None:
        given = least(profile, groups=[group])
        found = await book.contacts.get((await book.contacts.create(given)).id)
        told = set(given.known_fields) | {"id", "name", "groups", "fields", "opted_out", "archived", "created_at"}
        assert set(readable(profile)) <= found.known_fields
        assert {name for name in found.known_fields - told if getattr(found, name) is not None} == set()
        assert not found.fields
        assert not found.opted_out

    async def test_an_outcome_tells_what_was_sent_and_what_is_never_shown(
        self, book: AddressBook, profile: VendorProfile, group: str
    ) -> None:
        contact = whole(profile, groups=[group])
        created = await book.contacts.create(contact)
        assert created.dropped_fields == ()
        hidden = tuple(name for name, support in profile.contact_fields.items() if support.access == "w")
        assert created.write_only_fields == hidden
        assert all(getattr(created.contact, name) == getattr(contact, name) for name in [*values(profile), "groups"])
        assert created.contact.id == created.id
        if hidden:
            needs(profile, "contacts.update")
            changed = await book.contacts.update(created.id, **{name: values(profile, 1)[name] for name in hidden})
            assert changed.write_only_fields == hidden

    async def test_a_deleted_contact_is_gone(self, book: AddressBook, profile: VendorProfile, group: str) -> None:
        needs(profile, "contacts.delete")
        created = await book.contacts.create(whole(profile, groups=[group]))
        await book.contacts.delete(created.id)
        assert [contact.id async for contact in book.contacts.list()] == []
        for call in (book.contacts.get(created.id), book.contacts.delete(created.id)):
            with pytest.raises(NotFoundError):
                await call

    async def test_nobody_there_is_not_found(self, book: AddressBook, profile: VendorProfile, someone: str) -> None:
        needs(profile, "contacts.delete")
        await book.contacts.delete(someone)
        change: dict[str, Any] = {"company": "x"} if "company" in profile.contact_fields else {"name": "x"}
        calls: list[Awaitable[Any]] = [book.contacts.get(someone), book.contacts.delete(someone)]
        if claims(profile, "contacts.update"):
            calls.append(book.contacts.update(someone, **change))
        for call in calls:
            with pytest.raises(NotFoundError) as caught:
                await call
            assert (caught.value.vendor, caught.value.sent) == (profile.vendor, "yes")
