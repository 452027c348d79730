"""Test copies from one vendor's list into the book of another vendor, where the ids of its groups have no meaning."""

from __future__ import annotations

from dataclasses import replace

import pytest
from batch_helpers import person, run_batch
from local_vendor import LocalVendor

from crossbook import AddressBook, Contact, InvalidInputError
from crossbook.models import attach_raw

pytestmark = pytest.mark.anyio


async def one_in(book: AddressBook) -> tuple[Contact, str]:
    """Return a contact in a group, as the list returns it, and the group."""
    group = (await book.groups.create("Friends")).id
    await book.contacts.create(person(book.profile, 1, group))
    (read,) = [contact async for contact in book.contacts.list()]
    assert read.groups == (group,)
    return read, group


@pytest.mark.parametrize("vendor", ["serwersms", "vercom"])
async def test_groups_of_another_vendor_are_refused(vendor: str) -> None:
    async with LocalVendor("atom").book() as source, LocalVendor(vendor).book() as book:
        read, theirs = await one_in(source)
        ours = (await book.groups.create("Strangers")).id
        assert ours == theirs, "an id of both, so that the vendor would not refuse it"
        with pytest.raises(InvalidInputError, match="another vendor's") as caught:
            await book.contacts.create(read)
        assert caught.value.field == "groups"
        (result,) = await run_batch(book.contacts.create_many(source.contacts.list(), on_unsupported_field="drop"))
        assert (result.status, result.dropped_fields) == ("created", ("groups",))
        assert [contact.id async for contact in book.contacts.list(group=ours)] == []
        (result,) = await run_batch(book.contacts.create_many([replace(read, groups=(ours,))]))
        assert (result.status, result.dropped_fields) == ("created", ())
        assert [contact.id async for contact in book.contacts.list(group=ours)] == [result.id]


async def test_default_group_replaces_groups_of_another_vendor() -> None:
    there, here = LocalVendor("filemail"), LocalVendor("atom")
    async with there.book() as source, here.book() as unopened:
        group = (await unopened.groups.create("Friends")).id
        read, _ = await one_in(source)
        numbered = attach_raw(replace(read, phone="+61491570006"), read.raw, read.known_fields | {"phone"})
        async with here.book(default_group=group) as book:
            (result,) = await run_batch(book.contacts.create_many([numbered], on_unsupported_field="drop"))
        assert (result.status, set(result.dropped_fields)) == ("created", {"email", "name", "groups"})
        assert [contact.id async for contact in unopened.contacts.list(group=group)] == [result.id]


async def test_groups_are_kept_within_one_vendor() -> None:
    async with LocalVendor("vercom").book() as book:
        group = (await book.groups.create("Friends")).id
        await book.contacts.create(person(book.profile, 1, group))
        (read,) = [contact async for contact in book.contacts.list()]
        again = attach_raw(replace(read, groups=(group,)), read.raw, read.known_fields | {"groups"})
        (result,) = await run_batch(book.contacts.create_many([again], on_unsupported_field="drop"))
        assert "groups" not in result.dropped_fields
        assert len([contact async for contact in book.contacts.list(group=group)]) == 2


async def test_incomplete_groups_of_a_row_are_not_copied() -> None:
    """A row of SerwerSMS contains only one of the contact's groups."""
    async with LocalVendor("serwersms").book() as source, LocalVendor("vercom").book() as book:
        read, group = await one_in(source)
        assert "groups" not in read.known_fields
        assert (await book.groups.create("Strangers")).id == group
        (result,) = await run_batch(book.contacts.create_many(source.contacts.list()))
        assert (result.status, result.dropped_fields) == ("created", ())
        assert [contact.id async for contact in book.contacts.list(group=group)] == []


async def test_suppressed_contact_loses_groups_of_another_vendor() -> None:
    async with LocalVendor("atom").book() as source, LocalVendor("vercom").book() as book:
        read, group = await one_in(source)
        assert (await book.groups.create("Strangers")).id == group
        off = attach_raw(replace(read, opted_out=frozenset({"sms"})), read.raw, read.known_fields | {"opted_out"})
        (result,) = await run_batch(
            book.contacts.create_many([off], on_opted_out="unsubscribe", on_unsupported_field="drop")
        )
        assert (result.status, result.dropped_fields) == ("created", ("groups",))
        assert [contact.id async for contact in book.contacts.list(group=group)] == []
