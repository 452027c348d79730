"""Run a fleet on a real Postgres server, and its books against the sandbox. Each test has a database of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio
from control import Server
from cryptography.fernet import Fernet
from sandboxed import control, running_sandbox, server

import crossbook_fleet
from crossbook import AddressBook, Filemail, Vercom
from tests.fleet.server import PostgresServer

__all__ = ["control", "running_sandbox", "server"]
LEASE = 1.0
TOKEN_KEY = Fernet.generate_key()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer() as postgres:
        yield postgres


@pytest.fixture
def database(postgres: PostgresServer) -> str:
    return postgres.make_database()


@pytest_asyncio.fixture
async def fleet(database: str) -> AsyncIterator[crossbook_fleet.Postgres]:
    async with crossbook_fleet.Postgres(database, lease=LEASE, token_key=TOKEN_KEY) as fleet:
        yield fleet


MakeBook = Callable[..., AddressBook]


@pytest.fixture
def make_vercom(server: Server) -> MakeBook:
    """Return a function that makes a book as `work` calls it."""

    def make(account: str, shared: Any = None, **options: Any) -> AddressBook:
        url, credentials = server.base_urls["vercom"], server.credentials["vercom"]
        settings = {"rate": 1e6, **credentials, **options}
        return Vercom(base_url=url, account=account, shared=shared, **settings)

    return make


@pytest.fixture
def make_filemail(server: Server) -> MakeBook:
    def make(shared: Any = None, **options: Any) -> AddressBook:
        url, credentials = server.base_urls["filemail"], server.credentials["filemail"]
        settings = {"rate": 1e6, **credentials, **options}
        return Filemail(base_url=url, shared=shared, **settings)

    return make
