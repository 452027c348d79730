"""The compared clients over the loopback server: each opens its connections and yields a call that gets one contact."""

from __future__ import annotations

from asyncio import get_running_loop
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import aiohttp
import httpx
import httpx2

from benchmarks.floor import FloorClient
from benchmarks.responses import CONTACT_ID, GET
from benchmarks.rounds import Call
from crossbook import Vercom, _transports
from crossbook._http.request import PreparedRequest, TransportResponse

AUTHORIZATION, KEY = "a" * 128, "k" * 40
HEADERS = {"Accept": "application/json", "Authorization": AUTHORIZATION, "Application-Key": KEY}
Side = Callable[[str, int], AbstractAsyncContextManager[Call]]
"""A function of the origin and the most calls in flight."""


class CallFailedError(Exception):
    """A call failed, so the figures are not valid."""


def bare(library: str) -> Side:
    """Yield a call of this HTTP library's own client, which has a connection for each call in flight."""

    @asynccontextmanager
    async def opened(origin: str, width: int) -> AsyncGenerator[Call]:
        module = {"httpx": httpx, "httpx2": httpx2}[library]
        limits = module.Limits(max_connections=width, max_keepalive_connections=width)
        async with module.AsyncClient(headers=HEADERS, limits=limits, timeout=60) as client:
            url = origin + GET

            async def call() -> None:
                response = await client.get(url)
                if response.status_code != 200 or not response.content:
                    raise CallFailedError(response.status_code)

            yield call

    return opened


@asynccontextmanager
async def bare_aiohttp(origin: str, width: int) -> AsyncGenerator[Call]:
    connector = aiohttp.TCPConnector(limit=width)
    async with aiohttp.ClientSession(headers=HEADERS, connector=connector) as session:
        url = origin + GET

        async def call() -> None:
            async with session.get(url) as response:
                if response.status != 200 or not await response.read():
                    raise CallFailedError(response.status)

        yield call


@asynccontextmanager
async def floor(origin: str, width: int) -> AsyncGenerator[Call]:
    host, _, port = origin.removeprefix("http://").partition(":")
    head = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    raw = f"GET {GET} HTTP/1.1\r\nHost: {host}:{port}\r\n{head}\r\n".encode()
    loop = get_running_loop()
    free = [(await loop.create_connection(FloorClient, host, int(port)))[1] for _ in range(width)]

    async def call() -> None:
        client = free.pop()
        if not await client.request(raw):
            raise CallFailedError
        free.append(client)

    yield call
    for client in free:
        client.close()


def outgoing(origin: str) -> PreparedRequest:
    """Return the prepared request that gets one contact."""
    headers = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "crossbook"} | HEADERS
    return PreparedRequest(
        method="GET",
        origin=origin,
        path=GET.partition("?")[0],
        target=GET.encode(),
        headers=tuple((name.encode(), value.encode()) for name, value in headers.items()),
        body=b"",
        connect_timeout=5.0,
        read_timeout=30.0,
        max_response_bytes=16 * 1024 * 1024,
    )


def barely(name: str) -> Side:
    """Yield a call of crossbook's transport, without the facade."""

    @asynccontextmanager
    async def opened(origin: str, width: int) -> AsyncGenerator[Call]:
        transport, framed = _transports.make_transport(name, origin, width), outgoing(origin)

        async def call() -> None:
            outcome = await transport.send(framed)
            if not isinstance(outcome, TransportResponse) or outcome.status != 200:
                raise CallFailedError(outcome)

        try:
            yield call
        finally:
            await transport.aclose()

    return opened


def book_over(name: str) -> Side:
    """Yield a book's `contacts.get`."""

    @asynccontextmanager
    async def opened(origin: str, width: int) -> AsyncGenerator[Call]:
        book = Vercom(AUTHORIZATION, KEY, base_url=origin, transport=name, concurrency=width)  # type: ignore[arg-type]
        async with book:

            async def call() -> None:
                if (await book.contacts.get(CONTACT_ID)).id != CONTACT_ID:
                    raise CallFailedError

            yield call

    return opened


def missing(name: str) -> str:
    """Return why this transport cannot be measured here, or an empty text if it can."""
    return "" if name in _transports.NAMES else f"this crossbook has no transport {name!r}"
