"""Test all kinds of sources, the order of results, progress, and blocks that are left early."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from batch_helpers import people, person, run_batch, statuses
from control import Server
from fakes import VENDORS
from local_vendor import LocalVendor, Run

from crossbook import AddressBook, Contact, InvalidInputError, Summary, UsageError
from crossbook._batch.results import Progress, Result
from crossbook.vendor import VendorProfile
from crossbook.vendors.atom.profile import PROFILE as ATOM

pytestmark = pytest.mark.anyio


@pytest.fixture
def vendor() -> str:
    return "atom"


@pytest.fixture
def profile() -> VendorProfile:
    return ATOM


@pytest.fixture
async def local_vendor() -> LocalVendor:
    return LocalVendor("atom")


@pytest.fixture
async def book(local_vendor: LocalVendor) -> AsyncIterator[AddressBook]:
    async with local_vendor.book(default_group=local_vendor.group()) as book:
        yield book


PEOPLE = people(ATOM, 30)


async def slowly(contacts: list[Contact]) -> AsyncIterator[Contact]:
    for contact in contacts:
        await anyio.lowlevel.checkpoint()
        yield contact


MAKE = [list, tuple, iter, lambda contacts: (each for each in contacts), slowly]


@pytest.mark.parametrize("make", MAKE, ids=["list", "tuple", "iterator", "generator", "async generator"])
@pytest.mark.parametrize("count", [0, 1, 30])
async def test_sources(book: AddressBook, make: Any, count: int) -> None:
    results = await run_batch(book.contacts.create_many(make(PEOPLE[:count]), ordered=True))
    assert [(result.index, result.status) for result in results] == [(index, "created") for index in range(count)]


@pytest.mark.parametrize("bulk", [False, True], ids=["one by one", "in bulk"])
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_source_that_raises(book: AddressBook, bulk: bool, asynchronous: bool) -> None:
    def broken(profile: VendorProfile) -> Iterator[Contact]:
        yield from people(profile, 10)
        raise ZeroDivisionError("the source")

    async def broken_too(profile: VendorProfile) -> AsyncIterator[Contact]:
        for contact in broken(profile):
            await anyio.lowlevel.checkpoint()
            yield contact

    local_vendor = LocalVendor("vercom")
    async with local_vendor.book() as vercom:
        book = vercom if bulk else book
        results: list[Result] = []
        batch = book.contacts.create_many((broken_too if asynchronous else broken)(book.profile))
        with pytest.raises(ZeroDivisionError, match="the source"):
            await run_batch(batch, results)
        assert statuses(results) == batch.summary.counts == {"created": 10}
        assert batch.summary.stopped == "the source, the journal or a callback failed: ZeroDivisionError"
        with pytest.raises(ZeroDivisionError):
            await book.contacts.create_many(broken(book.profile)).run()


async def test_list_of_another_book(book: AddressBook) -> None:
    other = LocalVendor("serwersms")
    async with other.book() as from_book:
        await run_batch(from_book.contacts.create_many(people(from_book.profile, 30)))
        source = from_book.contacts.list(page_size=7)
        results = await run_batch(book.contacts.create_many(source, on_unsupported_field="drop", ordered=True))
        assert statuses(results) == {"created": 30}
        assert all(result.dropped_fields == ("email",) for result in results)


@pytest.mark.parametrize("ordered", [False, True])
async def test_source_is_read_only_as_processed(book: AddressBook, local_vendor: LocalVendor, ordered: bool) -> None:
    taken = 0

    def endless() -> Iterator[Contact]:
        nonlocal taken
        while True:
            taken += 1
            yield person(ATOM, taken)

    async with book.contacts.create_many(endless(), concurrency=4, ordered=ordered) as run:
        read = 0
        async for result in run:
            assert result.status == "created"
            read += 1
            assert taken <= read + 64
            if read % 50 == 0:
                await anyio.wait_all_tasks_blocked()
                assert taken <= read + 64
            if read == 500:
                break
    assert local_vendor.peak <= 4


async def test_ordered_results_wait_for_slowest_input(book: AddressBook, local_vendor: LocalVendor) -> None:
    go_on, calls = anyio.Event(), 0

    async def wait(_: LocalVendor, run: Run) -> Any:
        await go_on.wait()
        return run()

    def choose_fault(operation: str) -> Any:
        nonlocal calls
        calls += 1
        return wait if calls == 1 else None

    local_vendor.choose_fault = choose_fault
    source = iter(people(ATOM, 1000))
    async with book.contacts.create_many(source, concurrency=4, ordered=True) as run:
        await anyio.wait_all_tasks_blocked()
        assert 60 < 1000 - len(list(source)) <= 64  # and no result was returned
        go_on.set()
        assert [result.index async for result in run] == list(range(64))


async def test_progress(book: AddressBook) -> None:
    class Reports(list[Progress]):
        closed = 0

        def __call__(self, progress: Progress) -> None:
            self.append(progress)

        def close(self) -> None:
            self.closed += 1

    reports = Reports()
    await book.contacts.create_many([*PEOPLE, Contact()], progress=reports).run()
    assert [progress.done for progress in reports] == list(range(1, 32))
    assert {progress.total for progress in reports} == {31}
    assert (reports[-1].failed, reports[-1].uncertain, reports.closed) == (1, 0, 1)
    async with book.contacts.create_many(iter(PEOPLE), progress=reports) as run:
        async for _ in run:
            break
    assert (reports[-1].total, reports[-1].seconds_left, reports.closed) == (None, None, 2)


async def test_progress_bar(book: AddressBook, capsys: pytest.CaptureFixture[str]) -> None:
    summary = await book.contacts.create_many([*PEOPLE, Contact()], progress=True).run()
    assert summary.counts == {"created": 30, "failed": 1}
    shown = capsys.readouterr().err
    assert "contacts.create_many" in shown
    assert "31 of 31" in shown
    assert "1 failed" in shown


async def test_failing_progress_loses_no_result(book: AddressBook, local_vendor: LocalVendor) -> None:
    def fail(progress: Progress) -> None:
        raise ZeroDivisionError

    results: list[Result] = []
    with pytest.raises(ZeroDivisionError):
        await run_batch(book.contacts.create_many(PEOPLE, progress=fail, concurrency=2), results)
    assert 1 <= len(results) == len(local_vendor.contacts()) <= 2


async def test_batch_runs_once(book: AddressBook) -> None:
    batch = book.contacts.create_many(PEOPLE)
    await batch.run()
    with pytest.raises(UsageError, match="runs once"):
        await batch.run()


async def test_several_readers_share_the_results(book: AddressBook) -> None:
    indices: list[int] = []
    async with book.contacts.create_many(people(ATOM, 40), concurrency=2) as run:

        async def read() -> None:
            indices.extend([result.index async for result in run])

        with anyio.fail_after(60):
            async with anyio.create_task_group() as readers:
                for _ in range(3):
                    readers.start_soon(read)
    assert sorted(indices) == list(range(40))


async def test_closed_book_raises(local_vendor: LocalVendor) -> None:
    book = local_vendor.book()
    with pytest.raises(UsageError):
        book.contacts.create_many(PEOPLE)
    async with book:
        batch = book.contacts.create_many(PEOPLE)
    with pytest.raises(UsageError):
        await batch.run()


async def test_book_closed_during_batch_raises(local_vendor: LocalVendor) -> None:
    local_vendor.choose_fault = lambda _: lambda *_: anyio.sleep_forever()
    book = local_vendor.book(default_group=local_vendor.group())
    async with anyio.create_task_group() as tasks:
        async with book:
            batch = book.contacts.create_many(PEOPLE)
            results: list[Result] = []
            ended = anyio.Event()

            async def read() -> None:
                with pytest.raises(UsageError, match="while the book is open"):
                    await run_batch(batch, results)
                ended.set()

            tasks.start_soon(read)
            await anyio.wait_all_tasks_blocked()
        with anyio.fail_after(60):
            await ended.wait()
    assert results == []
    assert batch.summary.counts == {"cancelled": 30}


async def test_leaving_the_block_stops_everything(book: AddressBook, local_vendor: LocalVendor) -> None:
    async with book.contacts.create_many(people(ATOM, 1000), concurrency=4) as run:
        read = 0
        async for _ in run:
            read += 1
            if read == 10:
                break
    there = len(local_vendor.contacts())
    await anyio.wait_all_tasks_blocked()
    assert (len(local_vendor.contacts()), local_vendor.in_flight) == (there, 0)
    summary = run.summary
    assert there - 4 <= summary.counts["created"] <= there <= 10 + 64
    assert summary.stopped == "its `async with` block was left before all inputs were processed"
    assert summary.total == summary.counts["created"] + summary.counts.get("cancelled", 0)


async def test_error_in_the_block_is_raised(book: AddressBook) -> None:
    async def fail() -> None:
        async with book.contacts.create_many(people(ATOM, 100)) as run:
            async for _ in run:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()


async def test_waiting_source_does_not_delay_stop(book: AddressBook) -> None:
    closed = False

    async def endless() -> AsyncIterator[Contact]:
        nonlocal closed
        try:
            yield person(ATOM, 1)
            yield Contact()
            await anyio.sleep_forever()
        finally:
            closed = True

    # on_error="stop" does not wait for the source.
    with anyio.fail_after(60):
        results = await run_batch(book.contacts.create_many(endless(), on_error="stop", ordered=True))
    assert [result.status for result in results] == ["created", "failed"]
    assert closed


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_source_cancelled_from_within_raises(book: AddressBook, tmp_path: Path, asynchronous: bool) -> None:
    """The cancellation exhausts the generator, which looks as if all items were processed."""

    def source(failing: bool) -> Iterator[Contact]:
        for number, each in enumerate(people(ATOM, 20)):
            if failing and number == 5:
                raise asyncio.CancelledError
            yield each

    async def awaited() -> AsyncIterator[Contact]:
        for each in source(True):
            yield each

    results: list[Result] = []
    options: Any = {"journal": tmp_path / "journal", "concurrency": 3}
    with pytest.raises(UsageError, match="cancelled the task that it runs in"):
        await run_batch(book.contacts.create_many(awaited() if asynchronous else source(True), **options), results)
    assert statuses(results) == {"created": 5}
    assert statuses(await run_batch(book.contacts.create_many(source(False), **options))) == {"created": 20}


async def test_invalid_source_is_refused() -> None:
    local_vendor = LocalVendor("vercom")
    async with local_vendor.book() as book:
        for source in (None, 5, "text", b"bytes"):
            with pytest.raises(InvalidInputError):
                book.contacts.delete_many(source)  # type: ignore[arg-type]


@pytest.mark.parametrize("vendor", VENDORS)
async def test_nothing_is_written_after_block_is_left(server: Server, make_book: Any, vendor: str) -> None:
    async with make_book() as book:
        group = (await book.groups.create("Friends")).id
        server.fault("delay", vendor, seconds=0.05, count=None, when="before")
        async with book.contacts.create_many(people(book.profile, 3000, group), concurrency=4) as run:
            async for _ in run:
                break
        create = "createContacts" if vendor == "vercom" else "createContact"
        sent = server.requests(vendor)[create]
        await book.contacts.list(page_size=1)  # the sandbox has responded to all earlier requests
        await anyio.sleep(0.1)
        assert server.requests(vendor)[create] <= sent + 4


async def test_summary_counts_in_fixed_order() -> None:
    """Whichever input ends first, the same batch prints the same line."""
    shown = set[str]()
    for order in (("failed", "created", "skipped"), ("skipped", "failed", "created")):
        summary = Summary()
        for index, status in enumerate(order):
            summary.add(Result(index=index, status=status))  # type: ignore[arg-type]
        shown.add(summary.headlines()[0])
    assert shown == {"3 inputs: 1 created, 1 skipped, 1 failed"}
