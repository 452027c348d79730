"""The sandbox, and crossbook instrumented with OpenTelemetry's SDK: spans and metrics stay in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from recorder import Recorder
from sandboxed import control, make_book, running_sandbox, server

from crossbook.otel import CrossbookInstrumentor

__all__ = ["control", "make_book", "running_sandbox", "server"]


@pytest.fixture
def vendor() -> str:
    return "vercom"


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    CrossbookInstrumentor().instrument(tracer_provider=recorder.tracers, meter_provider=recorder.meters)
    yield recorder
    CrossbookInstrumentor().uninstrument()
