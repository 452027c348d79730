"""Helpers of all transports: limit requests in flight, describe connect errors, find proxies and stale connections."""

from __future__ import annotations

import os
import select
import socket
import ssl
from collections.abc import Awaitable, Callable
from math import inf
from time import monotonic
from typing import Any, Protocol, TypeVar
from urllib.request import getproxies, proxy_bypass

import anyio
from anyio.lowlevel import checkpoint

from crossbook._http.request import TIMED_OUT, PreparedRequest, TransportFailure, TransportResponse
from crossbook._tracebacks import iter_causes

_KEPT = 10.0  # seconds for which a used connection is surely open; the libraries keep one for 15


class Trace(Protocol):
    """The record that a transport keeps of one request. `sends` counts how often the request was sent."""

    sends: int


R = TypeVar("R", bound=Trace)


class InFlight:
    """The requests in flight of a transport: at most `concurrency` at once. Closing the transport cancels them all.

    One cancel scope for each request serves the deadline of the request and the closing: a scope costs as much as most
    of what a call does. No request waits inside a library's pool, where the wait would count as time to connect.
    """

    def __init__(self, concurrency: int) -> None:
        self._capacity = anyio.Semaphore(concurrency, fast_acquire=True)
        self._scopes: set[anyio.CancelScope] = set()
        self._count = 0
        self._last_used: dict[int, float] = {}  # when this number of requests was in flight last
        self._closed = False

    async def run(
        self,
        exchange: Callable[[PreparedRequest, R], Awaitable[TransportResponse | TransportFailure]],
        request: PreparedRequest,
        trace: R,
    ) -> TransportResponse | TransportFailure:
        """Wait until fewer than `concurrency` requests are in flight, then run `exchange` and return its response."""
        if self._closed:
            return TransportFailure("connect", "no", "closed")
        with anyio.CancelScope(deadline=request.deadline) as scope:
            self._scopes.add(scope)
            try:
                async with self._capacity:
                    self._count += 1
                    try:
                        if monotonic() - self._last_used.get(self._count, -inf) > _KEPT:
                            # This request will open a connection, within a short time-out. All tasks that were started
                            # with it take their first step before: for 20,000 calls that takes seconds, in which the
                            # event loop reads no response.
                            await checkpoint()
                        return await exchange(request, trace)
                    finally:
                        self._last_used[self._count] = monotonic()
                        self._count -= 1
            finally:
                self._scopes.discard(scope)
        if not self._closed:
            return TIMED_OUT
        if trace.sends:
            return TransportFailure("lost", "maybe", "closed")
        return TransportFailure("connect", "no", "closed")

    def close(self) -> None:
        """Cancel all requests in flight, and let later requests fail."""
        self._closed = True
        for scope in list(self._scopes):
            scope.cancel()


def describe_connect_error(error: BaseException, host: str | None, port: int | None) -> str:
    """Return where and why a connection failed: "127.0.0.1:1, connection refused"; "" if that is unknown.

    The words are those of the system and of TLS. The messages of the libraries may show a proxy's password.

    Args:
        error: the exception of the library.
        host: the host that it tried to reach, the vendor's or a proxy's.
        port: the port of that host.
    """
    why = next((words for each in iter_causes(error) if (words := _describe(each))), "")
    where = f"{f'[{host}]' if ':' in host else host}:{port}" if host and port else ""
    return f"{where}, {why}" if why and where else why


def _describe(error: BaseException) -> str:
    if type(error).__name__ == "ConnectTimeout" or (isinstance(error, TimeoutError) and error.errno is None):
        return "timed out"
    if type(error).__module__ not in ("builtins", "socket", "ssl"):
        return ""  # a library's subclass of one of these, which may lack its attributes
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate refused: {error.verify_message.rstrip('.')}"
    if isinstance(error, ssl.SSLError):
        return f"no TLS: {(error.reason or 'it ended early').replace('_', ' ').lower()}"
    if isinstance(error, socket.gaierror):
        return "name not known"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno).lower()
    return ""


def proxy_for(origin: str) -> str | None:
    """Return the URL of the proxy that the environment sets for this origin (HTTPS_PROXY, NO_PROXY …), or None.

    httpx reads these variables in its client, and not in the transport that we use.
    """
    scheme, _, netloc = origin.partition("://")
    proxies = getproxies()
    url = proxies.get(scheme) or proxies.get("all")
    if not url or proxy_bypass(netloc):
        return None
    return url if "://" in url else f"http://{url}"


# A kept connection may have died, or received a surplus response, which must not be matched to the next request.


def is_stale(connection: Any) -> bool:
    """Return whether a kept-alive connection of aiohttp was closed, or received data without a request.

    It looks at the socket, since the event loop may not have read that yet. A new connection is never stale: the data
    on its socket can only be TLS session tickets.
    """
    protocol = connection.protocol
    if protocol.should_close or connection.closed:
        return True
    if protocol.read_timeout is None:  # a new connection
        return False
    number: int = connection.transport.get_extra_info("socket").fileno()
    return number < 0 or _is_readable(number)


def _is_readable(number: int) -> bool:
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([number], [], [], 0)[0])
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return bool(poll.poll(0))


def has_unread_data(connection: Any, *, secure: bool) -> bool:
    """Return whether a connection of httpcore read bytes beyond the end of the last response.

    A second response that came with the first one is in the parser, or in TLS, which returns one record at a time. This
    function reads private attributes. If a release lacks one, no connection is kept.
    """
    while (inner := getattr(connection, "_connection", None)) is not None:  # of a proxy, of the protocol
        connection = inner
    try:
        if connection._h11_state.trailing_data[0]:
            return True
        if not secure:
            return False
        connection._network_stream.get_extra_info("ssl_object").read(1)
    except ssl.SSLWantReadError:
        return False
    except (ssl.SSLError, AttributeError):
        pass
    return True
