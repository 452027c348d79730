"""Authenticate requests: `StaticAuth` for fixed credentials, `LoginAuth` for a token that a login returns."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from copy import copy
from functools import partial
from typing import Any
from unicodedata import category
from urllib.parse import quote

import anyio
import msgspec

from crossbook._concurrency import await_result, is_finished
from crossbook._http.request import Credentials
from crossbook._redaction import Secret
from crossbook.errors import AuthError, ConnectError, CrossbookError, InvalidInputError
from crossbook.shared import LockingTokenStore, TokenStore

_PROCESS_KEY = secrets.token_bytes(32)


class StaticAuth:
    """Fixed credentials that are sent with each request: a bearer token, keys in headers, or a password in the body.

    Attributes:
        identity: the user name, if the credentials have one. It stays when a password or token is renewed.
        key: a hash of the credentials. It is valid in this process only, and is never stored.
    """

    def __init__(self, credentials: Credentials, key: str, identity: str | None = None) -> None:
        self._credentials = credentials
        self.key = key
        self.identity = None if identity is None else Secret(identity)

    def credentials_for(self, operation: str, timeout: float) -> Credentials:
        """Return the credentials to send with a request of this operation."""
        return self._credentials

    async def renew(self, rejected: Credentials, error: AuthError, timeout: float) -> bool:
        """Return whether to retry after the vendor rejected these credentials: only if `replace` has changed them."""
        return rejected is not self._credentials  # they were replaced while the request was in flight

    def replace(self, other: Any) -> None:
        """Use the credentials of another StaticAuth from the next attempt on."""
        self._credentials, self.key = other._credentials, other.key
        self.identity = other.identity or self.identity  # a token that replaces a password has no user name


def header_auth(values: dict[str, str]) -> StaticAuth:
    """Return a StaticAuth that sends headers with each request. `values` maps the headers' names to their values."""
    pairs = tuple((name.encode("ascii"), value.encode("ascii")) for name, value in values.items())
    secrets = tuple(value.removeprefix("Bearer ") for value in values.values())
    return StaticAuth(Credentials(headers=pairs, secrets=secrets), process_hash(*values.values()))


def bearer_auth(token: str) -> StaticAuth:
    """Return a StaticAuth that sends a bearer token in the header `Authorization`."""
    return header_auth({"Authorization": f"Bearer {clean_credential('token', token)}"})


def body_auth(values: dict[str, str], identity: str) -> StaticAuth:
    """Return a StaticAuth that adds these members to each JSON body. `identity` is the user name, if there is one."""
    credentials = Credentials(members=msgspec.json.encode(values)[1:-1], secrets=tuple(values.values()))
    return StaticAuth(credentials, process_hash(*values.values()), identity)


def clean_credential(name: str, value: str) -> str:
    """Return a credential without surrounding white space. Raise InvalidInputError unless it is visible ASCII text."""
    cleaned = clean_password(name, value).strip()
    if not (cleaned and cleaned.isascii()):
        raise InvalidInputError(f"invalid {name}: expected visible ASCII characters", field=name)
    return cleaned


def clean_password(name: str, value: str) -> str:
    """Return a user name or password without the line end that a file adds. Raise InvalidInputError if invalid."""
    if not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidInputError(f"{name} must be text", field=name)
    cleaned = value.rstrip("\r\n")
    if not cleaned:
        raise InvalidInputError(f"{name} is empty: pass the {name} of the account", field=name)
    if any(category(char) in ("Cc", "Cs") for char in cleaned):
        raise InvalidInputError(f"invalid {name}: remove the control character, perhaps a line break", field=name)
    return cleaned


def process_hash(*values: str) -> str:
    """Return a hash of the values under a random key of this process: the hash is useless to other processes."""
    return hashlib.blake2b("\0".join(values).encode(), key=_PROCESS_KEY, digest_size=16).hexdigest()


def shared_hash(*values: str) -> str:
    """Return a hash of the values that is the same in every process: the account's name in a shared token store."""
    return hashlib.blake2b("\0".join(values).encode(), digest_size=16).hexdigest()


class MemoryTokenStore:
    """The default token store, which keeps login tokens in the memory of this process."""

    def __init__(self) -> None:
        self._tokens: dict[str, Secret] = {}

    async def get(self, account: str) -> Secret | None:
        return self._tokens.get(account)

    async def put(self, account: str, token: Secret | None) -> None:
        if token is None:
            self._tokens.pop(account, None)
        else:
            self._tokens[account] = token


