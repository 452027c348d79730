"""Virtual time, which jumps when every task waits: long waits take no real time and are reproducible."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
from trio.testing import MockClock

T = TypeVar("T")


def virtually(work: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine under trio's autojump clock. `anyio.current_time()` returns virtual seconds."""
    return anyio.run(work, backend="trio", backend_options={"clock": MockClock(autojump_threshold=0)})
