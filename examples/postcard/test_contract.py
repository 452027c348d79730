"""Run the contract of crossbook's vendors with Postcard: `pytest examples/postcard`."""

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
    """Return the server's URL."""
    with closing(ServerThread(ACCOUNT.app())) as server:
        yield server.url


class TestPostcard(Contract):
    """All tests of the contract, over HTTP to Postcard's server."""

    @pytest.fixture
    def make_book(self, url: str) -> MakeBook:
        """Return a function that makes a book. The account is empty for each test."""
        ACCOUNT.people.clear()
        given: dict[str, Any] = {"token": TOKEN, "base_url": url}
        return lambda **options: Postcard(**(given | options))

    @pytest.fixture
    def stored(self) -> Stored:
        """Return a function that returns the number of contacts on the server."""
        return lambda: len(ACCOUNT.people)
