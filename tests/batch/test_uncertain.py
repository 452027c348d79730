"""Test items that an earlier run left uncertain: a later match or a decision of the caller settles them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest
from attrs import evolve
from batch_helpers import get_match_key, in_virtual_time, people, person, run_batch, statuses, stored
from call_faults import Every, error_before, no_connection, reset_after, unclear
from dict_journal import DictJournal
from local_vendor import LOST, Answer, LocalVendor, Run

from crossbook import AmbiguousMatchError, Contact, InvalidInputError, JournalMismatchError, NoResponseError
from crossbook.vendor import VendorProfile
from crossbook.vendors.atom.profile import PROFILE as ATOM

CREATES = ("createContact", "createContacts")
COUNT = 12
SETTLE = 30.0
UNCERTAIN = {"retry": "created", "skip": "skipped", "done": "done"}


async def run_until_killed(
    local_vendor: LocalVendor, batch: Callable[[Any], Any], commits: Callable[[int], bool]
) -> int:
    """Run a batch until every worker waits for a response, and drop it; return how many calls the vendor processed."""
    calls = committed = 0

    async def hang(_: LocalVendor, run: Run) -> Any:
        nonlocal calls, committed
        calls += 1
        if commits(calls):
            run()
            committed += 1
        await anyio.sleep_forever()

    local_vendor.choose_fault = lambda operation: hang if operation in CREATES else None
    async with local_vendor.book() as book:
        with anyio.move_on_after(20):
            await run_batch(batch(book))
    local_vendor.choose_fault = lambda _: None
    assert calls
    return committed


async def kill_after_writes(local_vendor: LocalVendor, source: Sequence[Contact], journal: DictJournal) -> None:
    """Run a batch of creates with this journal until the vendor has processed them, and drop the batch."""
    await run_until_killed(
        local_vendor, lambda book: book.contacts.create_many(source, journal=journal), lambda _: True
    )


def names(local_vendor: LocalVendor) -> Counter[str]:
    """Count the stored contacts by name."""
    return Counter(row["name"] or f"{row['first_name']} {row['last_name']}" for row in local_vendor.contacts())


@pytest.mark.parametrize("commits", [False, True], ids=["lost", "written"])
@in_virtual_time
async def test_lost_create_of_one_upsert_is_looked_up(
    local_vendor: LocalVendor, profile: VendorProfile, commits: bool
) -> None:
    match = get_match_key(profile)
    lost: list[str] = []

    async def lose(_: LocalVendor, run: Run) -> Answer:
        if commits:
            run()
        return LOST

    def lose_first_create(operation: str) -> Any:
        if operation in CREATES and not lost:
            lost.append(operation)
            return lose
        return None

    local_vendor.choose_fault = lose_first_create
    async with local_vendor.book() as book:
        stored = await book.contacts.upsert(people(profile, 1, local_vendor.group())[0], match=match)
    assert stored.status == "created"
    assert lost
    assert len(local_vendor.contacts()) == 1


@pytest.mark.parametrize("reported", [False, True], ids=["in-flight", "reported"])
@pytest.mark.parametrize("commits", ["all", "none", "odd"])
@in_virtual_time
async def test_later_match_settles_items_in_flight(
    local_vendor: LocalVendor, profile: VendorProfile, commits: str, reported: bool
) -> None:
    source, journal = people(profile, COUNT, local_vendor.group()), DictJournal()
    done = await run_until_killed(
        local_vendor,
        lambda book: book.contacts.create_many(source, journal=journal, concurrency=4),
        {"all": lambda _: True, "none": lambda _: False, "odd": lambda call: call % 2 == 1}[commits],
    )
    there = len(local_vendor.contacts())
    open_ = COUNT if profile.capability("contacts.create").bulk_size > 1 else 4
    assert there == done * (COUNT if profile.capability("contacts.create").bulk_size > 1 else 1)
    assert Counter(entry.state for entry in journal.entries.values()) == {"intent": open_}
    async with local_vendor.book() as book:
        if reported:
            results = await run_batch(book.contacts.create_many(source, journal=journal))
            assert statuses(results)["uncertain"] == open_
            assert journal.finished == COUNT
        began = anyio.current_time()
        options: dict[str, Any] = {
            "journal": journal,
            "match": get_match_key(profile),
            "settle_timeout": SETTLE,
            "ordered": True,
        }
        batch = book.contacts.create_many(source, **options)
        results = await run_batch(batch)
        assert anyio.current_time() - began >= SETTLE
    # No lookup came before the first attempt: the contact may have existed before.
    assert statuses(results) == {
        status: count for status, count in (("skipped", there), ("created", COUNT - there)) if count
    }
    assert set(names(local_vendor).values()) == {1}
    assert len(local_vendor.contacts()) == COUNT == len({result.id for result in results})
    if local_vendor.vendor == "filemail":
        assert len(local_vendor.account.book.rows("SELECT * FROM membership")) == COUNT
    assert journal.finished == COUNT
    async with local_vendor.book() as book:
        batch = book.contacts.create_many(source, **options)
        assert [result.status for result in await run_batch(batch)] == [result.status for result in results]
        assert batch.summary.requests == 0


@pytest.mark.parametrize("reported", [False, True], ids=["in-flight", "reported"])
@pytest.mark.parametrize("commits", [False, True], ids=["lost", "written"])
@pytest.mark.parametrize("decision", UNCERTAIN)
@in_virtual_time
async def test_decision_settles_items_without_match(
    local_vendor: LocalVendor, profile: VendorProfile, decision: Any, commits: bool, reported: bool
) -> None:
    source, journal = people(profile, COUNT, local_vendor.group()), DictJournal()
    await run_until_killed(
        local_vendor,
        lambda book: book.contacts.create_many(source, journal=journal, concurrency=4),
        lambda _: commits,
    )
    there = len(local_vendor.contacts())
    open_ = COUNT if profile.capability("contacts.create").bulk_size > 1 else 4
    async with local_vendor.book() as book:
        if reported:
            results = await run_batch(book.contacts.create_many(source, journal=journal))
            assert statuses(results)["uncertain"] == open_
        results = await run_batch(book.contacts.create_many(source, journal=journal, uncertain=decision, ordered=True))
        assert Counter(result.status for result in results[:open_]) == {UNCERTAIN[decision]: open_}
        assert {result.status for result in results[open_:]} <= {"created"}
        assert {result.id is None for result in results[:open_]} == {decision != "retry"}
        assert len(local_vendor.contacts()) == there + COUNT - (open_ if decision != "retry" else 0)
        assert journal.finished == COUNT
        again = book.contacts.create_many(source, journal=journal, ordered=True)
        assert [result.status for result in await run_batch(again)] == [result.status for result in results]
        assert again.summary.requests == 0


@in_virtual_time
async def test_equal_contacts_stay_uncertain_until_decided(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    group, journal, match = local_vendor.group(), DictJournal(), get_match_key(profile)
    source = [person(profile, 1, group)]
    async with local_vendor.book() as book:
        await run_batch(book.contacts.create_many(source))
    await kill_after_writes(local_vendor, source, journal)
    options: dict[str, Any] = {"journal": journal, "match": match, "settle_timeout": 0}
    async with local_vendor.book() as book:
        for _ in range(2):
            (result,) = await run_batch(book.contacts.create_many(source, **options))
            assert (result.status, result.replayed, type(result.error)) == ("uncertain", False, AmbiguousMatchError)
            assert isinstance(result.error, AmbiguousMatchError)
            assert set(result.error.candidates) == {contact.id for contact in await stored(book)}
            assert "2 equal contacts have this" in result.error.message
        (result,) = await run_batch(book.contacts.create_many(source, uncertain="retry", **options))
        assert (result.status, len(local_vendor.contacts())) == ("created", 3)


@in_virtual_time
async def test_lost_retry_is_resolved_by_existing_ids(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """The lookup before a retry counts as the lookup before a first attempt."""
    group, journal, match = local_vendor.group(), DictJournal(), get_match_key(profile)
    source = [person(profile, 1, group)]
    async with local_vendor.book() as book:
        await run_batch(book.contacts.create_many(source * 2))
    await run_until_killed(
        local_vendor, lambda book: book.contacts.create_many(source, journal=journal), lambda _: False
    )
    async with local_vendor.book(max_attempts=1) as book:
        local_vendor.choose_fault = Every(reset_after, *CREATES, most=1)
        (result,) = await run_batch(
            book.contacts.create_many(source, journal=journal, match=match, settle_timeout=1, uncertain="retry")
        )
    assert (result.status, len(local_vendor.contacts())) == ("created", 3)
    assert result.id == str(max(int(row["id"]) for row in local_vendor.contacts()))


@pytest.mark.parametrize(
    ("on_duplicate", "status"), [(None, "created"), ("skip", "skipped"), ("update", "updated"), ("error", "failed")]
)
@in_virtual_time
async def test_unequal_contact_with_key_is_a_duplicate(
    local_vendor: LocalVendor, profile: VendorProfile, on_duplicate: Any, status: str
) -> None:
    group, journal, match = local_vendor.group(), DictJournal(), get_match_key(profile)
    name = "name" if profile.name_format == "full" else "last_name"
    source = [person(profile, 1, group)]
    async with local_vendor.book() as book:
        await run_batch(book.contacts.create_many([person(profile, 1, group, **{name: "Other"})]))
    await run_until_killed(
        local_vendor, lambda book: book.contacts.create_many(source, journal=journal), lambda _: False
    )
    async with local_vendor.book() as book:
        (result,) = await run_batch(
            book.contacts.create_many(source, journal=journal, match=match, on_duplicate=on_duplicate, settle_timeout=0)
        )
    assert result.status == status
    assert len(local_vendor.contacts()) == 1 + (status == "created")


@pytest.mark.parametrize("vendor", ["serwersms", "atom"])
@in_virtual_time
async def test_later_input_of_earlier_run_wins(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    group, journal = local_vendor.group(), DictJournal()
    source = [person(profile, 1, group, last_name=name) for name in ("First", "Second", "Third")]
    async with local_vendor.book() as book:
        results = await run_batch(book.contacts.create_many(source[:2], journal=journal, ordered=True))
        # As if the first item had been in flight at a kill, and the vendor had not processed it.
        await book.contacts.delete(results[0].id or "")
        journal.entries[0], journal.finished = evolve(journal.entries[0], state="intent", status=None, id=None), None
        results = await run_batch(
            book.contacts.create_many(
                source, journal=journal, match="phone", on_duplicate="update", settle_timeout=0, ordered=True
            )
        )
        assert [result.status for result in results] == ["skipped", "created", "updated"]
        assert [contact.last_name for contact in await stored(book)] == ["Third"]


@pytest.mark.parametrize("vendor", ["serwersms", "atom"])
@in_virtual_time
async def test_open_later_input_does_not_overtake(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """The later input is written again after the earlier input."""
    journal = DictJournal()
    source = [person(profile, 1, local_vendor.group(), last_name=name) for name in ("First", "Second")]
    async with local_vendor.book() as book:
        results = await run_batch(book.contacts.create_many(source, journal=journal, ordered=True))
        await book.contacts.delete(results[0].id or "")
        journal.entries[0], journal.finished = evolve(journal.entries[0], state="intent", status=None, id=None), None
        journal.entries[1] = evolve(
            journal.entries[1], state="intent", status=None, existing_ids=(results[1].id or "",)
        )
        options: dict[str, Any] = {"match": "phone", "on_duplicate": "update", "settle_timeout": 0, "ordered": True}
        results = await run_batch(book.contacts.create_many(source, journal=journal, **options))
        assert [result.status for result in results] == ["updated", "updated"]
        assert [contact.last_name for contact in await stored(book)] == ["Second"]


@pytest.mark.parametrize("vendor", ["serwersms", "atom"])
@in_virtual_time
async def test_later_input_with_key_wins(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """Also if an input before both created the contact."""
    journal = DictJournal()
    source = [person(profile, 1, local_vendor.group(), last_name=name) for name in ("First", "Second", "Third")]
    options: dict[str, Any] = {
        "journal": journal, "match": "phone", "on_duplicate": "update", "settle_timeout": 0, "ordered": True,
    }  # fmt: skip
    async with local_vendor.book() as book:
        await run_batch(book.contacts.create_many(source, **options))
        journal.entries[1], journal.finished = evolve(journal.entries[1], state="intent", status=None, id=None), None
        results = await run_batch(book.contacts.create_many(source, **options))
        assert [result.status for result in results] == ["created", "skipped", "updated"]
        assert [contact.last_name for contact in await stored(book)] == ["Third"]


@pytest.mark.parametrize("vendor", ["vercom"])
@pytest.mark.parametrize("sent_before", [False, True], ids=["plain", "after a lost create"])
@in_virtual_time
async def test_unclear_update_without_lookup_is_uncertain(
    local_vendor: LocalVendor, profile: VendorProfile, sent_before: bool
) -> None:
    """The update was written, its response does not say so, and the next lookups fail, of the next run too."""
    journal = DictJournal()
    source = [person(profile, number, company="New") for number in range(2)]
    options: dict[str, Any] = {"journal": journal, "match": "email", "on_duplicate": "update", "settle_timeout": 0}
    async with local_vendor.book() as book:
        await run_batch(book.contacts.create_many(people(profile, 2)))
    if sent_before:
        await run_until_killed(
            local_vendor, lambda book: book.contacts.create_many(source, journal=journal), lambda _: False
        )
    update, lookup = Every(unclear, "updateContacts"), Every(error_before, "listContacts")
    local_vendor.choose_fault = lambda operation: update(operation) or (lookup(operation) if update.applied else None)
    async with local_vendor.book() as book:
        results = await run_batch(book.contacts.create_many(source, **options))
        assert [row["company"] for row in local_vendor.contacts()] == ["New", "New"]
        assert (statuses(results), update.applied) == ({"uncertain": 2}, 1)
        assert {result.id for result in results} == {str(row["id"]) for row in local_vendor.contacts()}
        for result in results:
            assert "does not say whether this contact was updated" in str(result.error)
            assert isinstance(result.error, NoResponseError)
        local_vendor.choose_fault = Every(error_before, "listContacts")
        assert statuses(await run_batch(book.contacts.create_many(source, **options))) == {"uncertain": 2}
        local_vendor.choose_fault = lambda _: None
        assert statuses(await run_batch(book.contacts.create_many(source, **options))) == {"unchanged": 2}
    assert len(local_vendor.contacts()) == 2


@in_virtual_time
async def test_failed_lookup_before_any_write_is_a_failure(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    local_vendor.choose_fault = Every(error_before, "listContacts", "getAddressBook")
    source = people(profile, 2, local_vendor.group())
    async with local_vendor.book() as book:
        results = await run_batch(book.contacts.upsert_many(source, match=get_match_key(profile)))
    assert (statuses(results), local_vendor.contacts()) == ({"failed": 2}, [])


@pytest.mark.parametrize("vendor", ["vercom"])
@in_virtual_time
async def test_item_without_key_is_uncertain_until_decided(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """The later run refuses the item, but that says nothing about what the earlier run sent."""
    journal, source = DictJournal(), [person(profile, 1, phone=None), person(profile, 2)]
    await kill_after_writes(local_vendor, source, journal)
    options: dict[str, Any] = {"journal": journal, "match": "phone", "on_duplicate": "skip", "settle_timeout": 0}
    async with local_vendor.book() as book:
        for decision, replayed in ((None, False), (None, True), ("retry", False)):
            results = await run_batch(book.contacts.create_many(source, ordered=True, uncertain=decision, **options))
            assert [result.status for result in results] == ["uncertain", "skipped"]
            assert results[0].replayed is replayed
            assert "uncertain=" in str(results[0].error)
        results = await run_batch(book.contacts.create_many(source, ordered=True, uncertain="done", **options))
        assert [result.status for result in results] == ["done", "skipped"]
    assert len(local_vendor.contacts()) == 2


@pytest.mark.parametrize("vendor", ["vercom"])
@in_virtual_time
async def test_refused_item_keeps_its_contact_id(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """The contact is known, so that no lookup is needed before the item is refused."""
    journal, source = DictJournal(), [person(profile, 1, phone=None)]
    async with local_vendor.book() as book:
        (made,) = await run_batch(book.contacts.create_many(source, journal=journal))
        journal.entries[0], journal.finished = evolve(journal.entries[0], state="intent", status=None), None
        (result,) = await run_batch(
            book.contacts.create_many(source, journal=journal, match="phone", on_duplicate="skip", settle_timeout=0)
        )
    assert (result.status, result.id, type(result.error)) == ("failed", made.id, InvalidInputError)


@pytest.mark.parametrize("vendor", ["atom"])
@in_virtual_time
async def test_failed_retry_leaves_the_item_uncertain(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    source, journal = [person(profile, 1, local_vendor.group())], DictJournal()
    await kill_after_writes(local_vendor, source, journal)
    async with local_vendor.book(max_attempts=1, timeout=1) as book:
        local_vendor.choose_fault = Every(no_connection, *CREATES)
        (result,) = await run_batch(book.contacts.create_many(source, journal=journal, uncertain="retry"))
        assert result.status == "failed"
        local_vendor.choose_fault = lambda _: None
        (result,) = await run_batch(book.contacts.create_many(source, journal=journal))
        assert result.status == "uncertain"
        local_vendor.choose_fault = Every(reset_after, *CREATES)
        (result,) = await run_batch(book.contacts.create_many(source, journal=journal, uncertain="retry"))
        # A decision applies only to earlier runs.
        assert (result.status, result.attempts, type(result.error)) == ("uncertain", 2, NoResponseError)
    assert len(local_vendor.contacts()) == 2


@in_virtual_time
async def test_failed_lookup_keeps_existing_ids_unknown(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """The next run must not adopt a contact that it finds."""
    source, journal, match = [person(profile, 1, local_vendor.group())], DictJournal(), get_match_key(profile)
    await kill_after_writes(local_vendor, source, journal)
    async with local_vendor.book(max_attempts=1) as book:
        local_vendor.choose_fault = Every(error_before, "listContacts", "getAddressBook")
        options: dict[str, Any] = {"journal": journal, "match": match, "settle_timeout": 0}
        (result,) = await run_batch(book.contacts.create_many(source, uncertain="retry", **options))
        assert (result.status, len(local_vendor.contacts())) == ("uncertain", 1)
        local_vendor.choose_fault = lambda _: None
        (result,) = await run_batch(book.contacts.create_many(source, **options))
        assert (result.status, len(local_vendor.contacts())) == ("skipped", 1)


@pytest.mark.parametrize("vendor", ["filemail"])
@in_virtual_time
async def test_found_contact_outside_its_group_is_no_success(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    source, journal = [person(profile, 1, local_vendor.group())], DictJournal()
    await kill_after_writes(local_vendor, source, journal)
    async with local_vendor.book(max_attempts=1) as book:
        local_vendor.choose_fault = Every(no_connection, "addToGroup")
        (result,) = await run_batch(book.contacts.create_many(source, journal=journal, match="email", settle_timeout=0))
    assert (result.status, result.id is not None) == ("failed", True)
    assert "not in all its groups" in str(result.error)


@pytest.mark.parametrize("way", [{"match": "phone"}, {"uncertain": "skip"}], ids=str)
@pytest.mark.parametrize("died", [False, True], ids=["finished", "died again"])
@pytest.mark.anyio
async def test_list_is_read_again_for_uncertain_items(tmp_path: Path, died: bool, way: dict[str, Any]) -> None:
    """Items before the cursor of a list are not given out again, unless one of them can be settled."""
    there, local_vendor = LocalVendor("serwersms"), LocalVendor("atom")
    options: dict[str, Any] = {
        "journal": tmp_path / "x",
        "on_unsupported_field": "drop",
        "concurrency": 1,
        "settle_timeout": 0,
    }
    async with there.book() as source, local_vendor.book(default_group=local_vendor.group()) as book:
        listed: Callable[[], Any] = lambda: source.contacts.list(page_size=10)  # noqa: E731
        await run_batch(source.contacts.create_many(people(source.profile, 50)))
        local_vendor.choose_fault = Every(reset_after, "createContact", nth=15, most=2)
        results = await run_batch(book.contacts.create_many(listed(), **options))
        assert statuses(results) == {"created": 48, "uncertain": 2}
        local_vendor.choose_fault = lambda _: None
        if died:
            async with book.contacts.create_many(listed(), **way, **options) as run:
                async for result in run:
                    if result.status == "skipped":
                        break
        results = await run_batch(book.contacts.create_many(listed(), ordered=True, **way, **options))
        assert [result.index for result in results if result.status == "skipped"] == [14, 29]
        assert statuses(results) == {"created": 48, "skipped": 2}
        there.count.clear()
        assert len(await run_batch(book.contacts.create_many(listed(), **way, **options))) == 50
        assert not there.count
    assert len(local_vendor.contacts()) == 50


@pytest.mark.anyio
async def test_reopened_run_refuses_a_longer_source() -> None:
    local_vendor, journal = LocalVendor("atom"), DictJournal()
    source = people(ATOM, 5, local_vendor.group())
    async with local_vendor.book() as book:
        local_vendor.choose_fault = Every(reset_after, "createContact", most=1)
        await run_batch(book.contacts.create_many(source[:4], journal=journal, concurrency=1))
        local_vendor.choose_fault = lambda _: None
        with pytest.raises(JournalMismatchError, match="the finished run had 4 inputs"):
            await run_batch(
                book.contacts.create_many(source, journal=journal, match="phone", settle_timeout=0, concurrency=1)
            )
        assert statuses(
            await run_batch(book.contacts.create_many(source[:4], journal=journal, match="phone", settle_timeout=0))
        ) == {
            "created": 3,
            "skipped": 1,
        }


@pytest.mark.anyio
@pytest.mark.parametrize("kept", [False, True], ids=["file", "own"])
async def test_journal_keeps_match_that_was_added_later(tmp_path: Path, kept: bool) -> None:
    local_vendor = LocalVendor("vercom")
    source = people(local_vendor.book().profile, 3)
    journal: Any = DictJournal() if kept else tmp_path / "import.sqlite"
    async with local_vendor.book() as book:
        await run_batch(book.contacts.create_many(source[:2], journal=journal))
        for match in ("email", "email"):
            assert statuses(await run_batch(book.contacts.create_many(source[:2], journal=journal, match=match))) == {
                "created": 2
            }
        for other in (None, "phone"):
            with pytest.raises(JournalMismatchError):
                await run_batch(book.contacts.create_many(source[:2], journal=journal, match=other))


@pytest.mark.parametrize("vendor", ["atom"])
@in_virtual_time
async def test_messages_name_the_remedy(local_vendor: LocalVendor) -> None:
    source = people(ATOM, 1, local_vendor.group())

    async def message(make: Callable[[Any], Any], *operations: str) -> tuple[str, str]:
        async with local_vendor.book(max_attempts=1) as book:
            local_vendor.choose_fault = Every(reset_after, *operations)
            batch = make(book)
            (result,) = await run_batch(batch)
            assert result.status == "uncertain"
            assert batch.summary.remedy in result.error.message
            lines = str(batch.summary).splitlines()
            assert f"to resolve uncertain inputs: {batch.summary.remedy}" in lines
            return result.error.message, str(batch.summary)

    decide = "decide with uncertain='retry', 'skip' or 'done'"
    for text in await message(lambda book: book.contacts.create_many(source, journal=DictJournal()), *CREATES):
        assert f"run the same journal again with match= to look the contact up, or {decide}" in text
    matched: Any = {"journal": DictJournal(), "match": "phone", "settle_timeout": 1}
    async with local_vendor.book() as book:
        lost = Every(reset_after, *CREATES)
        blind = Every(error_before, *CREATES, "getAddressBook")
        local_vendor.choose_fault = lambda operation: lost(operation) or (blind(operation) if lost.applied else None)
        (result,) = await run_batch(book.contacts.create_many(source, **matched))
    assert f"run the same journal again to look the contact up again, or {decide}" in str(result.error)
    for text in await message(lambda book: book.contacts.create_many(source), *CREATES):
        assert "look the contact up, and repeat it only if it is missing; with journal=" in text
    for text in await message(lambda book: book.contacts.delete_many(["1"]), "deleteContact"):
        assert "repeat it: this write is safe to repeat" in text
    for text in await message(lambda book: book.contacts.delete_many(["1"], journal=DictJournal()), "deleteContact"):
        assert "run the same journal again: this write is safe to repeat" in text


@pytest.mark.anyio
async def test_uncertain_is_checked_before_any_request() -> None:
    local_vendor = LocalVendor("atom")
    source = people(ATOM, 1, "1")
    async with local_vendor.book() as book:
        wrong: list[tuple[Callable[[], Any], str]] = [
            (lambda: book.contacts.create_many(source, uncertain="retry"), "uncertain= needs journal="),
            (
                lambda: book.contacts.delete_many(["1"], journal=DictJournal(), uncertain="skip"),
                "contacts.delete is safe to",
            ),
            (
                lambda: book.contacts.create_many(source, journal=DictJournal(), uncertain="guess"),
                "uncertain must be one of",
            ),  # type: ignore[arg-type]
        ]
        for make, why in wrong:
            with pytest.raises(InvalidInputError, match=why) as caught:
                make()
            assert caught.value.field == "uncertain"
    assert not local_vendor.count


@in_virtual_time
async def test_remedy_is_named_once(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """Also if one lost response concerns many items of a bulk call."""
    local_vendor.choose_fault = Every(reset_after, *CREATES)
    async with local_vendor.book() as book:
        results = await run_batch(book.contacts.create_many(people(profile, 3, local_vendor.group())))
    for result in results:
        assert result.status == "uncertain"
        assert str(result.error).count("repeat it only if it is missing") == 1
