"""OpenTelemetry's automatic instrumentation of httpx and httpx2, or crossbook's own, with everything in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from opentelemetry.instrumentation.httpx import HTTPX2ClientInstrumentor, HTTPXClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from recorder import Recorder

from crossbook.otel import CrossbookInstrumentor

Spans = InMemorySpanExporter


@contextmanager
def instrumented_by_us() -> Iterator[Recorder]:
    """Instrument crossbook, and record its spans and metrics."""
    recorder = Recorder()
    CrossbookInstrumentor().instrument(tracer_provider=recorder.tracers, meter_provider=recorder.meters)
    try:
        yield recorder
    finally:
        CrossbookInstrumentor().uninstrument()


@contextmanager
def instrumented() -> Iterator[Spans]:
    """Instrument both libraries, with the attributes of the old and the new conventions."""
    exported = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exported))
    instrumentors = (HTTPXClientInstrumentor(), HTTPX2ClientInstrumentor())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", "http/dup")
        for instrumentor in instrumentors:
            instrumentor.instrument(tracer_provider=provider)
        try:
            yield exported
        finally:
            for instrumentor in instrumentors:
                instrumentor.uninstrument()
