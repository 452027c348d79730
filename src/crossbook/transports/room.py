"""How many requests a transport has in flight, and how all of them end when it is closed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from math import inf
from time import monotonic
from typing import Protocol, TypeVar

import anyio
from anyio.lowlevel import checkpoint

from crossbook.core.exchange import Failure, Outgoing, Reply

_KEPT = 10.0  # seconds: a connection that was used since is still there; the libraries keep one for 15


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
        self._used: dict[int, float] = {}  # when so many were under way last
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
                    if monotonic() - self._used.get(len(self._under_way), -inf) > _KEPT:
                        # It will open a connection, whose time is short: first let all take their first step that were
                        # started with it. 20,000 calls take seconds for that, in which the event loop sees no answer.
                        await checkpoint()
                    return await exchange(call, left)
                finally:
                    self._used[len(self._under_way)] = monotonic()
                    self._under_way.discard(scope)
            return Failure("lost", "maybe", "closed") if left.sends else Failure("connect", "no", "closed")

    def close(self) -> None:
        """Ends what is under way."""
        self._closed = True
        for scope in list(self._under_way):
            scope.cancel()
