"""Cancelled at any await, a verb of a book leaves the account's places, its login and its connections whole."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from itertools import count
from typing import Any

import anyio
import crossbook_sandbox
import pytest
from kinds import needs
from stepping import by_scope, by_task

from crossbook import AddressBook, Contact
from crossbook.registry import VENDORS
from crossbook.registry import vendor as vendor_class

WAYS = {
    "httpx on asyncio, by scope": ("httpx", "asyncio", by_scope),
    "httpx on asyncio, by task": ("httpx", "asyncio", by_task),
    "httpx2 on trio, by scope": ("httpx2", "trio", by_scope),
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[crossbook_sandbox.Running]:
    with crossbook_sandbox.running(rates={}) as running:
        yield running


async def create_and_read(book: AddressBook, group: str) -> None:
    """A login where there is one, a write, and a list whose next page is fetched ahead."""
    await book.contacts.create(
        Contact(phone="+61491570006", email="anna@example.com", name="Anna", groups=(group,)), on_loss="drop"
    )
    async for _ in book.contacts.list(group=group, page_size=1):
        pass


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("vendor", VENDORS)
def test_at_every_await(sandbox: crossbook_sandbox.Running, vendor: str, way: str) -> None:
    transport, backend, cancel = WAYS[way]
    needs(transport, backend)
    credentials: dict[str, Any] = dict(sandbox.credentials[vendor])
    if vendor == "serwersms":
        credentials.pop("token")

    def open_book() -> AddressBook:
        # One place in flight: a call that kept it would let nobody pass.
        return vendor_class(vendor)(
            **credentials, base_url=sandbox.base_urls[vendor], rate=1e6, concurrency=1, transport=transport
        )  # type: ignore[no-any-return]

    async def main() -> int:
        async with open_book() as book:
            group = (await book.groups.create(f"{way} {vendor}"[:40])).id
        tasks = len(anyio.get_running_tasks())
        for number in count():
            async with open_book() as book:
                met = await cancel(create_and_read(book, group), number)
                with anyio.fail_after(10):
                    for _ in range(3):
                        assert await book.groups.list()
            assert len(anyio.get_running_tasks()) == tasks
            if not met:
                gc.collect()
                return number
        raise AssertionError

    assert anyio.run(main, backend=backend) > 10
