"""The contract for vendors, run for the four: over HTTP, on asyncio and trio."""

from __future__ import annotations

import pytest
from control import Server

import crossbook
from crossbook.registry import load_vendor
from crossbook_testing.contract import Contract, MakeBook, Stored
from crossbook_testing.contract.capabilities import CALLS


class TestContract(Contract):
    @pytest.fixture
    def make_book(self, server: Server, vendor: str) -> MakeBook:
        def make(**options: object) -> object:
            arguments = {"base_url": server.base_urls[vendor], "rate": 1e6, **server.credentials[vendor], **options}
            return load_vendor(vendor)(**arguments)

        return make  # type: ignore[return-value]

    @pytest.fixture
    def stored(self, server: Server, vendor: str) -> Stored:
        return lambda: server.contacts(vendor)


def test_contract_covers_every_method() -> None:
    assert set(CALLS) == set(crossbook.capabilities())
