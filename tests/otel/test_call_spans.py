"""One span for each call: its name, attributes and status, its attempts as events, and its place in a trace."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import pytest
from control import Server
from opentelemetry import trace
from opentelemetry.instrumentation.distro import DefaultDistro
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode
from recorder import Recorder

from crossbook import (
    AddressBook,
    Attempt,
    Contact,
    CrossbookError,
    Filemail,
    NotFoundError,
    RateLimitError,
    VendorUnavailableError,
)
from crossbook._http import observation
from crossbook.otel import CrossbookInstrumentor

pytestmark = pytest.mark.anyio
Make = Callable[..., AddressBook]
ANNA = Contact(phone="+48500600700", email="anna@example.com", first_name="Anna")


async def test_span_follows_the_http_conventions(make_book: Make, server: Server, recorder: Recorder) -> None:
    async with make_book() as book:
        await book.contacts.create(ANNA)
    (span,) = recorder.spans
    url = urlsplit(server.base_urls["vercom"])
    assert (span.name, span.kind, span.parent) == ("vercom.createContacts", SpanKind.CLIENT, None)
    assert span.status.status_code is StatusCode.UNSET
    assert dict(span.attributes or {}) == {
        "http.request.method": "POST",
        "server.address": url.hostname,
        "server.port": url.port,
        "http.response.status_code": 200,
        "crossbook.vendor": "vercom",
        "crossbook.operation": "createContacts",
    }
    assert [(event.name, dict(event.attributes or {})) for event in span.events] == [
        ("crossbook.attempt", {"http.response.status_code": 200, "crossbook.attempt": 1, "crossbook.sent": "yes"})
    ]


async def test_attempts_are_events_of_one_span(make_book: Make, server: Server, recorder: Recorder) -> None:
    server.fault("status", "vercom", "listContacts", status=503, count=2)
    async with make_book() as book:
        await book.contacts.list()
    (span,) = recorder.spans
    facts = span.attributes or {}
    assert (facts["http.request.resend_count"], facts["http.response.status_code"]) == (2, 404)
    assert span.status.status_code is StatusCode.UNSET
    attempts = [event.attributes or {} for event in span.events]
    assert [attempt["http.response.status_code"] for attempt in attempts] == [503, 503, 404]
    assert [attempt.get("error.type") for attempt in attempts] == ["VendorUnavailableError"] * 2 + [None]
    assert ["crossbook.retry_wait" in attempt for attempt in attempts] == [True, True, False]


async def test_failed_call_is_an_error(make_book: Make, server: Server, recorder: Recorder) -> None:
    server.fault("status", "vercom", "createContacts", status=503, count=None)
    async with make_book() as book:
        with pytest.raises(VendorUnavailableError):
            await book.contacts.create(ANNA)
    (span,) = recorder.spans
    facts = span.attributes or {}
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, None)
    assert (facts["error.type"], facts["http.response.status_code"]) == ("VendorUnavailableError", 503)
    assert [event.name for event in span.events] == ["crossbook.attempt"], "no exception event: it shows the message"


async def test_lost_response_has_no_status(make_book: Make, server: Server, recorder: Recorder) -> None:
    server.fault("reset", "vercom", "createContacts", count=None)
    async with make_book() as book:
        with pytest.raises(CrossbookError):
            await book.contacts.create(ANNA)
    (span,) = recorder.spans
    facts = span.attributes or {}
    assert "http.response.status_code" not in facts
    assert (facts["error.type"], span.status.status_code) == ("NoResponseError", StatusCode.ERROR)


async def test_empty_list_with_404_is_no_error(make_book: Make, recorder: Recorder) -> None:
    """Vercom answers 404 to a list without rows, and so to each lookup of a new contact."""
    people = [Contact(phone=f"+4850060070{digit}") for digit in range(3)]
    async with make_book() as book:
        assert (await book.contacts.list()).items == ()
        assert await book.contacts.find(phone="+48500600700") is None
        await book.contacts.upsert_many(people, match="phone").run()
    assert 404 in [(span.attributes or {}).get("http.response.status_code") for span in recorder.spans]
    assert {span.status.status_code for span in recorder.spans} == {StatusCode.UNSET}
    assert not [span.name for span in recorder.spans if "error.type" in (span.attributes or {})]


async def test_missing_contact_is_an_error(make_book: Make, recorder: Recorder) -> None:
    async with make_book() as book:
        with pytest.raises(NotFoundError):
            await book.contacts.delete("987654321")
    (span,) = recorder.spans
    facts = span.attributes or {}
    assert (span.status.status_code, facts["error.type"]) == (StatusCode.ERROR, "NotFoundError")


async def test_call_without_permit_sent_nothing(make_book: Make, recorder: Recorder) -> None:
    async with make_book(rate=0.001) as book:
        await book.groups.list()
        with pytest.raises(RateLimitError):
            await book.with_options(queue_timeout=0.01).groups.list()
    span = recorder.spans[-1]
    facts = span.attributes or {}
    assert (facts["error.type"], span.events) == ("RateLimitError", ())
    assert "http.response.status_code" not in facts
    assert "http.request.resend_count" not in facts


async def test_wait_for_the_limiter_is_an_attribute(make_book: Make, recorder: Recorder) -> None:
    async with make_book(rate=50) as book, anyio.create_task_group() as group:
        for _ in range(60):
            group.start_soon(book.wire.groups.list_groups)  # type: ignore[attr-defined]
    waits = [(span.attributes or {}).get("crossbook.limiter_wait", 0) for span in recorder.spans]
    assert len(waits) == 60
    assert min(waits) == 0 < max(waits)  # type: ignore[type-var]


async def test_cancelled_call_ends_its_span(make_book: Make, server: Server, recorder: Recorder) -> None:
    server.fault("slow", "vercom", "listGroups", seconds=30, count=None)
    async with make_book() as book:
        with anyio.move_on_after(0.2):
            await book.groups.list()
    (span,) = recorder.spans
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] in ("CancelledError", "Cancelled")
    assert trace.get_current_span() is trace.INVALID_SPAN


async def test_call_is_a_child_of_the_current_span(make_book: Make, recorder: Recorder) -> None:
    tracer = recorder.tracers.get_tracer("service")
    async with make_book() as book:
        with tracer.start_as_current_span("service work") as outer:
            await book.groups.list()
            assert trace.get_current_span() is outer
    call = recorder.span("vercom.listGroups")
    assert call.parent is not None
    assert call.parent.span_id == outer.get_span_context().span_id


async def test_hook_runs_inside_of_the_span(make_book: Make, recorder: Recorder) -> None:
    """What a service logs in its hook can be found by the trace id of the call."""
    seen: list[int] = []
    async with make_book(on_attempt=lambda _: seen.append(trace.get_current_span().get_span_context().span_id)) as book:
        await book.groups.list()
    (span,) = recorder.spans
    assert span.context is not None
    assert seen == [span.context.span_id]


async def test_login_is_a_span_below_the_first_call(server: Server, recorder: Recorder) -> None:
    async with Filemail(**server.credentials["filemail"], base_url=server.base_urls["filemail"]) as book:
        await book.groups.list()
    login, call = recorder.spans
    assert (login.name, call.name) == ("filemail.login", "filemail.listGroups")
    assert login.parent is not None
    assert login.parent == call.context


async def test_suppressed_instrumentation_makes_no_span(make_book: Make, recorder: Recorder) -> None:
    async with make_book() as book:
        with suppress_instrumentation():
            await book.groups.list()
            await book.contacts.create_many([ANNA]).run()
    assert [name for name in recorder.names if name != "vercom.contacts.create_many"] == []


async def test_unsampled_call_is_not_exported(make_book: Make) -> None:
    recorder = Recorder()
    recorder.tracers.sampler = ALWAYS_OFF
    CrossbookInstrumentor().instrument(tracer_provider=recorder.tracers, meter_provider=recorder.meters)
    try:
        async with make_book() as book:
            await book.groups.list()
            await book.contacts.create_many([ANNA]).run()
    finally:
        CrossbookInstrumentor().uninstrument()
    assert recorder.spans == ()
    assert recorder.total("http.client.request.duration", operation="listGroups") == 1


async def test_uninstrument_ends_observation(make_book: Make, recorder: Recorder) -> None:
    async with make_book() as book:
        await book.groups.list()
        CrossbookInstrumentor().uninstrument()
        await book.groups.list()
    assert recorder.names == ["vercom.listGroups"]


async def test_global_provider_may_be_set_later(make_book: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program may instrument before it configures the SDK: then the API hands out proxies."""
    recorder = Recorder()
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", None)
    CrossbookInstrumentor().instrument()
    try:
        async with make_book() as book:
            await book.groups.list()
            monkeypatch.setattr(trace, "_TRACER_PROVIDER", recorder.tracers)
            await book.groups.list()
    finally:
        CrossbookInstrumentor().uninstrument()
    assert recorder.names == ["vercom.listGroups"]


def test_opentelemetry_command_finds_the_instrumentor() -> None:
    project: dict[str, Any] = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    ((name, value),) = project["entry-points"]["opentelemetry_instrumentor"].items()
    DefaultDistro().load_instrumentor(EntryPoint(name, value, "opentelemetry_instrumentor"), skip_dep_check=True)
    assert observation.telemetry is not None
    CrossbookInstrumentor().uninstrument()


def test_missing_api_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "crossbook.otel")
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ImportError, match=r"pip install 'crossbook\[otel\]'"):
        import_module("crossbook.otel")


async def test_failing_hook_ends_the_span(make_book: Make, recorder: Recorder) -> None:
    def fail(attempt: Attempt) -> None:
        raise LookupError("anna@example.com")

    async with make_book(on_attempt=fail) as book:
        with pytest.raises(LookupError):
            await book.groups.list()
    (span,) = recorder.spans
    assert (span.attributes or {})["error.type"] == "LookupError"
    assert trace.get_current_span() is trace.INVALID_SPAN
    assert "anna" not in span.to_json()
