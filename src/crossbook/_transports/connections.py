"""How many requests a transport has in flight, and how all of them end when it is closed."""

from __future__ import annotations

import os
import select
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from math import inf
from time import monotonic
from typing import Any, Protocol, TypeVar
from urllib.request import getproxies, proxy_bypass

import anyio
from anyio.lowlevel import checkpoint

from crossbook._http.request import PreparedRequest, TransportFailure, TransportResponse

_KEPT = 10.0  # seconds: a connection that was used since is still there; the libraries keep one for 15


class Left(Protocol):
    """What is known of one request: `sends` is how often it left."""

    sends: int


L = TypeVar("L", bound=Left)


class InFlight:
    """So many requests at most, and none once it is closed.

    Nothing ever queues inside a library's pool, where a wait would count as time to connect.
    """

    def __init__(self, concurrency: int) -> None:
        self._places = anyio.Semaphore(concurrency, fast_acquire=True)
        self._under_way: set[anyio.CancelScope] = set()
        self._used: dict[int, float] = {}  # when so many were under way last
        self._closed = False

    async def hold(
        self,
        exchange: Callable[[PreparedRequest, L], Awaitable[TransportResponse | TransportFailure]],
        call: PreparedRequest,
        left: L,
    ) -> TransportResponse | TransportFailure:
        """Waits for a place, and makes the exchange in it."""
        async with self._places:
            if self._closed:
                return TransportFailure("connect", "no", "closed")
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
            return (
                TransportFailure("lost", "maybe", "closed")
                if left.sends
                else TransportFailure("connect", "no", "closed")
            )

    def close(self) -> None:
        """Ends what is under way."""
        self._closed = True
        for scope in list(self._under_way):
            scope.cancel()


# Why no connection came about, in the words of the system and of TLS, which hold nothing of the user's.


def describe_connect_error(error: BaseException, host: str | None, port: int | None) -> str:
    """Where it failed, and why: "127.0.0.1:1, connection refused"; empty if it is not known.

    The libraries' own words are left out, since they may show a proxy's password.

    Args:
        error: what a library raised.
        host: whom it tried to reach, the vendor or a proxy.
        port: where.
    """
    why = next((words for each in _below(error) if (words := _words(each))), "")
    where = f"{f'[{host}]' if ':' in host else host}:{port}" if host and port else ""
    return f"{where}, {why}" if why and where else why


def _words(error: BaseException) -> str:
    if type(error).__name__ == "ConnectTimeout" or (isinstance(error, TimeoutError) and error.errno is None):
        return "no answer in time"
    if type(error).__module__ not in ("builtins", "socket", "ssl"):
        return ""  # a library's, which may look like one of these and have none of its members
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate refused: {error.verify_message.rstrip('.')}"
    if isinstance(error, ssl.SSLError):
        return f"no TLS: {(error.reason or 'it ended early').replace('_', ' ').lower()}"
    if isinstance(error, socket.gaierror):
        return "name not known"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno).lower()
    return ""


def _below(error: BaseException) -> Iterator[BaseException]:
    """An error, and all that it came from."""
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        each = left.pop(0)
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        left += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            left += each.exceptions  # pyright: ignore[reportUnknownMemberType]


# The environment's proxies (HTTPS_PROXY, NO_PROXY …), which live in a client of httpx and not in its transport.


def proxy_for(origin: str) -> str | None:
    """The proxy that the environment names for this origin, or None."""
    scheme, _, netloc = origin.partition("://")
    proxies = getproxies()
    url = proxies.get(scheme) or proxies.get("all")
    if not url or proxy_bypass(netloc):
        return None
    return url if "://" in url else f"http://{url}"


# Whether a kept connection died, or said something by itself: that would be taken for the next request's answer.


def is_stale(connection: Any) -> bool:
    """Whether aiohttp's did while nobody used it.

    Looks at the socket, since the event loop may not have read yet what came, an end above all. Of a new connection, on
    which no answer was ever waited for, the socket says nothing: with TLS, tickets may have come on it.
    """
    protocol = connection.protocol
    if protocol.should_close or connection.closed:
        return True
    if protocol.read_timeout is None:
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
    """Whether more than the answer was read from httpcore's, which looks at nothing but the socket.

    A second answer that came with the first waits in the parser then; or in TLS, which gives out one record at a time.
    """
    while (below := getattr(connection, "_connection", None)) is not None:  # that of a proxy, that of the protocol
        connection = below
    try:
        if connection._h11_state.trailing_data[0]:
            return True
        if not secure:
            return False
        connection._network_stream.get_extra_info("ssl_object").read(1)
    except ssl.SSLWantReadError:
        return False
    except (ssl.SSLError, AttributeError):  # a release that names them otherwise: then no connection is kept
        pass
    return True
