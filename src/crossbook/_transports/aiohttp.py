"""`transport="aiohttp"` (extra `fast`): a fraction of httpx's work for a call, and no more of it with many in flight.

For asyncio alone. A running event loop cannot be changed, so uvloop, which the extra brings where it exists, is the
program's choice: `uvloop.run(main())` instead of `asyncio.run(main())`.

Of aiohttp it takes the connections (names, TLS, proxies, what is kept alive) and the parser, and not the
`ClientSession` above them, which repeats a request by itself when a kept connection died under it, shows the query to
whoever traces it, keeps cookies, writes URLs anew, and costs as much again. So aiohttp's own tracing, OpenTelemetry's
spans among it, sees nothing of these calls; `on_attempt` does.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
from aiohttp.tracing import Trace
from sniffio import current_async_library
from yarl import URL

from crossbook._http.request import PreparedRequest, TransportFailure, TransportResponse
from crossbook._transports.body import Body, head_of, read_headers
from crossbook._transports.connections import InFlight, describe_connect_error, is_stale, proxy_for
from crossbook.errors import InvalidInputError, UsageError


def make(origin: str, concurrency: int) -> Aiohttp:
    return Aiohttp(origin, concurrency)


class _Left:
    """Whether the request left (written at once, it may have from its first byte on), or waits for a connection."""

    __slots__ = ("queued", "sends")

    def __init__(self) -> None:
        self.sends = 0
        self.queued = False


_UNTRACED = aiohttp.TraceConfig()
_UNTRACED.freeze()


class _Queue(Trace):
    """Sees a request wait in the pool of a connector that was brought."""

    def __init__(self, left: _Left) -> None:
        super().__init__(cast(Any, None), _UNTRACED, SimpleNamespace())
        self._left = left

    async def send_connection_queued_start(self) -> None:
        self._left.queued = True

    async def send_connection_queued_end(self) -> None:
        self._left.queued = False


class Aiohttp:
    """A transport over the connector of aiohttp.

    Args:
        origin: where everything goes.
        concurrency: requests in flight at most; more wait here.
        connector: one that the user brings, whose TLS context, resolver, limits and closing are then the user's.

    Raises:
        InvalidInputError: the environment names a proxy that aiohttp cannot use.
    """

    def __init__(self, origin: str, concurrency: int, connector: aiohttp.BaseConnector | None = None) -> None:
        self.name = "aiohttp" if connector is None else "aiohttp, brought"
        self._origin = origin
        self._proxy = _proxy(origin)
        self._in_clear = origin.encode() if self._proxy is not None and origin.startswith("http:") else b""
        self._room = InFlight(concurrency)
        self._brought = connector
        # Both need a running event loop, and a book may be made outside of one.
        self._connector: aiohttp.BaseConnector | None = None
        self._route: Any = None

    async def send(self, call: PreparedRequest) -> TransportResponse | TransportFailure:
        return await self._room.hold(self._sent, call, _Left())

    async def aclose(self) -> None:
        """Ends what is under way, and closes every connection, but those that were brought."""
        self._room.close()
        if self._connector is not None and self._brought is None:
            await self._connector.close()

    async def _sent(self, call: PreparedRequest, left: _Left) -> TransportResponse | TransportFailure:
        if self._connector is None and current_async_library() != "asyncio":
            raise UsageError("transport 'aiohttp' needs asyncio: take 'httpx' or 'httpx2' here", sent="no")
        status: int | None = None
        connection: Any = None
        try:
            connection = await self._connected(call.connect_timeout, left)
            protocol, transport = connection.protocol, connection.transport
            protocol.set_response_params(
                read_until_eof=True, auto_decompress=False, read_timeout=call.read_timeout, read_bufsize=65536
            )
            request = head_of(call, self._in_clear, self._credentials()) + call.body
            left.sends = 1
            transport.write(request)
            protocol.start_timeout()
            message, payload = await protocol.read()
            while message.code < 200 and message.code != 101:  # what only says to go on waiting
                message, payload = await protocol.read()
            status = message.code
            reply = await _read(message.code, message.raw_headers, payload, call.max_response_bytes)
            if isinstance(reply, TransportResponse) and payload.is_eof():
                connection.release()
            return reply
        except Exception as error:
            # Its name alone: its words may hold the address of a proxy, its frames hold the headers.
            name = type(error).__name__
            if connection is None:
                await asyncio.sleep(0)  # in which what was opened in vain is closed
            if left.sends:
                return TransportFailure("lost", "maybe", name, status)
            if left.queued:
                return TransportFailure("busy", "no", name)
            asked = self._proxy or URL(self._origin, encoded=True)
            return TransportFailure("connect", "no", name, why=describe_connect_error(error, asked.host, asked.port))
        finally:
            if connection is not None and connection.protocol is not None:
                _drop(connection)

    async def _connected(self, longest: float, left: _Left) -> Any:
        """A connection on which nothing came that nobody asked for, nor its end."""
        if self._connector is None:
            loop = asyncio.get_running_loop()
            url = URL(self._origin, encoded=True)
            self._route = aiohttp.ClientRequest("GET", url, loop=loop, proxy=self._proxy)
            self._connector = self._brought or aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(connect=longest)
        traces: list[Trace] = [] if self._brought is None else [_Queue(left)]
        while True:
            connection = await self._connector.connect(self._route, traces, timeout)
            if not is_stale(connection):
                return connection
            _drop(connection)

    def _credentials(self) -> str | None:
        """Ours for a proxy that is asked in clear; aiohttp writes them to the request that a connection is made for."""
        credentials: str | None = self._route.headers.get("Proxy-Authorization") if self._in_clear else None
        return credentials


async def _read(status: int, raw: Any, payload: Any, cap: int) -> TransportResponse | TransportFailure:
    """The whole answer, in pieces and never more than the cap; of an error without its body the status is enough."""
    headers = read_headers(raw)
    body = Body(headers.get("content-encoding", ""), cap)
    try:
        while body.failure is None and not payload.at_eof():
            body.feed(await payload.readany())
    except Exception:
        if status < 300:
            raise
        return TransportResponse(status, headers, b"")
    return body.reply(status, headers)


def _drop(connection: Any) -> None:
    """Ends a connection at once: what is not written yet never leaves, and TLS waits for no good-bye."""
    if connection.transport is not None:
        connection.transport.abort()
    connection.close()


def _proxy(origin: str) -> URL | None:
    found = proxy_for(origin)
    if found is None:
        return None
    url: URL | None = None
    with suppress(ValueError):
        url = URL(found)
    if url is None or url.scheme not in ("http", "https") or not url.host:
        # Without its words: they show the proxy's password.
        raise InvalidInputError(
            f"transport 'aiohttp' cannot use the environment's proxy for {origin}: it must be the URL of an HTTP proxy",
            field="transport",
        )
    return url
