"""Whether the machine let a trial have its times: its faults are made of tenths of a second."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import httpx

BEAT = 0.02
LATE = 0.1  # seconds: as much as a trial's own time-outs have to spare


class Pulse:
    """Whether the event loop came late to what was due: it was busy, or the machine was, with others."""

    def __init__(self) -> None:
        self._late_at = -math.inf  # when it was last
        self._asked = math.inf  # since when an echo has been waited for

    @property
    def regular(self) -> bool:
        return not self.late_since(-math.inf)

    def late_since(self, moment: float) -> bool:
        return self._late_at >= moment or anyio.current_time() - self._asked >= LATE

    async def beat(self) -> None:
        while True:
            due = anyio.current_time() + BEAT
            await anyio.sleep_until(due)
            self._came(due)

    async def echo(self, url: str) -> None:
        """The same of a sandbox in another process: how late it answers."""
        async with httpx.AsyncClient(base_url=url, timeout=None, trust_env=False) as client:
            while True:
                self._asked = anyio.current_time()
                await client.get("/_sandbox/faults")
                self._came(self._asked)
                self._asked = math.inf
                await anyio.sleep(5 * BEAT)

    def _came(self, due: float) -> None:
        if anyio.current_time() - due >= LATE:
            self._late_at = anyio.current_time()


@asynccontextmanager
async def pulse(url: str | None = None) -> AsyncGenerator[Pulse]:
    """Felt as long as the block lasts, and with `url` that of the sandbox there too."""
    felt = Pulse()
    async with anyio.create_task_group() as group:
        group.start_soon(felt.beat)
        if url:
            group.start_soon(felt.echo, url)
        yield felt
        group.cancel_scope.cancel()
