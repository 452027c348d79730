"""A vendor that follows its spec: nothing is refuted, nothing is left, and the announced limits are kept."""

from __future__ import annotations

import re
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
from crossbook_verify import Report, max_requests, verify
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
    """Return the ids of the probes' claims that were not checked."""
    probes: Probes = import_module(f"crossbook_verify.vendors.{vendor}").PROBES
    return {row.id for row in probes.claims if row.write is write} & {
        finding.id for finding in report.select_findings("not seen")
    }


@pytest.mark.parametrize("filled", [False, True], ids=["empty", "filled"])
def test_read_of_sandbox_refutes_nothing(
    vendor: str, filled: bool, make: Make, fill: Fill, server: Server, control: httpx.Client
) -> None:
    if filled:
        fill(vendor)
    before = control.get("/state").json()["vendors"][vendor]
    steps: list[tuple[int, int, str]] = []
    report = verified(make, vendor, progress=lambda *step: steps.append(step))
    assert clean(report)
    assert not [finding.claim for finding in report.findings if re.match(r"`(\w+)`: `\1`", finding.claim)]
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
    assert sum(made.values()) <= max_requests(vendor)
    assert [done for done, _, _ in steps] == list(range(1, sum(made.values()) + 1))
    assert {most for _, most, _ in steps} == {max_requests(vendor)}
    if filled:
        # This claim needs an account with 100 contacts.
        assert unseen(report, vendor, write=False) <= {"listContacts.assumed"}


def test_write_to_sandbox_leaves_nothing(vendor: str, make: Make, fill: Fill, control: httpx.Client) -> None:
    fill(vendor)
    before = control.get("/state").json()["vendors"][vendor]
    report = verified(make, vendor, write=True)
    assert clean(report)
    after = control.get("/state").json()["vendors"][vendor]
    assert (after["contacts"], after["groups"]) == (before["contacts"], before["groups"])
    assert unseen(report, vendor, write=True) == set()
    assert report.wrote
    assert sum(report.calls.values()) <= max_requests(vendor, write=True) + 12  # 12 for cleaning up


def test_failed_first_request_raises(make: Make, server: Server) -> None:
    server.credentials["atom"]["token"] = "wrong"
    with pytest.raises(crossbook.AuthError):
        verified(make, "atom")
    assert server.requests("atom") == {"listAddressBooks": 1}


def test_closed_book_is_refused(make: Make) -> None:
    with pytest.raises(crossbook.UsageError, match="not open"):
        anyio.run(verify, make("vercom"))
