"""Whether two contacts say the same: by the fields that the vendor's answer could tell, and by no others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crossbook.core import phones
from crossbook.core.card import Card
from crossbook.models import Contact, read_from

_FIELDS = ("external_id", "phone", "email", "first_name", "last_name", "name", "company")


def differences(card: Card, ours: Contact, theirs: Contact, region: str | None) -> dict[str, Any]:
    """What `update` must be told so that the stored contact says what ours says; what ours leaves out may stay."""
    found: dict[str, Any] = {
        name: value
        for name in _FIELDS
        if (value := getattr(ours, name)) is not None
        and name in theirs.known
        and (name != "name" or card.names == "whole")
        and _norm(name, value, region) != _norm(name, getattr(theirs, name), region)
    }
    if ours.fields and "fields" in theirs.known:
        stored = theirs.fields or {}
        fields = {name: value for name, value in ours.fields.items() if _text(value) != _text(stored.get(name))}
        if fields:
            found["fields"] = fields
    if ours.groups and "groups" in theirs.known and not set(ours.groups) <= set(theirs.groups or ()):
        # Where a contact is in many, ours are added to what is there; nobody is taken out of a group by an upsert.
        others = () if card.one_group else theirs.groups or ()
        found["groups"] = tuple(dict.fromkeys((*others, *ours.groups)))
    if found:
        # What the vendor never shows goes along with what is written anyway.
        hidden = (name for name, holds in card.holds.items() if holds.access == "w")
        found |= {name: value for name in hidden if (value := getattr(ours, name)) is not None}
    return found


def untold(ours: Contact, theirs: Contact) -> set[str]:
    """The fields of ours of which that answer of the vendor tells nothing."""
    return {name for name in (*_FIELDS, "fields", "groups") if getattr(ours, name)} - theirs.known


def equal(card: Card, ours: Contact, theirs: Contact, region: str | None) -> bool:
    """Whether the stored contact is what ours made: the same in all that is known, and empty where ours is.

    Groups are looked at only where a contact is born into its one group: elsewhere they may come a call later.
    """
    names = [name for name in _FIELDS if name in theirs.known and (name != "name" or card.names == "whole")]
    if any(_norm(name, getattr(ours, name), region) != _norm(name, getattr(theirs, name), region) for name in names):
        return False
    if card.one_group and "groups" in theirs.known and ours.groups != theirs.groups:
        return False
    if "fields" not in theirs.known:
        return True
    return _filled(ours.fields) == _filled(theirs.fields)


def merged(first: Contact, second: Contact) -> Contact:
    """What two answers of the vendor tell of one contact together; the second wins."""
    values = {name: getattr(second if name in second.known else first, name) for name in first.known | second.known}
    return read_from(Contact(**values), first.raw, first.known | second.known)


def _filled(fields: Mapping[str, Any] | None) -> dict[str, str]:
    return {name: _text(value) for name, value in (fields or {}).items() if _text(value)}


def _norm(name: str, value: str | None, region: str | None) -> str | None:
    if not value:
        return None
    if name == "phone":
        return phones.normal(value, region)
    return value.casefold() if name == "email" else value


def _text(value: Any) -> str:
    return "" if value is None else str(value)
