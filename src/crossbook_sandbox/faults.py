"""The faults that are armed. What each kind does to an answer is in `misbehave.py`."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping
from typing import Any

from .fault import Fault, read_fault


class Faults:
    """The faults that are armed, in the order in which they were added.

    Args:
        operations: Every vendor's operation names, against which a fault is checked when it is added.
    """

    def __init__(self, operations: Mapping[str, Collection[str]]) -> None:
        self._operations = operations
        self._armed: list[Fault] = []
        self._ids = itertools.count(1)

    def add(self, fault: str, vendor: str = "*", operation: str = "*", **settings: Any) -> int:
        """Arm a fault and return its number.

        Args:
            fault: The kind.
            vendor: Vendor name, or `"*"`.
            operation: Operation name, or `"*"`.
            settings: The other arguments of `Fault`; each kind takes those that mean something to it.

        Raises:
            ValueError: Something of it is unknown, or not possible.

        Example:
            `app.state.faults.add("status", "vercom", "listContacts", status=503, count=2, retry_after=1)`
        """
        new = read_fault({"fault": fault, "vendor": vendor, "operation": operation, **settings})
        vendors = self._operations if new.vendor == "*" else {new.vendor: self._operations.get(new.vendor, ())}
        if not any(new.operation in ("*", name) for names in vendors.values() for name in names):
            raise ValueError(f"no operation {new.operation!r} of vendor {new.vendor!r}")
        new.id = next(self._ids)
        self._armed.append(new)
        return new.id

    def take(self, vendor: str, operation: str) -> Fault | None:
        """Return the first armed fault that spoils this call, or None."""
        for fault in self._armed:
            if fault.matches(vendor, operation) and fault.fires():
                return fault
        return None

    def get(self, number: int) -> Fault:
        """Return an armed fault by its number."""
        return next(fault for fault in self._armed if fault.id == number)

    def remove(self, number: int) -> Fault:
        """Disarm one fault, and return it."""
        fault = self.get(number)
        self._armed.remove(fault)
        return fault

    def waits(self, vendor: str, operation: str, before: int) -> bool:
        """Tell whether a fault with a lower number than this is to spoil the next such call."""
        return any(
            fault.id < before
            and fault.matches(vendor, operation)
            and not fault.skip
            and (fault.count is None or fault.hits < fault.count)
            for fault in self._armed
        )

    def clear(self, vendor: str | None = None) -> None:
        """Disarm all faults, or those of one vendor."""
        self._armed = [fault for fault in self._armed if vendor not in (None, fault.vendor)]

    def described(self) -> list[dict[str, Any]]:
        """Return them as JSON, with how often each has struck."""
        return [fault.described() for fault in self._armed]
