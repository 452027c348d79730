"""The four vendors, and what they share: switches, faults, call counters and delayed operations."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any

import anyio
from sniffio import current_async_library

from .credentials import make_credentials
from .faults import Faults
from .options import Options
from .store import Store
from .vendor import Call, Response, Vendor
from .vendors.atom import Atom
from .vendors.filemail import Filemail
from .vendors.serwersms import SerwerSMS
from .vendors.vercom import Vercom


@dataclass(slots=True)
class ReceivedCall:
    """A received call: its operation ("" if none matched), the fault that affected it, and the status that was sent.

    `account` is the name of the further account that the credentials belong to; empty for the vendor's first account.
    """

    vendor: str
    operation: str
    call: Call
    fault: str | None
    status: int | None = None
    account: str = ""


class CallLog:
    """Counts calls by account and operation, and keeps the last thousand calls.

    The first account of a vendor has the vendor's name, and a further account its own.
    """

    def __init__(self) -> None:
        self._done: Counter[tuple[str, str]] = Counter()
        self._statuses: Counter[tuple[str, str, str]] = Counter()
        self.last: deque[dict[str, Any]] = deque(maxlen=1000)

    def count_done(self, vendor: str, operation: str) -> None:
        """Count an operation that ran, even if its client received no response or an error."""
        self._done[vendor, operation] += 1

    def add(self, vendor: str, operation: str, status: int | None, **details: Any) -> None:
        """Count a call that has ended and keep it.

        Args:
            vendor: Vendor name.
            operation: Operation name.
            status: The status that was sent; None if the connection ended without one.
            details: Further entries of the log.
        """
        self._statuses[vendor, operation, "none" if status is None else str(status)] += 1
        self.last.append({"vendor": vendor, "operation": operation, "status": status, **details})

    def counts(self, vendor: str) -> dict[str, Any]:
        """Return one vendor's counters: operation → requests, done, statuses."""
        counts: dict[str, Any] = {}
        for (name, operation, status), number in self._statuses.items():
            if name == vendor:
                new: dict[str, Any] = {"requests": 0, "done": self._done[vendor, operation], "statuses": {}}
                row = counts.setdefault(operation, new)
                row["requests"] += number
                row["statuses"][status] = number
        return counts

    def clear(self, vendor: str) -> None:
        """Delete one vendor's calls and counters."""
        for counter in (self._done, self._statuses):
            for key in [key for key in counter if key[0] == vendor]:
                del counter[key]
        self.last = deque((call for call in self.last if call["vendor"] != vendor), maxlen=self.last.maxlen)


@dataclass(frozen=True, slots=True)
class DelayedOperation:
    """An operation that runs later, even if its client has disconnected."""

    due: float
    vendor: str
    run: Callable[[], Response]


class Sandbox:
    """The vendors with their accounts, switches, faults and counters.

    Args:
        store: The database of the first accounts. A further account has a database of its own, in memory.
        options: The initial switches. A reset restores them.

    Attributes:
        vendors: The first account of each vendor, by vendor name.
        accounts: The further accounts, by account name.
    """

    def __init__(self, store: Store, options: Options) -> None:
        self.store = store
        self.first_options = self.options = options
        vendors: list[Vendor] = [kind(store, options) for kind in (SerwerSMS, Atom, Filemail, Vercom)]
        self.vendors = {vendor.name: vendor for vendor in vendors}
        self.accounts: dict[str, Vendor] = {}
        self.faults = Faults({name: [row.name for row in vendor.operations] for name, vendor in self.vendors.items()})
        self.log = CallLog()
        self.on_call: Callable[[ReceivedCall], None] = lambda _: None
        self._delayed: list[DelayedOperation] = []

    def configure(self, options: Options) -> None:
        """Apply these switches to all later calls."""
        self.options = options
        for vendor in self._all():
            vendor.configure(options)

    def _all(self) -> list[Vendor]:
        return [*self.vendors.values(), *self.accounts.values()]

    def find(self, key: str) -> Vendor:
        """Return an account by its name, or a vendor's first account by the name of the vendor.

        Raises:
            ValueError: There is no such account.
        """
        found = self.vendors.get(key) or self.accounts.get(key)
        if found is None:
            raise ValueError(
                f"there is no account {key[:50]!r}: take one of {', '.join([*self.vendors, *self.accounts])}"
            )
        return found

    def find_account(self, vendor: str, call: Call) -> Vendor:
        """Return the account of a vendor whose credentials a call has: the first account if no account has them."""
        accounts = (account for account in self.accounts.values() if account.name == vendor)
        return next((account for account in accounts if account.recognizes(call)), self.vendors[vendor])

    def add_account(self, account: str, vendor: str) -> Vendor:
        """Add an empty account of a vendor and return it. An account of this name and vendor that exists stays.

        Raises:
            ValueError: The name is invalid, or an account of another vendor has it.
        """
        make_credentials(vendor, account)
        known = self.accounts.get(account)
        if known is not None and known.name != vendor:
            raise ValueError(f"the account {account!r} is one of {known.name}: take another name")
        if known is None:
            store = Store(clock=self.store.clock)
            known = self.accounts[account] = type(self.vendors[vendor])(store, self.options, account)
        return known

    def remove_accounts(self) -> None:
        """Remove all further accounts."""
        for key in list(self.accounts):
            self.reset(key)
            self.accounts.pop(key).store.close()

    def reset(self, key: str) -> None:
        """Empty one account, and remove its faults, counters, renewed credentials and delayed operations.

        Args:
            key: A vendor's name for its first account, or the name of a further account. Faults belong to a vendor,
                so that the reset of a further account keeps them.
        """
        vendor = self.find(key)
        self._delayed = [delayed for delayed in self._delayed if delayed.vendor != key]
        vendor.store.clear(vendor.name)
        self.log.clear(key)
        if not vendor.account:
            self.faults.clear(key)
        vendor.restore_credentials()
        vendor.configure(self.options)
        vendor.prepare()

    def run_later(self, vendor: str, seconds: float, run: Callable[[], Response]) -> None:
        """Run an operation after this number of seconds; under trio, when the first request after that time arrives."""
        self._delayed.append(DelayedOperation(anyio.current_time() + seconds, vendor, run))
        if current_async_library() == "asyncio":
            loop = asyncio.get_running_loop()
            # A task, because `anyio.current_time` works only inside a task. It ends in one step.
            loop.call_later(seconds, lambda: loop.create_task(self._settle_due()))

    async def _settle_due(self) -> None:
        self.settle(anyio.current_time())

    def settle(self, now: float = inf) -> int:
        """Run the delayed operations that are due at `now`, by default all of them, in order. Return their number."""
        due = sorted((delayed for delayed in self._delayed if delayed.due <= now), key=lambda delayed: delayed.due)
        self._delayed = [delayed for delayed in self._delayed if delayed.due > now]
        for delayed in due:
            delayed.run()
        return len(due)

    def state(self) -> dict[str, Any]:
        """Return the numbers of contacts, groups and calls as JSON."""
        counts: dict[str, Any] = {
            vendor.key: {
                "contacts": vendor.book.count("SELECT count(*) FROM contact WHERE vendor = ?", vendor.name),
                "groups": vendor.book.count("SELECT count(*) FROM contact_group WHERE vendor = ?", vendor.name),
                "operations": self.log.counts(vendor.key),
            }
            for vendor in self._all()
        }
        vendors = {name: counts[name] for name in self.vendors}
        accounts = {name: {"vendor": vendor.name, **counts[name]} for name, vendor in self.accounts.items()}
        return {"vendors": vendors, "accounts": accounts, "late": len(self._delayed)}
