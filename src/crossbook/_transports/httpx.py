"""The transports `httpx` and `httpx2`: use the library's transport directly, without its client and its pool.

The library's connection pool is not used. For each request it looks at all of its connections. httpx's pool can also
lose capacity for good (httpcore's issues 830 and 1093). Measured on httpcore 1.0.9: a request that asyncio cancels at 2
of the 10 awaits of a new connection, or at 1 of the 8 of a kept one, keeps its slot. After a storm of cancellations (a
pool of 10, 40 callers, time-outs of 0.5–20 ms, 6 s) 10 of 20 healthy calls found no slot.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from contextvars import ContextVar
from functools import cache, lru_cache
from importlib import import_module
from typing import Any, NamedTuple

import anyio

from crossbook._concurrency import run_shielded
from crossbook._http.request import PreparedRequest, TransportFailure, TransportResponse
from crossbook._transports.body import WITH_LENGTH, read_response
from crossbook._transports.connections import InFlight, describe_connect_error, has_unread_data, proxy_for
from crossbook.errors import InvalidInputError

_CORES = {"httpx": "httpcore", "httpx2": "httpcore2"}
_CACHED_URLS = 256
_in_our_request: ContextVar[bool] = ContextVar("crossbook_request", default=False)


class RedactHeadersFilter(logging.Filter):
    """A logging filter that removes the headers of crossbook's responses from httpcore's DEBUG log.

    The name of the event stays. Other users of the library in this process keep the whole log.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if _in_our_request.get() and text.startswith("receive_response_headers."):
            record.msg, record.args = text.partition(" ")[0], None
        return True


for _core in _CORES.values():
    for _protocol in ("http11", "http2"):
        logging.getLogger(f"{_core}.{_protocol}").addFilter(RedactHeadersFilter())


class RequestTrace:
    """A trace of one request's progress inside httpcore, which calls this object as its `trace` extension.

    Attributes:
        sends: how often the request's headers were sent. A proxy's CONNECT does not count.

    Args:
        once: the request cannot be sent twice. httpcore then stops calling the trace, which would be most of its calls.
    """

    def __init__(self, *, once: bool = False) -> None:
        self.sends = 0
        self._once = once
        self._began = False
        self._headers_sent = False
        self._stream: Any = None  # opened, and not used yet
        self._host: str | None = None
        self._port: int | None = None

    async def __call__(self, event: str, info: dict[str, Any]) -> None:
        """Record an event that httpcore reports. Unknown events are ignored."""
        if event == "connection.connect_tcp.started":
            self._began = True
            self._host, self._port = info.get("host"), info.get("port")
        elif event == "connection.connect_tcp.complete":
            self._stream = info["return_value"]
        elif event.endswith(".send_request_headers.started"):
            request = info["request"]
            if request.method != b"CONNECT":
                self.sends += 1
                self._stream = None
                if self._once:
                    request.extensions.pop("trace", None)
        elif event.endswith(".send_request_headers.complete"):
            self._headers_sent = self.sends > 0

    async def close_unused_stream(self) -> None:
        """Close a network stream that was opened and not used: httpcore leaks it if the TLS handshake is cancelled."""
        if self._stream is not None:
            with anyio.CancelScope(shield=True):
                await self._stream.aclose()

    def to_failure(self, error: Exception, library: Any, status: int | None = None) -> TransportFailure:
        """Translate an exception of the library into a TransportFailure, which contains no headers or other secrets."""
        name = type(error).__name__
        if isinstance(error, library.PoolTimeout):
            return TransportFailure("busy", "no", name)
        never_left = (library.ConnectError, library.ConnectTimeout, library.ProxyError, library.UnsupportedProtocol)
        refused_by_library = isinstance(error, library.LocalProtocolError) and not self._headers_sent
        if isinstance(error, never_left) or refused_by_library or (self._began and not self.sends):
            return TransportFailure("connect", "no", name, why=describe_connect_error(error, self._host, self._port))
        return TransportFailure("lost", "maybe", name, status)


