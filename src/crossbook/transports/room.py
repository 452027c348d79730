"""How many requests a transport has in flight, and how all of them end when it is closed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import anyio

from crossbook.core.exchange import Failure, Outgoing, Reply


class Left(Protocol):
    """What is known of one request: `sends` is how often it left."""

    sends: int


L = TypeVar("L", bound=Left)


class Room:
    """So many requests at most, and none once it is closed.

    Nothing ever queues inside a library's pool, where a wait would count as time to connect.
    """

    def __init__(self, concurrency: int) -> None:
        self._places = anyio.Semaphore(concurrency, fast_acquire=True)
        self._under_way: set[anyio.CancelScope] = set()
        self._closed = False

    async def hold(
        self, exchange: Callable[[Outgoing, L], Awaitable[Reply | Failure]], call: Outgoing, left: L
    ) -> Reply | Failure:
        """Waits for a place, and makes the exchange in it."""
        async with self._places:
            if self._closed:
                return Failure("connect", "no", "closed")
            with anyio.CancelScope() as scope:
                self._under_way.add(scope)
                try:
                    return await exchange(call, left)
                finally:
                    self._under_way.discard(scope)
            return Failure("lost", "maybe", "closed") if left.sends else Failure("connect", "no", "closed")

    def close(self) -> None:
        """Ends what is under way."""
        self._closed = True
        for scope in list(self._under_way):
            scope.cancel()
