"""Books of two vendors in one sandbox over loopback, on asyncio and trio."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from control import Server
from sandboxed import control, running_sandbox, server

from crossbook import AddressBook
from crossbook.registry import load_vendor

__all__ = ["control", "running_sandbox", "server"]

Books = Callable[..., AbstractAsyncContextManager[list[AddressBook]]]


@pytest.fixture
def books(server: Server) -> Books:
    """Return a function that opens a book by its vendor's name."""

    @asynccontextmanager
    async def opened(*names: str, **options: Any) -> AsyncIterator[list[AddressBook]]:
        async with AsyncExitStack() as stack:
            made: list[AddressBook] = []
            for name in names:
                arguments = {"base_url": server.base_urls[name], "rate": 1e6, **server.credentials[name], **options}
                made.append(await stack.enter_async_context(load_vendor(name)(**arguments)))
            yield made

    return opened
