"""What `httpx` and `httpx2` share: the library's transport without a client's work, over pools of one connection.

A request has its pool for itself, so nothing ever queues inside one, and the library, which looks at each connection of
a pool for each request, and at more of them with each step, has one to look at.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Coroutine
from functools import cache
from importlib import import_module
from typing import Any

import anyio
from sniffio import current_async_library

from crossbook.core.exchange import Failure, Outgoing, Reply
from crossbook.errors import InvalidInput
from crossbook.transports.library import exchange
from crossbook.transports.proxies import proxy_for
from crossbook.transports.room import Room
from crossbook.transports.trail import Trail


@cache
def ssl_context(library: str) -> ssl.SSLContext:
    """One a process: it costs 20–100 ms."""
    context: ssl.SSLContext = import_module(library).create_ssl_context()
    return context


@cache
def _unused() -> ssl.SSLContext:
    """For plain HTTP, where the library wants one all the same. It trusts nobody."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Pooled:
    """A transport over the pools of one library, which it gets by name: it imports nothing that is not used.

    Args:
        name: "httpx" or "httpx2".
        core: the library below it, imported here so that it is not imported inside somebody's event loop.
        origin: where everything goes.
        concurrency: requests in flight at most; more wait here.
        fragile: a cancelled request may hold its place in a pool for good, so that its pool is closed.

    Raises:
        InvalidInput: the environment names a proxy that this library cannot use.
    """

    def __init__(self, name: str, core: str, origin: str, *, concurrency: int = 64, fragile: bool) -> None:
        self.name = name
        self._library: Any = import_module(name)
        import_module(core)
        self._fragile = fragile
        self._make = self._maker(origin)
        self._pools: set[Any] = set()
        self._free: list[Any] = []  # the one used last comes first, so that few are kept warm
        self._room = Room(concurrency)

    def _maker(self, origin: str) -> Any:
        library, url = self._library, proxy_for(origin)
        secure = ssl_context(self.name) if origin.startswith("https") else _unused()
        limits = library.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=15.0)
        proxy: Any = None
        if url is not None:
            try:
                proxy = library.Proxy(url)
                if proxy.url.scheme == "https":
                    proxy = library.Proxy(url, ssl_context=ssl_context(self.name))
                library.AsyncHTTPTransport(verify=secure, proxy=proxy)
            except (ImportError, ValueError, library.InvalidURL) as error:
                # Without its words: they show the proxy's password.
                raise InvalidInput(
                    f"transport {self.name!r} cannot use the environment's proxy for {origin} ({type(error).__name__})",
                    field="transport",
                ) from None
        return lambda: library.AsyncHTTPTransport(verify=secure, limits=limits, proxy=proxy)

    async def send(self, call: Outgoing) -> Reply | Failure:
        return await self._room.hold(self._sent, call, Trail())

    async def _sent(self, call: Outgoing, trail: Trail) -> Reply | Failure:
        pool = self._free.pop() if self._free else self._another()
        damaged = self._fragile
        try:
            outcome = await exchange(self._library, self._library.Request, pool.handle_async_request, call, trail)
            # A pool that has no place although it has no other request has lost one.
            damaged = isinstance(outcome, Failure) and outcome.kind == "busy"
            return outcome
        finally:
            if damaged or trail.unfinished:
                self._pools.discard(pool)
                await _close(pool)
            else:
                self._free.append(pool)

    def _another(self) -> Any:
        pool = self._make()
        self._pools.add(pool)
        return pool

    async def aclose(self) -> None:
        """Ends what is under way, and closes every connection."""
        self._room.close()
        await _close(*self._pools)


async def _close(*pools: Any) -> None:
    """Closes all of them, whatever befalls the caller: interrupted, the library would forget the rest of them."""

    async def close() -> None:
        for pool in pools:
            await pool.aclose()

    with anyio.CancelScope(shield=True):
        if current_async_library() == "trio":
            await close()
        else:
            await _undisturbed(close())


async def _undisturbed(work: Coroutine[Any, Any, None]) -> None:
    """asyncio itself (a time-out, a client that left) cancels through any shield of anyio: that waits here."""
    task, interrupted = asyncio.ensure_future(work), None
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as error:
            interrupted = error
    if interrupted is not None:
        raise interrupted
    task.result()
