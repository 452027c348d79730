"""Whether the machine let a trial have its times: its faults are made of tenths of a second."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio

BEAT = 0.02
LATE = 0.1  # seconds: as much as a trial's own time-outs have to spare


class Pulse:
    """How late the event loop came, at worst, to what was due: it was busy, or the machine was, with others."""

    def __init__(self) -> None:
        self.latest = 0.0

    @property
    def regular(self) -> bool:
        return self.latest < LATE

    async def beat(self) -> None:
        while True:
            due = anyio.current_time() + BEAT
            await anyio.sleep_until(due)
            self.latest = max(self.latest, anyio.current_time() - due)


@asynccontextmanager
async def pulse() -> AsyncGenerator[Pulse]:
    """Felt as long as the block lasts."""
    felt = Pulse()
    async with anyio.create_task_group() as group:
        group.start_soon(felt.beat)
        yield felt
        group.cancel_scope.cancel()