class RequestExtensions(dict[str, Any]):
    """The `extensions` of a request for httpcore: time-outs, trace and target.

    `target` is sent in place of the URL's path, so that the library's logs, errors and spans, which show the URL, have
    no query. It can be read once: a proxy's CONNECT and a redirect's request get the same extensions, and must not send
    it.
    """

    def __init__(self, request: PreparedRequest, trace: RequestTrace) -> None:
        timeout = {
            "connect": request.connect_timeout,
            "read": request.read_timeout,
            "write": request.read_timeout,
            "pool": request.connect_timeout,
        }
        super().__init__(target=request.target, timeout=timeout, trace=trace)

    def __getitem__(self, name: str) -> Any:
        return self.pop(name) if name == "target" else super().__getitem__(name)


class _Pieces:
    """An async iterator over the pieces of a request body. It is not a generator.

    httpcore 1.0.9 leaves the library's own generator in its middle if it is interrupted while it writes, and trio warns
    of such a generator.
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
    """Return a subclass of the library's `ByteStream` whose iteration may be interrupted in the middle."""

    def iterate(stream: Any) -> _Pieces:
        return _Pieces(iter(stream))

    return type("Stream", (library.ByteStream,), {"__aiter__": iterate})


async def exchange(
    library: Any,
    build: Callable[[PreparedRequest], Any],
    send: Callable[[Any], Awaitable[Any]],
    request: PreparedRequest,
    trace: RequestTrace,
) -> TransportResponse | TransportFailure:
    """Send one request through httpx or httpx2, and read its complete response.

    Args:
        build: makes the library's `Request`.
        send: sends it, through the library's transport or a user's client.
    """
    status: int | None = None
    try:
        built = build(request)
        built.extensions = RequestExtensions(request, trace)
    except Exception as error:
        return TransportFailure("connect", "no", type(error).__name__)
    token = _in_our_request.set(True)
    try:
        response = await send(built)
        status = response.status_code
        try:
            return await read_response(
                response.status_code, response.headers.raw, response.stream, request.max_response_bytes, response.aclose
            )
        finally:
            await response.aclose()
    except Exception as error:
        return trace.to_failure(error, library, status)
    finally:
        with suppress(ValueError):  # in another context if it is garbage-collected instead of awaited
            _in_our_request.reset(token)
        await trace.close_unused_stream()


@cache
def ssl_context(library: str) -> ssl.SSLContext:
    """Return the library's TLS context. All books of the process share it, since making one takes 20–100 ms."""
    context: ssl.SSLContext = import_module(library).create_ssl_context()
    return context


