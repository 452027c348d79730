"""Contract tests of opt-outs: they are stored, listed, kept by every other write, and removed only on request."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from crossbook import AddressBook, InvalidInputError, NotFoundError
from crossbook.models import Channel
from crossbook.vendor import VendorProfile
from crossbook_testing.contract.fixtures import (
    Fixtures,
    Requests,
    assert_invalid,
    assert_no_requests,
    has_capability,
    skip_unless,
)
from crossbook_testing.contract.people import argument, field_values, full_contact


async def list_opted_out(book: AddressBook, channel: Channel) -> list[str]:
    """Return the ids of the contacts that opted out, from the vendor's filter and from the contacts themselves."""
    found = [contact async for contact in book.contacts.list(opted_out=channel, unique=True)]
    assert all(contact.opted_out and channel in contact.opted_out for contact in found)
    for contact in found:
        read = await book.contacts.get(contact.id)
        assert "opted_out" not in read.known_fields or channel in (read.opted_out or ())
    return [contact.id for contact in found]


class OptOutTests(Fixtures):
    @pytest.fixture
    def channel(self, profile: VendorProfile) -> Channel:
        """Return a channel of the vendor."""
        skip_unless(profile, "contacts.unsubscribe", "contacts.resubscribe")
        return cast("Channel", "sms" if "sms" in profile.channels else min(profile.channels))

    async def test_opt_out_is_listed_until_resubscribed(
        self, book: AddressBook, profile: VendorProfile, group: str, channel: Channel
    ) -> None:
        if "opted_out" not in profile.filters:
            pytest.skip(f"{profile.title} does not list opted-out contacts")
        ids = [(await book.contacts.create(full_contact(profile, number, [group]))).id for number in range(3)]
        assert await list_opted_out(book, channel) == []
        for _ in range(2):
            await book.contacts.unsubscribe(ids[1], channel)
            assert await list_opted_out(book, channel) == [ids[1]], "a second call changes nothing"
        if profile.filters["opted_out"] == "emulated":
            rows = [contact async for contact in book.contacts.list(unique=True)]
            assert [bool(row.opted_out) for row in rows] == [False, True, False], "the rows have the mark"
        await book.contacts.unsubscribe(ids[2], "all")
        assert await list_opted_out(book, channel) == ids[1:]
        for _ in range(2):
            await book.contacts.resubscribe(ids[1], channel)
            assert await list_opted_out(book, channel) == [ids[2]], "a second call changes nothing"
        await book.contacts.resubscribe(ids[2], "all")
        assert await list_opted_out(book, channel) == []

    async def test_opt_out_survives_other_writes(
        self, book: AddressBook, profile: VendorProfile, requests: Requests, group: str, channel: Channel
    ) -> None:
        skip_unless(profile, "contacts.update")
        if "opted_out" not in profile.filters:
            pytest.skip(f"{profile.title} does not list opted-out contacts")
        id = (await book.contacts.create(full_contact(profile, 0, [group]))).id
        await book.contacts.unsubscribe(id, channel)
        for name, value in field_values(profile, 1).items():
            if name != "created_at":  # on create only
                await book.contacts.update(id, **argument(name, value))
                assert await list_opted_out(book, channel) == [id], name
        match = next(iter(profile.match_keys))
        await book.contacts.upsert_many([full_contact(profile, 1, [group])], match=match).run()
        await book.contacts.update_many([(id, {"phone": field_values(profile, 2)["phone"]})]).run()
        if has_capability(profile, "groups.add"):
            await book.groups.add((await book.groups.create("Others")).id, id)
        assert await list_opted_out(book, channel) == [id]
        await book.contacts.delete(id)
        assert requests[profile.capability("contacts.resubscribe").operation] == 0

    async def test_batch_creates_opted_out_contact(
        self, book: AddressBook, profile: VendorProfile, group: str, channel: Channel
    ) -> None:
        if "opted_out" not in profile.filters:
            pytest.skip(f"{profile.title} does not list opted-out contacts")
        contact = replace(full_contact(profile, 0, [group]), opted_out=frozenset({channel}))
        match: Any = next(iter(profile.match_keys))
        options: dict[str, Any] = {"match": match, "on_duplicate": "skip", "on_opted_out": "unsubscribe"}
        for status in ("created", "skipped"):
            summary = await book.contacts.create_many([contact], **options).run()
            assert (summary.counts, summary.unsubscribed) == ({status: 1}, status == "created")
            (id,) = await list_opted_out(book, channel)
            assert [found.id async for found in book.contacts.list(group=group, unique=True)] == [id]

    async def test_opt_out_of_missing_contact_raises(
        self, book: AddressBook, contact_id: str, channel: Channel
    ) -> None:
        await book.contacts.delete(contact_id)
        for call in (book.contacts.unsubscribe, book.contacts.resubscribe):
            with pytest.raises(NotFoundError):
                await call(contact_id, channel)

    async def test_invalid_channel_and_flag_are_refused(
        self, book: AddressBook, profile: VendorProfile, requests: Requests, contact_id: str, channel: Channel
    ) -> None:
        others: list[Any] = ["fax", "", *({"sms", "email", "push"} - profile.channels)]
        flag: Any = "no"
        with assert_no_requests(requests):
            for other in others:
                for call in (book.contacts.unsubscribe, book.contacts.resubscribe):
                    await assert_invalid(call(contact_id, other), "channel", match=min(profile.channels))
            with pytest.raises(InvalidInputError, match="shared_phone"):
                await book.contacts.resubscribe(contact_id, channel, shared_phone=flag)
            with pytest.raises(InvalidInputError, match="shared_phone"):
                book.contacts.resubscribe_many([contact_id], channel, shared_phone=flag)
