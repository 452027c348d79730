"""A verification that may only read writes nothing, whatever its probes try; and it asks no more than it said."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import anyio
import attrs
import httpx
import pytest
from control import Server
from crossbook_wire.vercom import models
from fakes import FakeTransport, book_over, reply
from virtual import virtually

import crossbook
from crossbook._http.logs import watcher
from crossbook._http.request import TransportResponse
from crossbook.book import AddressBook
from crossbook_verify import Report, planned, verify
from crossbook_verify.probe import Look

Make = Callable[..., AddressBook]


def verified(make: Make, vendor: str, **options: Any) -> Report:
    async def run() -> Report:
        async with make(vendor) as book:
            return await verify(book, **options)

    return anyio.run(run)


@pytest.fixture
def probes(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Changes the questions of Vercom."""
    module = import_module("crossbook_verify.vendors.vercom")
    return lambda **changes: monkeypatch.setattr(module, "PROBES", attrs.evolve(module.PROBES, **changes))


def test_a_write_is_refused_before_it_leaves(make: Make, server: Server, probes: Callable[..., None]) -> None:
    async def read(look: Look, wire: Any) -> None:
        await look.ask(wire.contacts.list_contacts())
        await look.ask(wire.contacts.create_contacts([models.NewContact(email="anna@example.com")]))

    probes(read=read)
    report = verified(make, "vercom")
    assert report.stopped == "UsageError at createContacts"
    assert server.requests("vercom") == {"listContacts": 1}


def test_no_more_is_asked_than_was_said(make: Make, server: Server, probes: Callable[..., None]) -> None:
    probes(reads=3)
    assert planned("vercom") == 3
    report = verified(make, "vercom")
    assert report.stopped == "Enough at listContacts: the 3 announced requests are used up"
    assert sum(server.requests("vercom").values()) == sum(report.calls.values()) == 3
    assert "It ended early" in str(report)


def test_requests_used_up_by_refusals_give_report(make: Make, server: Server, probes: Callable[..., None]) -> None:
    # Nothing was answered as it was asked; and yet each refusal says something of a claim.
    probes(reads=5, writes=0)
    server.fault("status", "vercom", "*", status=418, body="{}", content_type="application/json", count=None)
    report = verified(make, "vercom", write=True)
    assert report.stopped.startswith("Enough at ")
    assert sum(server.requests("vercom").values()) == sum(report.calls.values()) == 5
    assert {finding.id for finding in report.findings if finding.seen} >= {"listContacts.others"}
    assert next(each for each in report.findings if each.id == "getSegment.unknown").verdict == "not seen"


def test_requests_used_up_by_repeats_give_report() -> None:
    replies = itertools.cycle([TransportResponse(200, {"content-type": "text/html"}, b"<p>Anna</p>"), reply({}, 503)])

    async def run() -> Report:
        async with book_over("filemail", FakeTransport(lambda _: next(replies)), rate=1e6) as book:
            return await verify(book)

    report = virtually(run)
    assert report.stopped == f"Enough at listGroups: the {planned('filemail')} announced requests are used up"
    assert sum(report.calls.values()) == planned("filemail")
    assert report.refuted
    assert "Anna" not in str(report)


def test_cleaning_up_needs_none_of_what_was_said(
    make: Make, server: Server, control: httpx.Client, probes: Callable[..., None]
) -> None:
    def state() -> tuple[int, int]:
        counted = control.get("/state").json()["vendors"]["vercom"]
        return counted["contacts"], counted["groups"]

    before = state()
    steps: list[tuple[int, int, str]] = []
    verified(make, "vercom", write=True, progress=lambda *step: steps.append(step))
    needed = len([step for *_, step in steps if not step.endswith("(cleaning up)")])
    assert needed < len(steps)

    steps.clear()
    probes(reads=needed, writes=0)
    assert verified(make, "vercom", write=True, progress=lambda *step: steps.append(step)).stopped == ""
    assert all(done <= most for done, most, _ in steps)
    probes(reads=needed - 5, writes=0)
    report = verified(make, "vercom", write=True)
    assert "Enough" in report.stopped
    assert (state(), report.leftovers) == (before, ())


@pytest.mark.parametrize("limit", [1, 1001], ids=["done", "refused"])
def test_only_so_many_troubles_one_after_another_end_it(
    limit: int, make: Make, server: Server, probes: Callable[..., None]
) -> None:
    async def read(look: Look, wire: Any) -> None:
        for _ in range(4):
            await look.ask(wire.contacts.list_fields())
            await look.ask(wire.contacts.list_contacts(limit=limit))

    probes(read=read)
    server.fault("status", "vercom", "listFields", status=503, count=None)
    report = verified(make, "vercom")
    assert (report.stopped, len(report.troubles)) == ("", 4)


@pytest.mark.parametrize("status", [503, 401])
def test_what_got_no_answer_says_nothing_of_a_claim(status: int, make: Make, server: Server) -> None:
    forbidden = '{"errors": [{"title": "No", "message": "No", "code": "E-0-005"}], "meta": {}}'
    server.fault(
        "status", "vercom", "getSegment",
        status=status, body=forbidden, content_type="application/json", count=None,
    )  # fmt: skip
    report = verified(make, "vercom")
    assert (report.stopped, report.refuted) == ("", [])
    assert next(each for each in report.findings if each.id == "getSegment.unknown").verdict == "not seen"


def test_repeats_count_too(make: Make, server: Server) -> None:
    server.fault("status", "vercom", "*", status=503, count=None)
    with pytest.raises(crossbook.VendorUnavailableError):
        verified(make, "vercom")
    assert 2 <= sum(server.requests("vercom").values()) <= 6


def test_a_vendor_that_goes_away_ends_it(make: Make, server: Server) -> None:
    server.fault("status", "vercom", "*", status=503, count=None, skip=5)
    report = verified(make, "vercom")
    assert "VendorUnavailableError" in report.stopped
    assert len(report.troubles) == 3
    assert report.of("confirmed")


def test_a_vendor_that_went_away_is_not_written_to(make: Make, server: Server) -> None:
    server.fault("status", "vercom", "*", status=503, count=6, skip=5)  # and is there again
    report = verified(make, "vercom", write=True)
    assert "VendorUnavailableError" in report.stopped
    assert "createContacts" not in server.requests("vercom")
    assert not any("Groups" in name and name != "listGroups" for name in server.requests("vercom"))


def test_what_may_not_be_asked_is_left_out(make: Make, server: Server) -> None:
    forbidden = '{"errors": [{"title": "No", "message": "No", "code": "E-0-005"}], "meta": {}}'
    server.fault(
        "status", "vercom", "listSegments", status=401, body=forbidden, content_type="application/json", count=None
    )
    report = verified(make, "vercom")
    assert (report.stopped, report.troubles) == ("", ("listSegments: AuthError, status 401",))
    assert next(each for each in report.findings if each.id == "listSegments.401").verdict == "confirmed"


def test_nobody_watches_afterwards(make: Make) -> None:
    async def run() -> None:
        async with make("filemail") as book:
            report = await verify(book)
            await book.groups.list()
            assert report.calls["listGroups"] == 1
            assert watcher.get() is None

    anyio.run(run)


def test_without_jsonschema_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("crossbook_verify")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    with pytest.raises(ImportError, match=r"crossbook\[cli\]"):
        import_module("crossbook_verify")
