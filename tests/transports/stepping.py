"""Cancels a piece of work at its n-th await, whichever that is: no time is involved, so every await can be met."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextlib import suppress
from typing import Any

import anyio


class Stepped:
    """Awaits a coroutine and calls `at` when it waits for the n-th time."""

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
    """Cancels as anyio and trio do, at the n-th await; 0 is before the first. Whether there was such an await."""
    with anyio.CancelScope() as scope:
        stepped = Stepped(coroutine, number, scope.cancel)
        if number == 0:
            scope.cancel()
        await stepped
    return number == 0 or stepped.awaits >= number


async def by_task(coroutine: Coroutine[Any, Any, Any], number: int) -> bool:
    """Cancels as asyncio does (a time-out, a client that left): no shield of anyio keeps that away."""

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
