"""Credentials and people are seen by the vendor alone: not one of them in any place where things end up."""

from __future__ import annotations

import anyio
import canaries
import pytest
from flood import KINDS, TRANSPORTS, flood
from relay import Relay
from sinks import Sinks
from telemetry import Spans


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_shows_a_secret_or_a_person(kind: str, transport: str, relay: Relay, spans: Spans) -> None:
    sinks = Sinks()
    relay.seen.clear()
    with sinks.watching(spans):
        anyio.run(flood, sinks, relay, KINDS[kind], transport, backend_options={"debug": True})
    assert sinks.hits(canaries.Detector(relay.tokens)) == {}
