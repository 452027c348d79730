"""Test that an interrupted run resumes, a finished run is replayed, and the journal of other work is refused."""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from attrs import evolve
from batch_helpers import get_match_key, in_virtual_time, people, person, run_batch, statuses
from call_faults import Every, no_connection, reset_after, reset_before
from dict_journal import DictJournal
from journals import cancel_twice_while_opening
from local_vendor import LocalVendor, Run
from virtual import virtually

from crossbook import (
    AuthError,
    ConnectError,
    Contact,
    CrossbookError,
    InvalidInputError,
    JournalBusyError,
    JournalMismatchError,
    NoResponseError,
    NotFoundError,
    RejectedError,
)
from crossbook._batch.results import Result
from crossbook._http.request import TransportResponse
from crossbook.book import BATCH_ATTEMPTS as ATTEMPTS
from crossbook.registry import load_vendor
from crossbook.vendor import VendorProfile
from crossbook.vendors.atom.profile import PROFILE as ATOM

CREATES = ("createContact", "createContacts")
COUNT = 60


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "import.sqlite"


async def run_partly(batch: Any, count: int) -> list[Result]:
    """Return the first results of a batch, and leave its block."""
    results: list[Result] = []
    async with batch as run:
        async for result in run:
            results.append(result)
            if len(results) == count:
                break
    return results


def written(local_vendor: LocalVendor) -> int:
    return local_vendor.count["createContact"] + local_vendor.count["createContacts"]


@pytest.mark.anyio
@pytest.mark.parametrize("matched", [False, True], ids=["plain", "matched"])
async def test_interrupted_run_resumes(
    local_vendor: LocalVendor, profile: VendorProfile, path: Path, matched: bool
) -> None:
    source = people(profile, COUNT, local_vendor.group())
    options: dict[str, Any] = {"match": get_match_key(profile)} if matched else {}
    options |= {
        "journal": path,
        "item_key": lambda contact: contact.email or contact.phone,
        "settle_timeout": 0,
        "concurrency": 2,
    }
    async with local_vendor.book() as book:
        first = await run_partly(book.contacts.create_many(source, **options), 10)
        batch = book.contacts.create_many(iter(source), ordered=True, **options)
        results = await run_batch(batch)
        summary = batch.summary
        assert [result.index for result in results] == list(range(COUNT))
        assert summary.replayed >= len(first)
        by_index = {result.index: result for result in results}
        for result in first:
            again = by_index[result.index]
            assert again.replayed
            assert (again.id, again.item_key, again.status) == (result.id, result.item_key, result.status)
        # Without a match key the outcome of items in flight is unknown, and they are not sent again.
        assert summary.counts.get("uncertain", 0) <= (0 if matched else 2)
        assert len(local_vendor.contacts()) == len({result.id for result in results if result.id}) or not matched
        count, before = len(local_vendor.contacts()), written(local_vendor)
        batch = book.contacts.create_many(source, ordered=True, **options)
        replayed = await run_batch(batch)
        assert batch.summary.requests == 0
        assert [evolved(result) for result in replayed] == [evolved(result) for result in results]
        assert (len(local_vendor.contacts()), written(local_vendor)) == (count, before)


def evolved(result: Result) -> tuple[Any, ...]:
    return (
        result.index,
        result.item_key,
        result.status,
        result.id,
        result.attempts,
        result.error,
        result.write_only_fields,
    )


@pytest.mark.parametrize("commits", ["all", "none", "some"])
@in_virtual_time
async def test_items_in_flight_are_looked_up(local_vendor: LocalVendor, profile: VendorProfile, commits: str) -> None:
    """The run ends with calls in flight, of which the vendor has processed all, none, or every other one."""
    source = people(profile, COUNT, local_vendor.group())
    options: dict[str, Any] = {
        "journal": DictJournal(),
        "match": get_match_key(profile),
        "settle_timeout": 0,
        "concurrency": 4,
    }
    bulk = profile.capability("contacts.create").bulk_size > 1
    met = 0

    async def hang(_: LocalVendor, run: Run) -> Any:
        nonlocal met
        met += 1
        if commits == "all" or (commits == "some" and met % 2):
            run()
        await anyio.sleep_forever()

    def choose_fault(operation: str) -> Any:
        return hang if operation in CREATES and written(local_vendor) > (-1 if bulk else 20) else None

    local_vendor.choose_fault = choose_fault
    async with local_vendor.book() as book:
        async with book.contacts.create_many(source, **options) as run:
            with anyio.move_on_after(20):
                async for _ in run:
                    pass
        assert run.summary.counts["cancelled"] >= 4
    local_vendor.choose_fault = lambda _: None
    local_vendor.count.clear()
    async with local_vendor.book() as book:
        results = await run_batch(book.contacts.create_many(source, **options))
    assert statuses(results) == {"created": COUNT}
    assert len(local_vendor.contacts()) == COUNT == len({result.id for result in results})
    assert written(local_vendor) <= COUNT


