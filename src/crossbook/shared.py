"""The protocols of what several processes share about one account: its rate limit and its login token."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

from attrs import frozen

from crossbook._redaction import Secret
from crossbook.vendor import Rate


class TokenStore(Protocol):
    """The interface of a store that keeps login tokens between calls. Several processes may share one store.

    The name of an account is a hash of vendor, base URL and user name (or `account=`). It contains nothing of the
    password, so that a renewed password finds the same token. Every book that uses the store gets the token of its user
    name, whatever its password. Share a store only among books whose credentials are your own.
    """

    async def get(self, account: str) -> Secret | None:
        """Return the stored token of the account, or None. `account` is the same hash in every process."""
        ...

    async def put(self, account: str, token: Secret | None) -> None:
        """Store the account's new token. None removes the stored token, which is no longer valid."""
        ...


@runtime_checkable
class LockingTokenStore(TokenStore, Protocol):
    """A token store that lets only one of all processes log in at a time. The others then find the new token."""

    def lock(self, account: str) -> AbstractAsyncContextManager[object]:
        """Return a lock that a process holds while it logs in to the account. A killed process releases it."""
        ...


@frozen
class Permits:
    """A lot of permits for requests, reserved by one process.

    Attributes:
        count: how many permits. 0: none yet; ask again after `ready_in` seconds.
        ready_in: seconds until the first permit is due. A negative number: it has been due for that long.
        interval: seconds from one permit to the next.
        closed_for: seconds during which the vendor wants no request at all (`Retry-After`), or 0.0.
    """

    count: int
    ready_in: float
    interval: float
    closed_for: float = 0.0


class SharedLimit(Protocol):
    """The rate limit of one account, which several processes keep together."""

    async def reserve(self, rate: Rate | None) -> Permits:
        """Reserve a few permits. If the place of the limit cannot be reached, wait until it can.

        Args:
            rate: the known limit of the account, or None if it is unknown.
        """
        ...

    async def give_back(self, count: int) -> None:
        """Return permits that are not used."""
        ...

    def throttled(self, retry_after: float | None) -> None:
        """Report that the vendor refused a request because of the rate. Returns at once.

        Args:
            retry_after: seconds during which the vendor wants no request; None if it did not say.
        """
        ...


class Shared(Protocol):
    """What books get by `shared=`: one limit and one login for an account in all processes.

    `crossbook_fleet.Postgres` (extra `fleet`) has both in a database.

    Attributes:
        tokens: the store of login tokens, or None if each process logs in by itself.
    """

    tokens: TokenStore | None

    def check_may_send(self) -> None:
        """Raise an error if the running task may send no request now. Called directly before each request.

        Raises:
            JournalBusyError: another process has taken over what the task works on.
        """
        ...

    def limit(self, vendor: str, base_url: str, account: str) -> SharedLimit:
        """Return the limit of an account.

        Args:
            vendor: the vendor's name in its profile.
            base_url: the base URL of the vendor's API.
            account: the name of the account: `account=`, or the user name.
        """
        ...
