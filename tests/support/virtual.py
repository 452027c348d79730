"""Time that passes by itself whenever everybody waits: an hour of waiting costs nothing, and is the same each time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
from trio.testing import MockClock

T = TypeVar("T")


def virtually(work: Callable[[], Awaitable[T]]) -> T:
    """Runs it under trio's clock that jumps; `anyio.current_time()` tells virtual seconds."""
    return anyio.run(work, backend="trio", backend_options={"clock": MockClock(autojump_threshold=0)})
