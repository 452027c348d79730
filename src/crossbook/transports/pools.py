"""What `httpx` and `httpx2` share: the library's transport without a client's work, over one connection and no pool.

The library's pool looks at each of its connections for each request, and at more of them with each step. httpx's can
lose places for good besides (httpcore's issues 830 and 1093; measured on 1.0.9): cancelled by asyncio at 2 of the 10
awaits of a new connection, or at 1 of the 8 of an old one, a request keeps its own, and after a storm (a pool of 10, 40
callers, time-outs of 0.5–20 ms, 6 s) 10 of 20 healthy calls found none. Here a request has a connection to itself, and
what cannot take another one after it is closed.
"""

from __future__ import annotations

import ssl
from functools import cache, lru_cache
from importlib import import_module
from typing import Any, NamedTuple

from crossbook.core.exchange import Failure, Outgoing, Reply
from crossbook.core.undisturbed import undisturbed
from crossbook.errors import InvalidInput
from crossbook.transports.head import WITH_LENGTH
from crossbook.transports.library import exchange, stream_class
from crossbook.transports.proxies import proxy_for
from crossbook.transports.room import Room
from crossbook.transports.stale import said_more
from crossbook.transports.trail import Trail

_PATHS = 256  # URLs that are kept parsed


@cache
def ssl_context(library: str) -> ssl.SSLContext:
    """One a process: it costs 20–100 ms."""
    context: ssl.SSLContext = import_module(library).create_ssl_context()
    return context


@cache
def _unused() -> ssl.SSLContext:
    """For plain HTTP, where the library wants one all the same. It trusts nobody."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Lane(NamedTuple):
    """The library's transport, where respx and OpenTelemetry look for requests; and the connection below it."""

    transport: Any
    connection: Any


class Pooled:
    """A transport over connections of one library, which it gets by name: it imports nothing that is not used.

    Args:
        name: "httpx" or "httpx2".
        core: the library below it, imported here so that it is not imported inside somebody's event loop.
        origin: where everything goes.
        concurrency: requests in flight at most; more wait here.

    Raises:
        InvalidInput: the library cannot read the origin, or cannot use the proxy that the environment names.
    """

    def __init__(self, name: str, core: str, origin: str, *, concurrency: int = 64) -> None:
        self.name = name
        self._library: Any = import_module(name)
        self._stream = stream_class(self._library)
        self._url = lru_cache(_PATHS)(self._library.URL)
        try:
            url = self._url(origin)
        except self._library.InvalidURL:
            raise InvalidInput("base_url is no URL", field="base_url") from None
        self._host: bytes = url.netloc
        self._secure = url.scheme == "https"
        self._origin = import_module(core).URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port).origin
        self._make = self._maker(origin)
        self._lanes: set[Lane] = set()
        self._free: list[Lane] = []  # the one used last comes first, so that few are kept warm
        self._room = Room(concurrency)

    def _maker(self, origin: str) -> Any:
        library, url = self._library, proxy_for(origin)
        secure = ssl_context(self.name) if self._secure else _unused()
        proxy: Any = None
        if url is not None:
            try:
                proxy = library.Proxy(url)
                if proxy.url.scheme == "https":
                    proxy = library.Proxy(url, ssl_context=ssl_context(self.name))
                library.AsyncHTTPTransport(verify=secure, proxy=proxy)
            except (ImportError, ValueError, library.InvalidURL) as error:
                # Without its words: they show the proxy's password.
                how = (
                    f"for SOCKS, pip install '{self.name}[socks]'"
                    if isinstance(error, ImportError)
                    else "it must be the URL of an HTTP or SOCKS proxy"
                )
                raise InvalidInput(
                    f"transport {self.name!r} cannot use the environment's proxy for {origin}: {how}",
                    field="transport",
                ) from None
        limits = library.Limits(keepalive_expiry=15.0)
        return lambda: library.AsyncHTTPTransport(verify=secure, limits=limits, proxy=proxy)

    async def send(self, call: Outgoing) -> Reply | Failure:
        return await self._room.hold(self._sent, call, Trail(once=True))

    async def _sent(self, call: Outgoing, trail: Trail) -> Reply | Failure:
        lane = await self._lane()
        try:
            return await exchange(self._library, self._request, lane.transport.handle_async_request, call, trail)
        finally:
            if lane.connection.is_available() and not said_more(lane.connection, secure=self._secure):
                self._free.append(lane)
            else:
                await self._drop(lane)

    def _request(self, call: Outgoing) -> Any:
        """With its host and length, which the library would find out anew for each, at twice the price."""
        headers = [(b"Host", self._host), *call.headers]
        if call.body or call.method in WITH_LENGTH:
            headers.append((b"Content-Length", b"%d" % len(call.body)))
        url, stream = self._url(call.origin + call.path), self._stream(call.body)
        return self._library.Request(call.method, url, headers=headers, stream=stream)

    async def _lane(self) -> Lane:
        """One whose connection is free and still there, or a new one."""
        while self._free:
            lane = self._free.pop()
            if not lane.connection.has_expired():
                return lane
            await self._drop(lane)
        transport = self._make()
        # No public name of the library's, since there is no other way to choose what is below.
        connection = transport._pool = transport._pool.create_connection(self._origin)
        lane = Lane(transport, connection)
        self._lanes.add(lane)
        return lane

    async def _drop(self, lane: Lane) -> None:
        self._lanes.discard(lane)
        await _close(lane)

    async def aclose(self) -> None:
        """Ends what is under way, and closes every connection."""
        self._room.close()
        await _close(*self._lanes)


async def _close(*lanes: Lane) -> None:
    """Closes all of them, whatever befalls the caller: interrupted, the library would forget the rest of them."""

    async def close() -> None:
        for lane in lanes:
            await lane.connection.aclose()

    await undisturbed(close)
