"""The connections of a fleet to Postgres. Work that fails because the database is away waits until it is back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import asyncpg as untyped_asyncpg  # type: ignore[import-untyped]

from crossbook.errors import InvalidInputError, UsageError

asyncpg: Any = untyped_asyncpg
T = TypeVar("T")
Rows = list[Mapping[str, Any]]
logger = logging.getLogger("crossbook.fleet")
AWAY: tuple[type[Exception], ...] = (
    OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.OperatorInterventionError,
)  # fmt: skip
_FIRST_DELAY, _LONGEST_DELAY = 0.05, 2.0  # seconds between attempts


class Database:
    """A pool of connections to one database, opened with the first use.

    Args:
        url: a URL of Postgres, `postgresql://user:password@host/database`.
        size: the largest number of connections.
    """

    def __init__(self, url: str, size: int) -> None:
        if not url.startswith(("postgresql://", "postgres://")):
            raise InvalidInputError("the fleet's URL must begin with postgresql://", field="url")
        self._url, self._size = url, size
        self._pool: Any = None
        self._opening = asyncio.Lock()

    async def run(self, work: Callable[[Any], Awaitable[T]]) -> T:
        """Call `work` with a connection. If the connection fails, wait and call it again: it must be repeatable."""
        delay = 0.0
        while True:
            try:
                pool = await self.open()
                async with pool.acquire() as connection:
                    return await work(connection)
            except AWAY as error:
                if not delay:
                    logger.warning("the database is away (%s): waiting until it is back", type(error).__name__)
                delay = min(2 * delay or _FIRST_DELAY, _LONGEST_DELAY)
                await asyncio.sleep(delay)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Any]:
        """Begin a transaction, as soon as the database is there. It is not repeated if the connection fails in it."""
        await self.run(lambda db: db.execute("select 1"))
        pool = await self.open()
        async with pool.acquire() as connection, connection.transaction():
            yield connection

    async def open(self) -> Any:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(self._url, min_size=0, max_size=self._size)
            return self._pool

    async def connect(self) -> Any:
        """Return a connection outside of the pool, for LISTEN and NOTIFY. The caller closes it.

        Raises:
            UsageError: there is a pooler in between, which does not pass notifications on.
        """
        connection: Any = await asyncpg.connect(self._url)
        if connection.get_server_pid() != await connection.fetchval("select pg_backend_pid()"):
            await connection.close()
            raise UsageError(
                "there is a connection pooler (PgBouncer) between this process and Postgres, and notifications do not "
                "pass through it: give the fleet the address of Postgres itself"
            )
        return connection

    async def close(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()
