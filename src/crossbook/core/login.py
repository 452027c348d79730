"""Credentials that are exchanged for a token first: one login at a time, for all who wait."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from copy import copy
from urllib.parse import quote

import anyio

from crossbook.core.auth import process_hash
from crossbook.core.frame import Attachment
from crossbook.core.jobs import Job
from crossbook.core.redact import Secret
from crossbook.core.tokens import TokenStore
from crossbook.errors import AuthError, ConnectError, CrossbookError


class Login:
    """A token that a login gives, in the query of every other call.

    One login at a time, whoever asks for it; it lives in the book's task group, so that a caller who gives up does
    not take it from the others. It is keyed by the token that was refused: a late refusal of an old one is answered
    with the new one. A refused password fails fast for `backoff` seconds, lest the vendor locks the account.
    After `replace` no token is used that an earlier password gave.
    """

    backoff = 30.0

    def __init__(
        self,
        *,
        vendor: str,
        operation: str,
        parameter: str,
        credentials: dict[str, str],
        identity: str,
        dead_codes: frozenset[str],
        tokens: TokenStore,
    ) -> None:
        self._vendor = vendor
        self._operation = operation
        self._parameter = parameter
        self._dead_codes = dead_codes
        self._tokens = tokens
        self.identity = Secret(identity)
        self.key = process_hash(*credentials.values())
        pairs = (f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in credentials.items())
        self._credentials = Attachment(query="&".join(pairs), secrets=tuple(credentials.values()))
        self._job: Job[Secret] | None = None
        self._ended = 0  # logins that gave a token
        self._refused: tuple[float, AuthError] | None = None
        self._replaced = False  # the stored token is of an earlier password

    def bind(
        self,
        *,
        account: str,
        login: Callable[[], Awaitable[str]],
        start: Callable[[Callable[[], Awaitable[Secret]]], Job[Secret]],
        clock: Callable[[], float],
    ) -> None:
        """Said by the book when it opens: what the store calls the account, how to log in, where the work may go on."""
        self._account = account
        self._login, self._start, self._clock = login, start, clock

    async def attachment(self, operation: str, longest: float) -> Attachment:
        if operation == self._operation:
            return self._credentials
        return self._attached(await self._stored() or await self._renewed(None, longest))

    async def renew(self, rejected: Attachment, error: AuthError, longest: float) -> bool:
        if error.code not in self._dead_codes or rejected is self._credentials:
            return False
        await self._renewed(rejected, longest)
        return True

    def replace(self, other: Login) -> None:
        self._credentials, self.key, self.identity = other._credentials, other.key, other.identity
        self._job, self._refused, self._replaced = None, None, True

    async def _stored(self) -> Secret | None:
        return None if self._replaced else await self._tokens.get(self._account)

    def _attached(self, token: Secret) -> Attachment:
        secret = token.reveal()
        return Attachment(query=f"{self._parameter}={quote(secret, safe='')}", secrets=(secret,))

    async def _renewed(self, rejected: Attachment | None, longest: float) -> Secret:
        token = await self._another(rejected)
        if token is None:
            if self._refused and self._clock() < self._refused[0]:
                raise _before(self._refused[1])
            if self._job is None or self._job.done:
                self._job = self._start(self._log_in)
            with anyio.move_on_after(longest):
                try:
                    return await self._job.result()
                except CrossbookError as error:
                    raise _before(error) from None
            raise ConnectError(
                f"the login was not done within {max(0.0, longest):.3g} s",
                vendor=self._vendor, operation=self._operation,
            )  # fmt: skip
        return token

    async def _another(self, rejected: Attachment | None) -> Secret | None:
        """A token other than the rejected one; a store may be slow, and a login may end while it answers."""
        ended = -1
        while ended != self._ended:
            ended = self._ended
            token = await self._stored()
            if token is not None and self._attached(token) != rejected:
                return token
        return None

    async def _log_in(self) -> Secret:
        credentials = self._credentials
        try:
            token = Secret(await self._login())
            if credentials is self._credentials:
                await self._tokens.put(self._account, token)
            if credentials is self._credentials:  # still: a store may be slow
                self._refused, self._ended, self._replaced = None, self._ended + 1, False
            return token
        except CrossbookError as error:
            if credentials is not self._credentials:
                raise
            await self._tokens.put(self._account, None)
            if isinstance(error, AuthError):
                self._refused = (self._clock() + self.backoff, error)
            raise


def _before(error: CrossbookError) -> CrossbookError:
    """A login's error for one who waited for it: its own copy, since a list adds its cursor, and of a call that never
    left, whatever became of the login."""
    own = copy(error)
    own.sent = own.earlier = "no"
    return own


def shared_hash(*values: str) -> str:
    """Return a name for a shared store: the same in every process, and made of no credential."""
    return hashlib.blake2b("\0".join(values).encode(), digest_size=16).hexdigest()
