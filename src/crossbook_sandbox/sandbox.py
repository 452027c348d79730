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

from .credentials import CREDENTIALS
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
    """A received call: its operation ("" if none matched), the fault that affected it, and the status that was sent."""

    vendor: str
    operation: str
    call: Call
    fault: str | None
    status: int | None = None


class CallLog:
    """Counts calls by vendor and operation, and keeps the last thousand calls."""

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
    """The vendors with their store, switches, faults and counters.

    Args:
        store: The database.
        options: The initial switches. A reset restores them.
    """

    def __init__(self, store: Store, options: Options) -> None:
        self.store = store
        self.first_options = self.options = options
        vendors: list[Vendor] = [kind(store, options) for kind in (SerwerSMS, Atom, Filemail, Vercom)]
        self.vendors = {vendor.name: vendor for vendor in vendors}
        self.faults = Faults({name: [row.name for row in vendor.operations] for name, vendor in self.vendors.items()})
        self.log = CallLog()
        self.on_call: Callable[[ReceivedCall], None] = lambda _: None
        self._delayed: list[DelayedOperation] = []

    def configure(self, options: Options) -> None:
        """Apply these switches to all later calls."""
        self.options = options
        for vendor in self.vendors.values():
            vendor.configure(options)

    def reset(self, name: str) -> None:
        """Empty one vendor's account, and remove its faults, counters, renewed credentials and delayed operations."""
        self._delayed = [delayed for delayed in self._delayed if delayed.vendor != name]
        self.store.clear(name)
        self.faults.clear(name)
        self.log.clear(name)
        self.vendors[name].credentials = dict(CREDENTIALS[name])
        self.vendors[name].configure(self.options)
        self.vendors[name].prepare()

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
        vendors: dict[str, Any] = {}
        for name, vendor in self.vendors.items():
            vendors[name] = {
                "contacts": vendor.book.count("SELECT count(*) FROM contact WHERE vendor = ?", name),
                "groups": vendor.book.count("SELECT count(*) FROM contact_group WHERE vendor = ?", name),
                "operations": self.log.counts(name),
            }
        return {"vendors": vendors, "late": len(self._delayed)}
