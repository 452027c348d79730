"""The ways to authenticate. A scheme hands out what to attach to one attempt; frame.py attaches it."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from copy import copy
from typing import Protocol
from unicodedata import category
from urllib.parse import quote

import anyio
import msgspec

from crossbook.core.frame import Attachment
from crossbook.core.jobs import Job
from crossbook.core.redact import Secret
from crossbook.errors import AuthError, ConnectError, CrossbookError, InvalidInput


class Auth(Protocol):
    """What every scheme can do."""

    @property
    def account(self) -> str:
        """Tells accounts apart without telling who they are: the key of a shared limiter."""
        ...

    def attachment(self, operation: str, longest: float) -> Attachment | Awaitable[Attachment]:
        """What to attach to one request of this operation, within so many seconds if it has to be got first."""
        ...

    async def renew(self, rejected: Attachment, error: AuthError, longest: float) -> bool:
        """Whether another try with fresh credentials makes sense."""
        ...


class Fixed:
    """Credentials that never change: a bearer token, header keys, a password in each body."""

    def __init__(self, attachment: Attachment, account: str) -> None:
        self._attachment = attachment
        self.account = account

    def attachment(self, operation: str, longest: float) -> Attachment:
        return self._attachment

    async def renew(self, rejected: Attachment, error: AuthError, longest: float) -> bool:
        return False


def headers(values: dict[str, str]) -> Fixed:
    """Keys that travel as headers, by header name."""
    pairs = tuple((name.encode("ascii"), value.encode("ascii")) for name, value in values.items())
    secrets = tuple(value.removeprefix("Bearer ") for value in values.values())
    return Fixed(Attachment(headers=pairs, secrets=secrets), account_key(*values.values()))


def members(values: dict[str, str]) -> Fixed:
    """Credentials that travel as members of each JSON body, by member name."""
    attachment = Attachment(members=msgspec.json.encode(values)[1:-1], secrets=tuple(values.values()))
    return Fixed(attachment, account_key(*values.values()))


def credential(name: str, value: str) -> str:
    """A credential as it may go into a header or a URL; InvalidInput naming it, never showing it."""
    cleaned = password_text(name, value).strip()
    if not (cleaned and cleaned.isascii()):
        raise InvalidInput(f"{name} is blank, or has characters beyond ASCII", field=name)
    return cleaned


def password_text(name: str, value: str) -> str:
    """A name or password as a body or an encoded query takes it: any text, less the line end that files give it."""
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidInput(f"{name} must be text", field=name)
    cleaned = value.rstrip("\r\n")
    if not cleaned:
        raise InvalidInput(f"{name} is empty", field=name)
    if any(category(char) in ("Cc", "Cs") for char in cleaned):
        raise InvalidInput(f"{name} has a control character, or half of one: a line break perhaps", field=name)
    return cleaned


def account_key(*values: str) -> str:
    return hashlib.blake2b("\0".join(values).encode(), digest_size=16).hexdigest()


def _before(error: CrossbookError) -> CrossbookError:
    """A login's error for one who waited for it: its own copy, since a list adds its cursor, and of a call that never
    left, whatever became of the login."""
    own = copy(error)
    own.sent = own.earlier = "no"
    return own


class TokenStore(Protocol):
    """Where a login token is kept between calls. Several processes may share one."""

    async def get(self, account: str) -> Secret | None:
        """The account's token, or None; `account` is a hash that tells accounts apart."""
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


class Login:
    """A token that a login gives, in the query of every other call.

    One login at a time, whoever asks for it; it lives in the book's task group, so that a caller who gives up does
    not take it from the others. It is keyed by the token that was refused: a late refusal of an old one is answered
    with the new one. A refused password fails fast for `backoff` seconds, lest the vendor locks the account.
    """

    backoff = 30.0

    def __init__(
        self,
        *,
        vendor: str,
        operation: str,
        parameter: str,
        credentials: dict[str, str],
        dead_codes: frozenset[str],
        tokens: TokenStore,
    ) -> None:
        self._vendor = vendor
        self._operation = operation
        self._parameter = parameter
        self._dead_codes = dead_codes
        self._tokens = tokens
        self.account = account_key(*credentials.values())
        pairs = (f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in credentials.items())
        self._credentials = Attachment(query="&".join(pairs), secrets=tuple(credentials.values()))
        self._job: Job[Secret] | None = None
        self._ended = 0  # logins that gave a token
        self._refused: tuple[float, AuthError] | None = None

    def bind(
        self,
        *,
        login: Callable[[], Awaitable[str]],
        start: Callable[[Callable[[], Awaitable[Secret]]], Job[Secret]],
        clock: Callable[[], float],
    ) -> None:
        """Said by the book when it opens: how to log in, and where the work may go on."""
        self._login, self._start, self._clock = login, start, clock

    async def attachment(self, operation: str, longest: float) -> Attachment:
        if operation == self._operation:
            return self._credentials
        token = await self._tokens.get(self.account)
        return self._attached(token or await self._renewed(None, longest))

    async def renew(self, rejected: Attachment, error: AuthError, longest: float) -> bool:
        if error.code not in self._dead_codes or rejected is self._credentials:
            return False
        await self._renewed(rejected, longest)
        return True

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
            token = await self._tokens.get(self.account)
            if token is not None and self._attached(token) != rejected:
                return token
        return None

    async def _log_in(self) -> Secret:
        try:
            token = Secret(await self._login())
            await self._tokens.put(self.account, token)
            self._refused, self._ended = None, self._ended + 1
            return token
        except CrossbookError as error:
            await self._tokens.put(self.account, None)
            if isinstance(error, AuthError):
                self._refused = (self._clock() + self.backoff, error)
            raise
