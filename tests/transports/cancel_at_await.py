"""Cancel work at its n-th await. It needs no time-outs, so that every await can be hit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import suppress
from typing import Any

import anyio


class Stepped:
    """Await a coroutine, and call `at` when it waits for the n-th time."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], number: int, at: Callable[[], object]) -> None:
        self._coroutine = coroutine
        self._number = number
        self._at = at
        self.awaits = 0

    def __await__(self) -> Generator[Any, Any, Any]:
        inner: Any = self._coroutine.__await__()
        go_on, value = inner.send, None
        while True:
            try:
                waits_for = go_on(value)
            except StopIteration as end:
                return end.value
            self.awaits += 1
            if self.awaits == self._number:
                self._at()
            try:
                go_on, value = inner.send, (yield waits_for)
            except BaseException as error:
                go_on, value = inner.throw, error


async def by_scope(coroutine: Coroutine[Any, Any, Any], number: int) -> bool:
    """Cancel at the n-th await, as anyio and trio do; 0 is before the first. Return whether there was such an await."""
    with anyio.CancelScope() as scope:
        stepped = Stepped(coroutine, number, scope.cancel)
        if number == 0:
            scope.cancel()
        await stepped
    return number == 0 or stepped.awaits >= number


async def by_task(coroutine: Coroutine[Any, Any, Any], number: int) -> bool:
    """Cancel as asyncio does for a time-out or a client that left, which no shield of anyio stops."""

    def cancel() -> None:
        asyncio.get_running_loop().call_soon(task.cancel)

    stepped = Stepped(coroutine, number, cancel)

    async def run() -> None:
        await stepped

    task = asyncio.get_running_loop().create_task(run())
    with suppress(asyncio.CancelledError):
        await task
    return stepped.awaits >= number


Cancel = Callable[[Coroutine[Any, Any, Any], int], Awaitable[bool]]
