"""`transport="httpx"`: httpx's own transport, without a client's work for each call, over several small pools.

Each pool's width is kept by us, so nothing ever queues inside a pool, and each request walks a short list only.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from ssl import SSLContext

import anyio
import httpx

from crossbook.core.exchange import Failure, Outgoing, Reply
from crossbook.transports.body import Body
from crossbook.transports.proxies import proxy_for

# httpx imports it at first use, which would be inside somebody's event loop.
import_module("httpcore")

POOLS = 8
WIDTH = 8

_NEVER_LEFT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)


@cache
def ssl_context() -> SSLContext:
    """One a process: it costs 20–100 ms."""
    return httpx.create_ssl_context()


class _Pool:
    def __init__(self, origin: str) -> None:
        proxy = proxy_for(origin)
        self.transport = httpx.AsyncHTTPTransport(
            verify=ssl_context() if origin.startswith("https") or proxy else False,
            limits=httpx.Limits(max_connections=WIDTH, max_keepalive_connections=WIDTH, keepalive_expiry=15.0),
            proxy=httpx.Proxy(proxy, ssl_context=ssl_context()) if proxy else None,
        )
        self.in_flight = 0
        self.retired = False


class HttpxTransport:
    """Sends over pools that are replaced as soon as a cancellation may have damaged them."""

    name = "httpx"

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._pools = [_Pool(origin) for _ in range(POOLS)]
        self._room = anyio.Semaphore(POOLS * WIDTH, fast_acquire=True)

    async def send(self, call: Outgoing) -> Reply | Failure:
        async with self._room:
            pool = min(self._pools, key=_load)
            pool.in_flight += 1
            whole = False
            try:
                outcome = await _exchange(pool.transport, call)
                whole = not (isinstance(outcome, Failure) and outcome.kind == "busy")
                return outcome
            finally:
                pool.in_flight -= 1
                if not whole:
                    self._retire(pool)
                if pool.retired and pool.in_flight == 0:
                    with anyio.CancelScope(shield=True):
                        await pool.transport.aclose()

    def _retire(self, pool: _Pool) -> None:
        # A cancelled request may hold its slot of httpcore's pool for good (httpcore issues 830 and 1093).
        if not pool.retired:
            pool.retired = True
            self._pools[self._pools.index(pool)] = _Pool(self._origin)

    async def aclose(self) -> None:
        for pool in self._pools:
            await pool.transport.aclose()


def _load(pool: _Pool) -> int:
    return pool.in_flight


async def _exchange(transport: httpx.AsyncHTTPTransport, call: Outgoing) -> Reply | Failure:
    request = httpx.Request(
        call.method,
        call.origin + call.path,
        headers=list(call.headers),
        content=call.body or None,
        extensions={
            # The token is in the target alone: httpx's log, its errors and tracing spans show the URL.
            "target": call.target,
            "timeout": {
                "connect": call.connect_timeout,
                "read": call.read_timeout,
                "write": call.read_timeout,
                "pool": call.connect_timeout,
            },
        },
    )
    try:
        response = await transport.handle_async_request(request)
        try:
            return await _read(response, call.max_body)
        finally:
            with anyio.CancelScope(shield=True):
                await response.aclose()
    except httpx.PoolTimeout as error:
        return Failure("busy", "no", type(error).__name__)
    except _NEVER_LEFT as error:
        return Failure("connect", "no", type(error).__name__)
    except httpx.TransportError as error:
        return Failure("lost", "maybe", type(error).__name__)


async def _read(response: httpx.Response, cap: int) -> Reply | Failure:
    body = Body(response.headers.get("content-encoding", ""), cap)
    if body.failure is None:
        async for piece in response.aiter_raw():
            if not body.feed(piece):
                break
    if body.failure is not None:
        return body.failure
    content = body.content()
    if content is None:
        return Failure("lost", "maybe", "cut gzip stream", response.status_code)
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(response.status_code, headers, content)
