"""Find contacts by their match key, and compare them with the items of a batch."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from unicodedata import normalize

import anyio
from attrs import define, field

from crossbook import _phones
from crossbook._concurrency import await_result, is_finished, map_in_chunks
from crossbook._validation import explain_no_match_key, match_key
from crossbook.models import Contact, attach_raw
from crossbook.vendor import Query, VendorProfile

AUTO = "auto"  # the value of match= that takes the first match key which a contact has
_MAX_OPT_OUT_PAGES = 4  # of each channel, of which the last may be empty
_FIELDS = ("external_id", "phone", "email", "first_name", "last_name", "name", "company")


def find_differences(profile: VendorProfile, ours: Contact, theirs: Contact, region: str | None) -> dict[str, Any]:
    """Return the changes that make the stored contact (`theirs`) equal `ours`. Fields that `ours` omits are ignored."""
    changes: dict[str, Any] = {
        name: getattr(ours, name)
        for name in _list_compared_fields(profile, theirs)
        if getattr(ours, name) is not None and not _is_same(name, ours, theirs, region)
    }
    if ours.fields and "fields" in theirs.known_fields:
        stored = theirs.fields or {}
        fields = {name: value for name, value in ours.fields.items() if _text(value) != _text(stored.get(name))}
        if fields:
            changes["fields"] = fields
    if ours.groups and "groups" in theirs.known_fields and not set(ours.groups) <= set(theirs.groups or ()):
        # An upsert removes a contact from no group, if the vendor allows several.
        others = () if profile.single_group else theirs.groups or ()
        changes["groups"] = tuple(dict.fromkeys((*others, *ours.groups)))
    if changes:
        # The vendor never returns write-only fields: they cannot be compared, so any update sends them.
        hidden = (name for name, support in profile.contact_fields.items() if support.access == "w")
        changes |= {name: value for name in hidden if (value := getattr(ours, name)) is not None}
    return changes


def find_missing_fields(ours: Contact, theirs: Contact) -> set[str]:
    """Return the names of the fields that `ours` has and the vendor's response (`theirs`) does not contain."""
    return {name for name in (*_FIELDS, "fields", "groups") if getattr(ours, name)} - theirs.known_fields


def is_equal(profile: VendorProfile, ours: Contact, theirs: Contact, region: str | None) -> bool:
    """Return whether this run may have created the stored contact: all known fields are equal, also the empty ones.

    Groups are compared only if the vendor sets a contact's group when it creates the contact. Otherwise a later call
    adds the groups.
    """
    if not all(_is_same(name, ours, theirs, region) for name in _list_compared_fields(profile, theirs)):
        return False
    if profile.single_group and "groups" in theirs.known_fields and ours.groups != theirs.groups:
        return False
    return "fields" not in theirs.known_fields or _filled(ours.fields) == _filled(theirs.fields)


def contradicts(ours: Contact, theirs: Contact, region: str | None) -> bool:
    """Return whether the contacts are two people: a field that both have differs. Letter case and spaces do not count.

    A field that one of them lacks says nothing: it may be unknown, or not filled in yet.
    """
    for name in _FIELDS:
        mine, other = getattr(ours, name), getattr(theirs, name)
        if mine and other and _fold(name, mine, region) != _fold(name, other, region):
            return True
    stored = theirs.fields or {}
    return any(
        mine not in (None, "", other)
        and other not in (None, "")
        and _fold("", str(mine), None) != _fold("", str(other), None)
        for name, mine in (ours.fields or {}).items()
        if (other := stored.get(name)) is not None
    )


def _fold(name: str, value: str, region: str | None) -> str:
    if name == "phone":
        return _phones.normalize(value, region)
    return value if name == "external_id" else " ".join(normalize("NFC", value).casefold().split())


def list_match_keys(profile: VendorProfile, match: str) -> Sequence[str]:
    """Return the names of the match keys by which a batch with this `match=` finds contacts, in their order."""
    return list(profile.match_keys) if match == AUTO else [match]


def list_unhashed_keys(profile: VendorProfile, match: str, contact: Contact, region: str | None) -> list[str]:
    """Return the values of the contact's match keys, of which a journal stores the hash of the first.

    With match="auto" each value has its name, since an external id may look like a phone.
    """
    found = ((name, match_key(name, getattr(contact, name), region)) for name in list_match_keys(profile, match))
    return [f"{name} {key}" if match == AUTO else key for name, key in found if key is not None]


