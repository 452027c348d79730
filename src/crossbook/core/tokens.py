"""Where the tokens are kept that a login gives."""

from __future__ import annotations

from typing import Protocol

from crossbook.core.redact import Secret
from crossbook.errors import InvalidInput


class TokenStore(Protocol):
    """Where a login token is kept between calls. Several processes may share one.

    The name of an account is a hash of vendor, base URL and user name (or `account=`), and holds nothing of a password:
    a renewed password finds the same token. So every book of a store gets the token of its user name, whatever
    password the book has. Share a store only among books whose credentials are your own.
    """

    async def get(self, account: str) -> Secret | None:
        """The account's token, or None; `account` is the same hash in every process."""
        ...

    async def put(self, account: str, token: Secret | None) -> None:
        """Keeps a fresh token; None lets a dead one go."""
        ...


class MemoryTokens:
    """Tokens in this process's memory: the default."""

    def __init__(self) -> None:
        self._tokens: dict[str, Secret] = {}

    async def get(self, account: str) -> Secret | None:
        return self._tokens.get(account)

    async def put(self, account: str, token: Secret | None) -> None:
        if token is None:
            self._tokens.pop(account, None)
        else:
            self._tokens[account] = token


def token_store(tokens: TokenStore | None) -> TokenStore:
    """Where tokens are kept: what was given, even if it is empty yet; InvalidInput if it cannot keep any."""
    if tokens is None:
        return MemoryTokens()
    if not all(callable(getattr(tokens, name, None)) for name in ("get", "put")):
        raise InvalidInput("tokens is a TokenStore: an object with async get and put", field="tokens")
    return tokens
