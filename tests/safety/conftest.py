"""Put the helpers of this folder on the import path, and start one relay and one sandbox for all tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from recorder import Recorder

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "specs" / "codegen")]

import relay as relays  # noqa: E402
import telemetry  # noqa: E402


@pytest.fixture(scope="session")
def relay() -> Iterator[relays.Relay]:
    with relays.sandbox() as port, relays.Relay(port) as opened:
        yield opened


@pytest.fixture
def own_telemetry() -> Iterator[Recorder]:
    with telemetry.instrumented_by_us() as recorder:
        yield recorder


@pytest.fixture(scope="module")  # ends here: an instrumented library adds its own headers to requests
def spans() -> Iterator[telemetry.Spans]:
    with telemetry.instrumented() as exported:
        yield exported
