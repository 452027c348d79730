"""The transport `aiohttp` (extra `fast`), which needs a fraction of the CPU time of httpx for each call.

It needs asyncio. The extra installs uvloop where it exists. The program chooses it: `uvloop.run(main())` instead of
`asyncio.run(main())`.

It uses aiohttp's connections (names, TLS, proxies, keep-alive) and its parser, without the `ClientSession` above them.
A session repeats a request by itself if its kept connection died, shows the query to tracers, keeps cookies, rewrites
URLs, and doubles the cost. So aiohttp's own tracing, and OpenTelemetry's, does not see these calls; `on_attempt` does.
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
from crossbook._transports.body import encode_head, read_response
from crossbook._transports.connections import InFlight, describe_connect_error, is_stale, proxy_for
from crossbook.errors import InvalidInputError, UsageError

_UNTRACED = aiohttp.TraceConfig()
_UNTRACED.freeze()
_IDLE = 15.0  # seconds for which a free connection is kept


class _RequestState:
    """The state of one request: how often it may have been sent, and whether it waits for a connection."""

    __slots__ = ("queued", "sends")

    def __init__(self) -> None:
        self.sends = 0
        self.queued = False


class _QueueTrace(Trace):
    """A trace that records in a `_RequestState` whether the request waits for a connection of the user's connector."""

    def __init__(self, state: _RequestState) -> None:
        super().__init__(cast(Any, None), _UNTRACED, SimpleNamespace())
        self._state = state

    async def send_connection_queued_start(self) -> None:
        self._state.queued = True

    async def send_connection_queued_end(self) -> None:
        self._state.queued = False


class AiohttpTransport:
    """A transport over the connections of an aiohttp connector, ours or the user's.

    Args:
        origin: the origin of all requests.
        concurrency: the largest number of requests in flight; more wait.
        connector: the user's connector. Its TLS context, resolver, limits and closing are then the user's.

    Raises:
        InvalidInputError: aiohttp cannot use the proxy of the environment.
    """

    def __init__(self, origin: str, concurrency: int, connector: aiohttp.BaseConnector | None = None) -> None:
        self.name = "aiohttp" if connector is None else "aiohttp, user client"
        self._origin = origin
        self._proxy = _find_proxy(origin)
        self._proxy_origin = origin.encode() if self._proxy is not None and origin.startswith("http:") else b""
        self._in_flight = InFlight(concurrency)
        self._user_connector = connector
        # Both are made with the first request: they need a running event loop, and a book may be made outside of one.
        self._connector: aiohttp.BaseConnector | None = None
        self._route: Any = None
        # Each free connection, and since when. The stack is faster than the connector's pool, which would count, order
        # and wrap the connection again for each request. A user's connector keeps its pool, since others use it too.
        self._idle: list[tuple[Any, float]] = []
        self._expiry: asyncio.TimerHandle | None = None

    async def send(self, request: PreparedRequest) -> TransportResponse | TransportFailure:
        return await self._in_flight.run(self._exchange, request, _RequestState())

    async def aclose(self) -> None:
        """End the requests in flight, and close every connection except those of the user's connector."""
        self._in_flight.close()
        if self._expiry is not None:
            self._expiry.cancel()
        while self._idle:
            _abort(self._idle.pop()[0])
        if self._connector is not None and self._user_connector is None:
            await self._connector.close()

    async def _exchange(self, request: PreparedRequest, state: _RequestState) -> TransportResponse | TransportFailure:
        if self._connector is None and current_async_library() != "asyncio":
            raise UsageError("transport 'aiohttp' needs asyncio: use 'httpx' or 'httpx2' here", sent="no")
        status: int | None = None
        connection: Any = None
        try:
            connection = await self._connect(request.connect_timeout, state)
            protocol = connection.protocol
            protocol.set_response_params(
                read_until_eof=True, auto_decompress=False, read_timeout=request.read_timeout, read_bufsize=65536
            )
            message = encode_head(request, self._proxy_origin, self._proxy_credentials()) + request.body
            state.sends = 1
            connection.transport.write(message)
            protocol.start_timeout()
            head, payload = await protocol.read()
            while head.code < 200 and head.code != 101:  # informational
                head, payload = await protocol.read()
            status = head.code
            response = await read_response(head.code, head.raw_headers, payload.iter_any(), request.max_response_bytes)
            if isinstance(response, TransportResponse) and payload.is_eof():
                connection = self._keep(connection)
            return response
        except Exception as error:
            # Only the exception's name: its message may hold the address of a proxy, its frames hold the headers.
            name = type(error).__name__
            if connection is None:
                await asyncio.sleep(0)  # lets aiohttp close what it opened
            if state.sends:
                return TransportFailure("lost", "maybe", name, status)
            if state.queued:
                return TransportFailure("busy", "no", name)
            target = self._proxy or URL(self._origin, encoded=True)
            return TransportFailure("connect", "no", name, why=describe_connect_error(error, target.host, target.port))
        finally:
            if connection is not None and connection.protocol is not None:
                _abort(connection)

    async def _connect(self, timeout: float, state: _RequestState) -> Any:
        """Return an open connection that has received no surplus data since its last response."""
        if self._connector is None:
            loop = asyncio.get_running_loop()
            url = URL(self._origin, encoded=True)
            self._route = aiohttp.ClientRequest("GET", url, loop=loop, proxy=self._proxy)
            self._connector = self._user_connector or aiohttp.TCPConnector(limit=0)
        traces: list[Trace] = [] if self._user_connector is None else [_QueueTrace(state)]
        while self._idle:
            connection, _ = self._idle.pop()
            if not is_stale(connection):
                return connection
            _abort(connection)
        while True:
            connection = await self._connector.connect(self._route, traces, aiohttp.ClientTimeout(connect=timeout))
            if not is_stale(connection):
                return connection
            _abort(connection)

    def _keep(self, connection: Any) -> Any:
        """Keep the connection of a complete response for the next request. Return it if it has to be closed."""
        if self._user_connector is not None:
            connection.release()
            return None
        if connection.protocol.should_close or self._connector is None or self._connector.closed:
            return connection
        loop = asyncio.get_running_loop()
        self._idle.append((connection, loop.time()))
        if self._expiry is None:
            self._expiry = loop.call_later(_IDLE, self._expire)
        return None

    def _expire(self) -> None:
        """Close the connections that were idle for too long, and look again later if there are others."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        while self._idle and self._idle[0][1] <= now - _IDLE:
            _abort(self._idle.pop(0)[0])
        self._expiry = loop.call_at(self._idle[0][1] + _IDLE, self._expire) if self._idle else None

    def _proxy_credentials(self) -> str | None:
        """Return the credentials for a proxy that forwards plain HTTP, as a header value, or None."""
        credentials: str | None = self._route.headers.get("Proxy-Authorization") if self._proxy_origin else None
        return credentials


def _abort(connection: Any) -> None:
    """Close a connection at once: drop its unsent data, and skip the closing handshake of TLS."""
    if connection.transport is not None:
        connection.transport.abort()
    connection.close()


def _find_proxy(origin: str) -> URL | None:
    found = proxy_for(origin)
    if found is None:
        return None
    url: URL | None = None
    with suppress(ValueError):
        url = URL(found)
    if url is None or url.scheme not in ("http", "https") or not url.host:
        # The message does not show the URL, which contains the proxy's password.
        raise InvalidInputError(
            f"transport 'aiohttp' cannot use the environment's proxy for {origin}: it must be the URL of an HTTP proxy",
            field="transport",
        )
    return url
