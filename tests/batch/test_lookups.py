"""Test how a batch finds existing contacts, each by itself or in a list that is read once, and count its requests.

The bounds are those of `docs/performance.md`, in small: the list of 2,000 contacts is three requests at Vercom.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from batch_helpers import get_match_key, in_virtual_time, people, person, run_batch, statuses, stored
from local_vendor import LOST, LocalVendor

from crossbook import AddressBook, Contact, InvalidInputError, UnsupportedError
from crossbook._http.request import TransportFailure, TransportResponse
from crossbook.vendor import VendorProfile

pytestmark = pytest.mark.anyio
FILTERS = pytest.mark.parametrize("vendor", ["vercom", "serwersms"])
VERCOM = pytest.mark.parametrize("vendor", ["vercom"])
COUNT = 2000


def change(contacts: list[Contact], profile: VendorProfile) -> list[Contact]:
    name = "name" if profile.name_format == "full" else "last_name"
    return [replace(contact, **{name: "Nowak"}) for contact in contacts]


async def fill(book: AddressBook, contacts: list[Contact]) -> None:
    summary = await book.contacts.create_many(contacts).run()
    assert summary.counts == {"created": len(contacts)}


async def upsert(book: AddressBook, contacts: Any, **options: Any) -> dict[str, int]:
    arguments: dict[str, Any] = {"match": "phone", **options}
    batch = book.contacts.upsert_many(contacts, **arguments)
    return statuses(await run_batch(batch))


@VERCOM
async def test_vercom_upsert_sends_pages_and_full_arrays(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    source = people(profile, COUNT)
    async with local_vendor.book() as book:
        await fill(book, source)
        local_vendor.count.clear()
        assert await upsert(book, source) == {"unchanged": COUNT}
        assert local_vendor.count == {"listContacts": 3}  # the last page is empty
        local_vendor.count.clear()
        assert await upsert(book, change(source, profile)) == {"updated": COUNT}
        assert local_vendor.count == {"listContacts": 3, "updateContacts": 2}
        local_vendor.count.clear()
        assert await upsert(book, iter(source)) == {"updated": COUNT}
        # The length of the source is unknown: is the list shorter than the lookups of the first inputs?
        assert local_vendor.count == {"listContacts": 1 + 3, "updateContacts": 2}


@VERCOM
async def test_vercom_group_changes_have_their_own_arrays(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    friends, fair = local_vendor.group(), local_vendor.group()
    source = people(profile, 300, friends)
    async with local_vendor.book() as book:
        await fill(book, source)
        local_vendor.count.clear()
        assert await upsert(book, source) == {"unchanged": 300}
        assert local_vendor.count == {"listContacts": 2 + 2}  # and the members of the group
        both = [replace(contact, groups=(friends, fair)) for contact in change(source, profile)]
        local_vendor.count.clear()
        assert await upsert(book, both) == {"updated": 300}
        assert local_vendor.count == {"listContacts": 2 + 2 + 1, "updateContacts": 1, "addGroupContacts": 1}
        assert len([each async for each in book.contacts.list(group=fair)]) == 300
        assert len([each async for each in book.contacts.list(group=friends)]) == 300
        local_vendor.count.clear()
        assert await upsert(book, both) == {"unchanged": 300}
        assert local_vendor.count == {"listContacts": 2 + 2 + 2}


@pytest.mark.parametrize("vendor", ["serwersms"])
async def test_serwersms_upsert_sends_pages_and_updates(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    friends = local_vendor.group()
    source = people(profile, 1200, friends)
    async with local_vendor.book() as book:
        await fill(book, source)
        local_vendor.count.clear()
        assert await upsert(book, source) == {"unchanged": 1200}
        assert local_vendor.count == {"listContacts": 2 + 2}
        local_vendor.count.clear()
        some = [*change(source[:10], profile), *source[10:]]
        assert await upsert(book, some) == {"updated": 10, "unchanged": 1190}
        updates = dict.fromkeys(("getContact", "checkGroups", "updateContact"), 10)
        assert local_vendor.count == {"listContacts": 2 + 2, **updates}


@pytest.mark.parametrize("vendor", ["serwersms"])
async def test_other_groups_of_an_updated_contact_stay(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """The list knows only the members of the groups that the inputs name."""
    groups = [local_vendor.group() for _ in range(3)]
    async with local_vendor.book() as book:
        await fill(book, people(profile, 5, groups[0]))
        for group in groups[1:]:
            added = [replace(contact, groups=(group,)) for contact in people(profile, 5)]
            assert await upsert(book, added, lookup="list") == {"updated": 5}
        for contact in await stored(book):
            assert {group.id for group in await book.contacts.groups_of(contact.id)} == set(groups)


@pytest.mark.parametrize("lookup", ["each", "list", "auto"])
async def test_every_lookup_decides_the_same(local_vendor: LocalVendor, profile: VendorProfile, lookup: Any) -> None:
    if lookup == "each" and "snapshot" in profile.match_keys.values():
        pytest.skip("the vendor has no filter")
    group = local_vendor.group()
    key = next(iter(profile.match_keys))
    twins = [person(profile, 50, group), person(profile, 50, group)]
    source = [
        *people(profile, 20, group), *change(people(profile, 10, group), profile), *people(profile, 20, group, 40),
        person(profile, 90, group), *change([person(profile, 90, group)], profile),
    ]  # fmt: skip
    unique = any(support.unique for support in profile.contact_fields.values())
    async with local_vendor.book() as book:
        await fill(book, [*people(profile, 10, group), *(twins[:1] if unique else twins)])
        batch = book.contacts.upsert_many(source, match=key, lookup=lookup, ordered=True)
        results = [result.status for result in await run_batch(batch)]
        twin = "unchanged" if unique else "failed"
        assert results == [
            *["unchanged"] * 10, *["created"] * 10, *["updated"] * 10, *["created"] * 10, twin, *["created"] * 9,
            "created", "updated",
        ]  # fmt: skip
        assert len(await stored(book)) == 10 + (1 if unique else 2) + 10 + 19 + 1


@FILTERS
async def test_missing_contact_is_looked_up_before_its_create(
    local_vendor: LocalVendor, profile: VendorProfile
) -> None:
    """Another writer creates a contact that the list does not show any more."""
    source = people(profile, 1500)
    async with local_vendor.book() as book:
        await fill(book, source)
        late = person(profile, 9999)

        async def write_late(_: LocalVendor, run: Any) -> Any:
            local_vendor.choose_fault = lambda _: None
            answer = run()
            async with local_vendor.book() as other:
                await other.contacts.create(late)
            return answer

        seen = 0

        def choose(operation: str) -> Any:
            nonlocal seen
            seen += operation == "listContacts"
            return write_late if seen == (3 if local_vendor.vendor == "vercom" else 2) else None

        local_vendor.choose_fault = choose
        counts = await upsert(book, [*source, late])
        assert counts == {"unchanged": 1501}
        assert len(local_vendor.contacts()) == 1501


@FILTERS
async def test_without_other_writers_nothing_is_looked_up_twice(
    local_vendor: LocalVendor, profile: VendorProfile
) -> None:
    bulk = local_vendor.vendor == "vercom"
    async with local_vendor.book() as book:
        await fill(book, people(profile, 1500))
        local_vendor.count.clear()
        assert await upsert(book, people(profile, 200, begin=1400), other_writers=False) == {
            "unchanged": 100, "created": 100
        }  # fmt: skip
        creates = {"createContacts": 1} if bulk else {"createContact": 100}
        assert local_vendor.count == {"listContacts": 3 if bulk else 2, **creates}
        local_vendor.count.clear()
        assert await upsert(book, people(profile, 20, begin=3000)) == {"created": 20}
        assert local_vendor.count["listContacts"] == (3 if bulk else 2) + 60


@FILTERS
async def test_list_in_one_response_is_certain(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    async with local_vendor.book() as book:
        assert await upsert(book, people(profile, 100)) == {"created": 100}
        assert local_vendor.count["listContacts"] == 1


@FILTERS
async def test_few_contacts_are_looked_up_each(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    async with local_vendor.book() as book:
        await fill(book, people(profile, 100))
        local_vendor.count.clear()
        assert await upsert(book, people(profile, 3)) == {"unchanged": 3}
        assert local_vendor.count == {"listContacts": 12 if local_vendor.vendor == "vercom" else 9}


@FILTERS
async def test_long_list_is_left_after_its_first_page(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """Five contacts are 15 lookups, and the list has more than half as many pages. Vercom does not count its pages."""
    async with local_vendor.book() as book:
        await fill(book, people(profile, 8100))
        local_vendor.count.clear()
        assert await upsert(book, people(profile, 5)) == {"unchanged": 5}
        assert local_vendor.count == {"listContacts": 2 + 20 if local_vendor.vendor == "vercom" else 1 + 15}


@VERCOM
async def test_auto_switches_to_the_list(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """A source without a length: the batch asks again when it knows of twice as many contacts."""
    source = people(profile, 400)
    async with local_vendor.book() as book:
        await fill(book, [*source, *people(profile, 30_000, begin=1000)])
        local_vendor.count.clear()
        assert await upsert(book, iter(source), concurrency=1) == {"unchanged": 400}
        assert 31 < local_vendor.count["listContacts"] < 150


@VERCOM
async def test_auto_leaves_a_list_of_short_pages(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """The vendor caps its pages at 100 rows, so the list has ten times as many pages as it seemed to have."""
    source = people(profile, 20)

    async def cap(_: LocalVendor, run: Any) -> TransportResponse:
        response = run()
        body = json.loads(response.content)
        body["data"] = body.get("data", [])[:100]
        return TransportResponse(response.status, response.headers, json.dumps(body).encode())

    async with local_vendor.book() as book:
        await fill(book, people(profile, 3500))
        local_vendor.choose_fault = lambda operation: cap if operation == "listContacts" else None
        local_vendor.count.clear()
        assert await upsert(book, source) == {"unchanged": 20}
        assert local_vendor.count == {"listContacts": 3 + 1 + 80}


@VERCOM
async def test_auto_reads_no_list_for_new_contacts(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """Single lookups show that all inputs are missing, so that each would be looked up after the list, too."""
    async with local_vendor.book() as book:
        await fill(book, people(profile, 8000, begin=1000))
        local_vendor.count.clear()
        assert await upsert(book, iter(people(profile, 300)), concurrency=1) == {"created": 300}
        assert local_vendor.count["listContacts"] <= 900 + 2


@VERCOM
@in_virtual_time
async def test_auto_depends_on_the_rate(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """400 lookups against 32 pages: at a high rate the lookups are faster, since they run at the same time."""
    source = people(profile, 100)
    async with local_vendor.book() as book:
        await fill(book, people(profile, 30_000))
    for rate, requests in ((1000, 3 + 1 + 400), (5, 31 + 1)):
        local_vendor.count.clear()
        async with local_vendor.book(rate=rate) as book:
            assert await upsert(book, source) == {"unchanged": 100}
        assert local_vendor.count == {"listContacts": requests}


@VERCOM
async def test_writes_of_single_lookups_share_arrays(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    source = people(profile, 200)
    async with local_vendor.book() as book:
        assert await upsert(book, source, lookup="each") == {"created": 200}
        assert local_vendor.count == {"listContacts": 600, "createContacts": 1}
        assert await upsert(book, change(source, profile), lookup="each") == {"updated": 200}
        assert local_vendor.count["updateContacts"] == 1


@VERCOM
@in_virtual_time
async def test_end_waits_for_a_slow_write(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """The source pauses, so the first contacts are written alone. It ends before that write does."""

    async def source() -> AsyncIterator[Contact]:
        for contact in people(profile, 5):
            yield contact
        await anyio.sleep(3)

    async def answer_late(_: LocalVendor, run: Any) -> Any:
        await anyio.sleep(5)
        return run()

    local_vendor.choose_fault = lambda operation: answer_late if operation == "createContacts" else None
    async with local_vendor.book() as book:
        assert await upsert(book, source()) == {"created": 5}


@FILTERS
async def test_lost_create_is_resolved_by_a_filter(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """The list was read before the create: a filter is asked, and shows the contact."""
    lost = False

    async def lose(_: LocalVendor, run: Any) -> TransportFailure:
        run()
        return LOST

    def choose(operation: str) -> Any:
        nonlocal lost
        is_first, lost = operation.startswith("createContact") and not lost, lost or operation.startswith("create")
        return lose if is_first else None

    local_vendor.choose_fault = choose
    async with local_vendor.book() as book:
        source = people(profile, 20)
        assert await upsert(book, source, lookup="list", other_writers=False, settle_timeout=0) == {"created": 20}
        assert len(local_vendor.contacts()) == 20


@VERCOM
async def test_contact_that_left_the_list_is_created(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    source = change(people(profile, 50), profile)
    async with local_vendor.book() as book:
        await fill(book, people(profile, 50))

        async def delete_first(vendor: LocalVendor, run: Any) -> Any:
            local_vendor.choose_fault = lambda _: None
            vendor.account.book.delete_contact(vendor.contacts()[0]["id"])
            return run()

        local_vendor.choose_fault = lambda operation: delete_first if operation == "updateContacts" else None
        assert await upsert(book, source) == {"updated": 49, "created": 1}
        assert len(local_vendor.contacts()) == 50


@VERCOM
async def test_repeated_email_in_other_case_updates(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """The vendor's filter compares the case of letters, and does not find what the first input wrote."""
    first, second = person(profile, 1, email="ANNA@EXAMPLE.COM"), person(profile, 1, email="anna@example.com")
    async with local_vendor.book() as book:
        source = [first, *change([second], profile)]
        assert await upsert(book, source, match="email", lookup="each") == {"created": 1, "updated": 1}
        assert len(local_vendor.contacts()) == 1


