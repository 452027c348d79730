"""Whatever happens, what was made is removed; and if it cannot be, it is said what is left, and how to remove it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest
from control import Server

from crossbook import Contact
from crossbook.book import AddressBook
from crossbook.verify import Leftover, Report, verify
from crossbook.verify.probing import EMAIL, FIRST, LAST

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
    assert "VendorDown" in report.stopped
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


def test_after_creates_whose_answers_were_lost(vendor: str, make: Make, server: Server, count: Count) -> None:
    before = count(vendor)
    server.fault("close", vendor, CREATE[vendor], when="after", count=None)
    report = verified(make, vendor)
    assert any("LostError" in trouble for trouble in report.troubles)
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


def test_what_may_be_left_without_an_id_is_said(make: Make, server: Server) -> None:
    server.fault("rewrite", "vercom", "createContacts", drop=["data[].id"])
    server.fault("rewrite", "vercom", "listContacts", put={"data": []})
    (left,) = verified(make, "vercom").leftovers
    assert (left.kind, left.id) == ("contact", "")
    assert EMAIL in left.remedy


def test_nobody_else_is_removed(vendor: str, make: Make, count: Count) -> None:
    async def fill() -> None:
        async with make(vendor) as book:
            group = (await book.groups.create("crossbook")).id
            ours = {"email": EMAIL} if "email" in book.card.holds else {"phone": "0491570006", "groups": (group,)}
            phone = {"phone": "+447700900789"} if vendor in ("serwersms", "vercom") else {}
            names = {"name": "Somebody"} if vendor == "filemail" else {"first_name": "Some", "last_name": "Body"}
            await book.contacts.create(Contact(**ours, **phone, **names))
            other = {"name": f"{FIRST} {LAST}"} if vendor == "filemail" else {"first_name": FIRST, "last_name": LAST}
            theirs = {"email": "crossbook@example.com"} if "email" in book.card.holds else ours
            await book.contacts.create(Contact(**theirs, **phone, **other))

    anyio.run(fill)
    before = count(vendor)
    report = verified(make, vendor)
    assert (report.removed, report.leftovers, count(vendor)) == (0, (), before)
    assert report.refuted == []
