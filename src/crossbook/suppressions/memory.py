"""`MemorySuppressions`: a store of a suppression list that exists as long as its process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence

from crossbook.suppressions.base import SuppressionEntry


class MemorySuppressions:
    """A store that keeps the entries of a suppression list in memory, for tests and for lists that you load at start.

    Example:
        ```python
        suppressions = crossbook.SuppressionList(MemorySuppressions())
        ```
    """

    def __init__(self) -> None:
        self._tag: str | None = None
        self._entries: list[SuppressionEntry] = []
        self._by_key: dict[str, tuple[SuppressionEntry, ...]] = {}
        self._receipts: set[str] = set()

    async def open(self, tag: str) -> str:
        self._tag = self._tag or tag
        return self._tag

    async def append(self, entries: Sequence[SuppressionEntry], receipt: str | None = None) -> bool:
        if receipt is not None:
            if receipt in self._receipts:
                return False
            self._receipts.add(receipt)
        for entry in entries:
            self._entries.append(entry)
            for key in entry.lookup_keys:
                self._by_key[key] = (*self._by_key.get(key, ()), entry)
        return True

    async def find(self, keys: Collection[str]) -> Mapping[str, Sequence[SuppressionEntry]]:
        found = self._by_key
        return {key: found[key] for key in keys if key in found}

    async def entries(self) -> AsyncIterator[SuppressionEntry]:
        for index in range(len(self._entries)):
            yield self._entries[index]

    async def close(self) -> None:
        pass
