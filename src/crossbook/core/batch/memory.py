"""What a run that matches, and keeps no journal, must remember while it lasts: whose key, and whose contact."""

from __future__ import annotations

from collections.abc import Sequence

from crossbook.core.journal import Entry, NoJournal


class MemoryJournal(NoJournal):
    """Keys and owners of this run only; some 200 bytes an item."""

    def __init__(self) -> None:
        self._keys: dict[str, int] = {}
        self._owners: dict[str, int] = {}

    async def owner(self, id: str) -> int | None:
        return self._owners.get(id)

    async def key_index(self, key: str) -> int | None:
        return self._keys.get(key)

    async def intend(self, entries: Sequence[Entry]) -> None:
        self._note(entries)

    async def settle(self, entries: Sequence[Entry]) -> None:
        self._note(entries)

    def _note(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if entry.key is not None and entry.index < self._keys.get(entry.key, entry.index + 1):
                self._keys[entry.key] = entry.index
            if entry.id is not None and entry.status in ("created", "updated", "unchanged"):
                self._owners.setdefault(entry.id, entry.index)
