"""The four vendors together: with the switches, faults and counters that are theirs in common."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from .atom import Atom
from .faults import Faults
from .filemail import Filemail
from .journal import Journal
from .options import Options
from .serwersms import SerwerSMS
from .store import Store
from .vendor import Reply, Vendor
from .vercom import Vercom


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
        self._late: dict[asyncio.TimerHandle, tuple[str, Callable[[], Reply]]] = {}

    def configure(self, options: Options) -> None:
        """Obey these switches from now on."""
        self.options = options
        for vendor in self.vendors.values():
            vendor.configure(options)

    def reset(self, name: str) -> None:
        """Put one vendor back to a fresh account without faults, counters or calls to come."""
        for handle in [handle for handle, (vendor, _) in self._late.items() if vendor == name]:
            handle.cancel()
            del self._late[handle]
        self.store.clear(name)
        self.faults.clear(name)
        self.journal.clear(name)
        self.vendors[name].configure(self.options)
        self.vendors[name].prepare()

    def later(self, vendor: str, seconds: float, run: Callable[[], Reply]) -> None:
        """Do a call after a while, though its client is gone."""

        def due() -> None:
            del self._late[handle]
            run()

        handle = asyncio.get_running_loop().call_later(seconds, due)
        self._late[handle] = (vendor, run)

    def settle(self) -> int:
        """Do at once, in their order, all calls that were to come later; return how many there were."""
        due = sorted(self._late.items(), key=lambda item: item[0].when())
        self._late.clear()
        for handle, (_, run) in due:
            handle.cancel()
            run()
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