def merge_contacts(first: Contact, second: Contact) -> Contact:
    """Merge two records of one contact. Where both know a field, the second record's value is taken."""
    values = {
        name: getattr(second if name in second.known_fields else first, name)
        for name in first.known_fields | second.known_fields
    }
    return attach_raw(Contact(**values), first.raw, first.known_fields | second.known_fields)


def _list_compared_fields(profile: VendorProfile, theirs: Contact) -> list[str]:
    # A vendor with first and last name composes `name` itself.
    return [
        name for name in _FIELDS if name in theirs.known_fields and (name != "name" or profile.name_format == "full")
    ]


def _is_same(name: str, ours: Contact, theirs: Contact, region: str | None) -> bool:
    return _normalize(name, getattr(ours, name), region) == _normalize(name, getattr(theirs, name), region)


def _normalize(name: str, value: str | None, region: str | None) -> str | None:
    if not value:
        return None
    if name == "phone":
        return _phones.normalize(value, region)
    return value.casefold() if name == "email" else value


def _filled(fields: Mapping[str, Any] | None) -> dict[str, str]:
    return {name: _text(value) for name, value in (fields or {}).items() if _text(value)}


def _text(value: Any) -> str:
    return "" if value is None else str(value)


@define(eq=False, repr=False)
class Lookups:
    """The lookups of contacts by match key, in the way that the vendor's profile names: filter, search or snapshot.

    A snapshot is the whole list, read once a run and shared by all workers (single flight). It is read again only to
    find out what became of a create that was sent after it.

    Args:
        adapter: the vendor's adapter.
        match: the name of the match key, or "auto": the first of the vendor's match keys that a contact has.
        start_task: starts a background task of the book and returns its future.
    """

    _adapter: Any
    _match: str
    _start_task: Callable[[Callable[[], Awaitable[Any]]], anyio.Future[Any]]
    _snapshot: dict[tuple[str, str], list[Contact]] | None = field(init=False, default=None)
    _snapshot_began: float = field(init=False, default=float("-inf"))
    _reading: anyio.Future[None] | None = field(init=False, default=None)
    _scope: anyio.CancelScope = field(init=False, factory=anyio.CancelScope)
    _written_meanwhile: list[Contact] = field(
        init=False, factory=list[Contact]
    )  # by this run, while a snapshot was read
    _opted_out: set[tuple[str, str]] | None = field(init=False, default=None)
    """The match keys of the contacts that opted out when the run first asked, from a few pages for each channel."""
    _lists_all_opted_out: bool = field(init=False, default=False)  # whether those pages were all
    _opted_out_meanwhile: set[tuple[str, str]] = field(init=False, factory=set[tuple[str, str]])  # by this run
    _reading_opted_out: anyio.Lock = field(init=False, factory=anyio.Lock)

    @property
    def is_auto(self) -> bool:
        return self._match == AUTO

    def list_unhashed_keys(self, contact: Contact) -> list[str]:
        return list_unhashed_keys(self._adapter.profile, self._match, contact, self._adapter.region)

    def has_further_keys(self, contact: Contact) -> bool:
        return len(self._list_keys(contact)) > 1

    def get_key_name(self, contact: Contact) -> str | None:
        """Return the name of the contact's first match key, or None if it has none."""
        return next((name for name, _ in self._list_keys(contact)), None)

    def _list_keys(self, contact: Contact) -> list[tuple[str, str]]:
        region = self._adapter.region
        found = (
            (name, match_key(name, getattr(contact, name), region))
            for name in list_match_keys(self._adapter.profile, self._match)
        )
        return [(name, key) for name, key in found if key is not None]

    def explain_no_match_key(self, contact: Contact) -> str:
        value = getattr(contact, self._match)
        if value is None:
            return f"the contact has no {self._match}, by which match= finds contacts"
        return explain_no_match_key(self._match, value, self._adapter.region)

    async def find(self, contact: Contact, since: float = float("-inf")) -> Sequence[Contact]:
        """Return every stored contact with this contact's match key. A snapshot from before `since` is read again."""
        keys = self._list_keys(contact)
        return await self._find_by_key(contact, *keys[0], since) if keys else ()

    async def find_by_further_keys(self, contact: Contact) -> Sequence[Contact]:
        """Return every stored contact with one of this contact's match keys but the first (only if match="auto")."""
        found: dict[str, Contact] = {}
        for name, key in self._list_keys(contact)[1:]:
            found |= {match.id: match for match in await self._find_by_key(contact, name, key)}
        return list(found.values())

    async def may_have_opted_out(self, contact: Contact) -> bool:
        """Return False if no stored contact with one of this contact's match keys opted out, and True if one may have.

        This costs a few requests for each channel and run, and no request for a contact, unless more contacts opted out
        than these pages hold.
        """
        async with self._reading_opted_out:
            if self._opted_out is None:
                await self._read_opted_out()
        opted_out = self._opted_out or set()
        return not self._lists_all_opted_out or any(
            key in opted_out or key in self._opted_out_meanwhile for key in self._list_keys(contact)
        )

    async def _read_opted_out(self) -> None:
        profile, keys = self._adapter.profile, set[tuple[str, str]]()
        is_complete = profile.filters.get("opted_out") == "native"
        for channel in sorted(profile.channels) if is_complete else ():
            fetch = self._adapter.list_contacts(Query(opted_out=channel), profile.contact_paging.max_size)
            position: Any = None
            for _ in range(_MAX_OPT_OUT_PAGES):
                rows, position = await fetch(position)
                keys.update(key for row in rows if row is not None for key in self._list_keys(row))
                if position is None:
                    break
            is_complete = is_complete and position is None
        self._opted_out, self._lists_all_opted_out = keys, is_complete

    def remember_opted_out(self, contact: Contact) -> None:
        """Remember the match keys of a contact that this run opts out."""
        self._opted_out_meanwhile.update(self._list_keys(contact))

    async def _find_by_key(
        self, contact: Contact, name: str, key: str, since: float = float("-inf")
    ) -> Sequence[Contact]:
        if self._is_snapshot(name):
            return (await self._get_snapshot(since)).get((name, key), ())
        value = key if name == "phone" else getattr(contact, name)
        found = await self._adapter.search(name, value)
        return list({match.id: match for match in found if (name, key) in self._list_keys(match)}.values())

    def _is_snapshot(self, name: str) -> bool:
        return bool(self._adapter.profile.match_keys[name] == "snapshot")

    async def _get_snapshot(self, since: float) -> dict[tuple[str, str], list[Contact]]:
        while self._snapshot is None or self._snapshot_began < since:
            if self._reading is None or is_finished(self._reading):
                self._scope = anyio.CancelScope()
                self._reading = self._start_task(self._read_snapshot)
            await await_result(self._reading)
        return self._snapshot

    async def _read_snapshot(self) -> None:
        began, snapshot = anyio.current_time(), dict[tuple[str, str], list[Contact]]()
        self._written_meanwhile = []

        def add(contact: Contact) -> None:
            bare = attach_raw(contact, None, contact.known_fields)
            for key in self._list_keys(contact):
                snapshot.setdefault(key, []).append(bare)

        with self._scope:
            name = next(filter(self._is_snapshot, list_match_keys(self._adapter.profile, self._match)))
            await map_in_chunks(await self._adapter.search(name, ""), add)
            self._snapshot, self._snapshot_began = snapshot, began
            for contact in self._written_meanwhile:
                self._put(snapshot, contact)

    def remember(self, contact: Contact) -> None:
        """Add to the snapshot a contact that this run wrote after the reading of the snapshot began."""
        if self._reading is not None and not is_finished(self._reading):
            self._written_meanwhile.append(contact)
        if self._snapshot is not None:
            self._put(self._snapshot, contact)

    def _put(self, snapshot: dict[tuple[str, str], list[Contact]], contact: Contact) -> None:
        for key in self._list_keys(contact):
            same = {other.id: other for other in snapshot.get(key, ())}
            same[contact.id] = merge_contacts(same.get(contact.id, contact), contact)
            snapshot[key] = list(same.values())

    async def close(self) -> None:
        """Cancel the reading of a snapshot, if it is still in progress."""
        if self._reading is not None:
            self._scope.cancel()
            await self._reading.wait()
