"""A verification deletes what it created; it reports what it could not delete, and how to delete it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest
from control import Server
from fakes import FakeTransport, book_over, reply
from virtual import virtually

from crossbook import Contact
from crossbook._http.request import PreparedRequest, TransportResponse
from crossbook.book import AddressBook
from crossbook_verify import Leftover, Report, max_requests, verify
from crossbook_verify.cleanup import CLEANUP_LIMIT, TIMEOUT
from crossbook_verify.sample import EMAIL, FIRST, GROUP, LAST

Make = Callable[..., AddressBook]
# The names of the operations of each vendor.
UPDATE = {
    "serwersms": "updateContact",
    "atom": "updateContact",
    "filemail": "updateContact",
    "vercom": "updateContacts",
}
CREATE = {name: operation.replace("update", "create") for name, operation in UPDATE.items()}
DELETE = {name: operation.replace("update", "delete") for name, operation in UPDATE.items()}


@pytest.fixture
def count(control: httpx.Client) -> Callable[[str], tuple[int, int]]:
    def counted(vendor: str) -> tuple[int, int]:
        state = control.get("/state").raise_for_status().json()["vendors"][vendor]
        return state["contacts"], state["groups"]

    return counted


def verified(make: Make, vendor: str, **options: Any) -> Report:
    async def run() -> Report:
        async with make(vendor) as book:
            return await verify(book, write=True, **options)

    return anyio.run(run)


Count = Callable[[str], tuple[int, int]]


def test_error_leaves_nothing(vendor: str, make: Make, server: Server, count: Count) -> None:
    before = count(vendor)
    server.fault("status", vendor, UPDATE[vendor], status=503, count=None)
    report = verified(make, vendor)
    assert report.troubles
    assert (count(vendor), report.leftovers) == (before, ())


def test_unavailable_vendor_leaves_nothing(vendor: str, make: Make, server: Server, count: Count) -> None:
    before = count(vendor)
    server.fault("status", vendor, UPDATE[vendor], status=503, count=None)
    gone_from: list[int] = []

    def gone(done: int, most: int, operation: str) -> None:
        if operation == UPDATE[vendor] and not gone_from:
            server.fault("status", vendor, "*", status=503, count=6)
            gone_from.append(done)

    report = verified(make, vendor, progress=gone)
    assert "VendorUnavailableError" in report.stopped
    assert (count(vendor), report.leftovers) == (before, ())


def test_cancellation_leaves_nothing(vendor: str, make: Make, count: Count) -> None:
    before = count(vendor)

    async def run() -> bool:
        async with make(vendor) as book:
            with anyio.CancelScope() as scope:

                def stop(done: int, most: int, operation: str) -> None:
                    if operation == UPDATE[vendor]:
                        scope.cancel()

                await verify(book, write=True, progress=stop)
            return scope.cancelled_caught

    assert anyio.run(run)
    assert count(vendor) == before


def stopped(make: Make, vendor: str, clean: Callable[[], object]) -> list[Leftover]:
    """Cancel a verification at its first update; call `clean` before it cleans up. Return the leftovers."""
    left: list[Leftover] = []

    async def run() -> None:
        async with make(vendor) as book:
            with anyio.CancelScope() as scope:

                def stop(done: int, most: int, operation: str) -> None:
                    if operation == UPDATE[vendor]:
                        clean()
                        scope.cancel()

                await verify(book, write=True, progress=stop, on_leftover=left.append)

    anyio.run(run)
    return left


def test_known_ids_are_deleted_without_lists(vendor: str, make: Make, server: Server, count: Count) -> None:
    before = count(vendor)
    lists = "listAddressBooks" if vendor == "atom" else "listGroups"
    left = stopped(make, vendor, lambda: server.fault("status", vendor, lists, status=400, body="{}", count=None))
    assert (count(vendor), left) == (before, [])


def test_lost_response_to_deletion_leaves_nothing(vendor: str, make: Make, server: Server, count: Count) -> None:
    before = count(vendor)
    left = stopped(make, vendor, lambda: server.fault("close", vendor, DELETE[vendor], when="after"))
    assert (count(vendor), left) == (before, [])


def test_missing_contact_is_not_leftover(vendor: str, make: Make, control: httpx.Client) -> None:
    assert stopped(make, vendor, lambda: control.post("/reset", json={"vendor": vendor})) == []


def test_one_failed_deletion_leaves_one_contact(make: Make, server: Server, count: Count) -> None:
    before = count("vercom")
    left = stopped(make, "vercom", lambda: server.fault("status", "vercom", DELETE["vercom"], status=400, body="{}"))
    assert [each.kind for each in left] == ["contact"]
    assert count("vercom") == (before[0] + 1, before[1])


class Clinging:
    """A Vercom that creates everything and deletes nothing; `groups` returns its list of groups."""

    def __init__(self, groups: Callable[[], list[dict[str, Any]]]) -> None:
        self._groups = groups
        self._made: list[dict[str, Any]] = []
        self.looked = 0.0

    def __call__(self, call: PreparedRequest) -> TransportResponse:
        if call.method == "DELETE":
            return reply({}, 503, retry_after="20")
        if call.method == "GET":
            self.looked = anyio.current_time()
            data = self._groups() if call.path.endswith("/group") else [*self._made]
        else:
            id = str(len(self._made) + 1)
            self._made.append({"id": id, "email": EMAIL, "firstName": FIRST, "lastName": LAST})
            data = [{"id": id, "externalId": None}]
        return reply({"data": data, "meta": {"status": 200}})


def written(vendor: Clinging) -> tuple[Report, float]:
    async def run() -> tuple[Report, float]:
        async with book_over("vercom", FakeTransport(vendor), rate=1e6) as book:
            return await verify(book, write=True), anyio.current_time()

    return virtually(run)


def test_cleanup_takes_at_most_timeout() -> None:
    vendor = Clinging(list)
    report, ended = written(vendor)
    assert "VendorUnavailableError" in report.stopped
    assert len([left for left in report.leftovers if left.kind == "contact"]) > 2
    assert ended - vendor.looked < TIMEOUT + 1  # it lists first, then deletes; one second for rounding


def test_endless_list_is_limited() -> None:
    numbers = itertools.count(1)

    def groups() -> list[dict[str, Any]]:
        number = next(numbers)
        assert number < 1000
        return [{"id": number, "name": "Friends"}]

    assert written(Clinging(groups))[0].calls["listGroups"] < 500


class Leaving:
    """A Vercom with an endless list of groups of an earlier run; a deletion takes `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._numbers = itertools.count(1)
        self.requests = 0

    async def __call__(self, call: PreparedRequest) -> TransportResponse:
        self.requests += 1
        data: list[dict[str, Any]] = []
        if call.method == "DELETE":
            await anyio.sleep(self._seconds)
            data = [{"id": id} for id in json.loads(call.body)["id"]]
        elif call.path.endswith("/group"):
            data = [{"id": next(self._numbers), "name": GROUP} for _ in range(4)]
        return reply({"data": data, "meta": {"status": 200}})


@pytest.mark.parametrize(
    ("seconds", "why"),
    [
        (0, "RequestLimitError at deleteGroups: the requests for cleaning up are used up"),
        (5, "RequestLimitError: deleting the test contacts of an earlier run took longer than 60 s: verify again"),
    ],
)
def test_endless_leftovers_end_in_report(seconds: float, why: str) -> None:
    vendor = Leaving(seconds)

    async def run() -> Report:
        async with book_over("vercom", FakeTransport(vendor), rate=1e6) as book:
            return await verify(book, write=True)

    report = virtually(run)
    assert report.stopped == why
    assert vendor.requests <= max_requests("vercom", write=True) + CLEANUP_LIMIT
    assert "createContacts" not in report.calls
    assert report.calls["deleteGroups"] <= 2 * 200, "the limit, before and after the probes"


def test_hanging_list_leaves_time_to_delete() -> None:
    made, removed = list[str](), list[str]()
    hangs = False

    async def respond(call: PreparedRequest) -> TransportResponse:
        nonlocal hangs
        if call.method == "GET" and hangs:
            await anyio.sleep_forever()
        if call.method == "POST":
            made.append(str(len(made) + 1))
            return reply({"data": [{"id": made[-1], "externalId": None}], "meta": {"status": 200}})
        if call.method == "DELETE":
            removed.append(call.target.decode() + (call.body or b"").decode())
            return reply({"data": [{"id": id} for id in json.loads(call.body)["id"]], "meta": {"status": 200}})
        if call.method != "GET":
            hangs = True
            return reply({}, 503)
        return reply({"data": [], "meta": {"status": 200}})

    async def run() -> Report:
        async with book_over("vercom", FakeTransport(respond), rate=1e6) as book:
            return await verify(book, write=True)

    report = virtually(run)
    assert report.stopped
    assert made
    assert [left for left in report.leftovers if left.id] == []


def test_lost_responses_to_creates_leave_nothing(vendor: str, make: Make, server: Server, count: Count) -> None:
    before = count(vendor)
    server.fault("close", vendor, CREATE[vendor], when="after", count=None)
    report = verified(make, vendor)
    assert any("NoResponseError" in trouble for trouble in report.troubles)
    assert (count(vendor), report.leftovers) == (before, ())


@pytest.mark.parametrize(
    ("vendor", "path"),
    [("serwersms", "id"), ("atom", "result.id"), ("filemail", "contact.contactid"), ("vercom", "data[].id")],
)
def test_creates_without_id_leave_nothing(vendor: str, path: str, make: Make, server: Server, count: Count) -> None:
    before = count(vendor)
    server.fault("rewrite", vendor, CREATE[vendor], drop=[path])
    report = verified(make, vendor)
    assert any(finding.id.endswith(("id.there", ".rule")) for finding in report.refuted)
    assert (count(vendor), report.leftovers) == (before, ())


def test_leftovers_are_deleted_by_next_run(
    vendor: str, make: Make, server: Server, count: Count, control: httpx.Client
) -> None:
    before = count(vendor)
    server.fault("status", vendor, DELETE[vendor], status=400, body="{}", count=None)
    reported: list[Leftover] = []
    report = verified(make, vendor, on_leftover=reported.append)
    contacts = [left for left in report.leftovers if left.kind == "contact"]
    assert contacts
    assert tuple(reported) == report.leftovers
    assert count(vendor)[0] - before[0] == len(contacts)
    assert all(left.id and left.id in left.remedy for left in contacts)
    assert not any(left.id in str(report) for left in contacts if len(left.id) > 3)
    assert "could not be deleted" in str(report)

    control.delete("/faults")
    again = verified(make, vendor)
    assert again.removed >= len(contacts)
    assert (again.refuted, again.leftovers, count(vendor)) == ([], (), before)
    assert "An earlier run had left" in str(again)


@pytest.mark.parametrize(
    ("fault", "settings"),
    [("rewrite", {"drop": ["data[].id"]}), ("close", {"when": "after", "count": None})],
    ids=["no id", "no response"],
)
def test_possible_leftover_without_id_is_reported(
    fault: str, settings: dict[str, Any], make: Make, server: Server
) -> None:
    server.fault(fault, "vercom", "createContacts", **settings)
    server.fault("rewrite", "vercom", "listContacts", put={"data": []})
    (left,) = verified(make, "vercom").leftovers
    assert (left.kind, left.id) == ("contact", "")
    assert EMAIL in left.remedy


def test_other_contacts_are_not_deleted(vendor: str, make: Make, count: Count) -> None:
    async def fill() -> None:
        async with make(vendor) as book:
            group = (await book.groups.create("crossbook")).id
            ours = (
                {"email": EMAIL}
                if "email" in book.profile.contact_fields
                else {"phone": "0491570006", "groups": (group,)}
            )
            phone = {"phone": "+447700900789"} if vendor in ("serwersms", "vercom") else {}
            names = {"name": "Some Body"} if vendor == "filemail" else {"first_name": "Some", "last_name": "Body"}
            await book.contacts.create(Contact(**ours, **phone, **names))
            other = {"name": f"{FIRST} {LAST}"} if vendor == "filemail" else {"first_name": FIRST, "last_name": LAST}
            theirs = {"email": "crossbook@example.com"} if "email" in book.profile.contact_fields else ours
            await book.contacts.create(Contact(**theirs, **phone, **other))

    anyio.run(fill)
    before = count(vendor)
    report = verified(make, vendor)
    assert (report.removed, report.leftovers, count(vendor)) == (0, (), before)
    assert report.refuted == []
