"""Connections that do not come about: refused, not resolved, none free. Each is mended when the test says so."""

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
class Way:
    """How a book reaches the vendor in one trial: its options, and how to mend what is broken."""

    options: dict[str, Any] = field(factory=dict[str, Any])
    mend: Callable[[], None] = lambda: None


@asynccontextmanager
async def way_to(base_url: str, kind: str, transport: str) -> AsyncGenerator[Way]:
    """A way to this base URL that has this trouble; a straight one for what the sandbox does itself.

    Each has a host name of its own, and so, in this process, an account of its own: what one trial makes the limiter
    learn is not for the next.
    """
    name, port = _names.add(), urlsplit(base_url).port
    assert port
    url = base_url.replace("127.0.0.1", name)
    if kind == "unresolved":
        yield Way({"base_url": url, "transport": transport}, lambda: _names.resolve(name))
        return
    _names.resolve(name)
    if kind == "refused":
        with Forwarder(port) as forwarder:
            url = url.replace(f":{port}", f":{forwarder.port}")
            yield Way({"base_url": url, "transport": transport}, forwarder.open)
    elif kind == "no room":
        async with _narrow(url, transport) as way:
            yield way
    else:
        yield Way({"base_url": url, "transport": transport})


@asynccontextmanager
async def _narrow(base_url: str, transport: str) -> AsyncGenerator[Way]:
    """Over a client whose only connection is taken by an answer that nobody reads."""
    state = f"{base_url.rpartition('/')[0]}/_sandbox/state"
    holding = _connector(state) if transport == "aiohttp" else _client(import_module(transport), state)
    async with holding as (client, close), anyio.create_task_group() as tasks:
        free = anyio.Event()

        async def let_go() -> None:
            await free.wait()
            await close()

        tasks.start_soon(let_go)
        try:
            yield Way({"base_url": base_url, "http_client": client}, free.set)
        finally:
            free.set()


@asynccontextmanager
async def _client(library: Any, state: str) -> AsyncGenerator[tuple[Any, Callable[[], Any]]]:
    limits = library.Limits(max_connections=1)
    async with library.AsyncClient(limits=limits, trust_env=False) as client:
        held = await client.send(client.build_request("GET", state), stream=True)
        yield client, held.aclose


@asynccontextmanager
async def _connector(state: str) -> AsyncGenerator[tuple[Any, Callable[[], Any]]]:
    library: Any = import_module("aiohttp")
    async with library.TCPConnector(limit=1) as connector:
        request = library.ClientRequest("GET", import_module("yarl").URL(state))
        held = await connector.connect(request, [], library.ClientTimeout())

        async def close() -> None:
            held.close()

        yield connector, close


class Names:
    """Host names that only this process knows: of no address at first, of this machine later."""

    def __init__(self) -> None:
        self._known: dict[str, bool] = {}
        self._numbers = itertools.count()
        self._ask = socket.getaddrinfo

    def add(self) -> str:
        name = f"chaos-{next(self._numbers)}.localhost"
        self._known[name] = False
        socket.getaddrinfo = self._answer
        return name

    def resolve(self, name: str) -> None:
        self._known[name] = True

    def _answer(self, host: Any, *rest: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if self._known.get(name) is False:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return self._ask("127.0.0.1" if name in self._known else host, *rest, **more)


_names = Names()
