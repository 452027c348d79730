"""Test `match="auto"`: the first of the vendor's match keys that a contact has, and no field that contradicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from batch_helpers import person, run_batch, stored
from local_vendor import LOST, LocalVendor

from crossbook import AddressBook, Contact, JournalMismatchError
from crossbook._http.request import TransportFailure
from crossbook.vendor import VendorProfile

pytestmark = pytest.mark.anyio


async def write(book: AddressBook, contacts: list[Contact], **options: Any) -> list[str]:
    arguments: dict[str, Any] = {"match": "auto", "on_duplicate": "skip", "ordered": True, **options}
    return [result.status for result in await run_batch(book.contacts.create_many(contacts, **arguments))]


async def test_same_source_twice_doubles_nothing(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    source = [person(profile, number, local_vendor.group()) for number in range(7)]
    async with local_vendor.book() as book:
        assert await write(book, source, dry_run=True) == ["created"] * 7
        assert await write(book, source) == ["created"] * 7
        assert await write(book, source, dry_run=True) == ["skipped"] * 7
        assert await write(book, source) == ["skipped"] * 7
        assert await write(book, source, on_duplicate="update") == ["unchanged"] * 7
        assert await write(book, source, on_duplicate="error") == ["failed"] * 7
        assert len(await stored(book)) == 7


async def test_two_people_with_one_key_stay_two(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    group = local_vendor.group()
    source = [person(profile, 1, group, first_name=name) for name in ("Anna", "Jan", "Anna")]
    async with local_vendor.book() as book:
        assert await write(book, source, dry_run=True) == ["created", "created", "skipped"]
        assert await write(book, source) == ["created", "created", "skipped"]
        assert await write(book, source) == ["skipped"] * 3
        assert len(await stored(book)) == 2


async def test_letter_case_and_spaces_do_not_contradict(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    name = "name" if profile.name_format == "full" else "last_name"
    group = local_vendor.group()
    async with local_vendor.book() as book:
        await write(book, [person(profile, 1, group, **{name: "Anna de Example"})])
        assert await write(book, [person(profile, 1, group, **{name: " ANNA  De Example "})]) == ["skipped"]


@pytest.mark.parametrize("vendor", ["vercom", "filemail"])
async def test_emails_only_are_matched_by_email(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    source = [person(profile, number, phone=None) for number in range(3)]
    async with local_vendor.book() as book:
        assert await write(book, source) == ["created"] * 3
        assert await write(book, source) == ["skipped"] * 3


@pytest.mark.parametrize("vendor", ["vercom"])
async def test_key_of_each_contact_is_its_own(local_vendor: LocalVendor) -> None:
    source = [
        Contact(phone="+48500600700", email="office@example.com"),
        Contact(email="office@example.com", first_name="Anna"),
        Contact(phone="+48500600701", email="office@example.com"),
        Contact(email="office@example.com"),
    ]
    async with local_vendor.book() as book:
        assert await write(book, source, concurrency=1) == ["created", "skipped", "created", "skipped"]
        assert await write(book, source) == ["skipped"] * 4


@pytest.mark.parametrize("vendor", ["vercom"])
async def test_stored_contact_with_fewer_fields_is_the_same(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    async with local_vendor.book() as book:
        await book.contacts.create(Contact(phone="+48500000001"))
        richer = person(profile, 1, company="ABC", fields={"city": "Łódź"})
        assert await write(book, [richer]) == ["skipped"]
        assert await write(book, [richer], on_duplicate="update", dry_run=True) == ["updated"]
        assert await write(book, [richer], on_duplicate="update") == ["updated"]
        assert await write(book, [person(profile, 1, fields={"city": "Lublin"})]) == ["created"]


@pytest.mark.parametrize("vendor", ["vercom"])
async def test_update_of_several_equal_contacts_is_ambiguous(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    async with local_vendor.book() as book:
        twins = [person(profile, 1), person(profile, 1)]
        await write(book, twins, match=None, on_duplicate=None)
        assert await write(book, twins) == ["skipped", "skipped"]
        assert await write(book, twins, on_duplicate="update") == ["failed", "failed"]


@pytest.mark.parametrize("vendor", ["vercom"])
async def test_contact_without_key_is_created_and_counted(local_vendor: LocalVendor, tmp_path: Path) -> None:
    source = [Contact(phone="12345", first_name="Service"), Contact(phone="+48500600700")]
    options: dict[str, Any] = {"match": "auto", "on_duplicate": "skip", "journal": tmp_path / "import.sqlite"}
    async with local_vendor.book() as book:
        for replayed in (False, True):
            batch = book.contacts.create_many(source, ordered=True, **options)
            results = await run_batch(batch)
            assert [(each.status, each.unmatched) for each in results] == [("created", True), ("created", False)]
            assert (batch.summary.unmatched, results[0].replayed) == (1, replayed)
            assert "1 contact without a match key: created without a lookup" in str(batch.summary)


async def test_lost_response_is_looked_up(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """The vendor created the second contact with the same key, and the response to it was lost."""
    group, lost = local_vendor.group(), list[str]()

    async def lose(_: LocalVendor, run: Any) -> TransportFailure:
        run()
        return LOST

    def choose(operation: str) -> Any:
        is_second = operation.startswith("createContact") and len(local_vendor.contacts()) == 1
        if is_second and not lost:
            lost.append(operation)
            return lose
        return None

    local_vendor.choose_fault = choose
    source = [person(profile, 1, group, first_name=name) for name in ("Anna", "Jan")]
    async with local_vendor.book() as book:
        assert await write(book, source, settle_timeout=0) == ["created", "created"]
        assert (len(lost), len(await stored(book))) == (1, 2)


async def test_journal_keeps_the_match(local_vendor: LocalVendor, profile: VendorProfile, tmp_path: Path) -> None:
    source, journal = [person(profile, 1, local_vendor.group())], tmp_path / "import.sqlite"
    key: Any = next(iter(profile.match_keys))
    async with local_vendor.book() as book:
        assert await write(book, source, journal=journal, match=None, on_duplicate=None) == ["created"]
        assert await write(book, source, journal=journal) == ["created"], "a later run may add a match"
        for other in (key, None):
            with pytest.raises(JournalMismatchError, match="was made with match 'auto'"):
                await write(book, source, journal=journal, match=other, on_duplicate=None)
        assert len(await stored(book)) == 1


async def test_account_of_journal_is_compared(
    local_vendor: LocalVendor, profile: VendorProfile, tmp_path: Path
) -> None:
    """The book has another name, so that the stored contacts decide whether the account is the same."""
    if profile.vendor in ("serwersms", "filemail"):
        pytest.skip("the user name is the account's name")
    source, journal = [person(profile, n, local_vendor.group()) for n in range(3)], tmp_path / "import.sqlite"
    async with local_vendor.book() as book:
        await write(book, source, journal=journal)
    async with local_vendor.book(account="renamed") as book:
        assert await write(book, source, journal=journal) == ["created"] * 3
    async with LocalVendor(profile.vendor).book(account="other") as book:
        with pytest.raises(JournalMismatchError, match="is missing in this account"):
            await write(book, source, journal=journal)
