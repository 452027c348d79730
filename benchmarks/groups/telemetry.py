"""What observation costs: of a call that nothing observes, and of OpenTelemetry's span compared with one by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from benchmarks import pinning
from benchmarks.bench import Bench
from benchmarks.in_memory import REQUEST, opened
from benchmarks.responses import CONTACT_ID
from benchmarks.rounds import Call, Lap, micros, rounds
from benchmarks.row import Result, Row, ratios
from crossbook import Vercom
from crossbook._http import client, observation
from crossbook.otel import CrossbookInstrumentor

ROWS = (
    Row("telemetry.idle", "what a call does for observation when nothing observes it: CPU", "≤", 1, "µs"),
    Row(
        "telemetry.span",
        "`contacts.get` with `crossbook.otel` against a span by hand with the same attributes, spans kept in memory: "
        "CPU on top of the call",
        "≤",
        1.4,
    ),
)
_REPEATS = 1000  # of what is measured in one call of the idle side
_KEPT = 1000  # spans in memory


def _sides(book: Vercom) -> dict[str, tuple[Call, int]]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("by hand")
    instrumentor = CrossbookInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    telemetry, observation.telemetry = observation.telemetry, None
    call = client.Call(book._session, REQUEST, book.profile.operations[REQUEST.operation])
    observe, calls = book._client._observe, 0

    def forget() -> None:
        nonlocal calls
        calls += 1
        if calls % _KEPT == 0:
            exporter.clear()

    async def plain() -> None:
        await book.contacts.get(CONTACT_ID)
        forget()

    async def with_ours() -> None:
        observation.telemetry = telemetry
        await book.contacts.get(CONTACT_ID)
        observation.telemetry = None
        forget()

    async def by_hand() -> None:
        attributes: dict[str, str | int] = {
            "http.request.method": "GET", "server.address": "127.0.0.1", "server.port": 9,
            "crossbook.vendor": "vercom", "crossbook.operation": "listContacts",
        }  # fmt: skip
        with tracer.start_as_current_span("vercom.listContacts", kind=SpanKind.CLIENT, attributes=attributes) as span:
            await book.contacts.get(CONTACT_ID)
            attempt: dict[str, str | int] = {
                "http.response.status_code": 200,
                "crossbook.attempt": 1,
                "crossbook.sent": "yes",
            }
            span.add_event("crossbook.attempt", attempt)
            span.set_attribute("http.response.status_code", 200)
        forget()

    async def search() -> None:
        for _ in range(_REPEATS):
            observe(call)

    async def nothing() -> None:
        for _ in range(_REPEATS):
            pass

    return {
        "search": (search, 1),
        "loop": (nothing, 1),
        "plain": (plain, 1),
        "crossbook.otel": (with_ours, 1),
        "by hand": (by_hand, 1),
    }


async def _laps(bench: Bench) -> dict[str, list[Lap]]:
    async with AsyncExitStack() as stack:
        sides = _sides(await stack.enter_async_context(opened()))
        return await rounds(sides, count=2 * bench.rounds, seconds=bench.seconds / 2, step=bench.step)


def run(bench: Bench) -> Iterator[Result]:
    laps = {name: micros(found) for name, found in pinning.run(_laps(bench)).items()}
    idle = [(a - b) / _REPEATS for a, b in zip(laps["search"], laps["loop"], strict=True)]
    yield Result(ROWS[0], idle)
    ours, by_hand = (
        [a - b for a, b in zip(laps[name], laps["plain"], strict=True)] for name in ("crossbook.otel", "by hand")
    )
    yield Result(ROWS[1], ratios(ours, by_hand), {"crossbook.otel, µs": ours, "by hand, µs": by_hand})
