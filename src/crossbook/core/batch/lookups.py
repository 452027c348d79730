"""How a batch asks the vendor for a contact by its match key: a filter or a search a key, or a list read once a run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import anyio

from crossbook.core import phones
from crossbook.core.jobs import Job
from crossbook.models import Contact


def match_key(name: str, value: str | None, region: str | None) -> str | None:
    """The value by which two contacts are compared; None matches nobody."""
    if not value or not value.strip():
        return None
    if name == "phone":
        return phones.key(value, region)
    return value.strip().casefold() if name == "email" else value


class Lookups:
    """Contacts by one match key. `verbs` is asked by what its card says: filter, search or snapshot."""

    def __init__(self, verbs: Any, match: str, start: Callable[[Callable[[], Awaitable[Any]]], Job[Any]]) -> None:
        self._verbs = verbs
        self._match = match
        self._start = start
        self._snapshot: dict[str, list[Contact]] | None = None
        self._taken = float("-inf")
        self._job: Job[None] | None = None
        self.by_snapshot = verbs.card.match_keys[match] == "snapshot"

    def key(self, contact: Contact) -> str | None:
        return match_key(self._match, getattr(contact, self._match), self._verbs.region)

    async def find(self, contact: Contact, since: float = float("-inf")) -> Sequence[Contact]:
        """Every contact with this one's key, each once. What was read before `since` is read again."""
        key = self.key(contact)
        if key is None:
            return ()
        if self.by_snapshot:
            return (await self._listed(since)).get(key, ())
        asked = key if self._match == "phone" else getattr(contact, self._match)
        found = await self._verbs.candidates(self._match, asked)
        return list({match.id: match for match in found if self.key(match) == key}.values())

    async def _listed(self, since: float) -> dict[str, list[Contact]]:
        # Read once a run, and again only to learn what became of something that was sent meanwhile.
        while self._snapshot is None or self._taken < since:
            if self._job is None or self._job.done:
                self._job = self._start(self._read)
            await self._job.result()
        return self._snapshot

    async def _read(self) -> None:
        taken, snapshot = anyio.current_time(), dict[str, list[Contact]]()
        for contact in await self._verbs.candidates(self._match, ""):
            key = self.key(contact)
            if key is not None:
                snapshot.setdefault(key, []).append(contact)
        self._snapshot, self._taken = snapshot, taken

    def note(self, contact: Contact) -> None:
        """A contact that this run wrote: a snapshot would not know it."""
        key = self.key(contact)
        if self._snapshot is not None and key is not None:
            others = [other for other in self._snapshot.get(key, ()) if other.id != contact.id]
            self._snapshot[key] = [*others, contact]
