"""Test inputs that opted out: looked up and skipped, opted out at the vendor, or an error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from batch_helpers import person, run_batch, stored
from local_vendor import LocalVendor

from crossbook import AddressBook, Contact, InvalidInputError, JournalMismatchError, UnsupportedError
from crossbook._batch.results import Result, Summary
from crossbook._http.request import TransportResponse
from crossbook.vendor import VendorProfile

pytestmark = pytest.mark.anyio
BOTH = pytest.mark.parametrize("vendor", ["serwersms", "vercom"])
VERCOM = pytest.mark.parametrize("vendor", ["vercom"])
AUTO: dict[str, Any] = {"match": "auto", "on_duplicate": "skip", "ordered": True, "concurrency": 1}
UNSUBSCRIBE: dict[str, Any] = {**AUTO, "on_opted_out": "unsubscribe"}


def unsubscribing(**more: Any) -> dict[str, Any]:
    return {**UNSUBSCRIBE, **more}


def opted_out(profile: VendorProfile, number: int, group: str | None = None, *channels: Any, **more: Any) -> Contact:
    return replace(person(profile, number, group, **more), opted_out=frozenset(channels or ("sms",)))


async def write(book: AddressBook, contacts: Sequence[Contact], **options: Any) -> tuple[list[Result], Summary]:
    batch = book.contacts.create_many(contacts, **{**AUTO, **options})
    return await run_batch(batch), batch.summary


def statuses(results: Sequence[Result]) -> list[str]:
    return [result.status for result in results]


async def subscribed(book: AddressBook, channel: Any = "sms") -> list[str]:
    """Return the phones of the contacts that get messages on this channel."""
    off = {contact.id async for contact in book.contacts.list(opted_out=channel)}
    return [contact.phone or "" for contact in await stored(book) if contact.id not in off]


async def test_skipped_input_is_looked_up(local_vendor: LocalVendor, profile: VendorProfile, tmp_path: Path) -> None:
    """At a vendor without opt-outs a stored contact always counts: the vendor does not know that it opted out."""
    group = local_vendor.group()
    off = [opted_out(profile, number, group) for number in range(3)]
    async with local_vendor.book() as book:
        (created,), _ = await write(book, [person(profile, 1, group)])
        for replayed in (False, True):
            results, summary = await write(book, off, journal=tmp_path / "import.sqlite")
            assert statuses(results) == ["skipped"] * 3
            assert [result.still_subscribed for result in results] == [False, True, False]
            assert (results[1].id, results[1].replayed) == (created.id, replayed)
            assert (summary.still_subscribed, summary.unsubscribed, summary.dropped_fields) == (1, 0, {"opted_out": 3})
            assert "still subscribed at the vendor, although the input opted out: 1" in str(summary)
        assert len(await stored(book)) == 1
        _, summary = await write(book, off, match=None, on_duplicate=None)
        assert (summary.counts, summary.still_subscribed) == ({"skipped": 3}, 0), "nothing is looked up"


async def test_opted_out_input_blocks_its_twin(
    local_vendor: LocalVendor, profile: VendorProfile, tmp_path: Path
) -> None:
    """One input of a person opted out and a later one says nothing. The person is not created, also after a replay."""
    group = local_vendor.group()
    inputs = [opted_out(profile, 1, group), person(profile, 2, group), person(profile, 1, group)]
    journal = tmp_path / "import.sqlite"
    async with local_vendor.book() as book:
        async with book.contacts.create_many(inputs, **AUTO, journal=journal, settle_timeout=0.1) as run:
            assert (await anext(aiter(run))).status == "skipped"
        results, summary = await write(book, inputs, journal=journal, settle_timeout=0.1)
        assert (statuses(results), results[0].replayed) == (["skipped", "created", "skipped"], True)
        assert summary.dropped_fields == {"opted_out": 2}
        assert len(await stored(book)) == 1


async def test_refused_opt_out_blocks_its_twin(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """With on_opted_out="error" a later input of a person who opted out is refused, too, and nobody is created."""
    group = local_vendor.group()
    inputs = [opted_out(profile, 1, group), person(profile, 2, group), person(profile, 1, group)]
    async with local_vendor.book() as book:
        results, _ = await write(book, inputs, on_opted_out="error")
        assert statuses(results) == ["failed", "created", "failed"]
        assert "another input of this person opted out" in str(results[2].error)
        assert len(await stored(book)) == 1


@BOTH
async def test_opt_out_at_vendor_is_not_counted(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    async with local_vendor.book() as book:
        (created,), _ = await write(book, [person(profile, 1)])
        await book.contacts.unsubscribe(created.id or "", "sms")
        _, summary = await write(book, [opted_out(profile, 1)])
        assert summary.still_subscribed == 0
        _, summary = await write(book, [opted_out(profile, 1, None, "email")])
        assert summary.still_subscribed == (profile.vendor == "vercom"), "SerwerSMS has no such channel"


@VERCOM
async def test_opted_out_input_found_by_each_key(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """The stored contact has the e-mail of the input, and another name: the address is what counts."""
    async with local_vendor.book() as book:
        await write(book, [person(profile, 1, phone=None, first_name="Anna")])
        _, summary = await write(book, [opted_out(profile, 1, None, "email")])
        assert summary.still_subscribed == 1
        results, summary = await write(book, [opted_out(profile, 1, None, "email")], **UNSUBSCRIBE)
        assert summary.unsubscribed == 1
        assert await subscribed(book, "email") == []
        assert results[0].status == "created"


@BOTH
async def test_unsubscribe_creates_opted_out_contact(
    local_vendor: LocalVendor, profile: VendorProfile, tmp_path: Path
) -> None:
    """The contact gets no message in between: it is in no group before it is opted out (Vercom), or blocked first."""
    group, calls = local_vendor.group(), list[str]()
    local_vendor.choose_fault = calls.append  # type: ignore[assignment]
    source = [opted_out(profile, 1, group), person(profile, 2, group)]
    async with local_vendor.book() as book:
        _, summary = await write(book, source, **UNSUBSCRIBE, dry_run=True)
        assert (summary.counts, summary.unsubscribed) == ({"created": 2}, 1)
        assert not [call for call in calls if call.startswith(("create", "add", "unsub"))]
        for replayed in (0, 2):
            results, summary = await write(book, source, **UNSUBSCRIBE, journal=tmp_path / "import.sqlite")
            assert statuses(results) == ["created", "created"]
            assert (results[0].unsubscribed, results[1].unsubscribed) == (True, False)
            assert (summary.unsubscribed, summary.replayed, summary.dropped_fields) == (1, replayed, {})
            assert "opted out at the vendor: 1" in str(summary)
        assert await subscribed(book) == [source[1].phone]
        assert len([contact async for contact in book.contacts.list(group=group)]) == 2
        writes = [call for call in calls if call.startswith(("create", "add", "unsub"))]
        assert writes == (
            ["addToBlacklist", "createContact", "createContact"]
            if profile.vendor == "serwersms"
            else ["createContacts", "unsubscribeContacts", "addGroupContacts"]
        )
        results, summary = await write(book, source, **UNSUBSCRIBE)
        assert (statuses(results), summary.unsubscribed) == (["skipped", "skipped"], 0)


@BOTH
async def test_unsubscribe_without_match(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    options: dict[str, Any] = {"match": None, "on_duplicate": None, "on_opted_out": "unsubscribe"}
    async with local_vendor.book() as book:
        results, _ = await write(book, [opted_out(profile, 1, local_vendor.group())], **options)
        assert (statuses(results), results[0].unsubscribed) == (["created"], True)
        assert await subscribed(book) == []


@VERCOM
async def test_unsubscribe_with_journal_needs_match(
    local_vendor: LocalVendor, profile: VendorProfile, tmp_path: Path
) -> None:
    """After a kill nothing else finds the contact whose create was in flight and that must still be opted out."""
    async with local_vendor.book() as book:
        with pytest.raises(InvalidInputError, match="needs match=") as caught:
            book.contacts.create_many([], on_opted_out="unsubscribe", journal=tmp_path / "import.sqlite")
        assert caught.value.field == "match"


@BOTH
@pytest.mark.parametrize("on_duplicate", ["skip", "update", "error", None])
async def test_unsubscribe_opts_stored_contact_out(
    local_vendor: LocalVendor, profile: VendorProfile, on_duplicate: Any
) -> None:
    async with local_vendor.book() as book:
        await write(book, [person(profile, 1)])
        options = unsubscribing(on_duplicate=on_duplicate)
        results, summary = await write(book, [opted_out(profile, 1)], **options, dry_run=True)
        assert summary.unsubscribed == (on_duplicate != "error")
        assert await subscribed(book) != []
        results, _ = await write(book, [opted_out(profile, 1)], **options)
        assert statuses(results) == [{None: "created", "error": "failed"}.get(on_duplicate, "updated")]
        assert await subscribed(book) == []
        results, summary = await write(book, [opted_out(profile, 1)], **options)
        expected = {"skip": "skipped", "update": "unchanged", "error": "failed"}.get(on_duplicate, "created")
        assert statuses(results) == [expected]
        assert summary.unsubscribed == (on_duplicate is None)


@BOTH
async def test_repeated_input_that_opted_out(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """The second input has the key of the first, and opted out."""
    source = [person(profile, 1), opted_out(profile, 1)]
    async with local_vendor.book() as book:
        options = unsubscribing(match="phone")
        results, summary = await write(book, source, **options)
        assert (statuses(results), summary.unsubscribed) == (["created", "updated"], 1)
        assert await subscribed(book) == []


@VERCOM
async def test_all_channels_and_some(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    source = [opted_out(profile, 1, None, "sms", "email", "push"), opted_out(profile, 2, None, "email", "push")]
    async with local_vendor.book() as book:
        await write(book, source, **UNSUBSCRIBE)
        assert local_vendor.count["unsubscribeContacts"] == 3
        assert await subscribed(book, "email") == await subscribed(book, "push") == []
        assert await subscribed(book, "sms") == [source[1].phone]


async def test_unsupported_vendor_is_refused_before_requests(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    if profile.channels:
        pytest.skip("the vendor has opt-outs")
    async with local_vendor.book() as book:
        for method in (book.contacts.create_many, book.contacts.upsert_many):
            with pytest.raises(UnsupportedError) as caught:
                method([], match=next(iter(profile.match_keys)), on_opted_out="unsubscribe")
            assert caught.value.field == "on_opted_out"
    assert not local_vendor.count


async def test_error_fails_the_input(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    group = local_vendor.group()
    async with local_vendor.book() as book:
        results, _ = await write(book, [opted_out(profile, 1, group), person(profile, 2, group)], on_opted_out="error")
        assert statuses(results) == ["failed", "created"]
        assert isinstance(results[0].error, InvalidInputError)
        assert results[0].error.field == "opted_out"


@VERCOM
@pytest.mark.parametrize("on_opted_out", ["skip", "unsubscribe", "error"])
async def test_opted_out_address_gets_no_subscribed_twin(
    local_vendor: LocalVendor, profile: VendorProfile, on_opted_out: Any
) -> None:
    """The input is another person with the phone of a contact that opted out."""
    async with local_vendor.book() as book:
        await write(book, [opted_out(profile, 1)], **UNSUBSCRIBE)
        twin = person(profile, 1, local_vendor.group(), first_name="Anna", email="anna@example.com")
        results, summary = await write(book, [twin], on_opted_out=on_opted_out)
        expected = {"skip": "skipped", "unsubscribe": "created", "error": "failed"}
        assert statuses(results) == [expected[on_opted_out]]
        assert await subscribed(book) == []
        assert (summary.unsubscribed, summary.still_subscribed) == (on_opted_out == "unsubscribe", 0)


@VERCOM
@pytest.mark.parametrize("many", [False, True])
async def test_further_address_gets_no_subscribed_twin(
    local_vendor: LocalVendor, profile: VendorProfile, many: bool
) -> None:
    """The stored contact has the e-mail of the input, and not its phone. The list of opt-outs may have many pages."""
    source = [person(profile, n, phone=f"+4860000000{n}") for n in range(3)]
    async with local_vendor.book() as book:
        others = [opted_out(profile, 1000 + n, None, "push", phone=None) for n in range(4001 if many else 3)]
        off = opted_out(profile, 1, None, "email", phone=None)
        await write(book, [*others, off], **unsubscribing(match=None, on_duplicate=None))
        requests = local_vendor.count["listContacts"]
        results, _ = await write(book, source, dry_run=True)
        assert statuses(results) == ["created", "skipped", "created"]
        if not many:
            # At most four spellings of each phone, two pages for each channel, and four requests for the second input.
            assert local_vendor.count["listContacts"] - requests <= 3 * 4 + 3 * 2 + 4
        results, _ = await write(book, source, **UNSUBSCRIBE)
        assert statuses(results) == ["created"] * 3
        assert source[1].phone not in await subscribed(book, "email")
        assert source[1].phone in await subscribed(book, "sms")


@VERCOM
async def test_address_opted_out_by_same_run(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    source = [person(profile, 0), opted_out(profile, 1, None, "email"), person(profile, 1, phone="+48600000001")]
    async with local_vendor.book() as book:
        await write(book, source, **UNSUBSCRIBE)
        assert await subscribed(book, "email") == [source[0].phone]


@VERCOM
async def test_journal_of_other_policy_is_refused(
    local_vendor: LocalVendor, profile: VendorProfile, tmp_path: Path
) -> None:
    """A finished run that skipped the opt-outs must not answer for a run that is to write them."""
    async with local_vendor.book() as book:
        await write(book, [opted_out(profile, 1)], journal=tmp_path / "j.sqlite")
        with pytest.raises(JournalMismatchError, match="unsubscribe"):
            await write(book, [opted_out(profile, 1)], **UNSUBSCRIBE, journal=tmp_path / "j.sqlite")


@BOTH
@pytest.mark.parametrize("when", ["before", "after"])
async def test_interrupted_step_is_completed(
    local_vendor: LocalVendor, profile: VendorProfile, tmp_path: Path, when: str
) -> None:
    """The batch is left before or after the vendor processes each step. The next run completes the steps, and no more.

    The last input shares its phone with the contact of an earlier input.
    """
    group = local_vendor.group()
    steps = ["addToBlacklist", "createContact"] if profile.vendor == "serwersms" else [
        "createContacts", "unsubscribeContacts", "addGroupContacts"
    ]  # fmt: skip
    sources = [(step, opted_out(profile, number, group)) for number, step in enumerate(steps)]
    if profile.vendor == "vercom":
        sources += [(step, person(profile, 0, group, first_name=f"Twin {step}")) for step in steps]
    async with local_vendor.book() as book:
        for number, (step, contact) in enumerate(sources):
            options = unsubscribing(journal=tmp_path / f"{number}.sqlite", settle_timeout=0)
            await leave_at(local_vendor, step, when, book.contacts.create_many([contact], **options))
            results, summary = await write(book, [contact], **options)
            assert (statuses(results), summary.unsubscribed) == (["created"], 1), contact.first_name
            assert await subscribed(book) == [], contact.first_name
        assert len(await stored(book)) == len(sources)
        assert len([contact async for contact in book.contacts.list(group=group)]) == len(sources)


async def leave_at(local_vendor: LocalVendor, step: str, when: str, batch: Any) -> None:
    """Leave the batch while the call of this operation is in flight."""
    reached = anyio.Event()

    async def hang(_: LocalVendor, run: Any) -> Any:
        if when == "after":
            run()
        reached.set()
        await anyio.sleep_forever()

    local_vendor.choose_fault = lambda operation: hang if operation == step else None
    async with batch:
        await reached.wait()
    local_vendor.choose_fault = lambda _: None
    assert batch.summary.counts == {"cancelled": 1}


@BOTH
@pytest.mark.parametrize("when", ["before", "after"])
async def test_interrupted_opt_out_of_stored_contact(
    local_vendor: LocalVendor, profile: VendorProfile, tmp_path: Path, when: str
) -> None:
    step = "addToBlacklist" if profile.vendor == "serwersms" else "unsubscribeContacts"
    options = unsubscribing(journal=tmp_path / "import.sqlite")
    async with local_vendor.book() as book:
        await write(book, [person(profile, 1)])
        await leave_at(local_vendor, step, when, book.contacts.create_many([opted_out(profile, 1)], **options))
        results, _ = await write(book, [opted_out(profile, 1)], **options)
        assert statuses(results) == ["updated" if when == "before" else "skipped"]
        assert await subscribed(book) == []
        assert len(await stored(book)) == 1


@BOTH
async def test_refused_opt_out_is_reported(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """The contact is stored, and could not be opted out: the input has failed."""
    step = "addToBlacklist" if profile.vendor == "serwersms" else "unsubscribeContacts"

    async def refuse(_: LocalVendor, _run: Any) -> TransportResponse:
        return TransportResponse(401, {"content-type": "application/json"}, b'{"errors": [{"message": "no"}]}')

    async with local_vendor.book() as book:
        await write(book, [person(profile, 1)])
        local_vendor.choose_fault = lambda operation: refuse if operation == step else None
        results, summary = await write(book, [opted_out(profile, 1)], **UNSUBSCRIBE)
        assert (statuses(results), summary.unsubscribed) == (["failed"], 0)
        assert "the contact could not be opted out" in str(results[0].error)
        results, _ = await write(book, [opted_out(profile, 2, local_vendor.group())], **UNSUBSCRIBE)
        assert statuses(results) == ["failed"]
        expected = (
            "the contact was not created" if profile.vendor == "serwersms" else "is not opted out, and in no group"
        )
        assert expected in str(results[0].error)
