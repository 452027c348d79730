"""What goes in comes out: creating, reading and deleting one contact."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import fields as fields_of
from typing import Any

import pytest

from crossbook import AddressBook, NotFound
from crossbook.vendor import Card
from crossbook_testing.contract.fixtures import Fixtures, Stored, claims, needs
from crossbook_testing.contract.people import least, readable, values, whole


class Contacts(Fixtures):
    """What goes in comes out: creating, reading and deleting one contact."""

    async def test_what_was_written_is_read_back(
        self, book: AddressBook, card: Card, group: str, stored: Stored
    ) -> None:
        contact = whole(card, groups=[group])
        created = await book.contacts.create(contact)
        assert (created.status, type(created.id)) == ("created", str)
        assert stored() == 1
        found = await book.contacts.get(created.id)
        assert found.id == created.id
        assert set(readable(card)) <= found.known, "get tells every field that the card says can be read"
        for name in (*values(card), "fields"):
            if name in found.known:
                assert getattr(found, name) == getattr(contact, name), name
        assert found.name == "Łucja Żółw-Example 0", "stored, or derived from the halves"
        (listed,) = [each async for each in book.contacts.list()]
        assert listed.id == created.id
        for name in listed.known & set(values(card)):
            assert getattr(listed, name) == getattr(contact, name), name
        unknown = {field.name for field in fields_of(found)} - found.known - {"groups"}
        assert {name for name in unknown if getattr(found, name) is not None} == set()

    async def test_what_was_left_out_is_known_to_be_empty(self, book: AddressBook, card: Card, group: str) -> None:
        given = least(card, groups=[group])
        found = await book.contacts.get((await book.contacts.create(given)).id)
        told = set(given.known) | {"id", "name", "groups", "fields", "opted_out", "archived", "created_at"}
        assert set(readable(card)) <= found.known
        assert {name for name in found.known - told if getattr(found, name) is not None} == set()
        assert not found.fields
        assert not found.opted_out

    async def test_an_outcome_tells_what_was_sent_and_what_is_never_shown(
        self, book: AddressBook, card: Card, group: str
    ) -> None:
        contact = whole(card, groups=[group])
        created = await book.contacts.create(contact)
        assert created.lost_fields == ()
        hidden = tuple(name for name, holds in card.holds.items() if holds.access == "w")
        assert created.unverified_fields == hidden
        assert all(getattr(created.contact, name) == getattr(contact, name) for name in [*values(card), "groups"])
        assert created.contact.id == created.id
        if hidden:
            needs(card, "contacts.update")
            changed = await book.contacts.update(created.id, **{name: values(card, 1)[name] for name in hidden})
            assert changed.unverified_fields == hidden

    async def test_a_deleted_contact_is_gone(self, book: AddressBook, card: Card, group: str) -> None:
        needs(card, "contacts.delete")
        created = await book.contacts.create(whole(card, groups=[group]))
        await book.contacts.delete(created.id)
        assert [contact.id async for contact in book.contacts.list()] == []
        for call in (book.contacts.get(created.id), book.contacts.delete(created.id)):
            with pytest.raises(NotFound):
                await call

    async def test_nobody_there_is_not_found(self, book: AddressBook, card: Card, someone: str) -> None:
        needs(card, "contacts.delete")
        await book.contacts.delete(someone)
        change: dict[str, Any] = {"company": "x"} if "company" in card.holds else {"name": "x"}
        calls: list[Awaitable[Any]] = [book.contacts.get(someone), book.contacts.delete(someone)]
        if claims(card, "contacts.update"):
            calls.append(book.contacts.update(someone, **change))
        for call in calls:
            with pytest.raises(NotFound) as caught:
                await call
            assert (caught.value.vendor, caught.value.sent) == (card.vendor, "yes")
