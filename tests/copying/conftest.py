"""Two books of two vendors, in one sandbox over loopback; under asyncio and trio."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest
from control import Server

import crossbook_sandbox
from crossbook import AddressBook
from crossbook.registry import vendor
from crossbook_sandbox import Running

Books = Callable[..., AbstractAsyncContextManager[list[AddressBook]]]


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Running]:
    with crossbook_sandbox.running(rates={}, vercom_segment_wait=0) as running:
        yield running


@pytest.fixture
def server(running_sandbox: Running) -> Iterator[Server]:
    with httpx.Client(base_url=f"{running_sandbox.url}/_sandbox", trust_env=False) as client:
        server = Server(running_sandbox, client)
        server.reset()
        yield server


@pytest.fixture
def books(server: Server) -> Books:
    """Opens books by their vendors' names."""

    @asynccontextmanager
    async def opened(*names: str, **options: Any) -> AsyncIterator[list[AddressBook]]:
        async with AsyncExitStack() as stack:
            made: list[AddressBook] = []
            for name in names:
                arguments = {"base_url": server.base_urls[name], "rate": 1e6, **server.credentials[name], **options}
                made.append(await stack.enter_async_context(vendor(name)(**arguments)))
            yield made

    return opened
