"""Test that opt-outs go from a vendor to a suppression list and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from batch_helpers import person, run_batch, stored
from local_vendor import LocalVendor

from crossbook import AddressBook, Contact, InvalidInputError, SuppressionList, UnsupportedError
from crossbook.vendor import VendorProfile

pytestmark = pytest.mark.anyio
HOLDING = pytest.mark.parametrize("vendor", ["serwersms", "vercom"])
SECRET = "a secret of the test suite"


async def create(book: AddressBook, profile: VendorProfile, group: str, count: int) -> list[str]:
    return [(await book.contacts.create(person(profile, number, group))).id for number in range(count)]


async def opted_out(book: AddressBook) -> list[str]:
    return sorted([contact.id async for contact in book.contacts.list(opted_out="sms", unique=True)])


@HOLDING
async def test_collect_takes_over_opt_outs(local_vendor: LocalVendor, profile: VendorProfile, tmp_path: Path) -> None:
    """A second run adds nothing, and neither does a dry run."""
    async with local_vendor.book() as book, SuppressionList(tmp_path / "list.sqlite") as suppressions:
        ids = await create(book, profile, local_vendor.group(), 3)
        await book.contacts.unsubscribe(ids[0], "sms")
        await book.contacts.unsubscribe(ids[2], "all")
        await suppressions.collect(book, dry_run=True).run()
        assert [entry async for entry in suppressions.entries()] == []
        summary = await suppressions.collect(book, journal=tmp_path / "collect.sqlite").run()
        assert summary.counts["done"] >= 2
        found = await suppressions.check_many([person(profile, number) for number in range(3)])
        assert ["sms" in status.channels for status in found] == [True, False, True]
        assert {entry.source for status in found for entry in status.entries.values()} == {profile.vendor}
        count = len([entry async for entry in suppressions.entries()])
        again = await suppressions.collect(book).run()
        assert set(again.counts) == {"unchanged"}
        assert len([entry async for entry in suppressions.entries()]) == count


@pytest.mark.parametrize("vendor", ["serwersms"])
async def test_collect_reads_blacklist_without_contacts(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    async with local_vendor.book() as book, SuppressionList() as suppressions:
        (id,) = await create(book, profile, local_vendor.group(), 1)
        await book.contacts.unsubscribe(id, "sms")
        await book.contacts.delete(id)
        results = await run_batch(suppressions.collect(book))
        assert [result.status for result in results] == ["done"]
        assert await suppressions.check(Contact(phone=person(profile, 0).phone))


@HOLDING
@pytest.mark.parametrize("key", [None, SECRET])
async def test_push_opts_out_at_vendor(local_vendor: LocalVendor, profile: VendorProfile, key: str | None) -> None:
    """Entries of nobody in the book are reported, or written where the vendor stores phones and the list is clear."""
    async with local_vendor.book() as book, SuppressionList(key=key) as suppressions:
        ids = await create(book, profile, local_vendor.group(), 4)
        await suppressions.add(phone=person(profile, 0).phone, channel="sms")
        await suppressions.add(phone=person(profile, 1).phone, channel="all")
        await suppressions.add(phone=person(profile, 2).phone, channel="sms")
        await suppressions.remove(phone=person(profile, 2).phone, reason="asked again")
        await suppressions.add(phone="+48500999999", channel="sms")
        await suppressions.add(email="nobody@example.com", channel="email")
        summary = await suppressions.push(book, dry_run=True).run()
        assert await opted_out(book) == []
        summary = await suppressions.push(book).run()
        reaches_phones = profile.opt_outs_by == "phone" and key is None
        assert summary.counts == {"done": 2 + reaches_phones, "skipped": 2 - reaches_phones}
        assert summary.dropped_fields == {"opted_out": 2 - reaches_phones}
        assert await opted_out(book) == sorted(ids[:2])
        again = await suppressions.push(book).run()
        assert again.counts.get("done", 0) == reaches_phones, "the vendor does not list phones without a contact"
        if reaches_phones:
            assert (await create_and_read(book, "+48500999999")).opted_out == {"sms"}
        assert len(await stored(book)) == 4 + reaches_phones


async def create_and_read(book: AddressBook, phone: str) -> Contact:
    return await book.contacts.get((await book.contacts.create(Contact(phone=phone))).id)


@pytest.mark.parametrize("vendor", ["atom", "filemail"])
async def test_vendor_without_opt_outs_is_refused(local_vendor: LocalVendor) -> None:
    suppressions = SuppressionList()
    async with local_vendor.book() as book:
        for call in (suppressions.collect, suppressions.push):
            with pytest.raises(UnsupportedError, match="stores no opt-outs"):
                call(book)
            not_a_book: Any = "vercom"
            with pytest.raises(InvalidInputError, match="open book"):
                call(not_a_book)
