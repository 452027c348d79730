"""Trace a small import with OpenTelemetry, on a sandbox: `python -m examples.tracing`.

It prints each span and the metrics to the terminal. In a service, replace the exporters by those of OTLP.
It needs the extras `otel` and `sandbox`, and `opentelemetry-sdk`.
"""

from __future__ import annotations

import asyncio

import httpx
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

import crossbook_sandbox
from crossbook import Contact, Vercom
from crossbook.otel import CrossbookInstrumentor

RESOURCE = Resource.create({"service.name": "contact-import"})
PEOPLE = [Contact(phone=f"+4850060070{number}", first_name=f"Anna {number}") for number in range(5)]


def shorten(span: ReadableSpan) -> str:
    """Return one line for a span: its name, attributes, number of attempts, and the span that it is linked to."""
    facts = ", ".join(f"{name}={value!s}" for name, value in (span.attributes or {}).items())
    linked = "".join(f" linked to {link.context.span_id:x}" for link in span.links)
    return f"{span.name} [{facts}] {len(span.events)} attempts{linked}\n"


def fail_once(sandbox: crossbook_sandbox.Running, operation: str) -> None:
    """Let the sandbox answer the next request of this operation with status 503, so that a span has two attempts."""
    fault = {"fault": "status", "vendor": "vercom", "operation": operation, "status": 503, "count": 1}
    httpx.post(f"{sandbox.url}/_sandbox/faults", json=fault, trust_env=False).raise_for_status()


async def main() -> None:
    """Import contacts, look one of them up, and list groups, with every span and metric on the terminal."""
    tracers = TracerProvider(resource=RESOURCE)
    tracers.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(formatter=shorten)))
    meters = MeterProvider([PeriodicExportingMetricReader(ConsoleMetricExporter())], resource=RESOURCE)
    trace.set_tracer_provider(tracers)
    CrossbookInstrumentor().instrument(tracer_provider=tracers, meter_provider=meters)
    tracer = trace.get_tracer("contact-import")
    with crossbook_sandbox.running() as sandbox:
        keys = sandbox.credentials["vercom"]
        fail_once(sandbox, "listGroups")
        async with Vercom(keys["authorization"], keys["application_key"], base_url=sandbox.base_urls["vercom"]) as book:
            with tracer.start_as_current_span("nightly import"):
                print(await book.contacts.upsert_many(PEOPLE, match="phone").run())
                print(await book.contacts.find(phone="+48 500 600 700"))
                print(await book.groups.list())
    CrossbookInstrumentor().uninstrument()
    meters.shutdown()
    tracers.shutdown()


if __name__ == "__main__":
    asyncio.run(main())
