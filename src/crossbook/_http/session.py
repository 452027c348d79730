"""One account's way to its vendor: transport, limiter, task group and the event loop it was opened in.

A book and its `with_options` copies share one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from contextlib import AsyncExitStack, contextmanager
from typing import TypeVar

import anyio
from anyio.abc import TaskGroup
from anyio.lowlevel import current_token

from crossbook._concurrency import run_shielded, start_task
from crossbook._http import logs
from crossbook._http.auth import Auth, process_hash
from crossbook._http.limiter import AccountLimiter, account_for, add_names
from crossbook._http.request import Base, Transport
from crossbook._redaction import Secret
from crossbook.errors import InvalidInputError, UsageError
from crossbook.vendor import Rate, VendorProfile

T = TypeVar("T")


class Session:
    """Opened by the book's `async with`, closed by its end.

    Args:
        account: the name that the caller gave the account, which counts more than a user name.
        brand: which of the vendor's brands the account is of; "" where there is only one.
    """

    def __init__(
        self,
        profile: VendorProfile,
        base: Base,
        auth: Auth,
        transport: Transport,
        rate: Rate | None,
        concurrency: int,
        *,
        account: str | None = None,
        brand: str = "",
    ) -> None:
        self.profile = profile
        self.base = base
        self.brand = brand
        self.auth = auth
        self._named = None if account is None else Secret(account)
        self.transport = transport
        self.rate = rate
        self.concurrency = concurrency
        self.account: AccountLimiter  # while it is open
        self.group: TaskGroup | None = None
        self._loop: object = None
        self._waiting: set[anyio.CancelScope] = set()
        self._stack = AsyncExitStack()
        self._closed = False

    def __repr__(self) -> str:
        return f"<Connection to {self.profile.vendor}, {'open' if self.group else 'closed'}>"

    @property
    def base_url(self) -> str:
        return f"{self.base.origin}{self.base.prefix}"

    @property
    def identity(self) -> Secret | None:
        """What the account is called, whatever its credentials are: `account=`, or else the user name, if any."""
        return self._named or self.auth.identity

    @property
    def place(self) -> tuple[str, str, str]:
        """Where the account is: vendor, base URL and brand."""
        return self.profile.vendor, self.base_url, self.brand

    @property
    def names(self) -> tuple[str, ...]:
        """By which this process knows the account: its identity, if there is one, and its credentials; as hashes."""
        identity = self.identity
        named = () if identity is None else (process_hash(*self.place, "identity", identity.reveal()),)
        return (*named, process_hash(*self.place, "credentials", self.auth.key))

    def renew(self, auth: Auth) -> None:
        """Use these credentials from the next attempt on. The account, and how fast it may be asked, stay the same."""
        was, now = self.auth.identity, auth.identity
        if self._named is None and was is not None and now is not None and was.reveal() != now.reveal():
            raise InvalidInputError(
                "username is another one: renewed credentials are of the same account; make a book for the other",
                field="username", vendor=self.profile.vendor,
            )  # fmt: skip
        self.auth.replace(auth)
        if self.group is not None:
            add_names(self.account, self.names)

    async def open(self) -> None:
        if self.group is not None:
            raise UsageError("this book is open already: one `async with` a book", vendor=self.profile.vendor)
        if self._closed:
            raise UsageError("this book was closed: make a new one", vendor=self.profile.vendor)
        self.group = await self._stack.enter_async_context(anyio.create_task_group())
        self._loop = current_token()
        self.account = self._stack.enter_context(account_for(self.names, self.rate, self.concurrency))
        logs.opened(self.profile.vendor, self.transport.name, self.base_url)

    async def close(self) -> None:
        group, self.group, self._closed = self.group, None, True
        if group is not None:
            group.cancel_scope.cancel()
            for scope in self._waiting:
                scope.cancel()
            try:
                # A caller who is being cancelled leaves no open socket behind.
                await run_shielded(self.transport.aclose)
            finally:
                await self._stack.aclose()

    def check(self) -> TaskGroup:
        """The task group, if the book is open here; UsageError if not."""
        if self.group is None:
            how = "was closed: make a new one" if self._closed else "is not open: use it inside `async with book:`"
            raise UsageError(f"this book {how}", vendor=self.profile.vendor)
        try:
            if current_token() == self._loop:
                return self.group
        except RuntimeError:  # none is running, or another library's
            pass
        raise UsageError(
            "this book was opened in another event loop: make one book a running loop", vendor=self.profile.vendor
        )

    @contextmanager
    def waiting(self) -> Generator[anyio.CancelScope]:
        """What waits inside waits no longer than the book is open: then the scope has caught its cancellation."""
        with anyio.CancelScope() as scope:
            self._waiting.add(scope)
            if self.group is None:
                scope.cancel()
            try:
                yield scope
            finally:
                self._waiting.discard(scope)

    def start(self, work: Callable[[], Awaitable[T]]) -> anyio.Future[T]:
        return start_task(self.check(), work)
