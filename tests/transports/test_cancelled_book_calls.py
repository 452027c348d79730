"""A method of a book that is cancelled at any await leaves capacity, login and connections intact."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from itertools import count
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from cancel_at_await import by_scope, by_task
from transport_kinds import needs

import crossbook
import crossbook_sandbox
from crossbook import AddressBook, Contact
from crossbook.registry import VENDORS, load_vendor

WAYS = {
    "httpx on asyncio, by scope": ("httpx", "asyncio", by_scope),
    "httpx on asyncio, by task": ("httpx", "asyncio", by_task),
    "httpx2 on asyncio, by task": ("httpx2", "asyncio", by_task),
    "aiohttp on asyncio, by scope": ("aiohttp", "asyncio", by_scope),
    "aiohttp on asyncio, by task": ("aiohttp", "asyncio", by_task),
    "httpx2 on trio, by scope": ("httpx2", "trio", by_scope),
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[crossbook_sandbox.Running]:
    with crossbook_sandbox.running(rates={}) as running:
        yield running


def anna(group: str) -> Contact:
    return Contact(phone="+61491570006", email="anna@example.com", name="Anna", groups=(group,))


async def create_and_read(book: AddressBook, into: str, of: str) -> None:
    """A login if the vendor has one, a write, and a list whose next page is prefetched."""
    await book.contacts.create(anna(into), on_unsupported_field="drop")
    async for _ in book.contacts.list(group=of, page_size=1):
        pass


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("vendor", VENDORS)
def test_call_cancelled_at_every_await(sandbox: crossbook_sandbox.Running, vendor: str, way: str) -> None:
    transport, backend, cancel = WAYS[way]
    needs(transport, backend)
    credentials: dict[str, Any] = dict(sandbox.credentials[vendor])
    if vendor == "serwersms":
        credentials.pop("token")

    def open_book() -> AddressBook:
        # A concurrency of one: a call that kept it would block all others.
        return load_vendor(vendor)(
            **credentials, base_url=sandbox.base_urls[vendor], rate=1e6, concurrency=1, transport=transport
        )  # type: ignore[no-any-return]

    async def in_time() -> int:
        with anyio.fail_after(60):  # lost capacity would be waited for
            return await main()

    async def main() -> int:
        async with open_book() as book:
            into, of = [(await book.groups.create(f"{name} of {way}")).id for name in ("first", "second")]
            await book.contacts.create(anna(of), on_unsupported_field="drop")
        tasks = len(anyio.get_running_tasks())
        for number in count():
            async with open_book() as book:
                met = await cancel(create_and_read(book, into, of), number)
                for _ in range(5):
                    assert await book.groups.list()
            assert len(anyio.get_running_tasks()) == tasks
            if not met:
                gc.collect()
                return number
        raise AssertionError

    assert anyio.run(in_time, backend=backend) > (3 if transport == "aiohttp" else 5)


@pytest.mark.parametrize("way", WAYS)
def test_book_cancelled_at_every_await(sandbox: crossbook_sandbox.Running, way: str) -> None:
    """Also while the book closes: everything that it opened ends, and the task group around it too."""
    transport, backend, cancel = WAYS[way]
    needs(transport, backend)

    async def life() -> None:
        with anyio.CancelScope():  # as in a task group of the caller's
            async with crossbook.Vercom(
                **sandbox.credentials["vercom"], base_url=sandbox.base_urls["vercom"], rate=1e6, transport=transport
            ) as book:
                await book.groups.list()

    async def main() -> int:
        tasks = len(anyio.get_running_tasks())
        for number in count():
            met = await cancel(life(), number)
            await anyio.lowlevel.checkpoint()
            assert len(anyio.get_running_tasks()) == tasks
            if not met:
                return number
        raise AssertionError

    assert anyio.run(main, backend=backend) > 3
