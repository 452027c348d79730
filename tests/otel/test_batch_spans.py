"""One span for each batch, with counts, and links from the spans of its calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from control import Server
from opentelemetry.trace import SpanKind, StatusCode
from recorder import Recorder

from crossbook import AddressBook, Contact, CrossbookError

pytestmark = pytest.mark.anyio
Make = Callable[..., AddressBook]
PEOPLE = [Contact(phone=f"+4850060070{digit}", email=f"anna{digit}@example.com") for digit in range(5)]


async def test_batch_is_one_span_with_counts(make_book: Make, recorder: Recorder) -> None:
    async with make_book() as book:
        summary = await book.contacts.create_many([*PEOPLE, Contact(phone="+48500600709", first_name="x" * 1000)]).run()
    assert summary.counts == {"created": 5, "failed": 1}
    span = recorder.span("vercom.contacts.create_many")
    assert (span.kind, span.status.status_code) == (SpanKind.INTERNAL, StatusCode.UNSET)
    assert dict(span.attributes or {}) == {
        "crossbook.vendor": "vercom",
        "crossbook.operation": "contacts.create_many",
        "crossbook.batch.inputs": 6,
        "crossbook.batch.created": 5,
        "crossbook.batch.failed": 1,
        "crossbook.batch.requests": summary.requests,
    }


async def test_calls_of_a_batch_are_linked(make_book: Make, recorder: Recorder) -> None:
    """They have traces of their own: a large batch would make its caller's trace too large to show."""
    tracer = recorder.tracers.get_tracer("service")
    async with make_book() as book:
        with tracer.start_as_current_span("service work") as outer:
            await book.contacts.upsert_many(PEOPLE, match="phone").run()
            await book.groups.list()
    batch = recorder.span("vercom.contacts.upsert_many")
    assert batch.parent is not None
    assert batch.context is not None
    assert batch.parent.span_id == outer.get_span_context().span_id
    calls = [span for span in recorder.spans if span.kind is SpanKind.CLIENT and span.name != "vercom.listGroups"]
    assert len(calls) == (batch.attributes or {})["crossbook.batch.requests"]
    assert [span.parent for span in calls] == [None] * len(calls)
    assert [[link.context.span_id for link in span.links] for span in calls] == [[batch.context.span_id]] * len(calls)
    assert recorder.span("vercom.listGroups").links == ()


async def test_batch_stopped_by_the_vendor_is_an_error(make_book: Make, server: Server, recorder: Recorder) -> None:
    server.fault("status", "vercom", "createContacts", status=401, count=None)
    async with make_book() as book:
        summary = await book.contacts.create_many(PEOPLE).run()
    assert summary.stopped
    span = recorder.span("vercom.contacts.create_many")
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == type(summary.stop_error).__name__


async def test_batch_of_a_failing_source_is_an_error(make_book: Make, recorder: Recorder) -> None:
    def source() -> Iterator[Contact]:
        yield PEOPLE[0]
        raise LookupError("anna@example.com")

    async with make_book() as book:
        with pytest.raises(LookupError):
            await book.contacts.create_many(source()).run()
    span = recorder.span("vercom.contacts.create_many")
    assert (span.attributes or {})["error.type"] == "LookupError"
    assert "anna" not in span.to_json()


async def test_batch_that_cannot_begin_ends_its_span(make_book: Make, recorder: Recorder, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_text("not a journal")
    async with make_book() as book:
        with pytest.raises(CrossbookError):
            await book.contacts.create_many(PEOPLE, journal=path).run()
    (span,) = recorder.spans
    assert (span.attributes or {})["error.type"] == "InvalidInputError"


async def test_replayed_results_are_told_apart(make_book: Make, recorder: Recorder, tmp_path: Path) -> None:
    async with make_book() as book:
        for _ in range(2):
            await book.contacts.create_many(PEOPLE, journal=tmp_path / "journal").run()
    first, second = (span for span in recorder.spans if span.name == "vercom.contacts.create_many")
    assert "crossbook.batch.replayed" not in (first.attributes or {})
    assert (second.attributes or {})["crossbook.batch.replayed"] == 5
    assert recorder.total("crossbook.batch.results", status="created") == 5


async def test_dry_run_is_marked_and_not_counted(make_book: Make, recorder: Recorder) -> None:
    async with make_book() as book:
        await book.contacts.create_many(PEOPLE, dry_run=True).run()
    span = recorder.span("vercom.contacts.create_many")
    assert (span.attributes or {})["crossbook.batch.dry_run"] is True
    assert recorder.points("crossbook.batch.results") == []
