"""A verification that may only read never writes, and sends at most the announced number of requests."""

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
from crossbook._http.observation import in_context
from crossbook._http.request import TransportResponse
from crossbook.book import AddressBook
from crossbook_verify import Report, max_requests, verify
from crossbook_verify.probe import ProbeSession

Make = Callable[..., AddressBook]


def verified(make: Make, vendor: str, **options: Any) -> Report:
    async def run() -> Report:
        async with make(vendor) as book:
            return await verify(book, **options)

    return anyio.run(run)


@pytest.fixture
def probes(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that changes the probes of Vercom."""
    module = import_module("crossbook_verify.vendors.vercom")
    return lambda **changes: monkeypatch.setattr(module, "PROBES", attrs.evolve(module.PROBES, **changes))


def test_write_is_refused_before_sending(make: Make, server: Server, probes: Callable[..., None]) -> None:
    async def read(probe: ProbeSession, wire: Any) -> None:
        await probe.call(wire.contacts.list_contacts())
        await probe.call(wire.contacts.create_contacts([models.NewContact(email="anna@example.com")]))

    probes(read=read)
    report = verified(make, "vercom")
    assert report.stopped == "UsageError at createContacts"
    assert server.requests("vercom") == {"listContacts": 1}


def test_announced_limit_is_kept(make: Make, server: Server, probes: Callable[..., None]) -> None:
    probes(read_limit=3)
    assert max_requests("vercom") == 3
    report = verified(make, "vercom")
    assert report.stopped == "RequestLimitError at listContacts: the 3 announced requests are used up"
    assert sum(server.requests("vercom").values()) == sum(report.calls.values()) == 3
    assert "It ended early" in str(report)


def test_refusals_use_up_requests(make: Make, server: Server, probes: Callable[..., None]) -> None:
    # No call succeeds, but each refusal says something about a claim.
    probes(read_limit=5, write_limit=0)
    server.fault("status", "vercom", "*", status=418, body="{}", content_type="application/json", count=None)
    report = verified(make, "vercom", write=True)
    assert report.stopped.startswith("RequestLimitError at ")
    assert sum(server.requests("vercom").values()) == sum(report.calls.values()) == 5
    assert {finding.id for finding in report.findings if finding.seen} >= {"listContacts.others"}
    assert next(each for each in report.findings if each.id == "getSegment.unknown").verdict == "not seen"


def test_retries_use_up_requests() -> None:
    replies = itertools.cycle([TransportResponse(200, {"content-type": "text/html"}, b"<p>Anna</p>"), reply({}, 503)])

    async def run() -> Report:
        transport = FakeTransport(lambda _: next(replies))
        async with book_over("filemail", transport, rate=1e6, api_key="not-a-key") as book:
            return await verify(book)

    report = virtually(run)
    limit = max_requests("filemail")
    assert report.stopped == f"RequestLimitError at listGroups: the {limit} announced requests are used up"
    assert sum(report.calls.values()) == limit
    assert report.refuted
    assert "Anna" not in str(report)


def test_cleanup_has_its_own_limit(
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
    probes(read_limit=needed, write_limit=0)
    assert verified(make, "vercom", write=True, progress=lambda *step: steps.append(step)).stopped == ""
    assert all(done <= most for done, most, _ in steps)
    probes(read_limit=needed - 5, write_limit=0)
    report = verified(make, "vercom", write=True)
    assert "RequestLimitError" in report.stopped
    assert (state(), report.leftovers) == (before, ())


@pytest.mark.parametrize("limit", [1, 1001], ids=["done", "refused"])
def test_three_failures_in_row_end_verification(
    limit: int, make: Make, server: Server, probes: Callable[..., None]
) -> None:
    async def read(probe: ProbeSession, wire: Any) -> None:
        for _ in range(4):
            await probe.call(wire.contacts.list_fields())
            await probe.call(wire.contacts.list_contacts(limit=limit))

    probes(read=read)
    server.fault("status", "vercom", "listFields", status=503, count=None)
    report = verified(make, "vercom")
    assert (report.stopped, len(report.troubles)) == ("", 4)


@pytest.mark.parametrize("status", [503, 401])
def test_no_response_leaves_claim_not_seen(status: int, make: Make, server: Server) -> None:
    forbidden = '{"errors": [{"title": "Wrong token", "message": "No", "code": "E-0-005"}], "meta": {}}'
    server.fault(
        "status", "vercom", "getSegment",
        status=status, body=forbidden, content_type="application/json", count=None,
    )  # fmt: skip
    report = verified(make, "vercom")
    assert (report.stopped, report.refuted) == ("", [])
    assert next(each for each in report.findings if each.id == "getSegment.unknown").verdict == "not seen"


def test_retries_count_as_requests(make: Make, server: Server) -> None:
    server.fault("status", "vercom", "*", status=503, count=None)
    with pytest.raises(crossbook.VendorUnavailableError):
        verified(make, "vercom")
    assert 2 <= sum(server.requests("vercom").values()) <= 6


def test_unavailable_vendor_ends_verification(make: Make, server: Server) -> None:
    server.fault("status", "vercom", "*", status=503, count=None, skip=5)
    report = verified(make, "vercom")
    assert "VendorUnavailableError" in report.stopped
    assert len(report.troubles) == 3
    assert report.select_findings("confirmed")


def test_unavailable_vendor_gets_no_writes(make: Make, server: Server) -> None:
    server.fault("status", "vercom", "*", status=503, count=6, skip=5)  # and is there again
    report = verified(make, "vercom", write=True)
    assert "VendorUnavailableError" in report.stopped
    assert "createContacts" not in server.requests("vercom")
    assert not any("Groups" in name and name != "listGroups" for name in server.requests("vercom"))


def test_forbidden_operation_is_skipped(make: Make, server: Server) -> None:
    forbidden = '{"errors": [{"title": "Wrong token", "message": "No", "code": "E-0-005"}], "meta": {}}'
    server.fault(
        "status", "vercom", "listSegments", status=401, body=forbidden, content_type="application/json", count=None
    )
    report = verified(make, "vercom")
    assert (report.stopped, report.troubles) == ("", ("listSegments: AuthError, status 401",))
    assert next(each for each in report.findings if each.id == "listSegments.401").verdict == "confirmed"


def test_observer_is_removed(make: Make) -> None:
    async def run() -> None:
        async with make("filemail") as book:
            report = await verify(book)
            await book.groups.list()
            assert report.calls["listGroups"] == 2  # the second is without the API key
            assert in_context.get() is None

    anyio.run(run)


def test_missing_jsonschema_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("crossbook_verify")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    with pytest.raises(ImportError, match=r"crossbook\[cli\]"):
        import_module("crossbook_verify")
