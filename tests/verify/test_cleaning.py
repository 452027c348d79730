"""Whatever happens, what was made is removed; and if it cannot be, it is said what is left, and how to remove it."""

from __future__ import annotations

import itertools
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
from crossbook_verify import Leftover, Report, planned, verify
from crossbook_verify.cleanup import CLEANUP_LIMIT, LONGEST
from crossbook_verify.probe import EMAIL, FIRST, GROUP, LAST

Make = Callable[..., AddressBook]
# What each vendor calls the operations that matter here.
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


def test_after_an_error(vendor: str, make: Make, server: Server, count: Count) -> None:
    before = count(vendor)
    server.fault("status", vendor, UPDATE[vendor], status=503, count=None)
    report = verified(make, vendor)
    assert report.troubles
    assert (count(vendor), report.leftovers) == (before, ())


def test_after_a_vendor_that_went_away(vendor: str, make: Make, server: Server, count: Count) -> None:
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


def test_after_a_cancellation(vendor: str, make: Make, count: Count) -> None:
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
    """Cancels it when it is about to change what it made; `clean` is called before it cleans up. What it leaves."""
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


def test_though_nothing_can_be_looked_for(vendor: str, make: Make, server: Server, count: Count) -> None:
    before = count(vendor)
    lists = "listAddressBooks" if vendor == "atom" else "listGroups"
    left = stopped(make, vendor, lambda: server.fault("status", vendor, lists, status=400, body="{}", count=None))
    assert (count(vendor), left) == (before, [])


def test_a_deletion_whose_answer_was_lost(vendor: str, make: Make, server: Server, count: Count) -> None:
    before = count(vendor)
    left = stopped(make, vendor, lambda: server.fault("close", vendor, DELETE[vendor], when="after"))
    assert (count(vendor), left) == (before, [])


def test_what_is_gone_already_is_nothing_left(vendor: str, make: Make, control: httpx.Client) -> None:
    assert stopped(make, vendor, lambda: control.post("/reset", json={"vendor": vendor})) == []


def test_one_that_cannot_be_removed_keeps_no_other(make: Make, server: Server, count: Count) -> None:
    before = count("vercom")
    left = stopped(make, "vercom", lambda: server.fault("status", "vercom", DELETE["vercom"], status=400, body="{}"))
    assert [each.kind for each in left] == ["contact"]
    assert count("vercom") == (before[0] + 1, before[1])


class Clinging:
    """Vercom, which makes whatever it is told to and deletes nothing; `groups` are those that it tells."""

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


def test_it_takes_no_longer_than_was_said() -> None:
    vendor = Clinging(list)
    report, ended = written(vendor)
    assert "VendorUnavailableError" in report.stopped
    assert len([left for left in report.leftovers if left.kind == "contact"]) > 2
    assert ended - vendor.looked < LONGEST + 1  # it looks first, and then removes; a second is for rounding


def test_a_list_without_an_end_has_one() -> None:
    numbers = itertools.count(1)

    def groups() -> list[dict[str, Any]]:
        number = next(numbers)
        assert number < 1000
        return [{"id": number, "name": "Friends"}]

    assert written(Clinging(groups))[0].calls["listGroups"] < 500