@VERCOM
async def test_archived_contacts_are_in_the_list(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    source = people(profile, 20)
    async with local_vendor.book() as book:
        await fill(book, source)
        local_vendor.account.book.run("UPDATE contact SET archived_at = '2024-01-01 00:00:00' WHERE id % 2")
        assert await upsert(book, source) == {"unchanged": 20}


@FILTERS
async def test_list_that_fails_falls_back_to_single_lookups(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    source = people(profile, 1500)
    async with local_vendor.book(max_attempts=1) as book:
        await fill(book, source)
        seen = 0

        async def fail(_: LocalVendor, run: Any) -> TransportFailure:
            return LOST

        def choose(operation: str) -> Any:
            nonlocal seen
            seen += operation == "listContacts"
            return fail if seen == 2 else None

        local_vendor.choose_fault = choose
        assert await upsert(book, source[:20]) == {"unchanged": 20}


@VERCOM
async def test_auto_match_uses_the_first_key_in_the_list(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    source = [
        *people(profile, 20), *(Contact(email=f"mail.{number}@example.com") for number in range(20)),
        *(Contact(external_id=f"CRM-{number}", email=f"x.{number}@example.com") for number in range(20)),
    ]  # fmt: skip
    async with local_vendor.book() as book:
        await fill(book, source)
        local_vendor.count.clear()
        batch = book.contacts.create_many(source, match="auto", on_duplicate="skip")
        assert statuses(await run_batch(batch)) == {"skipped": 60}
        assert local_vendor.count == {"listContacts": 2}
        other = [replace(contact, first_name="Inny") for contact in source[:20]]
        batch = book.contacts.create_many(other, match="auto", on_duplicate="skip")
        assert statuses(await run_batch(batch)) == {"created": 20}


@FILTERS
async def test_dry_run_sends_the_lookups_of_the_real_run(
    local_vendor: LocalVendor, profile: VendorProfile, tmp_path: Path
) -> None:
    source = [*change(people(profile, 300), profile), *people(profile, 300, begin=1000)]
    async with local_vendor.book() as book:
        await fill(book, people(profile, 1200))
        variants: list[Any] = [{"lookup": "list"}, {"other_writers": False}, {}]
        for options in variants:
            dry = await book.contacts.upsert_many(source, match="phone", dry_run=True, **options).run()
            batch = book.contacts.upsert_many(source, match="phone", journal=tmp_path / f"{options}.sqlite", **options)
            real = await batch.run()
            assert dry.requests == pytest.approx(real.requests, rel=0.1)
            assert dry.counts == real.counts
            await book.contacts.upsert_many([*people(profile, 300)], match="phone").run()
            await book.contacts.delete_many([each.id for each in await stored(book)][1200:]).run()


@pytest.mark.parametrize("count", [0, 2], ids=["no groups", "groups"])
@pytest.mark.parametrize("lookup", ["auto", "each", "list"])
async def test_dry_run_estimates_every_lookup(
    local_vendor: LocalVendor, profile: VendorProfile, lookup: Any, count: int
) -> None:
    """All that exist are added to a group, and some are changed, too."""
    if lookup == "each" and "snapshot" in profile.match_keys.values():
        pytest.skip("the vendor has no filter")
    groups = (local_vendor.group(), local_vendor.group())
    named = groups[-1:] if profile.single_group else groups[:count] or None
    known = people(profile, 80, groups[0])
    source = [replace(contact, groups=named) for contact in (*change(known[:20], profile), *people(profile, 120)[20:])]
    async with local_vendor.book() as book:
        await fill(book, known)
        options: dict[str, Any] = {"match": get_match_key(profile), "lookup": lookup}
        dry = await book.contacts.upsert_many(source, dry_run=True, **options).run()
        real = await book.contacts.upsert_many(source, **options).run()
        assert dry.requests == pytest.approx(real.requests, rel=0.1)
        assert dry.counts == real.counts


@VERCOM
async def test_interrupted_run_resumes_from_its_journal(
    local_vendor: LocalVendor, profile: VendorProfile, tmp_path: Path
) -> None:
    source = [*change(people(profile, 40), profile), *people(profile, 40, begin=1000)]
    options: dict[str, Any] = {"journal": tmp_path / "run.sqlite", "settle_timeout": 0}
    async with local_vendor.book() as book:
        await fill(book, people(profile, 40))

        def items() -> Iterator[Contact]:
            for number, contact in enumerate(source):
                if number == 60:
                    raise OSError("the disk is gone")
                yield contact

        with pytest.raises(OSError, match="gone"):
            await upsert(book, items(), **options)
        assert await upsert(book, source, **options) == {"updated": 40, "created": 40}
        assert len(local_vendor.contacts()) == 80


async def test_lookup_options_are_checked(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    key: Any = next(iter(profile.match_keys))
    wrong: Any = "filter"
    async with local_vendor.book() as book:
        with pytest.raises(InvalidInputError, match="lookup must be one of 'auto', 'each', 'list'"):
            book.contacts.upsert_many([], match=key, lookup=wrong)
        variants: list[Any] = [{"lookup": "list"}, {"other_writers": False}]
        for options in variants:
            with pytest.raises(InvalidInputError, match="pass match= too"):
                book.contacts.create_many([], **options)
        if "snapshot" in profile.match_keys.values():
            with pytest.raises(UnsupportedError, match="leave lookup out"):
                book.contacts.upsert_many([], match=key, lookup="each")
