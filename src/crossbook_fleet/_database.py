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
    asyncpg.TooManyConnectionsError,
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
        """Call `work` with a connection. If the connection fails, wait and call it again: it must be repeatable.

        Raises:
            UsageError: Postgres refuses the user, or the database or its tables are missing.
        """

        async def call() -> T:
            pool = await self.open()
            async with pool.acquire() as connection:
                return await work(connection)

        return await self._repeat(call)

    async def _repeat(self, call: Callable[[], Awaitable[T]]) -> T:
        delay = 0.0
        while True:
            try:
                return await call()
            except (asyncpg.UndefinedTableError, asyncpg.UndefinedFunctionError, asyncpg.InvalidSchemaNameError):
                raise UsageError("the database has no tables of this version: run crossbook fleet init") from None
            except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError) as error:
                raise UsageError(f"Postgres refuses the connection: {error}; correct the fleet's URL") from None
            except AWAY as error:
                if not delay:
                    logger.warning("the database is away (%s): waiting until it is back", type(error).__name__)
                delay = min(2 * delay or _FIRST_DELAY, _LONGEST_DELAY)
                await asyncio.sleep(delay)

    @asynccontextmanager
    async def lock(self, name: str) -> AsyncGenerator[None]:
        """Hold the lock of this name, which one process has at a time.

        A connection that fails loses the lock, so what the lock protects must be repeatable. The connection is outside
        of the pool: callers that hold locks would otherwise wait for each other's connections.
        """

        async def acquire() -> Any:
            connection = await self.connect()
            try:
                await connection.execute("select pg_advisory_lock(hashtextextended($1, 0))", f"crossbook {name}")
            except BaseException:
                connection.terminate()
                raise
            return connection

        connection = await self._repeat(acquire)
        try:
            yield
        finally:
            connection.terminate()  # the server releases the lock

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
