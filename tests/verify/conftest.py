"""One sandbox for all tests here; each begins with fresh accounts, filled where it says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest
from control import Server
from sandboxed import control, running_sandbox, server, vendor

from crossbook.book import AddressBook
from crossbook.registry import load_vendor
from crossbook_testing.contract import people

__all__ = ["control", "running_sandbox", "server", "vendor"]


@pytest.fixture
def make(server: Server) -> Callable[..., AddressBook]:
    """Makes a book on a vendor's account."""

    def made(vendor: str, **options: Any) -> AddressBook:
        arguments: dict[str, Any] = {"base_url": server.base_urls[vendor], "rate": 1e6, **server.credentials[vendor]}
        book: AddressBook = load_vendor(vendor)(**arguments, **options)
        return book

    return made


@pytest.fixture
def fill(make: Callable[..., AddressBook]) -> Callable[[str], None]:
    """Fills an account: three groups, four people in the first of them, where it can be one more in none."""

    async def filled(vendor: str) -> None:
        async with make(vendor) as book:
            groups = [(await book.groups.create(f"Friends {number}")).id for number in range(3)]
            for number in range(4):
                await book.contacts.create(people.full_contact(book.profile, number, groups[:1]))
            if not book.profile.single_group:
                await book.contacts.create(people.minimal_contact(book.profile, 5))

    return lambda vendor: anyio.run(filled, vendor)
