"""Compare stored contacts with the items of a batch, and list the values of a contact's match keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from unicodedata import normalize

from crossbook import _phones
from crossbook._validation import match_key
from crossbook.models import Contact, attach_raw
from crossbook.vendor import VendorProfile

AUTO = "auto"  # the value of match= that takes the first match key which a contact has
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


def is_snapshot(profile: VendorProfile, key: str) -> bool:
    """Return whether contacts with this match key can be found only in the list of all contacts."""
    return key in [name for name, source in profile.match_keys.items() if source == "snapshot"]


def find_snapshot_key(profile: VendorProfile, match: str) -> str | None:
    """Return the first match key of this `match=` by which the vendor has no filter, or None if each has one."""
    return next((name for name in list_match_keys(profile, match) if is_snapshot(profile, name)), None)


def list_unhashed_keys(profile: VendorProfile, match: str, contact: Contact, region: str | None) -> list[str]:
    """Return the values of the contact's match keys, of which a journal stores the hash of the first.

    With match="auto" each value has its name, since an external id may look like a phone.
    """
    found = list_named_keys(profile, match, contact, region)
    return [f"{name} {key}" if match == AUTO else key for name, key in found]


def list_named_keys(profile: VendorProfile, match: str, contact: Contact, region: str | None) -> list[tuple[str, str]]:
    """Return the contact's match keys in normal form, each with its name."""
    found = ((name, match_key(name, getattr(contact, name), region)) for name in list_match_keys(profile, match))
    return [(name, key) for name, key in found if key is not None]


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
