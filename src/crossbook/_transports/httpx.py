"""What `httpx` and `httpx2` share: the library's transport without a client's work, over one connection and no pool.

The library's pool looks at each of its connections for each request, and at more of them with each step. httpx's can
lose places for good besides (httpcore's issues 830 and 1093; measured on 1.0.9): cancelled by asyncio at 2 of the 10
awaits of a new connection, or at 1 of the 8 of an old one, a request keeps its own, and after a storm (a pool of 10, 40
callers, time-outs of 0.5–20 ms, 6 s) 10 of 20 healthy calls found none. Here a request has a connection to itself, and
what cannot take another one after it is closed.
"""

from __future__ import annotations

import logging
import ssl
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from contextvars import ContextVar, Token
from functools import cache, lru_cache
from importlib import import_module
from typing import Any, NamedTuple

import anyio

from crossbook._concurrency import run_shielded
from crossbook._http.request import PreparedRequest, TransportFailure, TransportResponse
from crossbook._transports.body import WITH_LENGTH, Body, read_headers
from crossbook._transports.connections import InFlight, describe_connect_error, has_unread_data, proxy_for
from crossbook.errors import InvalidInputError

# httpcore's DEBUG log shows every header of an answer, and a redirect's repeats our query: tokens, phones and all.
#
# Of answers to us it keeps the step's name alone. Whoever else uses the library in this process keeps the whole log.

_ours: ContextVar[bool] = ContextVar("crossbook_request", default=False)


class RedactHeadersFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if _ours.get() and text.startswith("receive_response_headers."):
            record.msg, record.args = text.partition(" ")[0], None
        return True


for _library in ("httpcore", "httpcore2"):
    for _protocol in ("http11", "http2"):
        logging.getLogger(f"{_library}.{_protocol}").addFilter(RedactHeadersFilter())


def begin() -> Token[bool]:
    """One request of ours begins."""
    return _ours.set(True)


def end(token: Token[bool]) -> None:
    """It is over."""
    with suppress(ValueError):  # collected, not awaited: in another context, which was never ours
        _ours.reset(token)


# What became of one request inside the library, told by its `trace` extension: whether it left, what it left open.


class RequestTrace:
    """Follows one request.

    Attributes:
        sends: how often its headers went out, a proxy's CONNECT aside.

    Args:
        once: it cannot leave twice, so that httpcore need not tell what follows: that would be most of its steps.
    """

    def __init__(self, *, once: bool = False) -> None:
        self.sends = 0
        self._once = once
        self._began = False
        self._headers_out = False
        self._opened: Any = None
        self._host: str | None = None
        self._port: int | None = None

    async def __call__(self, event: str, info: dict[str, Any]) -> None:
        """Called by httpcore for every step. Unknown steps are none of ours."""
        if event == "connection.connect_tcp.started":
            self._began = True
            self._host, self._port = info.get("host"), info.get("port")
        elif event == "connection.connect_tcp.complete":
            self._opened = info["return_value"]
        elif event.endswith(".send_request_headers.started"):
            request = info["request"]
            if request.method != b"CONNECT":
                self.sends += 1
                self._opened = None
                if self._once:
                    request.extensions.pop("trace", None)
        elif event.endswith(".send_request_headers.complete"):
            self._headers_out = self.sends > 0

    async def close(self) -> None:
        """Closes a connection that was opened for nothing: cancelled in the TLS handshake, a library forgets it."""
        if self._opened is not None:
            with anyio.CancelScope(shield=True):
                await self._opened.aclose()

    def failure(self, error: Exception, library: Any, status: int | None = None) -> TransportFailure:
        """What an exception of the library means. It is never raised on, since its frames hold headers."""
        name = type(error).__name__
        if isinstance(error, library.PoolTimeout):
            return TransportFailure("busy", "no", name)
        never_left = (library.ConnectError, library.ConnectTimeout, library.ProxyError, library.UnsupportedProtocol)
        refused_by_us = isinstance(error, library.LocalProtocolError) and not self._headers_out
        if isinstance(error, never_left) or refused_by_us or (self._began and not self.sends):
            return TransportFailure("connect", "no", name, why=describe_connect_error(error, self._host, self._port))
        # Whatever else: it may have left.
        return TransportFailure("lost", "maybe", name, status)


# One request through httpx or httpx2, whether over the library's transport or over somebody's client.


Builder = Callable[[PreparedRequest], Any]  # gives the library's `Request`
Sender = Callable[[Any], Awaitable[Any]]


