"""What the sandbox was asked and how it answered: counters for tests, and the last calls one by one."""

from __future__ import annotations

from collections import Counter, deque
from typing import Any


class Journal:
    """Counts calls by vendor and operation; `""` stands for calls that are no operation."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, str]] = Counter()
        self._done: Counter[tuple[str, str]] = Counter()
        self._statuses: Counter[tuple[str, str, str]] = Counter()
        self.last: deque[dict[str, Any]] = deque(maxlen=1000)

    def done(self, vendor: str, operation: str) -> None:
        """Count a call that reached the vendor's own code, whatever its client came to see."""
        self._done[vendor, operation] += 1

    def answered(self, vendor: str, operation: str, status: int | None, **details: Any) -> None:
        """Count a call that is over, and keep it among the last thousand.

        Args:
            vendor: Vendor name.
            operation: Operation name.
            status: The status that was sent; None if the connection ended without one.
            details: What else a reader of the log would like to know.
        """
        self._requests[vendor, operation] += 1
        self._statuses[vendor, operation, "none" if status is None else str(status)] += 1
        self.last.append({"vendor": vendor, "operation": operation, "status": status, **details})

    def counts(self, vendor: str) -> dict[str, Any]:
        """Return one vendor's counters: operation → requests, done, statuses."""
        counts: dict[str, Any] = {}
        for (name, operation), number in self._requests.items():
            if name == vendor:
                done = self._done[vendor, operation]
                counts[operation] = {"requests": number, "done": done, "statuses": {}}
        for (name, operation, status), number in self._statuses.items():
            if name == vendor:
                counts[operation]["statuses"][status] = number
        return counts

    def clear(self, vendor: str) -> None:
        """Forget one vendor's calls."""
        for counter in (self._requests, self._done, self._statuses):
            for key in [key for key in counter if key[0] == vendor]:
                del counter[key]
        self.last = deque((call for call in self.last if call["vendor"] != vendor), maxlen=self.last.maxlen)
