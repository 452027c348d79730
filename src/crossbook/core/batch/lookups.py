"""How a batch asks the vendor for a contact by its match key: a filter or a search a key, or a list read once a run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import anyio

from crossbook.core import phones
from crossbook.core.batch.compare import merged
from crossbook.core.chunks import map_in_chunks
from crossbook.core.jobs import Job
from crossbook.models import Contact, read_from


def match_key(name: str, value: str | None, region: str | None) -> str | None:
    """The value by which two contacts are compared; None matches nobody."""
    if not value or not value.strip():
        return None
    if name == "phone":
        return phones.key(value, region)
    return value.strip().casefold() if name == "email" else value


def why_unmatched(name: str, value: str | None, region: str | None) -> str:
    """Why `match_key` has nothing for this value."""
    if name == "phone" and value and value.strip():
        return f"phone is no number{f' of region {region}' if region else ''}: write +<country><number>"
    return f"{name} is empty"


class Lookups:
    """Contacts by one match key. `verbs` is asked by what its card says: filter, search or snapshot."""

    def __init__(self, verbs: Any, match: str, start: Callable[[Callable[[], Awaitable[Any]]], Job[Any]]) -> None:
        self._verbs = verbs
        self._match = match
        self._start = start
        self._by_list = verbs.card.match_keys[match] == "snapshot"
        self._snapshot: dict[str, list[Contact]] | None = None
        self._taken = float("-inf")
        self._job: Job[None] | None = None
        self._reading = anyio.CancelScope()
        self._meanwhile: list[Contact] = []  # written while the list was under way

    def key(self, contact: Contact) -> str | None:
        return match_key(self._match, getattr(contact, self._match), self._verbs.region)

    def why_unmatched(self, contact: Contact) -> str:
        """Why this contact has no key."""
        value = getattr(contact, self._match)
        if value is None:
            return f"it has no {self._match} to be matched by"
        return why_unmatched(self._match, value, self._verbs.region)

    async def find(self, contact: Contact, since: float = float("-inf")) -> Sequence[Contact]:
        """Every contact with this one's key, each once. A list that was read before `since` is read again."""
        key = self.key(contact)
        if key is None:
            return ()
        if self._by_list:
            return (await self._listed(since)).get(key, ())
        asked = key if self._match == "phone" else getattr(contact, self._match)
        found = await self._verbs.candidates(self._match, asked)
        return list({match.id: match for match in found if self.key(match) == key}.values())

    async def _listed(self, since: float) -> dict[str, list[Contact]]:
        # Read once a run, and again only to learn what became of something that was sent meanwhile.
        while self._snapshot is None or self._taken < since:
            if self._job is None or self._job.done:
                self._reading = anyio.CancelScope()
                self._job = self._start(self._read)
            await self._job.result()
        return self._snapshot

    async def _read(self) -> None:
        taken, snapshot = anyio.current_time(), dict[str, list[Contact]]()
        self._meanwhile = []

        def add(contact: Contact) -> None:
            key = self.key(contact)
            if key is not None:
                snapshot.setdefault(key, []).append(read_from(contact, None, contact.known))

        with self._reading:
            await map_in_chunks(await self._verbs.candidates(self._match, ""), add)
            self._snapshot, self._taken = snapshot, taken
            for contact in self._meanwhile:
                self._put(snapshot, contact)

    async def close(self) -> None:
        """Reads no longer what nobody waits for."""
        if self._job is not None:
            self._reading.cancel()
            await self._job.wait()

    def note(self, contact: Contact) -> None:
        """A contact that this run wrote: a list that was read before would not know it."""
        if self._job is not None and not self._job.done:
            self._meanwhile.append(contact)
        if self._snapshot is not None:
            self._put(self._snapshot, contact)

    def _put(self, snapshot: dict[str, list[Contact]], contact: Contact) -> None:
        key = self.key(contact)
        if key is not None:
            same = {other.id: other for other in snapshot.get(key, ())}
            same[contact.id] = merged(same.get(contact.id, contact), contact)
            snapshot[key] = list(same.values())
