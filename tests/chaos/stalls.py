"""Detect that the machine stalled: faults last tenths of a second, so that a stall makes a trial void."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import httpx

BEAT = 0.02
LATE = 0.1  # seconds: the margin of a trial's time-outs


class StallDetector:
    """Record when the event loop or the sandbox was late, because it or the machine was busy."""

    def __init__(self) -> None:
        self._late_at = -math.inf  # the last time
        self._requested = math.inf  # when the pending request to the sandbox was sent

    @property
    def is_regular(self) -> bool:
        return not self.has_stalled_since(-math.inf)

    def has_stalled_since(self, moment: float) -> bool:
        return self._late_at >= moment or anyio.current_time() - self._requested >= LATE

    async def watch_event_loop(self) -> None:
        while True:
            due = anyio.current_time() + BEAT
            await anyio.sleep_until(due)
            self._check(due)

    async def watch_sandbox(self, url: str) -> None:
        """Measure how late a sandbox in another process responds."""
        async with httpx.AsyncClient(base_url=url, timeout=None, trust_env=False) as client:
            while True:
                self._requested = anyio.current_time()
                await client.get("/_sandbox/faults")
                self._check(self._requested)
                self._requested = math.inf
                await anyio.sleep(5 * BEAT)

    def _check(self, due: float) -> None:
        if anyio.current_time() - due >= LATE:
            self._late_at = anyio.current_time()


@asynccontextmanager
async def detect_stalls(url: str | None = None) -> AsyncGenerator[StallDetector]:
    """Detect stalls of the event loop during the block, and with `url` also of that sandbox."""
    stalls = StallDetector()
    async with anyio.create_task_group() as group:
        group.start_soon(stalls.watch_event_loop)
        if url:
            group.start_soon(stalls.watch_sandbox, url)
        yield stalls
        group.cancel_scope.cancel()