class LoginAuth:
    """Authentication with a token that a login returns. Every other request sends the token in its query.

    An API key of the account, if it has one, is sent in the query too.

    Logins are single flight: at most one is in progress, and all callers wait for it. It runs in the task group of the
    book, so that a caller who gives up does not cancel it for the others. A `LockingTokenStore` makes them single
    flight for all processes.

    Invariants: a refused token starts a login only if no newer token is known, so that a late refusal of an old token
    is retried with the new one. After a refused password all calls fail for `backoff` seconds without a login, so that
    the vendor does not lock the account. After `replace` no token of an earlier password is used.

    Args:
        operation: the login's operation, whose request gets the credentials themselves.
        parameter: the name of the query parameter for the token.
        credentials: the query parameters of the login.
        shared: the names of those that every other call sends too.
        identity: the user name.
        dead_codes: the vendor's error codes for a token that is no longer valid.
    """

    backoff = 30.0

    def __init__(
        self,
        *,
        vendor: str,
        operation: str,
        parameter: str,
        credentials: dict[str, str],
        shared: frozenset[str] = frozenset(),
        identity: str,
        dead_codes: frozenset[str],
        tokens: TokenStore | None,
    ) -> None:
        if tokens is not None and not all(callable(getattr(tokens, name, None)) for name in ("get", "put")):
            raise InvalidInputError("tokens must be a TokenStore: an object with async get and put", field="tokens")
        self._vendor = vendor
        self._operation = operation
        self._parameter = parameter
        self._dead_codes = dead_codes
        self._tokens = MemoryTokenStore() if tokens is None else tokens
        self.identity = Secret(identity)
        self.key = process_hash(*credentials.values())
        self._credentials = _query_credentials(credentials)
        self._shared = _query_credentials({name: credentials[name] for name in shared & credentials.keys()})
        self._login_task: anyio.Future[Secret] | None = None
        self._logins = 0  # that returned a token
        self._refusal: tuple[float, AuthError] | None = None  # of the password, and until when calls fail for it
        self._ignores_stored = False  # the stored token is of an earlier password
        self._last: tuple[Secret, Credentials, Credentials] | None = None  # a token, `_shared`, and what they make

    def bind(
        self,
        *,
        account: str,
        login: Callable[[], Awaitable[str]],
        start_task: Callable[[Callable[[], Awaitable[Secret]]], anyio.Future[Secret]],
    ) -> None:
        """Attach this authentication to a book that is being opened.

        Args:
            account: the name of the account in the token store.
            login: sends the login request and returns the token.
            start_task: starts a task in the book's task group.
        """
        self._account, self._login, self._start_task = account, login, start_task

    async def credentials_for(self, operation: str, timeout: float) -> Credentials:
        """Return the credentials for a request of this operation. A login may first take up to `timeout` seconds."""
        if operation == self._operation:
            return self._credentials
        return self._token_credentials(await self._renewed_token(None, timeout))

    async def renew(self, rejected: Credentials, error: AuthError, timeout: float) -> bool:
        """Get a new token if the vendor rejected an expired one. Return whether the request should be retried."""
        if error.code not in self._dead_codes or rejected is self._credentials:
            return False
        await self._renewed_token(rejected, timeout)
        return True

    def replace(self, other: Any) -> None:
        """Use the credentials of another LoginAuth from the next attempt on. Old tokens are not used again."""
        self._credentials, self._shared = other._credentials, other._shared
        self.key, self.identity = other.key, other.identity
        self._login_task, self._refusal, self._ignores_stored = None, None, True

    def without_shared(self) -> LoginAuth | None:
        """Return a copy that sends the token without the shared credentials, or None if the account has none."""
        if not self._shared.query:
            return None
        own, shared = copy(self), self._shared.query.split("&")
        kept = [part for part in self._credentials.query.split("&") if part not in shared]
        own._credentials = Credentials(query="&".join(kept), secrets=self._credentials.secrets)
        own._shared = Credentials()
        return own

    def _token_credentials(self, token: Secret) -> Credentials:
        last = self._last
        if last is not None and last[0] is token and last[1] is self._shared:
            return last[2]
        own = _query_credentials({self._parameter: token.reveal()})
        query = "&".join(filter(None, (own.query, self._shared.query)))
        made = Credentials(query=query, secrets=own.secrets + self._shared.secrets)
        self._last = token, self._shared, made
        return made

    async def _stored_token(self) -> Secret | None:
        return None if self._ignores_stored else await self._tokens.get(self._account)

    async def _renewed_token(self, rejected: Credentials | None, timeout: float) -> Secret:
        """Return a token that is not the rejected one: the stored token, or else the token of a new login."""
        token = await self._other_token(rejected)
        if token is not None:
            return token
        if self._refusal and anyio.current_time() < self._refusal[0]:
            raise _unsent_copy(self._refusal[1])
        if self._login_task is None or is_finished(self._login_task):
            self._login_task = self._start_task(partial(self._log_in, rejected))
        with anyio.move_on_after(timeout):
            try:
                return await await_result(self._login_task)
            except CrossbookError as error:
                raise _unsent_copy(error) from None
        raise ConnectError(
            f"the login did not end within {max(0.0, timeout):.3g} s: pass a longer timeout",
            vendor=self._vendor,
            operation=self._operation,
        )

    async def _other_token(self, rejected: Credentials | None) -> Secret | None:
        """Return the stored token, or None if no token is stored, or the stored token is the rejected one."""
        logins = -1
        while logins != self._logins:
            logins = self._logins
            token = await self._stored_token()
            if token is not None and (rejected is None or self._token_credentials(token) != rejected):
                return token
        return None

    async def _log_in(self, rejected: Credentials | None) -> Secret:
        tokens = self._tokens
        async with tokens.lock(self._account) if isinstance(tokens, LockingTokenStore) else nullcontext():
            # Another process may have logged in while this one waited for the lock.
            return await self._other_token(rejected) or await self._log_in_now()

    async def _log_in_now(self) -> Secret:
        # Each await lets `replace` change the credentials. The result of an old password is then not stored.
        credentials = self._credentials
        try:
            token = Secret(await self._login())
            if credentials is self._credentials:
                await self._tokens.put(self._account, token)
            if credentials is self._credentials:
                self._refusal, self._logins, self._ignores_stored = None, self._logins + 1, False
            return token
        except CrossbookError as error:
            if credentials is not self._credentials:
                raise
            await self._tokens.put(self._account, None)
            if isinstance(error, AuthError):
                self._refusal = (anyio.current_time() + self.backoff, error)
            raise


Auth = StaticAuth | LoginAuth


def _query_credentials(values: dict[str, str]) -> Credentials:
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in values.items())
    return Credentials(query=query, secrets=tuple(values.values()))


def _unsent_copy(error: CrossbookError) -> CrossbookError:
    """Return a copy of a login's error for a caller that waited for the login: its own request was never sent.

    Each caller gets a copy, since a list adds its cursor to the error.
    """
    own = copy(error)
    own.sent = own.earlier = "no"
    return own