@cache
def _unused_ssl_context() -> ssl.SSLContext:
    """Return a TLS context that trusts no certificate, for plain HTTP: the library requires a context there too."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class _Lane(NamedTuple):
    """A transport of httpx or httpx2 that sends one request at a time.

    Attributes:
        transport: the library's transport.
        connection: its single connection; None if the transport has its own pool, which serves one request.
    """

    transport: Any
    connection: Any


class HttpxTransport:
    """A transport that sends through httpx or httpx2. Each request in flight has its own connection.

    Args:
        name: "httpx" or "httpx2".
        origin: the origin of all requests.
        concurrency: the largest number of requests in flight; more wait.

    Raises:
        InvalidInputError: the library cannot read the origin, or cannot use the proxy of the environment.
    """

    def __init__(self, name: str, origin: str, concurrency: int = 64) -> None:
        self.name = name
        self._library: Any = import_module(name)
        core = import_module(_CORES[name])  # imported here and not inside of an event loop
        self._stream = stream_class(self._library)
        self._url = lru_cache(_CACHED_URLS)(self._library.URL)
        try:
            url = self._url(origin)
        except self._library.InvalidURL:
            raise InvalidInputError("base_url is not a URL: expected https://host/path", field="base_url") from None
        self._host: bytes = url.netloc
        self._secure = url.scheme == "https"
        self._origin = core.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port).origin
        self._make_transport = self._transport_factory(origin)
        self._lanes: set[_Lane] = set()
        self._free: list[_Lane] = []  # the last one is used first, so that few connections are kept open
        self._in_flight = InFlight(concurrency)

    def _transport_factory(self, origin: str) -> Callable[[], Any]:
        library, url = self._library, proxy_for(origin)
        context = ssl_context(self.name) if self._secure else _unused_ssl_context()
        proxy: Any = None
        if url is not None:
            try:
                proxy = library.Proxy(url)
                if proxy.url.scheme == "https":
                    proxy = library.Proxy(url, ssl_context=ssl_context(self.name))
                library.AsyncHTTPTransport(verify=context, proxy=proxy)
            except (ImportError, ValueError, library.InvalidURL) as error:
                fix = "it must be the URL of an HTTP or SOCKS proxy"
                if isinstance(error, ImportError):
                    fix = f"for SOCKS, pip install '{self.name}[socks]'"
                # The library's message shows the proxy's password.
                raise InvalidInputError(
                    f"transport {self.name!r} cannot use the environment's proxy for {origin}: {fix}",
                    field="transport",
                ) from None
        limits = library.Limits(keepalive_expiry=15.0)
        return lambda: library.AsyncHTTPTransport(verify=context, limits=limits, proxy=proxy)

    async def send(self, request: PreparedRequest) -> TransportResponse | TransportFailure:
        return await self._in_flight.run(self._exchange, request, RequestTrace(once=True))

    async def _exchange(self, request: PreparedRequest, trace: RequestTrace) -> TransportResponse | TransportFailure:
        lane = await self._acquire_lane()
        try:
            return await exchange(self._library, self._build, lane.transport.handle_async_request, request, trace)
        finally:
            if _is_reusable(lane.connection, secure=self._secure):
                self._free.append(lane)
            else:
                await self._drop(lane)

    def _build(self, request: PreparedRequest) -> Any:
        # With Host and Content-Length, which the library would compute for each request, at twice the cost.
        headers = [(b"Host", self._host), *request.headers]
        if request.body or request.method in WITH_LENGTH:
            headers.append((b"Content-Length", b"%d" % len(request.body)))
        url, stream = self._url(request.origin + request.path), self._stream(request.body)
        return self._library.Request(request.method, url, headers=headers, stream=stream)

    async def _acquire_lane(self) -> _Lane:
        """Return a free lane (a transport with one connection) whose connection is still open, or make a new lane."""
        while self._free:
            lane = self._free.pop()
            if not lane.connection.has_expired():
                return lane
            await self._drop(lane)
        transport = self._make_transport()
        lane = _Lane(transport, _replace_pool(transport, self._origin))
        self._lanes.add(lane)
        return lane

    async def _drop(self, lane: _Lane) -> None:
        self._lanes.discard(lane)
        await _close(lane)

    async def aclose(self) -> None:
        """End the requests in flight, and close every connection."""
        self._in_flight.close()
        await _close(*self._lanes)


def _replace_pool(transport: Any, origin: Any) -> Any:
    """Replace the pool of the library's transport by one connection, and return the connection.

    The attribute is private, since the library has no public way to do this. If a release lacks it, return None: the
    transport keeps its pool, which is closed after one request.
    """
    try:
        connection = transport._pool.create_connection(origin)
        transport._pool = connection
    except (AttributeError, TypeError):
        return None
    return connection


def _is_reusable(connection: Any, *, secure: bool) -> bool:
    """Return whether the connection of a lane can take another request."""
    return connection is not None and connection.is_available() and not has_unread_data(connection, secure=secure)


async def _close(*lanes: _Lane) -> None:
    """Close the connections of these lanes, even if the caller is cancelled meanwhile."""

    async def close() -> None:
        for lane in lanes:
            await lane.transport.aclose()

    await run_shielded(close)
