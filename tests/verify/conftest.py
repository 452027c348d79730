"""One sandbox for all tests; each test starts with empty accounts."""

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


@pytest.fixture(autouse=True)
def short_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait little between the attempts of a call."""
    monkeypatch.setattr("crossbook._http.retry.BASE_DELAY", 0.05)


@pytest.fixture
def make(server: Server) -> Callable[..., AddressBook]:
    """Return a function that makes a book of a vendor on the sandbox."""

    def made(vendor: str, **options: Any) -> AddressBook:
        arguments: dict[str, Any] = {"base_url": server.base_urls[vendor], "rate": 1e6, **server.credentials[vendor]}
        book: AddressBook = load_vendor(vendor)(**arguments, **options)
        return book

    return made


@pytest.fixture
def fill(make: Callable[..., AddressBook]) -> Callable[[str], None]:
    """Return a function that adds three groups, four contacts in the first group, and one contact without a group."""

    async def filled(vendor: str) -> None:
        async with make(vendor) as book:
            groups = [(await book.groups.create(f"Friends {number}")).id for number in range(3)]
            for number in range(4):
                await book.contacts.create(people.full_contact(book.profile, number, groups[:1]))
            if not book.profile.single_group:
                await book.contacts.create(people.minimal_contact(book.profile, 5))

    return lambda vendor: anyio.run(filled, vendor)