class Extensions(dict[str, Any]):
    """What a request carries for httpcore beside what HTTP knows.

    `target` is what goes on the wire in place of the URL's path, which is all that the library's logs, errors and
    spans can show. It is read once: a proxy's CONNECT and a redirect's request, which are made with the same
    extensions, must not get it.
    """

    def __init__(self, call: PreparedRequest, trail: RequestTrace) -> None:
        timeout = {
            "connect": call.connect_timeout,
            "read": call.read_timeout,
            "write": call.read_timeout,
            "pool": call.connect_timeout,
        }
        super().__init__(target=call.target, timeout=timeout, trace=trail)

    def __getitem__(self, name: str) -> Any:
        return self.pop(name) if name == "target" else super().__getitem__(name)


class _Pieces:
    """What is sent, piece by piece, and no generator.

    Interrupted while it writes, httpcore (1.0.9) leaves the library's own generator in its middle, and trio warns of
    that one.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def __aiter__(self) -> _Pieces:
        return self

    async def __anext__(self) -> bytes:
        for piece in self._pieces:
            return piece
        raise StopAsyncIteration


@cache
def stream_class(library: Any) -> Any:
    """The library's stream of a body that is there whole, which may be left in the middle."""

    def pieces(stream: Any) -> _Pieces:
        return _Pieces(iter(stream))

    return type("Stream", (library.ByteStream,), {"__aiter__": pieces})


async def exchange(
    library: Any, build: Builder, send: Sender, call: PreparedRequest, trail: RequestTrace
) -> TransportResponse | TransportFailure:
    """Builds the request and sends it, and reads its whole answer or says why there is none."""
    status: int | None = None
    try:
        request = build(call)
        request.extensions = Extensions(call, trail)
    except Exception as error:
        return TransportFailure("connect", "no", type(error).__name__)
    token = begin()
    try:
        response = await send(request)
        status = response.status_code
        try:
            return await _read(response, call.max_response_bytes)
        finally:
            await response.aclose()
    except Exception as error:
        return trail.failure(error, library, status)
    finally:
        end(token)
        await trail.close()


async def _read(response: Any, cap: int) -> TransportResponse | TransportFailure:
    """The whole answer, in pieces and never more than the cap; of an error without its body the status is enough."""
    status: int = response.status_code
    headers = read_headers(response.headers.raw)
    body = Body(headers.get("content-encoding", ""), cap)
    if body.failure is None:
        try:
            async for piece in response.stream:
                body.feed(piece)
                if body.failure is not None:
                    # Closed under its own generators, which end so; left in the middle, they would warn.
                    await response.aclose()
        except Exception:
            if status >= 300:
                return TransportResponse(status, headers, b"")
            if body.failure is None:
                raise
    return body.reply(status, headers)


def library_of(client: object) -> Any:
    """The library whose client this is, or None."""
    loaded = [sys.modules[name] for name in ("httpx", "httpx2") if name in sys.modules]
    return next((library for library in loaded if isinstance(client, library.AsyncClient)), None)


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
        InvalidInputError: the library cannot read the origin, or cannot use the proxy that the environment names.
    """

    def __init__(self, name: str, core: str, origin: str, *, concurrency: int = 64) -> None:
        self.name = name
        self._library: Any = import_module(name)
        self._stream = stream_class(self._library)
        self._url = lru_cache(_PATHS)(self._library.URL)
        try:
            url = self._url(origin)
        except self._library.InvalidURL:
            raise InvalidInputError("base_url is no URL", field="base_url") from None
        self._host: bytes = url.netloc
        self._secure = url.scheme == "https"
        self._origin = import_module(core).URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port).origin
        self._make = self._maker(origin)
        self._lanes: set[Lane] = set()
        self._free: list[Lane] = []  # the one used last comes first, so that few are kept warm
        self._room = InFlight(concurrency)

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
                raise InvalidInputError(
                    f"transport {self.name!r} cannot use the environment's proxy for {origin}: {how}",
                    field="transport",
                ) from None
        limits = library.Limits(keepalive_expiry=15.0)
        return lambda: library.AsyncHTTPTransport(verify=secure, limits=limits, proxy=proxy)

    async def send(self, call: PreparedRequest) -> TransportResponse | TransportFailure:
        return await self._room.hold(self._sent, call, RequestTrace(once=True))

    async def _sent(self, call: PreparedRequest, trail: RequestTrace) -> TransportResponse | TransportFailure:
        lane = await self._lane()
        try:
            return await exchange(self._library, self._request, lane.transport.handle_async_request, call, trail)
        finally:
            if lane.connection.is_available() and not has_unread_data(lane.connection, secure=self._secure):
                self._free.append(lane)
            else:
                await self._drop(lane)

    def _request(self, call: PreparedRequest) -> Any:
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

    await run_shielded(close)
