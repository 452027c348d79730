"""Test deletes by arrays of ids (SerwerSMS): what an array did is read back until an array of that size is proven."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from batch_helpers import in_virtual_time, people, run_batch, statuses, stored
from call_faults import Every, reset_after, reset_before
from control import Server
from fakes import FakeTransport, book_over, reply
from local_vendor import LocalVendor, Run

from crossbook import AddressBook, AuthError
from crossbook._http.request import TransportResponse
from crossbook.vendors.serwersms.profile import PROFILE

pytestmark = pytest.mark.anyio

SUCCESS = reply({"success": True})
MISSING = str(10**9)


@pytest.fixture
def vendor() -> str:
    return "serwersms"


async def create(book: AddressBook, count: int) -> list[str]:
    results = await run_batch(book.contacts.create_many(people(PROFILE, count), ordered=True))
    return [result.id or "" for result in results]


async def test_first_array_is_read_back() -> None:
    local_vendor = LocalVendor("serwersms")
    async with local_vendor.book() as book:
        ids = await create(book, 350)
        local_vendor.count.clear()
        results = await run_batch(book.contacts.delete_many(ids))
    assert statuses(results) == {"deleted": 350}
    assert {result.attempts for result in results} == {1}
    assert local_vendor.contacts() == []
    assert local_vendor.count["deleteContact"] == 4
    assert local_vendor.count["getContact"] == 100, "only the first array"


async def test_larger_array_than_proven_is_read_back() -> None:
    """A vendor may cut a long array: the first of a size proves nothing about a longer one."""
    local_vendor, sizes = LocalVendor("serwersms"), [30, 100, 100]
    async with local_vendor.book() as book:
        ids = iter(await create(book, sum(sizes)))

        async def source() -> Any:
            for number, size in enumerate(sizes):
                for _ in range(size):
                    yield next(ids)
                if not number:
                    yield "no id!"  # the array of this chunk has 99 ids

        local_vendor.count.clear()
        results = await run_batch(book.contacts.delete_many(source(), concurrency=1))
    assert statuses(results) == {"deleted": 230, "failed": 1}
    assert (local_vendor.count["deleteContact"], local_vendor.count["getContact"]) == (3, 99 + 100)


@pytest.mark.parametrize("mixed", ["refuse", "skip", "stop"])
@pytest.mark.parametrize("place", [0, 2, 4])
async def test_missing_id_in_first_array(book: AddressBook, server: Server, mixed: str, place: int) -> None:
    """Whatever the vendor does with it, all others are deleted, and the report is the same."""
    server.options(serwersms_mixed_delete=mixed)
    ids = await create(book, 5)
    before = server.requests("serwersms")
    results = await run_batch(book.contacts.delete_many([*ids[:place], MISSING, *ids[place:4]], ordered=True))
    assert statuses(results) == {"deleted": 5}
    assert [contact.id for contact in await stored(book)] == ids[4:]
    calls = server.requests("serwersms") - before
    singles = {"refuse": 4, "skip": 0, "stop": 4 - place}[mixed]
    assert (calls["deleteContact"], calls["getContact"]) == (1 + singles, 5)


async def test_refused_array_is_last_of_its_run() -> None:
    local_vendor = LocalVendor("serwersms")
    async with local_vendor.book() as book:
        ids = await create(book, 300)
        local_vendor.count.clear()
        given = [*ids[:150], MISSING, *ids[150:]]
        results = await run_batch(book.contacts.delete_many(given, ordered=True, concurrency=1))
    assert statuses(results) == {"deleted": 301}
    assert local_vendor.contacts() == []
    # The first array succeeds; the second has the missing id and is refused; all others are deleted one by one.
    assert local_vendor.count["deleteContact"] == 2 + 99 + 101
    assert local_vendor.count["getContact"] == 100 + 100


async def test_missing_id_alone_fails() -> None:
    local_vendor = LocalVendor("serwersms")
    async with local_vendor.book() as book:
        (result,) = await run_batch(book.contacts.delete_many([MISSING]))
    assert (result.status, type(result.error).__name__) == ("failed", "NotFoundError")
    assert local_vendor.count == {"deleteContact": 1}


@pytest.mark.parametrize("answer", [SUCCESS, reply(b"null"), reply({"id": 1})], ids=["success", "null", "no word"])
async def test_array_without_effect_is_found(answer: TransportResponse) -> None:
    """The vendor reports a success, and nothing was deleted."""
    local_vendor = LocalVendor("serwersms")

    async def pretend(_: LocalVendor, run: Run) -> Any:
        return answer

    async with local_vendor.book() as book:
        ids = await create(book, 5)
        local_vendor.choose_fault = Every(pretend, "deleteContact", most=1)
        results = await run_batch(book.contacts.delete_many(ids))
    assert statuses(results) == {"deleted": 5}
    assert local_vendor.contacts() == []
    assert local_vendor.count["deleteContact"] == 1 + 5


async def test_null_for_a_later_array_is_read_back() -> None:
    local_vendor = LocalVendor("serwersms")

    async def nothing(_: LocalVendor, run: Run) -> Any:
        run()
        return reply(b"null")

    async with local_vendor.book() as book:
        ids = await create(book, 300)
        local_vendor.count.clear()
        local_vendor.choose_fault = Every(nothing, "deleteContact", nth=2)
        results = await run_batch(book.contacts.delete_many(ids, concurrency=1))
    assert statuses(results) == {"deleted": 300}
    assert (local_vendor.count["deleteContact"], local_vendor.count["getContact"]) == (3, 200)


@pytest.mark.parametrize("fault", [reset_after, reset_before])
@in_virtual_time
async def test_lost_array_is_read_back(fault: Any) -> None:
    local_vendor = LocalVendor("serwersms")
    async with local_vendor.book(max_attempts=1) as book:
        ids = await create(book, 250)
        local_vendor.count.clear()
        local_vendor.choose_fault = Every(fault, "deleteContact", most=8)  # all attempts of the first array
        results = await run_batch(book.contacts.delete_many(ids, concurrency=1))
    assert statuses(results) == {"deleted": 250}
    assert local_vendor.contacts() == []
    lost = fault is reset_after
    # If all ids are gone, arrays continue, and the next one is still to be proven.
    assert local_vendor.count["deleteContact"] - 8 == (2 if lost else 250)
    assert local_vendor.count["getContact"] == (200 if lost else 100)


@in_virtual_time
async def test_array_that_cannot_be_read_back_is_uncertain() -> None:
    local_vendor = LocalVendor("serwersms")
    async with local_vendor.book() as book:
        ids = await create(book, 5)
        local_vendor.choose_fault = Every(reset_after, "deleteContact", "getContact")
        results = await run_batch(book.contacts.delete_many(ids))
    assert statuses(results) == {"uncertain": 5}
    assert local_vendor.count["getContact"] == 8, "the other ids are not tried"


async def test_refused_credentials_are_not_read_back() -> None:
    transport = FakeTransport(reply({"error": {"code": 1001, "type": "InvalidUser", "message": "no"}}))
    async with book_over("serwersms", transport) as book:
        results = await run_batch(book.contacts.delete_many(["1", "2", "3"]))
    assert {type(result.error) for result in results} == {AuthError}
    assert len(transport.sent) == 1


async def test_other_arrays_wait_for_the_first() -> None:
    local_vendor, order = LocalVendor("serwersms"), list[str]()

    async def slow(_: LocalVendor, run: Run) -> Any:
        for _ in range(50):
            await anyio.lowlevel.checkpoint()
        return run()

    def note(operation: str) -> Any:
        order.append(operation)
        return slow

    async with local_vendor.book() as book:
        ids = await create(book, 400)
        local_vendor.choose_fault = note
        results = await run_batch(book.contacts.delete_many(ids, concurrency=4))
    assert statuses(results) == {"deleted": 400}
    assert order == ["deleteContact", *["getContact"] * 100, *["deleteContact"] * 3]


async def test_groups_are_deleted_by_arrays(book: AddressBook, server: Server) -> None:
    groups = [(await book.groups.create(f"Group {number}")).id for number in range(4)]
    (id,) = await create(book, 1)
    await book.contacts.update(id, groups=groups)
    before = server.requests("serwersms")
    results = await run_batch(book.groups.delete_many(groups[:3]))
    assert statuses(results) == {"deleted": 3}
    assert server.requests("serwersms") - before == {"deleteGroup": 1, "getGroup": 3}
    assert [group.id async for group in book.groups.list()] == groups[3:]
    assert (await book.contacts.get(id)).id == id, "contacts stay"


async def test_no_array_together_with_contacts() -> None:
    """It is unknown what `delete_contacts` does with an array of groups."""
    transport = FakeTransport(SUCCESS)
    async with book_over("serwersms", transport) as book:
        results = await run_batch(book.groups.delete_many(["1", "2", "3"], with_contacts=True))
    assert statuses(results) == {"deleted": 3}
    assert {(body["id"], body["delete_contacts"]) for body in transport.bodies} == {(1, True), (2, True), (3, True)}
