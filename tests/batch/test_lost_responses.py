"""Test lost responses: no write happens twice, no write is missing, and only unknown outcomes are `uncertain`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from batch_helpers import get_match_key, people, person, run_batch, statuses
from call_faults import (
    COMMITTED,
    HARMLESS,
    SETTLE,
    UNKNOWN,
    Every,
    Fault,
    error_before,
    late_commit,
    reset_after,
    reset_before,
)
from local_vendor import LOST, LocalVendor, Run
from virtual import virtually

from crossbook import Contact
from crossbook._batch.results import Result
from crossbook._http.request import TransportResponse
from crossbook.vendor import VendorProfile
from tests.chaos.stalls import detect_stalls

CREATES = ("createContact", "createContacts")
COUNT = 24
TRIES = 8  # requests that a batch makes for one read


def names(local_vendor: LocalVendor) -> Counter[str]:
    """Count the stored contacts by name."""
    rows = local_vendor.contacts()
    return Counter(row["name"] or f"{row['first_name']} {row['last_name']}" for row in rows)


def half(profile: VendorProfile, fault: Fault, *operations: str) -> Every:
    """Return a fault for half of the first writes of a batch, or for the first native call."""
    if profile.capability("contacts.create").bulk_size > 1:
        return Every(fault, *CREATES, *operations, most=1)
    return Every(fault, *CREATES, *operations, nth=2, most=COUNT // 2)


def batches(local_vendor: LocalVendor, make: Callable[[Any], Any]) -> list[Result]:
    """Run a batch in virtual time and return its results."""

    async def work() -> list[Result]:
        await anyio.sleep(60)  # virtual time begins at 0, which would look like no time
        async with local_vendor.book(max_attempts=1) as book:
            return await run_batch(make(book))

    return virtually(work)


@pytest.mark.parametrize("fault", [*UNKNOWN, *HARMLESS], ids=lambda fault: fault.__name__)
def test_lost_create_with_match_has_one_effect(local_vendor: LocalVendor, profile: VendorProfile, fault: Fault) -> None:
    group, match = local_vendor.group(), get_match_key(profile)
    local_vendor.choose_fault = struck = half(profile, fault)
    results = batches(
        local_vendor,
        lambda book: book.contacts.create_many(people(profile, COUNT, group), match=match, settle_timeout=SETTLE),
    )
    assert struck.applied > 0
    assert statuses(results) == {"created": COUNT}
    assert set(names(local_vendor).values()) == {1}
    assert len({result.id for result in results}) == COUNT == len(local_vendor.contacts())
    again = 0 if fault in COMMITTED or fault in HARMLESS else struck.applied
    writes = sum(result.attempts for result in results)
    assert (writes > COUNT) == (again > 0)


@pytest.mark.parametrize("fault", UNKNOWN, ids=lambda fault: fault.__name__)
def test_lost_create_without_match_is_not_repeated(
    local_vendor: LocalVendor, profile: VendorProfile, fault: Fault
) -> None:
    group = local_vendor.group()
    local_vendor.choose_fault = Every(fault, *CREATES, nth=2, most=5)
    source = people(profile, COUNT, group)
    results = batches(
        local_vendor, lambda book: book.contacts.create_many(source, settle_timeout=SETTLE, concurrency=1)
    )
    if profile.capability("contacts.create").bulk_size > 1:
        local_vendor.choose_fault = Every(fault, *CREATES)
        results += batches(local_vendor, lambda book: book.contacts.create_many(source, settle_timeout=SETTLE))
    uncertain = {result.index for result in results if result.status == "uncertain"}
    assert uncertain
    assert {result.status for result in results} == {"created", "uncertain"}
    assert all(result.attempts == 1 and (result.error is None) == (result.status == "created") for result in results)
    assert len(local_vendor.contacts()) == len(results) if fault in COMMITTED else len(results) - len(uncertain)


@pytest.mark.parametrize("fault", UNKNOWN, ids=lambda fault: fault.__name__)
def test_lost_upsert_has_one_effect(local_vendor: LocalVendor, profile: VendorProfile, fault: Fault) -> None:
    group, match = local_vendor.group(), get_match_key(profile)
    name = "name" if profile.name_format == "full" else "last_name"
    batches(local_vendor, lambda book: book.contacts.create_many(people(profile, 8, group)))
    local_vendor.choose_fault = half(profile, fault, "updateContact", "updateContacts")
    source = [person(profile, n, group, **{name: "Changed"}) for n in range(COUNT)]

    async def work() -> list[Result]:
        async with local_vendor.book() as book:
            return await run_batch(book.contacts.upsert_many(source, match=match, settle_timeout=SETTLE))

    results = virtually(work)
    assert statuses(results) == {"updated": 8, "created": COUNT - 8}
    assert len(local_vendor.contacts()) == COUNT
    assert all("Changed" in each for each in names(local_vendor))


@pytest.mark.parametrize("fault", UNKNOWN, ids=lambda fault: fault.__name__)
def test_lost_idempotent_writes_are_repeated(local_vendor: LocalVendor, profile: VendorProfile, fault: Fault) -> None:
    group = local_vendor.group()
    other = local_vendor.group()
    created = batches(local_vendor, lambda book: book.contacts.create_many(people(profile, COUNT, group)))
    ids = [result.id or "" for result in created]
    operations = [
        operation for operation in profile.operations if operation.startswith(("update", "delete", "add", "unsub"))
    ]
    local_vendor.choose_fault = Every(fault, *operations, nth=3)

    async def work() -> list[list[Result]]:
        async with local_vendor.book() as book:
            name = "name" if profile.name_format == "full" else "last_name"
            runs: list[Any] = [book.contacts.update_many((id, {name: "Changed"}) for id in ids)]
            if profile.capability("groups.add").support != "unsupported":
                runs.append(book.groups.add_many((other, id) for id in ids))
            if profile.capability("contacts.unsubscribe").support != "unsupported":
                runs.append(book.contacts.unsubscribe_many(ids, "sms"))
            return [await run_batch(each) for each in [*runs, book.contacts.delete_many(ids)]]

    assert {result.status for run in virtually(work) for result in run} == {"updated", "done", "deleted"} - (
        {"done"} if profile.single_group else set()
    )
    assert local_vendor.contacts() == []


def test_contacts_with_one_key_are_distinguished(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    group, match = local_vendor.group(), get_match_key(profile)
    shared: dict[str, Any] = {match: getattr(person(profile, 1), match)}
    source = [person(profile, n, group, **(shared if n % 3 == 0 else {})) for n in range(COUNT)]
    for fault in (reset_before, reset_after, late_commit):
        before = len(local_vendor.contacts())
        local_vendor.choose_fault = half(profile, fault)
        results = batches(
            local_vendor, lambda book: book.contacts.create_many(source, match=match, settle_timeout=SETTLE)
        )
        assert statuses(results) == {"created": COUNT}
        # Contacts of earlier rounds are equal, and would prove nothing.
        assert len({result.id for result in results}) == COUNT == len(local_vendor.contacts()) - before


def test_contact_of_another_writer_is_not_adopted(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    group, match = local_vendor.group(), get_match_key(profile)
    name = "name" if profile.name_format == "full" else "last_name"
    ours, theirs = (person(profile, 1, group, **{name: who}) for who in ("Ours", "Theirs"))
    other = LocalVendor(local_vendor.vendor)
    other.sandbox, other.account = local_vendor.sandbox, local_vendor.account

    async def elsewhere(commits: bool, contact: Contact) -> Any:
        async def fault(local_vendor: LocalVendor, run: Run) -> Any:
            async with other.book() as book:
                await book.contacts.create(contact)
            return await (reset_after if commits else reset_before)(local_vendor, run)

        return fault

    def result(commits: bool, contact: Contact) -> Result:
        async def work() -> list[Result]:
            local_vendor.choose_fault = Every(await elsewhere(commits, contact), *CREATES, most=1)
            async with local_vendor.book(max_attempts=1) as book:
                return await run_batch(book.contacts.create_many([ours], match=match, settle_timeout=SETTLE))

        return virtually(work)[0]

    # Our contact was written; theirs has other values.
    assert result(True, theirs).status == "created"
    # Our contact was not written; theirs is new with other values: a vendor may change what we write.
    found = result(False, theirs)
    assert (found.status, type(found.error).__name__) == ("uncertain", "AmbiguousMatchError")
    # Both contacts are equal, and one is ours.
    assert result(True, ours).status == "uncertain"
    assert sum(names(local_vendor).values()) == 5


@pytest.mark.parametrize("vendor", ["filemail"])
@pytest.mark.parametrize("fault", [*UNKNOWN, *HARMLESS], ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("matched", [False, True])
def test_created_contact_gets_its_missing_groups(
    local_vendor: LocalVendor, profile: VendorProfile, fault: Fault, matched: bool
) -> None:
    group = local_vendor.group()
    local_vendor.choose_fault = Every(fault, "addToGroup", nth=2)
    options: Any = {"match": "email"} if matched else {}
    source = people(profile, COUNT, group)
    results = batches(local_vendor, lambda book: book.contacts.create_many(source, settle_timeout=SETTLE, **options))
    assert statuses(results) == {"created": COUNT}
    assert len(local_vendor.contacts()) == COUNT
    assert len(local_vendor.account.book.rows("SELECT * FROM membership")) == COUNT


def test_failed_lookup_leaves_item_uncertain(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    group, match = local_vendor.group(), get_match_key(profile)
    lists = ("listContacts", "getAddressBook")
    lost = Every(reset_after, *CREATES)
    deaf = Every(error_before, *lists)
    local_vendor.choose_fault = lambda operation: lost(operation) or (deaf(operation) if lost.applied else None)
    results = batches(
        local_vendor,
        lambda book: book.contacts.create_many([person(profile, 1, group)], match=match, settle_timeout=SETTLE),
    )
    assert statuses(results) == {"uncertain": 1}
    assert len(local_vendor.contacts()) == 1


def test_item_after_unresolved_one_is_looked_up_again(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    """A list that was read before the unresolved write does not contain it."""
    group, match = local_vendor.group(), get_match_key(profile)
    lost = Every(reset_after, *CREATES, most=1)
    deaf = Every(error_before, "listContacts", "getAddressBook", most=TRIES)
    local_vendor.choose_fault = lambda operation: lost(operation) or (deaf(operation) if lost.applied else None)
    twice = [person(profile, 1, group)] * 2
    results = batches(
        local_vendor, lambda book: book.contacts.upsert_many(twice, match=match, settle_timeout=SETTLE, concurrency=1)
    )
    # Filemail's contact is added to its group now.
    assert [result.status for result in results] == [
        "uncertain",
        "updated" if local_vendor.vendor == "filemail" else "unchanged",
    ]
    assert len(local_vendor.contacts()) == 1


def test_create_is_given_up_after_five_attempts(local_vendor: LocalVendor, profile: VendorProfile) -> None:
    group, match = local_vendor.group(), get_match_key(profile)
    local_vendor.choose_fault = Every(reset_before, *CREATES)
    (result,) = batches(
        local_vendor,
        lambda book: book.contacts.create_many([person(profile, 1, group)], match=match, settle_timeout=SETTLE),
    )
    assert (result.status, result.attempts, type(result.error).__name__) == ("failed", 5, "NoResponseError")


@pytest.mark.anyio
async def test_lost_creates_over_real_connections(server: Any, make_book: Any, profile: VendorProfile) -> None:
    """A request that arrives after its settle time creates a second contact, so slow machines get more time."""
    for patience in (0.5, 2, 8):
        async with detect_stalls(server.url) as stalls:
            counted, doubtful = await run_over_sockets(server, make_book, profile, patience)
        if stalls.is_regular or (counted, doubtful) == ({"created": 30}, set()):
            break
        server.reset()
    assert (counted, doubtful) == ({"created": 30}, set())


async def run_over_sockets(
    server: Any, make_book: Any, profile: VendorProfile, patience: float
) -> tuple[dict[str, int], set[str]]:
    """Run 30 creates through all faults; return the results, and ids that are not exactly once on both sides."""
    create = "createContacts" if profile.vendor == "vercom" else "createContact"
    count = 30
    async with make_book(read_timeout=patience) as book:
        group = (await book.groups.create("Friends")).id
        settings: list[tuple[str, dict[str, Any]]] = [
            ("late_commit", {"seconds": 0.2}), ("reset", {"when": "before"}), ("reset", {"when": "after"}),
            ("delay", {"seconds": 600, "when": "after"}), ("status", {"status": 500, "committed": True}),
            ("status", {"status": 503}), ("truncated", {}), ("reset", {"when": "body"}), ("html", {"status": 502}),
        ]  # fmt: skip
        for skip, (kind, more) in enumerate(settings):
            server.fault(kind, profile.vendor, create, skip=skip % 2, count=1, **more)
        batch: Callable[[], Awaitable[list[Result]]] = lambda: run_batch(  # noqa: E731
            book.contacts.create_many(
                people(book.profile, count, group), match=get_match_key(profile), settle_timeout=patience, concurrency=8
            )
        )
        results = await batch()
        found = Counter([contact.id async for contact in book.contacts.list(group=group)])
        found.subtract(result.id or "" for result in results)
        return statuses(results), {id for id, times in found.items() if times}


ELSEWHERE = TransportResponse(404, {"content-type": "text/plain"}, b"Not Found")


@pytest.mark.parametrize(
    "answer", [ELSEWHERE, LOST, TransportResponse(500, {}, b"<html>"), TransportResponse(200, {}, b"{")], ids=str
)
@pytest.mark.parametrize("vendor", ["filemail"])
def test_create_with_failed_login_never_left(local_vendor: LocalVendor, profile: VendorProfile, answer: Any) -> None:
    """A lost login cannot have created a contact."""

    async def fail(_inside: LocalVendor, _run: Run) -> Any:
        return answer

    local_vendor.choose_fault = lambda operation: fail if operation == "login" else None
    results = batches(local_vendor, lambda book: book.contacts.create_many(people(profile, 3)))
    assert {(result.status, result.error and result.error.sent) for result in results} == {("failed", "no")}
    assert local_vendor.count["createContact"] == 0


def test_wrong_base_url_writes_nothing(local_vendor: LocalVendor, profile: VendorProfile, tmp_path: Path) -> None:
    """After the base_url is fixed, the same call writes all items."""

    async def elsewhere(_inside: LocalVendor, _run: Run) -> Any:
        return ELSEWHERE

    group = local_vendor.group()
    local_vendor.choose_fault = lambda operation: elsewhere if operation in CREATES else None
    for status in ("failed", "created"):
        results = batches(
            local_vendor,
            lambda book: book.contacts.create_many(people(profile, 3, group), journal=tmp_path / "import.sqlite"),
        )
        assert statuses(results) == {status: 3}
        local_vendor.choose_fault = lambda _operation: None
    assert len(local_vendor.contacts()) == 3
