"""Run the contract of crossbook's vendors with Letterbox: `pytest examples/letterbox`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from crossbook_testing.contract import Contract, MakeBook, Stored
from crossbook_testing.server_thread import ServerThread
from examples.letterbox.book import Letterbox
from examples.letterbox.server import KEY, Account

ACCOUNT = Account()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Return the server's URL."""
    with closing(ServerThread(ACCOUNT.app())) as server:
        yield server.url


class TestLetterbox(Contract):
    """All tests of the contract, over HTTP to Letterbox's server."""

    @pytest.fixture
    def make_book(self, url: str) -> MakeBook:
        """Return a function that makes a book. The account is empty for each test."""
        ACCOUNT.addressees.clear()
        given: dict[str, Any] = {"key": KEY, "base_url": url}
        return lambda **options: Letterbox(**(given | options))

    @pytest.fixture
    def stored(self) -> Stored:
        """Return a function that returns the number of contacts on the server."""
        return lambda: len(ACCOUNT.addressees)
