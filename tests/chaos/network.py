"""Make connections fail: refused, not resolved, or none free, until the test repairs them."""

from __future__ import annotations

import itertools
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import anyio
from attrs import field, frozen
from forwarder import Forwarder

KINDS = ("refused", "unresolved", "no room")


@frozen
class Route:
    """How a book reaches the vendor in one trial: the book's options, and a function that repairs the connection."""

    options: dict[str, Any] = field(factory=dict[str, Any])
    repair: Callable[[], None] = lambda: None


@asynccontextmanager
async def open_route(base_url: str, kind: str, transport: str) -> AsyncGenerator[Route]:
    """Yield a route to this base URL with this fault, or a working route for faults that the sandbox makes.

    Each route has a host name of its own, so that each trial has a limiter of its own.
    """
    name, port = _names.add(), urlsplit(base_url).port
    assert port
    url = base_url.replace("127.0.0.1", name)
    if kind == "unresolved":
        yield Route({"base_url": url, "transport": transport}, lambda: _names.resolve(name))
        return
    _names.resolve(name)
    if kind == "refused":
        with Forwarder(port) as forwarder:
            url = url.replace(f":{port}", f":{forwarder.port}")
            yield Route({"base_url": url, "transport": transport}, forwarder.open)
    elif kind == "no room":
        async with _open_full_pool(url, transport) as route:
            yield route
    else:
        yield Route({"base_url": url, "transport": transport})


@asynccontextmanager
async def _open_full_pool(base_url: str, transport: str) -> AsyncGenerator[Route]:
    """Yield a route over a client whose only connection is blocked by an unread response."""
    state = f"{base_url.rpartition('/')[0]}/_sandbox/state"
    holding = (
        _hold_aiohttp_connection(state)
        if transport == "aiohttp"
        else _hold_httpx_connection(import_module(transport), state)
    )
    async with holding as (client, close), anyio.create_task_group() as tasks:
        free = anyio.Event()

        async def release() -> None:
            await free.wait()
            await close()

        tasks.start_soon(release)
        try:
            yield Route({"base_url": base_url, "http_client": client}, free.set)
        finally:
            free.set()


@asynccontextmanager
async def _hold_httpx_connection(library: Any, state: str) -> AsyncGenerator[tuple[Any, Callable[[], Any]]]:
    limits = library.Limits(max_connections=1)
    async with library.AsyncClient(limits=limits, trust_env=False) as client:
        passed = await client.send(client.build_request("GET", state), stream=True)
        yield client, passed.aclose


@asynccontextmanager
async def _hold_aiohttp_connection(state: str) -> AsyncGenerator[tuple[Any, Callable[[], Any]]]:
    library: Any = import_module("aiohttp")
    async with library.TCPConnector(limit=1) as connector:
        request = library.ClientRequest("GET", import_module("yarl").URL(state))
        passed = await connector.connect(request, [], library.ClientTimeout())

        async def close() -> None:
            passed.close()

        yield connector, close


class HostNames:
    """Host names that only this process resolves: first to no address, later to this machine."""

    def __init__(self) -> None:
        self._known: dict[str, bool] = {}
        self._numbers = itertools.count()
        self._getaddrinfo = socket.getaddrinfo

    def add(self) -> str:
        name = f"chaos-{next(self._numbers)}.localhost"
        self._known[name] = False
        socket.getaddrinfo = self._resolve_name
        return name

    def resolve(self, name: str) -> None:
        self._known[name] = True

    def _resolve_name(self, host: Any, *rest: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if self._known.get(name) is False:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return self._getaddrinfo("127.0.0.1" if name in self._known else host, *rest, **more)


_names = HostNames()
