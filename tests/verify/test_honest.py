"""A vendor that is as its spec says: nothing is refuted, nothing is written, and no more is asked than was said."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import anyio
import httpx
import pytest
from control import Server

import crossbook
from crossbook.book import AddressBook
from crossbook.registry import load_vendor
from crossbook.vendor import Retry
from crossbook_verify import Report, planned, verify
from crossbook_verify.probe import Probes

Make = Callable[..., AddressBook]
Fill = Callable[[str], None]


def verified(make: Make, vendor: str, **options: Any) -> Report:
    async def run() -> Report:
        async with make(vendor) as book:
            return await verify(book, **options)

    return anyio.run(run)


def clean(report: Report) -> bool:
    return (report.refuted, report.unknown, report.troubles, report.stopped, report.leftovers) == ([], (), (), "", ())


def unseen(report: Report, vendor: str, *, write: bool) -> set[str]:
    """The rows on what the vendor does that were not seen."""
    probes: Probes = import_module(f"crossbook_verify.vendors.{vendor}").PROBES
    return {row.id for row in probes.rows if row.write is write} & {finding.id for finding in report.of("not seen")}


@pytest.mark.parametrize("filled", [False, True], ids=["empty", "filled"])
def test_reading_refutes_nothing_and_writes_nothing(
    vendor: str, filled: bool, make: Make, fill: Fill, server: Server, control: httpx.Client
) -> None:
    if filled:
        fill(vendor)
    before = control.get("/state").json()["vendors"][vendor]
    steps: list[tuple[int, int, str]] = []
    report = verified(make, vendor, progress=lambda *step: steps.append(step))
    assert clean(report)
    profile = load_vendor(vendor).profile
    after = control.get("/state").json()["vendors"][vendor]
    asked = {
        name: counts["requests"] - before["operations"].get(name, {"requests": 0})["requests"]
        for name, counts in after["operations"].items()
    }
    made = {name: number for name, number in asked.items() if number}
    assert {name for name in made if profile.operations[name].retry is not Retry.SAFE} <= {"login"}
    assert (after["contacts"], after["groups"]) == (before["contacts"], before["groups"])
    assert made == dict(report.calls)
    assert sum(made.values()) <= planned(vendor)
    assert [done for done, _, _ in steps] == list(range(1, sum(made.values()) + 1))
    assert {most for _, most, _ in steps} == {planned(vendor)}
    if filled:
        # For that one it would take a hundred contacts.
        assert unseen(report, vendor, write=False) <= {"listContacts.assumed"}


def test_writing_refutes_nothing_and_leaves_nothing(vendor: str, make: Make, fill: Fill, control: httpx.Client) -> None:
    fill(vendor)
    before = control.get("/state").json()["vendors"][vendor]
    report = verified(make, vendor, write=True)
    assert clean(report)
    after = control.get("/state").json()["vendors"][vendor]
    assert (after["contacts"], after["groups"]) == (before["contacts"], before["groups"])
    assert unseen(report, vendor, write=True) == set()
    assert report.wrote
    assert sum(report.calls.values()) <= planned(vendor, write=True) + 12  # and cleaning up


def test_an_account_that_cannot_be_asked_at_all(make: Make, server: Server) -> None:
    server.credentials["atom"]["token"] = "wrong"
    with pytest.raises(crossbook.AuthError):
        verified(make, "atom")
    assert server.requests("atom") == {"listAddressBooks": 1}


def test_a_book_that_is_not_open(make: Make) -> None:
    with pytest.raises(crossbook.UsageError, match="not open"):
        anyio.run(verify, make("vercom"))
