"""The four vendors together: with the switches, faults and counters that are theirs in common."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any

import anyio
from sniffio import current_async_library

from .atom import Atom
from .credentials import CREDENTIALS
from .faults import Faults
from .filemail import Filemail
from .journal import Journal
from .options import Options
from .serwersms import SerwerSMS
from .store import Store
from .vendor import Call, Reply, Vendor
from .vercom import Vercom


@dataclass(frozen=True, slots=True)
class Late:
    """A call that is done when its time has come, though its client is gone."""

    due: float
    vendor: str
    run: Callable[[], Reply]


@dataclass(slots=True)
class Heard:
    """A call that has come: what is asked, the fault that spoils it, and, once it is over, its answer's status."""

    vendor: str
    operation: str
    call: Call
    fault: str | None
    status: int | None = None


class Sandbox:
    """The vendors with their store, switches, faults and counters.

    Args:
        store: The database.
        options: The switches to begin with, and to come back to on reset.
    """

    def __init__(self, store: Store, options: Options) -> None:
        self.store = store
        self.first_options = self.options = options
        vendors: list[Vendor[Any]] = [kind(store, options) for kind in (SerwerSMS, Atom, Filemail, Vercom)]
        self.vendors = {vendor.name: vendor for vendor in vendors}
        self.faults = Faults({name: [row.name for row in vendor.operations] for name, vendor in self.vendors.items()})
        self.journal = Journal()
        self.heard: Callable[[Heard], None] = lambda _: None
        self._late: list[Late] = []

    def configure(self, options: Options) -> None:
        """Obey these switches from now on."""
        self.options = options
        for vendor in self.vendors.values():
            vendor.configure(options)

    def reset(self, name: str) -> None:
        """Put one vendor back to a fresh account without faults, counters, new credentials or calls to come."""
        self._late = [late for late in self._late if late.vendor != name]
        self.store.clear(name)
        self.faults.clear(name)
        self.journal.clear(name)
        self.vendors[name].credentials = dict(CREDENTIALS[name])
        self.vendors[name].configure(self.options)
        self.vendors[name].prepare()

    def later(self, vendor: str, seconds: float, run: Callable[[], Reply]) -> None:
        """Do a call after a while, though its client is gone; under trio, when somebody looks after that while."""
        self._late.append(Late(anyio.current_time() + seconds, vendor, run))
        if current_async_library() == "asyncio":
            loop = asyncio.get_running_loop()
            # In a task, since a vendor asks anyio for the time, which knows none elsewhere. It is over in one step.
            loop.call_later(seconds, lambda: loop.create_task(self._due()))

    async def _due(self) -> None:
        self.settle(anyio.current_time())

    def settle(self, now: float = inf) -> int:
        """Do, in their order, the calls that are due, by default all that were to come; return how many there were."""
        due = sorted((late for late in self._late if late.due <= now), key=lambda late: late.due)
        self._late = [late for late in self._late if late.due > now]
        for late in due:
            late.run()
        return len(due)

    def state(self) -> dict[str, Any]:
        """Return what is stored and what was counted, as JSON."""
        vendors: dict[str, Any] = {}
        for name, vendor in self.vendors.items():
            vendors[name] = {
                "contacts": vendor.book.count("SELECT count(*) FROM contact WHERE vendor = ?", name),
                "groups": vendor.book.count("SELECT count(*) FROM contact_group WHERE vendor = ?", name),
                "operations": self.journal.counts(name),
            }
        return {"vendors": vendors, "late": len(self._late)}
