"""The state of an open book: transport, credentials, limiter, task group and event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from typing import TypeVar

import anyio
from anyio.abc import TaskGroup
from anyio.lowlevel import current_token
from sniffio import current_async_library

from crossbook._concurrency import await_result, run_shielded, start_detached, start_task
from crossbook._http import logs
from crossbook._http.auth import Auth, process_hash
from crossbook._http.limiter import AccountLimiter, account_limiter, add_names
from crossbook._http.request import BaseUrl, Transport
from crossbook._redaction import Secret
from crossbook.errors import InvalidInputError, UsageError
from crossbook.shared import Shared
from crossbook.vendor import Rate, VendorProfile

T = TypeVar("T")


class SessionHolder:
    """The state of the task that holds a session open between `open_anywhere` and `close_anywhere`."""

    def __init__(self) -> None:
        self.opened: anyio.Future[None] = anyio.Future()
        self.closing = anyio.Event()
        self.closed: anyio.Future[None] = anyio.Future()


class Session:
    """The state that a book and its `with_options` copies share. `async with book` opens and closes the session.

    Args:
        account: the name that the user gave the account. It identifies the account, whatever the user name is.
        brand: the vendor's brand that the account belongs to; "" if the vendor has only one.
        shared: what other processes share about the account.
    """

    limiter: AccountLimiter  # while the session is open

    def __init__(
        self,
        profile: VendorProfile,
        base: BaseUrl,
        auth: Auth,
        transport: Transport,
        rate: Rate | None,
        concurrency: int,
        *,
        account: str | None = None,
        brand: str = "",
        shared: Shared | None = None,
    ) -> None:
        self.profile = profile
        self.base = base
        self.brand = brand
        self.shared = shared
        self.auth = auth
        self.transport = transport
        self.rate = rate
        self.concurrency = concurrency
        self.task_group: TaskGroup | None = None  # None unless the session is open
        self._account = None if account is None else Secret(account)
        self.now: Callable[[], float]  # the clock of the event loop
        self._current_loop: Callable[[], object]
        self._loop: object = None
        self._waiting: set[anyio.CancelScope] = set()
        self._stack = AsyncExitStack()
        self.on_open: Callable[[], None] | None = None  # called when the session has opened
        self._closed = False
        self._holder: SessionHolder | None = None  # of a session that was opened by `open_anywhere`

    def __repr__(self) -> str:
        return f"<Session with {self.profile.vendor}, {'open' if self.task_group else 'closed'}>"

    @property
    def base_url(self) -> str:
        return f"{self.base.origin}{self.base.prefix}"

    @property
    def identity(self) -> Secret | None:
        """The name of the account: `account=`, else the user name of the credentials, else None."""
        return self._account or self.auth.identity

    @property
    def location(self) -> tuple[str, str, str]:
        """Where the account exists: vendor, base URL and brand."""
        return self.profile.vendor, self.base_url, self.brand

    @property
    def account_key(self) -> tuple[str, str, str]:
        """What identifies the account in every process: vendor, base URL (with the brand), and name."""
        vendor, url, brand = self.location
        name = "" if self.identity is None else self.identity.reveal()
        return vendor, f"{url}#{brand}" if brand else url, name

    @property
    def names(self) -> tuple[str, ...]:
        """The names by which the account's limiter is found: hashes of its identity, if known, and its credentials."""
        identity = self.identity
        named = () if identity is None else (process_hash(*self.location, "identity", identity.reveal()),)
        return (*named, process_hash(*self.location, "credentials", self.auth.key))

    def replace_credentials(self, auth: Auth) -> None:
        """Replace the credentials by others of the same account, from the next attempt on. The limiter stays."""
        before, after = self.auth.identity, auth.identity
        if self._account is None and before is not None and after is not None and before.reveal() != after.reveal():
            raise InvalidInputError(
                "this username belongs to another account: make a new book for it, or pass credentials of this account",
                field="username", vendor=self.profile.vendor,
            )  # fmt: skip
        self.auth.replace(auth)
        if self.task_group is not None:
            add_names(self.limiter, self.names)

    async def open(self) -> None:
        """Open the session. The same task must `close` it."""
        if not self._closed and (self.task_group is not None or self._holder is not None):
            raise UsageError(
                "this book is already open: use one `async with`, or open() and aclose()", vendor=self.profile.vendor
            )
        await self._open()

    async def _open(self) -> None:
        if self._closed:
            raise UsageError("this book was closed: make a new book", vendor=self.profile.vendor)
        self.task_group = await self._stack.enter_async_context(anyio.create_task_group())
        if current_async_library() == "asyncio":
            # The same as below, for a tenth of the time: anyio looks up its backend in each call.
            self._current_loop, self.now = asyncio.get_running_loop, asyncio.get_running_loop().time
        else:
            self._current_loop, self.now = current_token, anyio.current_time
        self._loop = self._current_loop()
        own = self.rate, self.concurrency
        self.limiter = self._stack.enter_context(account_limiter(self.names, *own))
        others = self.limiter.limits_of_others(own)
        if others not in (None, own):
            logs.log_different_limits(self.profile.vendor, own, others, self.limiter.limits)
        if self.shared is not None:
            self.limiter.share(self.shared.limit(*self.account_key))
        logs.log_open(self.profile.vendor, self.transport.name, self.base_url)
        if self.on_open is not None:
            self.on_open()

    async def close(self) -> None:
        """Close the session, in the task that opened it."""
        try:
            await self._end()
        finally:
            await self._stack.aclose()

    async def _end(self) -> None:
        """End all calls and close the connections. The task that opened the session leaves the task group later."""
        task_group, self.task_group, self._closed = self.task_group, None, True
        if task_group is not None:
            task_group.cancel_scope.cancel()
            for scope in self._waiting:
                scope.cancel()
            # A caller who is being cancelled leaves no open socket behind.
            await run_shielded(self.transport.aclose)
            if self.shared is not None:
                await run_shielded(self.limiter.give_back)

    async def open_anywhere(self) -> None:
        """Open the session so that any task of this event loop may close it. Do nothing if it is open."""
        if self.task_group is None and self._holder is None:
            if self._closed:
                raise UsageError("this book was closed: make a new book", vendor=self.profile.vendor)
            self._holder = SessionHolder()
            start_detached(partial(self._hold, self._holder))
        if self._holder is not None and not self._closed:
            await await_result(self._holder.opened)
        self.check_open()

    async def _hold(self, holder: SessionHolder) -> None:
        """Keep the session open until it is to close, in a task that enters and leaves its task group."""
        try:
            await self._open()
            holder.opened.return_value = None
            await holder.closing.wait()
        except Exception as error:
            holder.opened.exception = error
        finally:
            try:
                await self.close()
            except Exception as error:
                holder.closed.exception = error
            else:
                holder.closed.return_value = None

    async def close_anywhere(self) -> None:
        """Close the session from any task of its event loop. Do nothing if it is closed."""
        if self.task_group is not None:
            self.check_open()  # raises in another event loop
        holder = self._holder
        if holder is None:
            await self._end()
            return
        holder.closing.set()
        await await_result(holder.closed)

    def check_open(self) -> TaskGroup:
        """Return the session's task group. Raise UsageError unless the session is open in the running event loop."""
        if self.task_group is None:
            how = (
                "was closed: make a new book"
                if self._closed
                else "is not open: use it inside `async with book:`, or call `await book.open()` first"
            )
            raise UsageError(f"this book {how}", vendor=self.profile.vendor)
        try:
            if self._current_loop() == self._loop:
                return self.task_group
        except RuntimeError:  # no event loop of this kind runs
            pass
        raise UsageError(
            "this book belongs to another event loop: open one book per event loop", vendor=self.profile.vendor
        )

    @contextmanager
    def cancel_on_close(self) -> Generator[anyio.CancelScope]:
        """Cancel the code in the `with` block when the session closes. `scope.cancelled_caught` then is True."""
        with anyio.CancelScope() as scope:
            self._waiting.add(scope)
            if self.task_group is None:
                scope.cancel()
            try:
                yield scope
            finally:
                self._waiting.discard(scope)

    def start_task(self, work: Callable[[], Awaitable[T]]) -> anyio.Future[T]:
        """Start the work in the session's task group, and return a future of its result, for `await_result`."""
        return start_task(self.check_open(), work)
