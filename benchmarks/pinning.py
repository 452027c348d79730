"""Choose the processor and the event loop of each measured side."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from importlib.util import find_spec
from typing import Any, Literal, TypeVar

T = TypeVar("T")


def take(role: Literal["server", "client"]) -> None:
    """Pin the server and the client to one processor each, if the machine has two and the system allows it."""
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        if len(allowed) > 1:
            os.sched_setaffinity(0, {allowed[0] if role == "server" else allowed[1]})


def run(main: Coroutine[Any, Any, T], *, fast: bool = False) -> T:
    """Run a coroutine on asyncio's event loop, or with `fast` on uvloop if it is installed."""
    factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    if fast and find_spec("uvloop"):
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(main)
