"""One sandbox for all tests here; each begins with fresh accounts, filled where it says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import anyio
import httpx
import pytest
from control import Server
from fakes import VENDORS

import crossbook_sandbox
from crossbook.book import AddressBook
from crossbook.registry import vendor as vendor_class
from crossbook.testing.contract import people
from crossbook_sandbox import Running


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Running]:
    with crossbook_sandbox.running(rates={}, vercom_segment_wait=0) as running:
        yield running


@pytest.fixture(scope="session")
def control(running_sandbox: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{running_sandbox.url}/_sandbox", trust_env=False) as client:
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
def make(server: Server) -> Callable[..., AddressBook]:
    """Makes a book on a vendor's account."""

    def made(vendor: str, **options: Any) -> AddressBook:
        arguments: dict[str, Any] = {"base_url": server.base_urls[vendor], "rate": 1e6, **server.credentials[vendor]}
        book: AddressBook = vendor_class(vendor)(**arguments, **options)
        return book

    return made


@pytest.fixture
def fill(make: Callable[..., AddressBook]) -> Callable[[str], None]:
    """Fills an account: three groups, four people in the first of them, where it can be one more in none."""

    async def filled(vendor: str) -> None:
        async with make(vendor) as book:
            groups = [(await book.groups.create(f"Friends {number}")).id for number in range(3)]
            for number in range(4):
                await book.contacts.create(people.whole(book.card, number, groups[:1]))
            if not book.card.one_group:
                await book.contacts.create(people.least(book.card, 5))

    return lambda vendor: anyio.run(filled, vendor)
