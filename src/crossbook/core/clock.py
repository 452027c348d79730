"""The event loop's clock and identity, bound once: anyio finds out anew, each time, which library's loop it is in."""

from __future__ import annotations

from collections.abc import Callable

import anyio
from anyio.lowlevel import current_token
from sniffio import current_async_library


def of_this_loop() -> Callable[[], float]:
    """What tells the seconds in the event loop that runs now; it does not keep that alive."""
    if current_async_library() != "asyncio":
        return anyio.current_time
    from asyncio import get_running_loop

    return lambda: get_running_loop().time()


def bound_to_this_loop() -> Callable[[], float]:
    """The same at half the price, for who does not outlive the event loop."""
    if current_async_library() != "asyncio":
        return anyio.current_time
    from asyncio import get_running_loop

    return get_running_loop().time


def which_loop() -> Callable[[], object]:
    """What tells, in a task, which event loop it runs in, to be compared; RuntimeError where none of this kind runs."""
    if current_async_library() != "asyncio":
        return current_token
    from asyncio import get_running_loop

    return get_running_loop
