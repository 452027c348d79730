"""Test batches over a vendor that becomes unavailable: how long they wait, when they stop, and what they report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from batch_helpers import in_virtual_time, person, run_batch, statuses
from local_vendor import REFUSED, LocalVendor

from crossbook import Contact, Progress, RateLimitError, VendorUnavailableError
from crossbook._http.request import TransportFailure, TransportResponse
from crossbook.vendor import VendorProfile


def answer(status: int, **headers: str) -> Any:
    async def respond(*_: Any) -> TransportResponse:
        return TransportResponse(status, {name.replace("_", "-"): value for name, value in headers.items()}, b"")

    return respond


async def refuse(*_: Any) -> TransportFailure:
    return REFUSED


def begins_at(number: int, fault: Any, until: int | None = None) -> Any:
    """Return a choice of `fault` for the creates from `number` (from 0), and before `until`."""
    seen = -1

    def choose(operation: str) -> Any:
        nonlocal seen
        if not operation.startswith("createContact"):
            return None
        seen += 1
        return fault if seen >= number and (until is None or seen < until) else None

    return choose


def endless(profile: VendorProfile, group: str) -> Iterator[Contact]:
    return (person(profile, number, group) for number in range(900_000))


@in_virtual_time
async def test_outage_stops_after_few_requests(vendor: str) -> None:
    """In the middle of an endless source, no connection can be opened any more."""
    local_vendor = LocalVendor(vendor)
    profile = local_vendor.account
    local_vendor.choose_fault = begins_at(3, refuse)
    async with local_vendor.book(concurrency=4) as book:
        profile = book.profile
        batch = book.contacts.create_many(endless(profile, local_vendor.group()), concurrency=4)
        results = await run_batch(batch)
    size = profile.capability("contacts.create").bulk_size
    counts = statuses(results)
    assert counts == dict(batch.summary.counts)
    assert counts["created"] == 3 * size == len(local_vendor.contacts())
    assert set(counts) <= {"created", "failed", "cancelled"}
    assert len(results) <= 20 * size
    assert sorted(result.index for result in results) == list(range(len(results)))
    assert batch.summary.stopped == "6 requests in a row failed: the vendor cannot be reached"
    assert batch.summary.stop_error is not None


@pytest.mark.parametrize("vendor", ["vercom"])
@in_virtual_time
async def test_response_counts_once_for_all_its_inputs(vendor: str) -> None:
    local_vendor = LocalVendor(vendor)
    local_vendor.choose_fault = begins_at(0, answer(503), until=1)
    async with local_vendor.book() as book:
        source = (person(book.profile, number) for number in range(2500))
        began = anyio.current_time()
        summary = await book.contacts.create_many(source, concurrency=1).run()
        assert anyio.current_time() - began < 1
    assert (summary.counts, summary.stopped) == ({"uncertain": 1000, "created": 1500}, None)


@pytest.mark.parametrize("status", [429, 503])
@in_virtual_time
async def test_batch_waits_as_long_as_asked(vendor: str, status: int) -> None:
    local_vendor, waits = LocalVendor(vendor), list[Progress]()
    local_vendor.choose_fault = begins_at(1, answer(status, retry_after="600"), until=2)
    async with local_vendor.book() as book:
        size = book.profile.capability("contacts.create").bulk_size
        group = local_vendor.group()
        source = (person(book.profile, number, group) for number in range(5 * size))
        began = anyio.current_time()
        batch = book.contacts.create_many(
            source, concurrency=1, max_wait=700, progress=lambda progress: waits.append(progress)
        )
        summary = await batch.run()
        assert 600 <= anyio.current_time() - began <= 602
    lost = {"uncertain": size} if status == 503 else {}
    assert summary.counts == {"created": 5 * size - sum(lost.values()), **lost}
    assert max(progress.waiting for progress in waits) == pytest.approx(600, abs=1)
    assert waits[-1].waiting == 0


@pytest.mark.parametrize("status", [429, 503])
@in_virtual_time
async def test_longer_wait_than_max_wait_stops(vendor: str, status: int) -> None:
    local_vendor = LocalVendor(vendor)
    local_vendor.choose_fault = begins_at(1, answer(status, retry_after="3600"))
    async with local_vendor.book() as book:
        began = anyio.current_time()
        batch = book.contacts.create_many(endless(book.profile, local_vendor.group()), concurrency=1, max_wait=60)
        results = await run_batch(batch)
        assert anyio.current_time() == began
    size = book.profile.capability("contacts.create").bulk_size
    assert statuses(results) == {"created": size, "failed" if status == 429 else "uncertain": size}
    assert (
        batch.summary.stopped == "the vendor asks for a wait of 60.0 minutes, longer than the limit of 60 s (max_wait)"
    )
    assert type(batch.summary.stop_error) is (RateLimitError if status == 429 else VendorUnavailableError)


@pytest.mark.parametrize("vendor", ["serwersms"])
@in_virtual_time
async def test_single_failures_cost_no_wait(vendor: str) -> None:
    local_vendor = LocalVendor(vendor)
    calls = 0

    def every_third(operation: str) -> Any:
        nonlocal calls
        calls += operation == "createContact"
        return answer(503) if operation == "createContact" and calls % 3 == 0 else None

    local_vendor.choose_fault = every_third
    async with local_vendor.book() as book:
        began = anyio.current_time()
        source = [person(book.profile, number) for number in range(90)]
        summary = await book.contacts.create_many(source, concurrency=1).run()
        assert anyio.current_time() == began
    assert summary.counts == {"created": 60, "uncertain": 30}


@pytest.mark.parametrize("vendor", ["serwersms", "vercom"])
@in_virtual_time
async def test_short_outage_is_survived(vendor: str) -> None:
    """The vendor is down for 12 s. Then the whole rest of the source is written."""
    local_vendor = LocalVendor(vendor)
    down = answer(503)

    def choose(operation: str) -> Any:
        return down if operation.startswith("create") and 5 <= anyio.current_time() - began < 17 else None

    async with local_vendor.book(rate=1) as book:
        began = anyio.current_time()
        local_vendor.choose_fault = choose
        size = book.profile.capability("contacts.create").bulk_size
        source = [person(book.profile, number) for number in range(40 if size == 1 else 10 * size)]
        summary = await book.contacts.create_many(source, concurrency=4).run()
    assert (summary.stopped, summary.total) == (None, len(source))
    assert summary.counts["uncertain"] <= 10 * size
    assert summary.counts["created"] == len(local_vendor.contacts())


@pytest.mark.parametrize("vendor", ["vercom", "serwersms"])
@in_virtual_time
async def test_failed_lookups_stop_the_batch(vendor: str) -> None:
    local_vendor = LocalVendor(vendor)
    local_vendor.choose_fault = lambda operation: answer(503) if operation == "listContacts" else None
    async with local_vendor.book() as book:
        batch = book.contacts.create_many(endless(book.profile, ""), match="auto", on_duplicate="skip", concurrency=2)
        results = await run_batch(batch)
    assert set(statuses(results)) <= {"failed", "cancelled"}
    assert batch.summary.stopped == "6 requests in a row failed: the vendor is unavailable"
    assert local_vendor.count["listContacts"] <= 100


@in_virtual_time
async def test_stop_ends_a_long_wait(vendor: str) -> None:
    local_vendor = LocalVendor(vendor)
    local_vendor.choose_fault = begins_at(0, answer(503, retry_after="3600"))
    async with local_vendor.book() as book:
        began, source = anyio.current_time(), endless(book.profile, local_vendor.group())
        results = []
        async with book.contacts.create_many(source, concurrency=2) as run:
            async for result in run:
                results.append(result)
                run.stop("enough")
        assert anyio.current_time() == began
    assert run.summary.stopped == "enough"
    assert set(statuses(results)) <= {"uncertain", "failed", "cancelled"}
    assert statuses(results) == run.summary.counts


@in_virtual_time
async def test_left_batch_returns_unread_results(vendor: str) -> None:
    local_vendor = LocalVendor(vendor)
    async with local_vendor.book() as book:
        group = local_vendor.group()
        async with book.contacts.create_many([person(book.profile, number, group) for number in range(50)]) as run:
            first = await anext(run)
        results = [first, *run.take_unread()]
    assert sorted(result.index for result in results) == list(range(len(results)))
    assert statuses(results) == run.summary.counts
    assert run.take_unread() == []
