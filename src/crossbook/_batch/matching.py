"""How a batch asks the vendor for a contact by its match key: a filter or a search a key, or a list read once a run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import anyio

from crossbook import _phones
from crossbook._concurrency import await_result, is_finished, map_in_chunks
from crossbook._validation import explain_no_match_key, match_key
from crossbook.models import Contact, attach_raw
from crossbook.vendor import VendorProfile

# Whether two contacts say the same: by the fields that the vendor's answer could tell, and by no others.

_FIELDS = ("external_id", "phone", "email", "first_name", "last_name", "name", "company")


def differences(profile: VendorProfile, ours: Contact, theirs: Contact, region: str | None) -> dict[str, Any]:
    """What `update` must be told so that the stored contact says what ours says; what ours leaves out may stay."""
    found: dict[str, Any] = {
        name: value
        for name in _FIELDS
        if (value := getattr(ours, name)) is not None
        and name in theirs.known_fields
        and (name != "name" or profile.name_format == "full")
        and _norm(name, value, region) != _norm(name, getattr(theirs, name), region)
    }
    if ours.fields and "fields" in theirs.known_fields:
        stored = theirs.fields or {}
        fields = {name: value for name, value in ours.fields.items() if _text(value) != _text(stored.get(name))}
        if fields:
            found["fields"] = fields
    if ours.groups and "groups" in theirs.known_fields and not set(ours.groups) <= set(theirs.groups or ()):
        # Where a contact is in many, ours are added to what is there; nobody is taken out of a group by an upsert.
        others = () if profile.single_group else theirs.groups or ()
        found["groups"] = tuple(dict.fromkeys((*others, *ours.groups)))
    if found:
        # What the vendor never shows goes along with what is written anyway.
        hidden = (name for name, support in profile.contact_fields.items() if support.access == "w")
        found |= {name: value for name in hidden if (value := getattr(ours, name)) is not None}
    return found


def untold(ours: Contact, theirs: Contact) -> set[str]:
    """The fields of ours of which that answer of the vendor tells nothing."""
    return {name for name in (*_FIELDS, "fields", "groups") if getattr(ours, name)} - theirs.known_fields


def equal(profile: VendorProfile, ours: Contact, theirs: Contact, region: str | None) -> bool:
    """Whether the stored contact is what ours made: the same in all that is known, and empty where ours is.

    Groups are looked at only where a contact is born into its one group: elsewhere they may come a call later.
    """
    names = [
        name for name in _FIELDS if name in theirs.known_fields and (name != "name" or profile.name_format == "full")
    ]
    if any(_norm(name, getattr(ours, name), region) != _norm(name, getattr(theirs, name), region) for name in names):
        return False
    if profile.single_group and "groups" in theirs.known_fields and ours.groups != theirs.groups:
        return False
    if "fields" not in theirs.known_fields:
        return True
    return _filled(ours.fields) == _filled(theirs.fields)


def merged(first: Contact, second: Contact) -> Contact:
    """What two answers of the vendor tell of one contact together; the second wins."""
    values = {
        name: getattr(second if name in second.known_fields else first, name)
        for name in first.known_fields | second.known_fields
    }
    return attach_raw(Contact(**values), first.raw, first.known_fields | second.known_fields)


def _filled(fields: Mapping[str, Any] | None) -> dict[str, str]:
    return {name: _text(value) for name, value in (fields or {}).items() if _text(value)}


def _norm(name: str, value: str | None, region: str | None) -> str | None:
    if not value:
        return None
    if name == "phone":
        return _phones.normalize(value, region)
    return value.casefold() if name == "email" else value


def _text(value: Any) -> str:
    return "" if value is None else str(value)


class Lookups:
    """Contacts by one match key. `verbs` is asked by what its profile says: filter, search or snapshot."""

    def __init__(
        self, adapter: Any, match: str, start: Callable[[Callable[[], Awaitable[Any]]], anyio.Future[Any]]
    ) -> None:
        self._adapter = adapter
        self._match = match
        self._start = start
        self._by_list = adapter.profile.match_keys[match] == "snapshot"
        self._snapshot: dict[str, list[Contact]] | None = None
        self._taken = float("-inf")
        self._job: anyio.Future[None] | None = None
        self._reading = anyio.CancelScope()
        self._meanwhile: list[Contact] = []  # written while the list was under way

    def key(self, contact: Contact) -> str | None:
        return match_key(self._match, getattr(contact, self._match), self._adapter.region)

    def explain_no_match_key(self, contact: Contact) -> str:
        """Why this contact has no key."""
        value = getattr(contact, self._match)
        if value is None:
            return f"it has no {self._match} to be matched by"
        return explain_no_match_key(self._match, value, self._adapter.region)

    async def find(self, contact: Contact, since: float = float("-inf")) -> Sequence[Contact]:
        """Every contact with this one's key, each once. A list that was read before `since` is read again."""
        key = self.key(contact)
        if key is None:
            return ()
        if self._by_list:
            return (await self._listed(since)).get(key, ())
        asked = key if self._match == "phone" else getattr(contact, self._match)
        found = await self._adapter.search(self._match, asked)
        return list({match.id: match for match in found if self.key(match) == key}.values())

    async def _listed(self, since: float) -> dict[str, list[Contact]]:
        # Read once a run, and again only to learn what became of something that was sent meanwhile.
        while self._snapshot is None or self._taken < since:
            if self._job is None or is_finished(self._job):
                self._reading = anyio.CancelScope()
                self._job = self._start(self._read)
            await await_result(self._job)
        return self._snapshot

    async def _read(self) -> None:
        taken, snapshot = anyio.current_time(), dict[str, list[Contact]]()
        self._meanwhile = []

        def add(contact: Contact) -> None:
            key = self.key(contact)
            if key is not None:
                snapshot.setdefault(key, []).append(attach_raw(contact, None, contact.known_fields))

        with self._reading:
            await map_in_chunks(await self._adapter.search(self._match, ""), add)
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
        if self._job is not None and not is_finished(self._job):
            self._meanwhile.append(contact)
        if self._snapshot is not None:
            self._put(self._snapshot, contact)

    def _put(self, snapshot: dict[str, list[Contact]], contact: Contact) -> None:
        key = self.key(contact)
        if key is not None:
            same = {other.id: other for other in snapshot.get(key, ())}
            same[contact.id] = merged(same.get(contact.id, contact), contact)
            snapshot[key] = list(same.values())
