"""The ways to authenticate. A scheme hands out what to attach to one attempt; frame.py attaches it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from copy import copy
from typing import Any, Protocol
from unicodedata import category
from urllib.parse import quote

import anyio
import msgspec

from crossbook._concurrency import await_result, is_finished
from crossbook._http.request import Attachment
from crossbook._redaction import Secret
from crossbook.errors import AuthError, ConnectError, CrossbookError, InvalidInputError

_PROCESS_KEY = secrets.token_bytes(32)


class Auth(Protocol):
    """What every scheme can do."""

    @property
    def identity(self) -> Secret | None:
        """The user name, where the credentials have one: it stays when a password or token is renewed."""
        ...

    @property
    def key(self) -> str:
        """A hash of the credentials. It holds in this process only, and is never stored."""
        ...

    def credentials_for(self, operation: str, longest: float) -> Attachment | Awaitable[Attachment]:
        """What to attach to one request of this operation, within so many seconds if it has to be got first."""
        ...

    async def renew(self, rejected: Attachment, error: AuthError, longest: float) -> bool:
        """Whether another try with fresh credentials makes sense."""
        ...

    def replace(self, other: Any) -> None:
        """Use the credentials of this other scheme of the same class from the next attempt on."""
        ...


class StaticAuth:
    """Credentials that travel as they are: a bearer token, header keys, a password in each body."""

    def __init__(self, attachment: Attachment, key: str, identity: str | None = None) -> None:
        self._attachment = attachment
        self.key = key
        self.identity = None if identity is None else Secret(identity)

    def credentials_for(self, operation: str, longest: float) -> Attachment:
        return self._attachment

    async def renew(self, rejected: Attachment, error: AuthError, longest: float) -> bool:
        return rejected is not self._attachment  # the credentials were replaced while the request was on its way

    def replace(self, other: StaticAuth) -> None:
        self._attachment, self.key = other._attachment, other.key
        self.identity = other.identity or self.identity  # a token that takes the place of a password has no user name


def headers(values: dict[str, str]) -> StaticAuth:
    """Keys that travel as headers, by header name."""
    pairs = tuple((name.encode("ascii"), value.encode("ascii")) for name, value in values.items())
    secrets = tuple(value.removeprefix("Bearer ") for value in values.values())
    return StaticAuth(Attachment(headers=pairs, secrets=secrets), process_hash(*values.values()))


def bearer_auth(token: str) -> StaticAuth:
    """Return the authentication by a bearer token in the header `Authorization`."""
    return headers({"Authorization": f"Bearer {credential('token', token)}"})


def members(values: dict[str, str], identity: str) -> StaticAuth:
    """Credentials that travel as members of each JSON body, by member name; `identity` is the user name of them."""
    attachment = Attachment(members=msgspec.json.encode(values)[1:-1], secrets=tuple(values.values()))
    return StaticAuth(attachment, process_hash(*values.values()), identity)


def credential(name: str, value: str) -> str:
    """A credential as it may go into a header or a URL; InvalidInputError naming it, never showing it."""
    cleaned = password_text(name, value).strip()
    if not (cleaned and cleaned.isascii()):
        raise InvalidInputError(f"{name} is blank, or has characters beyond ASCII", field=name)
    return cleaned


def password_text(name: str, value: str) -> str:
    """A name or password as a body or an encoded query takes it: any text, less the line end that files give it."""
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidInputError(f"{name} must be text", field=name)
    cleaned = value.rstrip("\r\n")
    if not cleaned:
        raise InvalidInputError(f"{name} is empty", field=name)
    if any(category(char) in ("Cc", "Cs") for char in cleaned):
        raise InvalidInputError(f"{name} has a control character, or half of one: a line break perhaps", field=name)
    return cleaned


def process_hash(*values: str) -> str:
    """Return a hash that is worth nothing outside of this process, whose random key is in memory only."""
    return hashlib.blake2b("\0".join(values).encode(), key=_PROCESS_KEY, digest_size=16).hexdigest()


# Where the tokens are kept that a login gives.


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
    """Where tokens are kept: what was given, even if it is empty yet; InvalidInputError if it cannot keep any."""
    if tokens is None:
        return MemoryTokens()
    if not all(callable(getattr(tokens, name, None)) for name in ("get", "put")):
        raise InvalidInputError("tokens is a TokenStore: an object with async get and put", field="tokens")
    return tokens


# Credentials that are exchanged for a token first: one login at a time, for all who wait.


class LoginAuth:
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
        self._job: anyio.Future[Secret] | None = None
        self._ended = 0  # logins that gave a token
        self._refused: tuple[float, AuthError] | None = None
        self._replaced = False  # the stored token is of an earlier password

    def bind(
        self,
        *,
        account: str,
        login: Callable[[], Awaitable[str]],
        start: Callable[[Callable[[], Awaitable[Secret]]], anyio.Future[Secret]],
        clock: Callable[[], float],
    ) -> None:
        """Said by the book when it opens: what the store calls the account, how to log in, where the work may go on."""
        self._account = account
        self._login, self._start, self._clock = login, start, clock

    async def credentials_for(self, operation: str, longest: float) -> Attachment:
        if operation == self._operation:
            return self._credentials
        return self._attached(await self._stored() or await self._renewed(None, longest))

    async def renew(self, rejected: Attachment, error: AuthError, longest: float) -> bool:
        if error.code not in self._dead_codes or rejected is self._credentials:
            return False
        await self._renewed(rejected, longest)
        return True

    def replace(self, other: LoginAuth) -> None:
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
            if self._job is None or is_finished(self._job):
                self._job = self._start(self._log_in)
            with anyio.move_on_after(longest):
                try:
                    return await await_result(self._job)
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
