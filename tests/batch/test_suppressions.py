"""Test that a book with a suppression list subscribes no listed contact, whichever call writes it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from batch_helpers import get_match_key, person, run_batch, stored
from local_vendor import LocalVendor

from crossbook import (
    AddressBook,
    AmbiguousMatchError,
    Contact,
    InvalidInputError,
    SuppressionList,
    UnsupportedError,
)
from crossbook._batch.results import Result
from crossbook.vendor import VendorProfile

pytestmark = pytest.mark.anyio
HOLDING = pytest.mark.parametrize("vendor", ["serwersms", "vercom"])
BARE = pytest.mark.parametrize("vendor", ["atom", "filemail"])
SERWERSMS = pytest.mark.parametrize("vendor", ["serwersms"])


@pytest.fixture
async def suppressions(tmp_path: Path) -> AsyncIterator[SuppressionList]:
    async with SuppressionList(tmp_path / "suppressions.sqlite") as made:
        yield made


async def listed(suppressions: SuppressionList, contact: Contact, channel: Any = "sms") -> None:
    await suppressions.add(phone=contact.phone, email=contact.email, channel=channel, region="AU")


async def subscribed(book: AddressBook, channel: Any = "sms") -> list[str]:
    """Return the ids of the contacts that get messages on this channel, as the vendor says."""
    off = set[str]()
    if book.profile.channels:
        off = {contact.id async for contact in book.contacts.list(opted_out=channel)}
    return sorted(contact.id for contact in await stored(book) if contact.id not in off)


def statuses(results: Sequence[Result]) -> list[str]:
    return [result.status for result in results]


async def test_listed_input_is_skipped(
    local_vendor: LocalVendor, profile: VendorProfile, suppressions: SuppressionList, tmp_path: Path
) -> None:
    """Later rows of the person are skipped too, and a replay says the same."""
    group = local_vendor.group()
    people = [person(profile, number, group) for number in (0, 1, 2, 1)]
    await listed(suppressions, people[1])
    match: Any = {"match": "auto", "on_duplicate": "skip", "ordered": True}
    async with local_vendor.book(suppressions=suppressions) as book:
        for _ in range(2):
            batch = book.contacts.create_many(people, journal=tmp_path / "import.sqlite", **match)
            results = await run_batch(batch)
            assert statuses(results) == ["created", "skipped", "created", "skipped"]
            assert [result.dropped_fields for result in results] == [(), ("opted_out",), (), ("opted_out",)]
            assert batch.summary.dropped_fields == {"opted_out": 2}
        results = await run_batch(book.contacts.create_many(people, match=None, ordered=True))
        assert statuses(results) == ["created", "skipped", "created", "skipped"]
        assert not [contact for contact in await stored(book) if await suppressions.check(contact, region="AU")]


async def test_listed_input_is_error(
    local_vendor: LocalVendor, profile: VendorProfile, suppressions: SuppressionList
) -> None:
    group = local_vendor.group()
    contact = person(profile, 1, group)
    await listed(suppressions, contact)
    async with local_vendor.book(suppressions=suppressions) as book:
        (result,) = await run_batch(book.contacts.create_many([contact], on_opted_out="error"))
        assert (result.status, result.error and result.error.field) == ("failed", "opted_out")
        with pytest.raises(InvalidInputError, match="opted out of sms"):
            await book.contacts.create(contact)
        assert await stored(book) == []
        created = await book.contacts.create(person(profile, 2, group))
        assert await subscribed(book) == [created.id]


@HOLDING
async def test_listed_input_is_created_opted_out(
    local_vendor: LocalVendor, profile: VendorProfile, suppressions: SuppressionList
) -> None:
    group = local_vendor.group()
    people = [person(profile, number, group) for number in range(4)]
    for contact in people[1:]:
        await suppressions.add(phone=contact.phone, channel="sms")
    async with local_vendor.book(suppressions=suppressions) as book:
        batch = book.contacts.create_many(people[:2], match="auto", on_duplicate="skip", on_opted_out="unsubscribe")
        results = await run_batch(batch)
        assert (sorted(statuses(results)), batch.summary.unsubscribed) == (["created"] * 2, 1)
        count = len([entry async for entry in suppressions.entries()])
        result = await book.contacts.create(people[2], on_opted_out="unsubscribe")
        assert len([entry async for entry in suppressions.entries()]) == count, "no further key of the person is listed"
        assert "opted_out" in result.write_only_fields
        assert len(await subscribed(book)) == 1
        assert len(await stored(book)) == 3
        members = [contact.id async for contact in book.contacts.list(group=group, unique=True)]
        assert len(members) == 3


@BARE
async def test_vendor_without_opt_outs_never_creates(
    local_vendor: LocalVendor, profile: VendorProfile, suppressions: SuppressionList
) -> None:
    """With "unsubscribe", an input that opted out is recorded in the list, and not created."""
    group = local_vendor.group()
    marked = replace(person(profile, 1, group), opted_out=frozenset(("sms",)))
    async with local_vendor.book(suppressions=suppressions) as book:
        for dry_run in (True, False):
            batch = book.contacts.create_many([marked], on_opted_out="unsubscribe", dry_run=dry_run)
            (result,) = await run_batch(batch)
            assert (result.status, result.dropped_fields) == ("skipped", ("opted_out",))
            assert bool(await suppressions.check(marked, region="AU")) is not dry_run
        with pytest.raises(UnsupportedError, match="not created"):
            await book.contacts.create(replace(marked, opted_out=None), on_opted_out="unsubscribe")
        for contact in (marked, replace(marked, opted_out=None)):
            with pytest.raises(UnsupportedError, match="not written"):
                await book.contacts.upsert(contact, match=get_match_key(profile), on_opted_out="unsubscribe")
        assert await stored(book) == []


async def test_upsert_of_one_listed_contact_is_refused(
    local_vendor: LocalVendor, profile: VendorProfile, suppressions: SuppressionList
) -> None:
    contact = person(profile, 1, local_vendor.group())
    await listed(suppressions, contact)
    async with local_vendor.book(suppressions=suppressions) as book:
        for wanted in (contact, replace(contact, opted_out=frozenset(("sms",)))):
            with pytest.raises(InvalidInputError):
                await book.contacts.upsert(wanted, match=get_match_key(profile))
        assert await stored(book) == []


@HOLDING
async def test_upsert_skips_contact_listed_by_other_key(
    local_vendor: LocalVendor, profile: VendorProfile, suppressions: SuppressionList
) -> None:
    """The input has a phone, and the stored contact has an e-mail too, which is listed."""
    group = local_vendor.group()
    contact = person(profile, 1, group)
    async with local_vendor.book() as book:
        created = await book.contacts.create(contact)
    await suppressions.add(email=contact.email, channel="email")
    changed = replace(person(profile, 1, group, last_name="Changed"), email=None)
    async with local_vendor.book(suppressions=suppressions) as book:
        (result,) = await run_batch(book.contacts.upsert_many([changed], match="phone"))
        assert (result.status, result.dropped_fields) == ("skipped", ("opted_out",))
        assert (await book.contacts.get(created.id)).last_name == contact.last_name


async def test_update_to_listed_address(
    local_vendor: LocalVendor, profile: VendorProfile, suppressions: SuppressionList
) -> None:
    group = local_vendor.group()
    new = person(profile, 2, group)
    field = "email" if profile.vendor == "filemail" else "phone"
    await listed(suppressions, new)
    async with local_vendor.book(suppressions=suppressions) as book:
        id = (await book.contacts.create(person(profile, 1, group))).id
        change: Any = {field: getattr(new, field)}
        with pytest.raises(InvalidInputError, match="suppression list") as caught:
            await book.contacts.update(id, **change)
        assert caught.value.field == field
        options: list[tuple[Any, str]] = [("skip", "skipped"), ("error", "failed")]
        for option, status in options:
            (result,) = await run_batch(book.contacts.update_many([(id, change)], on_opted_out=option))
            assert result.status == status
        assert getattr(await book.contacts.get(id), field) == getattr(person(profile, 1, group), field)
        other: Any = {"name" if profile.name_format == "full" else "first_name": "New"}
        assert (await book.contacts.update(id, **other)).status == "updated"
        if profile.channels:
            result = await book.contacts.update(id, on_opted_out="unsubscribe", **change)
            assert "opted_out" in result.write_only_fields
            assert await subscribed(book) == []
        else:
            with pytest.raises(UnsupportedError):
                await book.contacts.update(id, on_opted_out="unsubscribe", **change)


async def test_opt_out_follows_new_address(
    local_vendor: LocalVendor, profile: VendorProfile, suppressions: SuppressionList
) -> None:
    """A person who opted out stays listed with the new address, for this vendor and for others."""
    group = local_vendor.group()
    field = "email" if profile.vendor == "filemail" else "phone"
    old, new, newer = (person(profile, number, group) for number in range(3))
    async with local_vendor.book(suppressions=suppressions) as book:
        id = (await book.contacts.create(old)).id
        await listed(suppressions, old)
        await book.contacts.update(id, **{field: getattr(new, field)})
        status = await suppressions.check(Contact(**{field: getattr(new, field)}), region="AU")
        assert status.channels == {"sms"}
        await book.contacts.update_many([(id, {field: getattr(newer, field)})]).run()
        assert await suppressions.check(Contact(**{field: getattr(newer, field)}), region="AU")
        with pytest.raises(InvalidInputError):
            await book.contacts.create(new)


async def test_listed_contact_is_added_to_no_group(
    local_vendor: LocalVendor, profile: VendorProfile, suppressions: SuppressionList
) -> None:
    if profile.capability("groups.add").support == "unsupported":
        pytest.skip("the vendor adds no contact to groups")
    group = local_vendor.group()
    contact = person(profile, 1)
    async with local_vendor.book(suppressions=suppressions) as book:
        id, other = [(await book.contacts.create(each)).id for each in (contact, person(profile, 2))]
        await listed(suppressions, contact)
        with pytest.raises(InvalidInputError, match="suppression list"):
            await book.groups.add(group, id)
        results = await run_batch(book.groups.add_many([(group, id), (group, other)], ordered=True))
        assert statuses(results) == ["skipped", "done"]

        async def members() -> list[str]:
            return sorted([each.id async for each in book.contacts.list(group=group, unique=True)])

        assert await members() == [other]
        if profile.channels:
            await book.groups.add(group, id, on_opted_out="unsubscribe")
            assert (await members(), await subscribed(book)) == (sorted((id, other)), [other])
        else:
            with pytest.raises(UnsupportedError):
                await book.groups.add(group, id, on_opted_out="unsubscribe")


async def test_unsubscribe_writes_list(
    local_vendor: LocalVendor, profile: VendorProfile, suppressions: SuppressionList
) -> None:
    group = local_vendor.group()
    contact, other = person(profile, 1, group), person(profile, 2, group)
    async with local_vendor.book(suppressions=suppressions) as book:
        id, second = [(await book.contacts.create(each)).id for each in (contact, other)]
        result = await book.contacts.unsubscribe(id, "sms")
        dropped = () if profile.channels else ("opted_out",)
        assert (result.status, result.dropped_fields) == ("updated" if profile.channels else "unchanged", dropped)
        (many,) = await run_batch(book.contacts.unsubscribe_many([second], "sms"))
        assert (many.status, many.dropped_fields) == ("done", dropped)
        for each in (contact, other):
            status = await suppressions.check(each, region="AU")
            assert (status.channels, {entry.source for entry in status.entries.values()}) == ({"sms"}, {profile.vendor})
        assert await subscribed(book) == ([] if profile.channels else sorted((id, second)))


async def test_unknown_channel_is_refused(
    local_vendor: LocalVendor, profile: VendorProfile, suppressions: SuppressionList
) -> None:
    """A channel that only the list has is accepted, such as e-mail at SerwerSMS."""
    fax: Any = "fax"
    async with local_vendor.book(suppressions=suppressions) as book:
        id = (await book.contacts.create(person(profile, 1, local_vendor.group()))).id
        for call in (book.contacts.unsubscribe, book.contacts.resubscribe):
            with pytest.raises(InvalidInputError, match="channel"):
                await call(id, fax)
        with pytest.raises(InvalidInputError, match="channel"):
            book.contacts.unsubscribe_many([id], fax)
        result = await book.contacts.unsubscribe(id, "push")
        assert result.dropped_fields == (() if "push" in profile.channels else ("opted_out",))
    with pytest.raises(InvalidInputError, match="SuppressionList"):
        local_vendor.book(suppressions="list.sqlite")


async def test_resubscribe_of_listed_contact_needs_reason(
    local_vendor: LocalVendor, profile: VendorProfile, suppressions: SuppressionList
) -> None:
    group = local_vendor.group()
    people = [person(profile, number, group) for number in range(2)]
    async with local_vendor.book(suppressions=suppressions) as book:
        ids = [(await book.contacts.create(each)).id for each in people]
        await book.contacts.unsubscribe_many(ids, "sms").run()
        with pytest.raises(InvalidInputError, match="reason"):
            await book.contacts.resubscribe(ids[0], "sms")
        (failed,) = await run_batch(book.contacts.resubscribe_many(ids[1:], "sms"))
        assert failed.error is not None
        assert failed.error.field == "reason"
        assert len(await subscribed(book)) == (0 if profile.channels else 2)
        await book.contacts.resubscribe(ids[0], "sms", reason="asked by phone")
        (done,) = await run_batch(book.contacts.resubscribe_many(ids[1:], "sms", reason="form"))
        assert (done.status, done.dropped_fields) == ("done", () if profile.channels else ("opted_out",))
        assert await subscribed(book) == sorted(ids)
        for each in people:
            assert not await suppressions.check(each, region="AU")
            assert [entry.action for entry in await suppressions.history(each, region="AU")][-1] == "resubscribe"


@SERWERSMS
@pytest.mark.parametrize("many", [False, True])
async def test_refused_resubscribe_stays_listed(
    local_vendor: LocalVendor, profile: VendorProfile, suppressions: SuppressionList, many: bool
) -> None:
    """Others have the phone number, so the vendor refuses. Then the list does not say that they subscribed."""
    first, second = person(profile, 1), person(profile, 1, email="other@example.com")
    async with local_vendor.book(suppressions=suppressions) as book:
        id, _ = [(await book.contacts.create(each)).id for each in (first, second)]
        await book.contacts.unsubscribe(id, "sms")
        if many:
            (result,) = await run_batch(book.contacts.resubscribe_many([id], "sms", reason="asked"))
            assert isinstance(result.error, AmbiguousMatchError)
        else:
            with pytest.raises(AmbiguousMatchError):
                await book.contacts.resubscribe(id, "sms", reason="asked")
        assert await suppressions.check(first)
        await book.contacts.resubscribe(id, "sms", reason="asked both", shared_phone=True)
        assert not await suppressions.check(first)


async def test_book_without_list_asks_nobody(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """A book without a list works as before: unsubscribe is refused where the vendor has no opt-outs."""
    async with local_vendor.book() as book:
        id = (await book.contacts.create(person(profile, 1, local_vendor.group()))).id
        if profile.channels:
            assert (await book.contacts.unsubscribe(id, "all")).status == "updated"
        else:
            with pytest.raises(UnsupportedError):
                await book.contacts.unsubscribe(id, "all")


@pytest.mark.parametrize("mode", ["skip", "unsubscribe", "error"])
async def test_erased_input_is_never_created(
    mode: Any, local_vendor: LocalVendor, profile: VendorProfile, suppressions: SuppressionList
) -> None:
    """No mode and no match key creates a contact with a blocked key, until the tombstone is removed."""
    group = local_vendor.group()
    people = [person(profile, number, group) for number in (0, 1)]
    keys: Any = {name: value for name in ("phone", "email") if (value := getattr(people[1], name))}
    assert await suppressions.add_tombstone(**keys, region="AU") == len(keys)
    assert await suppressions.add_tombstone(**keys, region="AU") == 0
    expected = "failed" if mode == "error" else "skipped"
    async with local_vendor.book(suppressions=suppressions) as book:
        for match in ("auto", None):
            results = await run_batch(book.contacts.create_many(people, match=match, on_opted_out=mode, ordered=True))
            assert results[1].status == expected
            assert results[1].dropped_fields == (() if mode == "error" else ("erased",))
        if mode != "skip":
            with pytest.raises(InvalidInputError, match="person who was erased"):
                await book.contacts.create(people[1], on_opted_out=mode)
        known = [getattr(each, name) for each in await stored(book) for name in keys]
        assert not set(known) & set(keys.values())
        await suppressions.remove(**keys, channel="all", reason="came back", region="AU")
        await book.contacts.create(people[1])


async def test_update_to_erased_key_is_refused(
    local_vendor: LocalVendor, profile: VendorProfile, suppressions: SuppressionList
) -> None:
    group = local_vendor.group()
    key = get_match_key(profile)
    first, other = (person(profile, number, group) for number in (0, 1))
    value: Any = {key: getattr(other, key)}
    await suppressions.add_tombstone(**value, region="AU")
    async with local_vendor.book(suppressions=suppressions) as book:
        id = (await book.contacts.create(first)).id
        with pytest.raises(InvalidInputError, match="person who was erased"):
            await book.contacts.update(id, **value)
        (result,) = await run_batch(book.contacts.update_many([(id, value)], on_opted_out="error"))
        assert result.status == "failed"


@HOLDING
async def test_tombstone_opts_nobody_out(
    local_vendor: LocalVendor, profile: VendorProfile, suppressions: SuppressionList
) -> None:
    """Another person with the same phone stays subscribed."""
    contact = person(profile, 0, local_vendor.group())
    async with local_vendor.book(suppressions=suppressions) as book:
        id = (await book.contacts.create(contact)).id
        await suppressions.add_tombstone(phone=contact.phone)
        await suppressions.push(book).run()
        assert await subscribed(book) == [id]
