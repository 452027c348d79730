"""Test that books of several processes share one limit and one login. Each fleet here stands for a process."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest
from control import Server
from cryptography.fernet import Fernet

import crossbook_fleet
from crossbook import AddressBook, InvalidInputError, RateLimitError, UsageError, Vercom
from tests.fleet.conftest import TOKEN_KEY, MakeBook
from tests.fleet.pooler import pooled

pytestmark = pytest.mark.asyncio


async def test_processes_log_in_once(database: str, make_filemail: MakeBook, server: Server) -> None:
    fleets = [crossbook_fleet.Postgres(database, token_key=TOKEN_KEY) for _ in range(4)]

    async def use(fleet: crossbook_fleet.Postgres) -> None:
        async with fleet, make_filemail(fleet) as book:
            await asyncio.gather(*(book.groups.list() for _ in range(3)))

    await asyncio.gather(*map(use, fleets))
    assert server.requests("filemail")["login"] == 1


async def test_expired_token_is_renewed_once(database: str, make_filemail: MakeBook, server: Server) -> None:
    fleets = [crossbook_fleet.Postgres(database, token_key=TOKEN_KEY) for _ in range(4)]
    ready, expired = asyncio.Barrier(5), asyncio.Barrier(5)

    async def use(fleet: crossbook_fleet.Postgres) -> None:
        async with fleet, make_filemail(fleet) as book:
            await book.groups.list()
            await ready.wait()
            await expired.wait()
            await book.groups.list()

    async with asyncio.TaskGroup() as group:
        for fleet in fleets:
            group.create_task(use(fleet))
        await ready.wait()
        server.fault("expire_tokens", "filemail")
        await expired.wait()
    assert server.requests("filemail")["login"] == 2


async def test_token_is_encrypted(database: str, make_filemail: MakeBook) -> None:
    async with crossbook_fleet.Postgres(database, token_key=TOKEN_KEY) as fleet, make_filemail(fleet) as book:
        await book.groups.list()
    connection = await asyncpg.connect(database)
    (secret,) = [row["secret"] for row in await connection.fetch("select secret from crossbook.token")]
    await connection.close()
    assert len(Fernet(TOKEN_KEY).decrypt(secret)) > 8


async def test_without_key_no_token_is_stored(database: str, make_filemail: MakeBook) -> None:
    async with crossbook_fleet.Postgres(database) as fleet, make_filemail(fleet) as book:
        await book.groups.list()
    connection = await asyncpg.connect(database)
    assert await connection.fetch("select 1 from crossbook.token") == []
    await connection.close()


async def list_until_refused(book: AddressBook) -> None:
    while True:  # a refused call does not wait until the database knows of it
        await book.groups.list()


async def test_books_share_the_wait_that_the_vendor_requires(
    database: str, make_vercom: MakeBook, server: Server
) -> None:
    server.fault("status", "vercom", "*", status=429, retry_after=30, count=1)
    options: dict[str, Any] = {"max_attempts": 1, "timeout": 2}
    async with (
        crossbook_fleet.Postgres(database) as first,
        crossbook_fleet.Postgres(database) as second,
        make_vercom("main", first, **options) as book,
        make_vercom("main", second, **options) as other,
    ):
        with pytest.raises(RateLimitError):
            await book.groups.list()
        with pytest.raises(RateLimitError) as caught:
            await list_until_refused(other)
        assert caught.value.sent == "no"
        assert 20 < (caught.value.retry_after or 0) <= 30


async def test_books_share_one_rate(database: str, make_vercom: MakeBook) -> None:
    """Two processes with a limit of 50 a second send 40 requests: they need 0.8 s, less a burst."""
    async with (
        crossbook_fleet.Postgres(database) as first,
        crossbook_fleet.Postgres(database) as second,
        make_vercom("main", first, rate=50) as book,
        make_vercom("main", second, rate=50) as other,
    ):
        began = time.monotonic()
        await asyncio.gather(*(each.groups.list() for _ in range(20) for each in (book, other)))
        assert time.monotonic() - began > 0.7


async def test_account_without_name_is_refused(database: str, server: Server) -> None:
    async with crossbook_fleet.Postgres(database) as fleet:
        with pytest.raises(InvalidInputError, match="shared= needs the name of the account") as caught:
            Vercom(base_url=server.base_urls["vercom"], shared=fleet, **server.credentials["vercom"])
    assert caught.value.field == "account"


@pytest.mark.parametrize(
    ("field", "arguments"),
    [("url", {"url": "mysql://x"}), ("token_key", {"token_key": "short"}), ("lease", {"lease": 0})],
)
async def test_invalid_arguments_are_refused(field: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError) as caught:
        crossbook_fleet.Postgres(**{"url": "postgresql://localhost/x", **arguments})
    assert caught.value.field == field


async def test_pooler_is_refused(database: str, make_vercom: MakeBook) -> None:
    """A pooler does not pass notifications on, so nothing is begun behind one."""
    async with pooled(database) as url, crossbook_fleet.Postgres(url) as fleet:
        with pytest.raises(UsageError, match="connection pooler"):
            await fleet.init()
        with pytest.raises(UsageError, match="connection pooler"):
            await fleet.work({"main": make_vercom}, forever=True)
        await fleet.aclose()
