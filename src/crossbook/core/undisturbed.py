"""What has to come to its end before a cancellation is let through: files and connections that are closed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import anyio
from sniffio import current_async_library


async def undisturbed(work: Callable[[], Awaitable[None]]) -> None:
    """Does the work to its end, and cancels the caller only then, however often it is asked to.

    A shield of anyio's is not enough on asyncio, which itself (a time-out, a client that left) cancels through any.
    """
    with anyio.CancelScope(shield=True):
        if current_async_library() == "asyncio":
            await _beside(work)
        else:
            await work()


async def _beside(work: Callable[[], Awaitable[None]]) -> None:
    task, interrupted = asyncio.ensure_future(work()), None
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as error:
            interrupted = error
    if interrupted is None:
        return task.result()
    if not task.cancelled():
        task.exception()  # looked at, or asyncio logs that nobody did
    raise interrupted
