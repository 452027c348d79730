"""`PostgresTokenStore`: the login tokens of accounts, encrypted with the user's key."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from cryptography.fernet import Fernet, InvalidToken

from crossbook._redaction import Secret
from crossbook.errors import InvalidInputError
from crossbook_fleet._database import Database

_PUT = """
    insert into crossbook.token values ($1, $2) on conflict (account) do update set secret = excluded.secret
"""


class PostgresTokenStore:
    """A `LockingTokenStore` in Postgres.

    A login holds the lock of its account on a connection, so a killed process releases it.

    Args:
        database: where the tokens are.
        key: a key of Fernet, 32 bytes in URL-safe base64.

    Raises:
        InvalidInputError: the key has another form.
    """

    def __init__(self, database: Database, key: str | bytes) -> None:
        self._database = database
        try:
            self._fernet = Fernet(key)
        except ValueError:
            raise InvalidInputError(
                "token_key must be 32 bytes in URL-safe base64: make one with Fernet.generate_key() of cryptography",
                field="token_key",
            ) from None

    async def get(self, account: str) -> Secret | None:
        sql = "select secret from crossbook.token where account = $1"
        stored = await self._database.run(lambda db: db.fetchval(sql, account))
        try:
            return None if stored is None else Secret(self._fernet.decrypt(stored).decode())
        except InvalidToken:
            return None  # it was encrypted with an earlier key

    async def put(self, account: str, token: Secret | None) -> None:
        if token is None:
            await self._database.run(lambda db: db.execute("delete from crossbook.token where account = $1", account))
            return
        secret = self._fernet.encrypt(token.reveal().encode())
        await self._database.run(lambda db: db.execute(_PUT, account, secret))

    @asynccontextmanager
    async def lock(self, account: str) -> AsyncGenerator[None]:
        async with self._database.lock(account):
            yield