class Leaving:
    """Vercom, in whose account an earlier run left groups without an end; a deletion takes so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._numbers = itertools.count(1)
        self.requests = 0

    async def __call__(self, call: PreparedRequest) -> TransportResponse:
        self.requests += 1
        data: list[dict[str, Any]] = []
        if call.method == "DELETE":
            await anyio.sleep(self._seconds)
        elif call.path.endswith("/group"):
            data = [{"id": next(self._numbers), "name": GROUP} for _ in range(4)]
        return reply({"data": data, "meta": {"status": 200}})


@pytest.mark.parametrize(
    ("seconds", "why"),
    [
        (0, "Enough at deleteGroups: the requests for cleaning up are used up"),
        (5, "Enough: removing what an earlier run left takes longer than 60 s"),
    ],
)
def test_leftovers_without_end_give_report(seconds: float, why: str) -> None:
    vendor = Leaving(seconds)

    async def run() -> Report:
        async with book_over("vercom", FakeTransport(vendor), rate=1e6) as book:
            return await verify(book, write=True)

    report = virtually(run)
    assert report.stopped == why
    assert vendor.requests <= planned("vercom", write=True) + CLEANUP_LIMIT
    assert "createContacts" not in report.calls


def test_list_that_hangs_leaves_time_to_remove() -> None:
    made, removed = list[str](), list[str]()
    hangs = False

    async def answer(call: PreparedRequest) -> TransportResponse:
        nonlocal hangs
        if call.method == "GET" and hangs:
            await anyio.sleep_forever()
        if call.method == "POST":
            made.append(str(len(made) + 1))
            return reply({"data": [{"id": made[-1], "externalId": None}], "meta": {"status": 200}})
        if call.method == "DELETE":
            removed.append(call.target.decode() + (call.body or b"").decode())
            return reply({"data": [], "meta": {"status": 200}})
        if call.method != "GET":
            hangs = True
            return reply({}, 503)
        return reply({"data": [], "meta": {"status": 200}})

    async def run() -> Report:
        async with book_over("vercom", FakeTransport(answer), rate=1e6) as book:
            return await verify(book, write=True)

    report = virtually(run)
    assert report.stopped
    assert made
    assert [left for left in report.leftovers if left.id] == []


def test_after_creates_whose_answers_were_lost(vendor: str, make: Make, server: Server, count: Count) -> None:
    before = count(vendor)
    server.fault("close", vendor, CREATE[vendor], when="after", count=None)
    report = verified(make, vendor)
    assert any("NoResponseError" in trouble for trouble in report.troubles)
    assert (count(vendor), report.leftovers) == (before, ())


@pytest.mark.parametrize(
    ("vendor", "path"),
    [("serwersms", "id"), ("atom", "result.id"), ("filemail", "contact.contactid"), ("vercom", "data[].id")],
)
def test_after_creates_that_told_no_id(vendor: str, path: str, make: Make, server: Server, count: Count) -> None:
    before = count(vendor)
    server.fault("rewrite", vendor, CREATE[vendor], drop=[path])
    report = verified(make, vendor)
    assert any(finding.id.endswith(("id.there", ".rule")) for finding in report.refuted)
    assert (count(vendor), report.leftovers) == (before, ())


def test_what_cannot_be_removed_is_named_and_removed_by_the_next_run(
    vendor: str, make: Make, server: Server, count: Count, control: httpx.Client
) -> None:
    before = count(vendor)
    server.fault("status", vendor, DELETE[vendor], status=400, body="{}", count=None)
    told: list[Leftover] = []
    report = verified(make, vendor, on_leftover=told.append)
    contacts = [left for left in report.leftovers if left.kind == "contact"]
    assert contacts
    assert tuple(told) == report.leftovers
    assert count(vendor)[0] - before[0] == len(contacts)
    assert all(left.id and left.id in left.remedy for left in contacts)
    assert not any(left.id in str(report) for left in contacts if len(left.id) > 3)
    assert "could not be removed" in str(report)

    control.delete("/faults")
    again = verified(make, vendor)
    assert again.removed >= len(contacts)
    assert (again.refuted, again.leftovers, count(vendor)) == ([], (), before)
    assert "An earlier run had left" in str(again)


@pytest.mark.parametrize(
    ("fault", "settings"),
    [("rewrite", {"drop": ["data[].id"]}), ("close", {"when": "after", "count": None})],
    ids=["no id", "no answer"],
)
def test_what_may_be_left_without_an_id_is_said(
    fault: str, settings: dict[str, Any], make: Make, server: Server
) -> None:
    server.fault(fault, "vercom", "createContacts", **settings)
    server.fault("rewrite", "vercom", "listContacts", put={"data": []})
    (left,) = verified(make, "vercom").leftovers
    assert (left.kind, left.id) == ("contact", "")
    assert EMAIL in left.remedy


def test_nobody_else_is_removed(vendor: str, make: Make, count: Count) -> None:
    async def fill() -> None:
        async with make(vendor) as book:
            group = (await book.groups.create("crossbook")).id
            ours = (
                {"email": EMAIL}
                if "email" in book.profile.contact_fields
                else {"phone": "0491570006", "groups": (group,)}
            )
            phone = {"phone": "+447700900789"} if vendor in ("serwersms", "vercom") else {}
            names = {"name": "Somebody"} if vendor == "filemail" else {"first_name": "Some", "last_name": "Body"}
            await book.contacts.create(Contact(**ours, **phone, **names))
            other = {"name": f"{FIRST} {LAST}"} if vendor == "filemail" else {"first_name": FIRST, "last_name": LAST}
            theirs = {"email": "crossbook@example.com"} if "email" in book.profile.contact_fields else ours
            await book.contacts.create(Contact(**theirs, **phone, **other))

    anyio.run(fill)
    before = count(vendor)
    report = verified(make, vendor)
    assert (report.removed, report.leftovers, count(vendor)) == (0, (), before)
    assert report.refuted == []