@pytest.mark.parametrize("vendor", ["atom", "vercom"])
def test_items_in_flight_get_time_to_settle(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    source, journal = people(profile, 20, local_vendor.group()), DictJournal()

    async def hang(local_vendor: LocalVendor, run: Run) -> Any:
        local_vendor.later(0.9, run)
        await anyio.sleep_forever()

    async def work() -> list[Result]:
        local_vendor.choose_fault = Every(hang, *CREATES, nth=1)
        async with local_vendor.book() as book:
            options: dict[str, Any] = {"journal": journal, "match": "phone", "settle_timeout": 1.0, "concurrency": 4}
            with anyio.move_on_after(0.5):
                await run_batch(book.contacts.create_many(source, **options))
            assert {entry.state for entry in journal.entries.values()} == {"intent"}
            local_vendor.choose_fault = lambda _: None
            began = anyio.current_time()
            results = await run_batch(book.contacts.create_many(source, **options))
            assert anyio.current_time() - began >= 1.0
            return results

    assert statuses(virtually(work)) == {"created": 20}
    assert len(local_vendor.contacts()) == 20


@pytest.mark.parametrize("vendor", ["atom", "vercom"])
@in_virtual_time
async def test_vendor_failures_are_retried_item_failures_replayed(
    local_vendor: LocalVendor, profile: VendorProfile
) -> None:
    group = local_vendor.group()
    source = [person(profile, n, group if n % 5 else "999999") for n in range(20)]
    options: dict[str, Any] = {"journal": DictJournal(), "ordered": True}
    local_vendor.choose_fault = Every(no_connection, *CREATES)
    async with local_vendor.book(max_attempts=1, timeout=1) as book:
        results = await run_batch(book.contacts.create_many(source, **options))
        assert {result.status for result in results} == {"failed"}
        local_vendor.choose_fault = lambda _: None
    async with local_vendor.book() as book:
        results = await run_batch(book.contacts.create_many(source, **options))
        assert [result.status for result in results] == [("created" if n % 5 else "failed") for n in range(20)]
        assert not any(result.replayed for result in results)
        again = await run_batch(book.contacts.create_many(source, **options))
        assert all(result.replayed for result in again)
        assert [type(result.error) for result in again[::5]] == [type(result.error) for result in results[::5]]
        assert isinstance(again[0].error, (RejectedError, NotFoundError))


@pytest.mark.anyio
async def test_refused_login_does_not_fail_items(path: Path) -> None:
    local_vendor = LocalVendor("atom")
    source = people(ATOM, 20, local_vendor.group())
    async with local_vendor.book(token="wrong") as book:
        (result,) = await run_batch(book.contacts.create_many(source, journal=DictJournal(), concurrency=1))
        assert isinstance(result.error, AuthError)
    journal = DictJournal()
    async with local_vendor.book() as book:
        refused = Every(reset_before, "createContact", most=1)
        local_vendor.choose_fault = refused
        assert statuses(await run_batch(book.contacts.create_many(source, journal=journal))) == {
            "created": 19,
            "uncertain": 1,
        }


@pytest.mark.anyio
async def test_refused_credentials_leave_items_open(path: Path) -> None:
    """The items are correct: the same call writes them when the account is allowed to."""
    local_vendor = LocalVendor("atom")
    source = people(ATOM, 5, local_vendor.group())

    async def refuse(*_: Any) -> TransportResponse:
        return TransportResponse(
            403, {"content-type": "application/json"}, b'{"status":"error","error":{"code":"forbidden"}}'
        )

    async with local_vendor.book() as book:
        local_vendor.choose_fault = lambda operation: refuse
        results = await run_batch(book.contacts.create_many(source, journal=path, concurrency=1))
        assert {type(result.error) for result in results} == {AuthError}
        local_vendor.choose_fault = lambda _: None
        results = await run_batch(book.contacts.create_many(source, journal=path))
    assert [(result.status, result.replayed) for result in results] == [("created", False)] * 5
    assert len(local_vendor.contacts()) == 5


@pytest.mark.anyio
async def test_runs_have_names(path: Path) -> None:
    local_vendor = LocalVendor("atom")
    source = people(ATOM, 5, local_vendor.group())
    async with local_vendor.book() as book:
        for run in ("", "again", "", "again"):
            await run_batch(book.contacts.create_many(source, journal=path, run=run))
    assert len(local_vendor.contacts()) == 10


@pytest.mark.anyio
@pytest.mark.parametrize("finished", [False, True])
@pytest.mark.parametrize("change", ["other", "longer", "shorter"])
async def test_another_source_is_refused(path: Path, change: str, finished: bool) -> None:
    local_vendor = LocalVendor("atom")
    source = people(ATOM, 20, local_vendor.group())
    other = {
        "other": [*source[:5], person(ATOM, 77, "5001"), *source[6:]], "longer": [*source, person(ATOM, 77, "5001")],
        "shorter": source[:5],
    }[change]  # fmt: skip
    async with local_vendor.book() as book:
        options: dict[str, Any] = {"journal": path, "concurrency": 1}
        await run_partly(book.contacts.create_many(source, **options), 99 if finished else 10)
        before = len(local_vendor.contacts())
        results: list[Result] = []
        if change == "longer" and not finished:
            await run_batch(book.contacts.create_many(other, **options))
            return
        with pytest.raises(JournalMismatchError, match="another source") as caught:
            await run_batch(book.contacts.create_many(other, **options), results)
        assert (caught.value.field, caught.value.vendor) == ("source", "atom")
        assert all(result.replayed for result in results)
        assert len(local_vendor.contacts()) == before
        # The right source still resumes.
        assert statuses(await run_batch(book.contacts.create_many(source, **options))) in (
            {"created": 20}, {"created": 19, "uncertain": 1},
        )  # fmt: skip


@pytest.mark.anyio
async def test_source_shorter_than_journal_is_refused() -> None:
    """Items after its end may have been written, so the run must not be called finished."""
    local_vendor, journal = LocalVendor("atom"), DictJournal()
    source = people(ATOM, 20, local_vendor.group())
    async with local_vendor.book() as book:
        await run_batch(book.contacts.create_many(source, journal=journal))
        journal.finished = None
        journal.entries = {index: journal.entries[index] for index in range(12)}
        journal.entries[11] = evolve(journal.entries[11], state="intent", status=None, id=None)
        with pytest.raises(JournalMismatchError, match="this source has 11 inputs, but an earlier run began"):
            await run_batch(book.contacts.create_many(source[:11], journal=journal))
        assert journal.finished is None


@pytest.mark.anyio
async def test_journal_of_other_work_is_refused(path: Path) -> None:
    local_vendor, other = LocalVendor("atom"), LocalVendor("serwersms")
    source = people(ATOM, 5, local_vendor.group())
    async with local_vendor.book() as book, other.book() as elsewhere:
        await run_batch(book.contacts.create_many(source, journal=path, match="phone"))
        for batch, field in (
            (elsewhere.contacts.create_many(source, journal=path, match="phone"), "vendor"),
            (book.contacts.upsert_many(source, journal=path, match="phone"), "operation"),
            (book.contacts.delete_many(["1"], journal=path), "operation"),
            (book.contacts.create_many(source, journal=path), "match"),
        ):
            with pytest.raises(JournalMismatchError) as caught:
                await batch.run()
            assert caught.value.field == field
    assert not other.count


@pytest.mark.anyio
async def test_journal_serves_one_batch_at_a_time(path: Path) -> None:
    local_vendor = LocalVendor("atom")
    source = people(ATOM, 5, local_vendor.group())
    async with local_vendor.book() as book:
        for journal in (path, DictJournal()):
            async with book.contacts.create_many(source, journal=journal) as run:
                with pytest.raises(JournalBusyError):
                    await book.contacts.create_many(source, journal=journal).run()
                assert statuses([result async for result in run]) == {"created": 5}
            await run_batch(book.contacts.create_many(source, journal=journal))
    assert len(local_vendor.contacts()) == 10


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_cancelled_start_releases_the_journal(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """asyncio cancels through any shield of anyio's, and may cancel twice."""
    local_vendor = LocalVendor("atom")
    source = people(ATOM, 5, local_vendor.group())
    async with local_vendor.book() as book:
        for passes in range(12):
            begun = book.contacts.create_many(source, journal=path).run()
            await cancel_twice_while_opening(begun, monkeypatch, passes)
            await book.contacts.create_many([], journal=path, run=f"{passes}").run()
        assert statuses(await run_batch(book.contacts.create_many(source, journal=path))) == {"created": 5}


@pytest.mark.anyio
async def test_failing_source_releases_the_journal(path: Path) -> None:
    class Broken:
        def __iter__(self) -> Iterator[Contact]:
            raise ValueError("no people today")

    local_vendor = LocalVendor("atom")
    async with local_vendor.book() as book:
        batch = book.contacts.create_many(Broken(), journal=path)
        with pytest.raises(ValueError, match="no people today"):
            await batch.run()
        await book.contacts.create_many([], journal=path).run()


@pytest.mark.anyio
async def test_invalid_journal_is_refused(tmp_path: Path) -> None:
    local_vendor = LocalVendor("atom")
    (tmp_path / "text").write_text("this is no journal")
    async with local_vendor.book() as book:
        for path in (tmp_path, tmp_path / "none" / "x", tmp_path / "text"):
            with pytest.raises(InvalidInputError, match="journal"):
                await book.contacts.create_many([Contact()], journal=path).run()


@pytest.mark.anyio
async def test_list_resumes_at_its_cursor(path: Path) -> None:
    """Items before the cursor come from the journal."""
    there, local_vendor = LocalVendor("serwersms"), LocalVendor("atom")
    group = local_vendor.group()
    options: dict[str, Any] = {"journal": path, "on_unsupported_field": "drop", "concurrency": 1, "ordered": True}
    async with there.book() as source, local_vendor.book(default_group=group) as book:
        await run_batch(source.contacts.create_many(people(source.profile, 50)))
        await run_partly(book.contacts.create_many(source.contacts.list(page_size=10), **options), 25)
        there.count.clear()
        results = await run_batch(book.contacts.create_many(source.contacts.list(page_size=10), **options))
        assert [result.index for result in results] == list(range(50))
        assert Counter(result.replayed for result in results)[True] >= 25
        # The item in flight cannot be looked up.
        assert 49 <= len(local_vendor.contacts()) <= 50
        assert there.count["listContacts"] <= 4
        there.count.clear()
        # A finished run does not read the list.
        replayed = await run_batch(book.contacts.create_many(source.contacts.list(page_size=10), **options))
        assert [evolved(result) for result in replayed] == [evolved(result) for result in results]
        assert not there.count


@pytest.mark.anyio
async def test_list_resumes_after_a_complete_page() -> None:
    """A page whose items are all done is not read again."""
    there, local_vendor, journal = LocalVendor("serwersms"), LocalVendor("atom"), DictJournal()
    options: dict[str, Any] = {"journal": journal, "on_unsupported_field": "drop", "concurrency": 1}
    async with there.book() as source, local_vendor.book(default_group=local_vendor.group()) as book:
        await run_batch(source.contacts.create_many(people(source.profile, 50)))
        await run_batch(book.contacts.create_many(source.contacts.list(page_size=10), **options))
        journal.finished, journal.entries = None, {index: journal.entries[index] for index in range(20)}
        there.count.clear()
        results = await run_batch(book.contacts.create_many(source.contacts.list(page_size=10), **options))
        assert (len(results), there.count["listContacts"]) == (50, 3)


@pytest.mark.anyio
async def test_finished_run_with_open_item_resumes() -> None:
    """A run that was killed while it settled an uncertain item leaves this state."""
    there, local_vendor, journal = LocalVendor("serwersms"), LocalVendor("atom"), DictJournal()
    options: dict[str, Any] = {
        "journal": journal,
        "on_unsupported_field": "drop",
        "concurrency": 1,
        "match": "phone",
        "settle_timeout": 0,
    }
    async with there.book() as source, local_vendor.book(default_group=local_vendor.group()) as book:
        await run_batch(source.contacts.create_many(people(source.profile, 50)))
        await run_batch(book.contacts.create_many(source.contacts.list(page_size=10), **options))
        journal.entries[20] = evolve(journal.entries[20], state="intent", status=None, id=None)
        results = await run_batch(book.contacts.create_many(source.contacts.list(page_size=10), **options))
    assert statuses(results) == {"created": 50}


@in_virtual_time
async def test_deletion_of_a_list_resumes(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    group = local_vendor.group()
    async with local_vendor.book() as book:
        await run_batch(book.contacts.create_many(people(profile, COUNT, group)))
        bulk = profile.capability("contacts.delete").bulk_size > 1
        local_vendor.choose_fault = Every(
            lambda *_: anyio.sleep_forever(), "deleteContact", "deleteContacts", nth=1 if bulk else 20
        )
        options: dict[str, Any] = {"journal": DictJournal(), "concurrency": 4, "settle_timeout": 0}
        async with book.contacts.delete_many(book.contacts.list(), **options) as run:
            with anyio.move_on_after(20):
                async for _ in run:
                    pass
        local_vendor.choose_fault = lambda _: None
        local_vendor.account.book.add_contact({"phone": "+61491999999", "email": "new@example.com", "name": "New"})
        results = await run_batch(book.contacts.delete_many(book.contacts.list(), **options))
        assert statuses(results) == {"deleted": COUNT}
        # A contact that was created after the list was read is not in it.
        assert len(local_vendor.contacts()) == 1
        assert statuses(await run_batch(book.contacts.delete_many(book.contacts.list(), **options))) == {
            "deleted": COUNT
        }
        assert len(local_vendor.contacts()) == 1


@in_virtual_time
async def test_earlier_delete_counts_as_deleted(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    group, journal = local_vendor.group(), DictJournal()
    async with local_vendor.book() as book:
        ids = [result.id or "" for result in await run_batch(book.contacts.create_many(people(profile, 10, group)))]

        async def hang(_: LocalVendor, run: Run) -> Any:
            run()
            await anyio.sleep_forever()

        local_vendor.choose_fault = Every(hang, "deleteContact", "deleteContacts")
        with anyio.move_on_after(20):
            await run_batch(book.contacts.delete_many(ids, journal=journal, concurrency=20))
        local_vendor.choose_fault = lambda _: None
        assert statuses(await run_batch(book.contacts.delete_many([*ids], journal=journal))) == {"deleted": 10}


@in_virtual_time
async def test_earlier_delete_counts_after_unsent_retry(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    group, journal = local_vendor.group(), DictJournal()
    async with local_vendor.book() as book:
        ids = [result.id or "" for result in await run_batch(book.contacts.create_many(people(profile, 10, group)))]
        local_vendor.choose_fault = Every(
            reset_after,
            "deleteContact",
            "deleteContacts",
            most=10 if profile.capability("contacts.delete").bulk_size == 1 else 1,
        )
        with anyio.move_on_after(1e-9):  # before any retry, whose wait is random
            await run_batch(book.contacts.delete_many(ids, journal=journal, concurrency=20))
        local_vendor.choose_fault = Every(no_connection, "deleteContact", "deleteContacts")
        assert statuses(await run_batch(book.contacts.delete_many([*ids], journal=journal))) == {"failed": 10}
        assert not local_vendor.contacts()
        local_vendor.choose_fault = lambda _: None
        assert statuses(await run_batch(book.contacts.delete_many([*ids], journal=journal))) == {"deleted": 10}


@in_virtual_time
async def test_earlier_delete_counts_after_unsent_attempt(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    journal = DictJournal()
    async with local_vendor.book() as book:
        (created,) = await run_batch(book.contacts.create_many([person(profile, 1, local_vendor.group())]))
        lost, closed = (Every(fault, "deleteContact", "deleteContacts") for fault in (reset_after, no_connection))
        local_vendor.choose_fault = lambda operation: closed(operation) if lost.applied else lost(operation)
        (result,) = await run_batch(book.contacts.delete_many([created.id or ""], journal=journal))
        assert (result.status, type(result.error), local_vendor.contacts()) == ("failed", ConnectError, [])
        local_vendor.choose_fault = lambda _: None
        (result,) = await run_batch(book.contacts.delete_many([created.id or ""], journal=journal))
        assert result.status == "deleted"


@pytest.mark.parametrize("vendor", ["vercom"])
@in_virtual_time
async def test_resumed_and_new_items_use_separate_calls(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """A missing contact was deleted by the earlier run if that run had begun the item; otherwise it never existed."""
    journal = DictJournal()
    async with local_vendor.book() as book:
        ids = [result.id or "" for result in await run_batch(book.contacts.create_many(people(profile, 2)))]

        async def hang(_: LocalVendor, run: Run) -> Any:
            run()
            await anyio.sleep_forever()

        local_vendor.choose_fault = Every(hang, "deleteContacts")
        with anyio.move_on_after(20):
            await run_batch(book.contacts.delete_many(ids, journal=journal))
        local_vendor.choose_fault = lambda _: None
        results = await run_batch(book.contacts.delete_many([*ids, "999999"], journal=journal, ordered=True))
        assert [result.status for result in results] == ["deleted", "deleted", "failed"]


@in_virtual_time
async def test_unsent_create_is_not_unresolved_later(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """An equal contact exists already, and another program created it: it belongs to no item of this batch."""
    twin, journal = person(profile, 1, local_vendor.group()), DictJournal()
    async with local_vendor.book() as book:
        (there,) = await run_batch(book.contacts.create_many([twin]))
        lost, closed = (Every(fault, *CREATES) for fault in (reset_before, no_connection))
        local_vendor.choose_fault = lambda operation: closed(operation) if lost.applied else lost(operation)
        options: dict[str, Any] = {"match": get_match_key(profile), "journal": journal, "settle_timeout": 1}
        (result,) = await run_batch(book.contacts.create_many([twin], **options))
        assert (result.status, result.attempts) == ("failed", 2)
        local_vendor.choose_fault = lambda _: None
        (result,) = await run_batch(book.contacts.create_many([twin], **options))
        assert (result.status, len(local_vendor.contacts())) == ("created", 2)
        assert result.id != there.id


@in_virtual_time
async def test_unresolved_upsert_finds_contact_of_later_input(
    local_vendor: LocalVendor, profile: VendorProfile
) -> None:
    twins, journal = [person(profile, 1, local_vendor.group())] * 2, DictJournal()
    lost = Every(reset_before, *CREATES, most=1)
    deaf = Every(no_connection, "listContacts", "getAddressBook", most=ATTEMPTS)
    async with local_vendor.book() as book:
        options: dict[str, Any] = {
            "match": get_match_key(profile),
            "journal": journal,
            "settle_timeout": 1,
            "concurrency": 1,
        }
        local_vendor.choose_fault = lambda operation: lost(operation) or (deaf(operation) if lost.applied else None)
        results = await run_batch(book.contacts.upsert_many(twins, ordered=True, **options))
        assert [result.status for result in results] == ["uncertain", "created"]
        local_vendor.choose_fault = lambda _: None
        results = await run_batch(book.contacts.upsert_many(twins, ordered=True, **options))
        assert [result.status for result in results] == ["skipped", "created"]
        assert len(local_vendor.contacts()) == 1


@in_virtual_time
async def test_skipped_item_owns_no_contact(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """The lookup of the first item fails. The second item has the same key; it is created and its response is lost."""
    group, journal, match = local_vendor.group(), DictJournal(), get_match_key(profile)
    asked, made = 0, False

    def choose_fault(operation: str) -> Any:
        nonlocal asked, made
        if operation == "login":
            return None
        if operation in CREATES:
            made = True
            return reset_after
        asked += 1
        return no_connection if made or asked <= ATTEMPTS else None

    async with local_vendor.book() as book:
        other = "Other" if profile.name_format == "split" else "Other Example"
        twins = [
            person(profile, 1, group),
            person(profile, 1, group, **{"name" if profile.name_format == "full" else "first_name": other}),
        ]
        options: dict[str, Any] = {"match": match, "on_duplicate": "skip", "journal": journal, "concurrency": 1}
        local_vendor.choose_fault = choose_fault
        assert statuses(await run_batch(book.contacts.create_many(twins, **options))) == {"failed": 1, "uncertain": 1}
        local_vendor.choose_fault = lambda _: None
        results = await run_batch(book.contacts.create_many(twins, ordered=True, **options))
        assert [result.status for result in results] == ["skipped", "created"]
        assert len(local_vendor.contacts()) == 1


@pytest.mark.anyio
async def test_uncertain_items_are_never_sent_again(path: Path) -> None:
    local_vendor = LocalVendor("atom")
    source = people(ATOM, 20, local_vendor.group())
    options: dict[str, Any] = {"journal": path, "item_key": lambda contact: contact.phone}
    async with local_vendor.book() as book:
        local_vendor.choose_fault = Every(reset_after, "createContact", nth=5)
        batch = book.contacts.create_many(source, **options)
        await batch.run()
        for _ in range(2):
            summary = batch.summary
            assert summary.counts == {"created": 16, "uncertain": 4}
            assert {result.status for result in summary.uncertain} == {"uncertain"}
            assert all(isinstance(result.error, NoResponseError) for result in summary.uncertain)
            (group,) = summary.failure_groups
            assert (group.status, group.count) == ("uncertain", 4)
            assert group.places == [result.item_key for result in summary.uncertain]
            assert f"4 uncertain ({', '.join(map(str, group.places))}): {group.error}" in str(summary)
            batch = book.contacts.create_many(source, **options)
            await batch.run()
            assert batch.summary.requests == 0
    assert len(local_vendor.contacts()) == 20


@in_virtual_time
async def test_next_run_repeats_failed_lookups() -> None:
    local_vendor = LocalVendor("atom")
    source = people(ATOM, 20, local_vendor.group())
    options: dict[str, Any] = {"journal": DictJournal(), "match": "phone", "settle_timeout": 0.01}
    lost = Every(reset_after, "createContact", nth=5)
    deaf = Every(no_connection, "getAddressBook", "listAddressBooks")
    local_vendor.choose_fault = lambda operation: lost(operation) or (deaf(operation) if lost.applied else None)
    async with local_vendor.book(timeout=20) as book:
        assert statuses(await run_batch(book.contacts.create_many(source, **options))) == {
            "created": 16,
            "uncertain": 4,
        }
        local_vendor.choose_fault = lambda _: None
        results = await run_batch(book.contacts.create_many(source, **options))
        assert (statuses(results), len(local_vendor.contacts())) == ({"created": 20}, 20)


@pytest.mark.anyio
async def test_failing_journal_ends_the_batch(path: Path) -> None:
    local_vendor, journal, taken = LocalVendor("atom"), DictJournal(), 0
    group = local_vendor.group()

    def fail() -> None:
        if journal.writes == 30:
            raise CrossbookError("the disk is full", cause=errno.errorcode[errno.ENOSPC])

    def source() -> Any:
        nonlocal taken
        for contact in people(ATOM, 1000, group):
            taken += 1
            yield contact

    journal.fail = fail
    async with local_vendor.book() as book:
        results: list[Result] = []
        with pytest.raises(CrossbookError, match="disk is full"):
            await run_batch(book.contacts.create_many(source(), journal=journal, match="phone", concurrency=4), results)
        assert {result.status for result in results} == {"created"}
        assert taken < 60
        journal.fail = lambda: None
        results = await run_batch(
            book.contacts.create_many(people(ATOM, 1000, group), journal=journal, match="phone", settle_timeout=0)
        )
        assert (statuses(results), len(local_vendor.contacts())) == ({"created": 1000}, 1000)


@in_virtual_time
async def test_filemail_resumes_contact_without_groups() -> None:
    local_vendor = LocalVendor("filemail")
    group = local_vendor.group()
    async with local_vendor.book() as book:
        source = people(book.profile, 10, group)
        options: dict[str, Any] = {"journal": DictJournal(), "settle_timeout": 0, "concurrency": 10}
        local_vendor.choose_fault = Every(no_connection, "addToGroup")
        async with local_vendor.book(timeout=1) as hasty:
            results = await run_batch(hasty.contacts.create_many(source, **options))
        assert statuses(results) == {"failed": 10}
        assert all(result.id and result.error and result.error.id == result.id for result in results)
        local_vendor.choose_fault = lambda _: None
        results = await run_batch(book.contacts.create_many(source, **options))
        assert statuses(results) == {"created": 10}
        assert len(local_vendor.contacts()) == 10 == len(local_vendor.account.book.rows("SELECT * FROM membership"))


@in_virtual_time
async def test_filemail_resumes_contact_with_group_in_flight() -> None:
    """The run ends between the create, whose id is known, and the call for its group. No match key is needed."""
    local_vendor, journal = LocalVendor("filemail"), DictJournal()
    group = local_vendor.group()

    async def refuse(_inside: LocalVendor, _run: Run) -> Any:
        return TransportResponse(400, {"content-type": "text/plain"}, b"no")

    async def hang(_inside: LocalVendor, _run: Run) -> Any:
        await anyio.sleep_forever()

    refused, stuck = Every(refuse, "addToGroup", most=1), Every(hang, "addToGroup")
    local_vendor.choose_fault = lambda operation: refused(operation) or stuck(operation)
    async with local_vendor.book() as book:
        source = people(book.profile, 1, group)
        with anyio.move_on_after(20):
            await run_batch(book.contacts.create_many(source, journal=journal, settle_timeout=0))
        assert stuck.applied == 1
        local_vendor.choose_fault = lambda _: None
        (result,) = await run_batch(book.contacts.create_many(source, journal=journal, settle_timeout=0))
        assert result.status == "created"
        assert len(local_vendor.contacts()) == 1 == len(local_vendor.account.book.rows("SELECT * FROM membership"))


@in_virtual_time
async def test_interrupted_upsert_resumes(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    group, match = local_vendor.group(), get_match_key(profile)
    name = "name" if profile.name_format == "full" else "last_name"
    async with local_vendor.book() as book:
        await run_batch(book.contacts.create_many(people(profile, 20, group)))
        source = [person(profile, n, group, **{name: "Changed"}) for n in range(30)]

        async def hang(_: LocalVendor, run: Run) -> Any:
            run()
            await anyio.sleep_forever()

        local_vendor.choose_fault = Every(hang, *CREATES, "updateContact", "updateContacts")
        # No input is a duplicate of itself, although the journal already has its key.
        options: dict[str, Any] = {
            "journal": DictJournal(),
            "match": match,
            "settle_timeout": 0,
            "on_duplicate": "error",
        }
        with anyio.move_on_after(20):
            await run_batch(book.contacts.upsert_many(source, **options))
        local_vendor.choose_fault = lambda _: None
        results = await run_batch(book.contacts.upsert_many(source, **options))
        # Contacts that were changed are unchanged now.
        assert set(statuses(results)) <= {"created", "updated", "unchanged"}
        assert len(local_vendor.contacts()) == 30
        assert all("Changed" in (row["name"] or row["last_name"]) for row in local_vendor.contacts())


@pytest.mark.anyio
async def test_last_change_of_a_contact_wins(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """Also when the next run writes changes that failed before."""
    name, journal = "name" if profile.name_format == "full" else "last_name", DictJournal()
    async with local_vendor.book() as book:
        id = (await book.contacts.create(person(profile, 1, local_vendor.group()))).id
        changes = [(id, {name: word}) for word in ("First", "Second", "Third", "Fourth")]
        for refused, expected in (
            ((1, 3), ["updated", "failed", "updated", "failed"]),
            ((), ["updated", "skipped", "updated", "updated"]),
        ):
            step = book.contacts.update_many(changes, journal=journal, concurrency=1, ordered=True)
            one, at = step._executor.operation.write_one, iter(range(4))

            async def only(ready: Any, *, again: bool, one: Any = one, at: Any = at, refused: Any = refused) -> Any:
                if next(at) in refused:
                    raise ConnectError("not there today", vendor=profile.vendor)
                return await one(ready, again=again)

            step._executor.operation.write_one = only  # type: ignore[method-assign]
            assert [result.status for result in await run_batch(step)] == expected
        (stored,) = [contact async for contact in book.contacts.list()]
        assert getattr(stored, name) == "Fourth"


@in_virtual_time
async def test_unsent_intent_is_sent_without_lookup() -> None:
    local_vendor, journal = LocalVendor("atom"), DictJournal()
    source = people(ATOM, 3, local_vendor.group())
    local_vendor.choose_fault = Every(no_connection, *CREATES)
    async with local_vendor.book(timeout=1) as book:
        assert statuses(await run_batch(book.contacts.create_many(source, journal=journal))) == {"failed": 3}
        assert {(entry.state, entry.attempts) for entry in journal.entries.values()} == {("intent", 0)}
        local_vendor.choose_fault = lambda _: None
        assert statuses(await run_batch(book.contacts.create_many(source, journal=journal))) == {"created": 3}
        assert journal.finished == 3
        journal.entries[1] = evolve(journal.entries[1], state="intent", id=None)
        journal.finished = None
        results = await run_batch(book.contacts.create_many(source, journal=journal, ordered=True, settle_timeout=0))
        assert [result.status for result in results] == ["created", "uncertain", "created"]


@pytest.mark.anyio
async def test_inputs_read_before_stop_stay_open(path: Path) -> None:
    local_vendor = LocalVendor("vercom")
    go_on = anyio.Event()

    async def source() -> Any:
        yield person(profile, 0)
        yield Contact()
        for number in range(2, 900):
            yield person(profile, number)
        await go_on.wait()
        yield person(profile, 900)
        yield person(profile, 901)
        go_on.set()

    profile = load_vendor("vercom").profile
    async with local_vendor.book() as book:
        options: dict[str, Any] = {"journal": path, "concurrency": 2, "match": "phone"}
        batch = book.contacts.create_many(source(), on_error="stop", **options)
        results = await run_batch(batch)
        assert statuses(results)["failed"] == 1
        go_on.set()
        results = await run_batch(book.contacts.create_many(source(), **options))
        assert statuses(results) == {"created": 901, "failed": 1}
    assert len(local_vendor.contacts()) == 901
