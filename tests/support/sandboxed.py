"""Fixtures for tests over HTTP with a sandbox in a separate process, one per folder. Each test has new accounts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest
from control import Server
from fakes import VENDORS, named

import crossbook_sandbox
from crossbook.book import AddressBook
from crossbook.registry import load_vendor
from crossbook.vendor import VendorProfile
from crossbook_sandbox import Running

Books = Callable[..., AbstractAsyncContextManager[list[AddressBook]]]


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Running]:
    with crossbook_sandbox.running(rates={}, vercom_segment_wait=0) as running:
        yield running


@pytest.fixture(scope="session")
def control(running_sandbox: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{running_sandbox.url}/_sandbox", trust_env=False, timeout=60) as client:
        yield client


@pytest.fixture
def server(running_sandbox: Running, control: httpx.Client) -> Server:
    server = Server(running_sandbox, control)
    server.reset()
    return server


@pytest.fixture(params=VENDORS)
def vendor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def profile(vendor: str) -> VendorProfile:
    profile: VendorProfile = load_vendor(vendor).profile
    return profile


@pytest.fixture
def make_book(server: Server, vendor: str) -> Callable[..., AddressBook]:
    """Return a function that makes a book on the sandbox's account, with a test's options or credentials."""

    def make(**options: Any) -> AddressBook:
        arguments: dict[str, Any] = {
            "base_url": server.base_urls[vendor], "rate": 1e6, **server.credentials[vendor], **named(vendor), **options
        }  # fmt: skip
        book: AddressBook = load_vendor(vendor)(**arguments)
        return book

    return make


@pytest.fixture
async def book(make_book: Callable[..., AddressBook]) -> AsyncIterator[AddressBook]:
    async with make_book() as book:
        yield book


@pytest.fixture
async def group(book: AddressBook) -> str:
    return (await book.groups.create("Friends")).id


@pytest.fixture
def books(server: Server) -> Books:
    """Return a function that opens several books by their vendors' names."""

    @asynccontextmanager
    async def opened(*names: str, **options: Any) -> AsyncIterator[list[AddressBook]]:
        async with AsyncExitStack() as stack:
            made: list[AddressBook] = []
            for name in names:
                arguments = {"base_url": server.base_urls[name], "rate": 1e6, **server.credentials[name], **options}
                made.append(await stack.enter_async_context(load_vendor(name)(**arguments)))
            yield made

    return opened
