"""What `httpx` and `httpx2` share: the library's transport without a client's work, over several small pools.

Each pool's width is kept by us, so nothing ever queues inside a pool, and each request walks a short list only.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import cache
from importlib import import_module
from ssl import SSLContext
from typing import Any

import anyio

from crossbook.core.exchange import Failure, Outgoing, Reply
from crossbook.transports.body import Body
from crossbook.transports.proxies import proxy_for

WIDTH = 8


@cache
def ssl_context(library: str) -> SSLContext:
    """One a process: it costs 20–100 ms."""
    context: SSLContext = import_module(library).create_ssl_context()
    return context


class Pooled:
    """A transport over the pools of one library, which it gets by name: it imports nothing that is not used.

    Args:
        name: "httpx" or "httpx2".
        core: the library below it, imported here so that it is not imported inside somebody's event loop.
        origin: where everything goes.
        concurrency: requests in flight at most; more wait here.
        fragile: a cancelled request may hold its place in a pool for good (httpcore issues 830 and 1093), so a pool
            is replaced after one, and closed when its other requests are done.
    """

    def __init__(self, name: str, core: str, origin: str, *, concurrency: int = 64, fragile: bool) -> None:
        self.name = name
        self._library: Any = import_module(name)
        import_module(core)
        self._origin = origin
        self._fragile = fragile
        self._pools = [self._pool() for _ in range(-(-concurrency // WIDTH))]
        self._room = anyio.Semaphore(concurrency, fast_acquire=True)
        self._failure = failures(self._library)

    def _pool(self) -> _Pool:
        proxy = proxy_for(self._origin)
        secure = self._origin.startswith("https") or proxy is not None
        return _Pool(
            self._library.AsyncHTTPTransport(
                verify=ssl_context(self.name) if secure else False,
                limits=self._library.Limits(
                    max_connections=WIDTH, max_keepalive_connections=WIDTH, keepalive_expiry=15.0
                ),
                proxy=None if proxy is None else self._library.Proxy(proxy, ssl_context=ssl_context(self.name)),
            )
        )

    async def send(self, call: Outgoing) -> Reply | Failure:
        async with self._room:
            pool = min(self._pools, key=_load)
            pool.in_flight += 1
            damaged = self._fragile
            try:
                outcome = await self._exchange(pool.transport, call)
                # A pool that has no place although we keep its width has lost one.
                damaged = isinstance(outcome, Failure) and outcome.kind == "busy"
                return outcome
            finally:
                pool.in_flight -= 1
                if damaged and not pool.retired:
                    pool.retired = True
                    self._pools[self._pools.index(pool)] = self._pool()
                if pool.retired and pool.in_flight == 0:
                    await _close(pool)

    async def aclose(self) -> None:
        for pool in self._pools:
            await _close(pool)

    async def _exchange(self, transport: Any, call: Outgoing) -> Reply | Failure:
        request = self._library.Request(
            call.method,
            call.origin + call.path,
            headers=list(call.headers),
            content=call.body or None,
            extensions=extensions(call),
        )
        try:
            response = await transport.handle_async_request(request)
            try:
                return await read(response, call.max_body)
            finally:
                with anyio.CancelScope(shield=True):
                    await response.aclose()
        except Exception as error:
            return self._failure(error)


class _Pool:
    def __init__(self, transport: Any) -> None:
        self.transport = transport
        self.in_flight = 0
        self.retired = False


def _load(pool: _Pool) -> int:
    return pool.in_flight


async def _close(pool: _Pool) -> None:
    with anyio.CancelScope(shield=True):
        await pool.transport.aclose()


def extensions(call: Outgoing) -> dict[str, Any]:
    return {
        # The token is in the target alone: the library's log, its errors and tracing spans show the URL.
        "target": call.target,
        "timeout": {
            "connect": call.connect_timeout,
            "read": call.read_timeout,
            "write": call.read_timeout,
            "pool": call.connect_timeout,
        },
    }


def failures(library: Any) -> Callable[[Exception], Failure]:
    """How this library's exceptions say whether a request left."""
    never_left = (
        library.ConnectError,
        library.ConnectTimeout,
        library.ProxyError,
        library.UnsupportedProtocol,
        library.LocalProtocolError,
    )

    def failure(error: Exception) -> Failure:
        name = type(error).__name__
        if isinstance(error, library.PoolTimeout):
            return Failure("busy", "no", name)
        if isinstance(error, never_left):
            return Failure("connect", "no", name)
        # Whatever else: it may have left. Never raised on, since its frames hold headers.
        return Failure("lost", "maybe", name)

    return failure


def library_of(client: object) -> Any:
    """The library whose client this is, or None."""
    loaded = [sys.modules[name] for name in ("httpx", "httpx2") if name in sys.modules]
    return next((library for library in loaded if isinstance(client, library.AsyncClient)), None)


async def _abandon(response: Any, pieces: AsyncIterator[bytes]) -> None:
    """Ends a body that nobody wants to read on: the connection first, and then the generators that read from it.

    Left to the garbage collector they would make trio warn, in somebody's log, much later.
    """
    await response.aclose()
    with suppress(Exception):
        async for _ in pieces:
            pass


async def read(response: Any, cap: int) -> Reply | Failure:
    """The whole answer, in pieces and never more than the cap."""
    status: int = response.status_code
    headers = {name.lower(): value for name, value in response.headers.items()}
    body = Body(headers.get("content-encoding", ""), cap)
    pieces = aiter(response.stream)
    if body.failure is None:
        async for piece in pieces:
            if not body.feed(piece):
                break
    if body.failure is not None:
        await _abandon(response, pieces)
        return body.failure
    content = body.content()
    return Failure("lost", "maybe", "cut gzip stream", status) if content is None else Reply(status, headers, content)
