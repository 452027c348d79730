"""Postcard keeps the contract of crossbook's vendors: `pytest examples/postcard`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from crossbook_testing.contract import Contract, MakeBook, Stored
from crossbook_testing.server_thread import ServerThread
from examples.postcard.book import Postcard
from examples.postcard.server import TOKEN, Account

ACCOUNT = Account()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Where the server is."""
    with closing(ServerThread(ACCOUNT.app())) as server:
        yield server.url


class TestPostcard(Contract):
    """Every test of the contract, over HTTP to Postcard's own server."""

    @pytest.fixture
    def make_book(self, url: str) -> MakeBook:
        """Makes a book on the account, which is empty for each test."""
        ACCOUNT.people.clear()
        given: dict[str, Any] = {"token": TOKEN, "base_url": url}
        return lambda **options: Postcard(**(given | options))

    @pytest.fixture
    def stored(self) -> Stored:
        """How many people the server has."""
        return lambda: len(ACCOUNT.people)
