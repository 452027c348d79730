"""A contact, or changes to one, as a vendor can take it: what it cannot hold does not leave, nor is it lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Struct

from crossbook.core import redact
from crossbook.core.card import Card
from crossbook.core.checks import checked, clean, is_empty
from crossbook.errors import InvalidInput, Unsupported
from crossbook.models import Contact, group_ids, vendor_of

OnLoss = Literal["error", "drop"]
_HALVES = ("first_name", "last_name")
_MAX_DEPTH = 32  # levels of a further field; services that show it as JSON cannot serialize 255
# In the order in which a person would fill them in; `id` is the vendor's to give.
FIELDS = (
    "external_id", "phone", "email", "first_name", "last_name", "name", "company", "groups", "opted_out", "archived",
    "created_at",
)  # fmt: skip


class Prepared(Struct, frozen=True):
    """A contact as this vendor can take it, and what that cost."""

    contact: Contact
    lost: tuple[str, ...]
    unverified: tuple[str, ...]


def for_create(card: Card, contact: Contact, *, region: str | None, on_loss: OnLoss, group: str | None) -> Prepared:
    """The contact as the vendor can take it; InvalidInput naming the field that it cannot."""
    check_on_loss(card, on_loss)
    if not isinstance(contact, Contact):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidInput("a contact is a crossbook.Contact", field="contact", vendor=card.vendor)
    values = {name: value for name in FIELDS if not is_empty(value := getattr(contact, name))}
    read_at = vendor_of(contact)
    if read_at is not None:
        # What an answer cannot tell is not copied, though it may tell a part (a row of SerwerSMS names one group).
        values = {name: value for name, value in values.items() if name in contact.known}
    halves = _halves(card, values)
    if card.names == "whole":
        if halves and values.setdefault("name", halves) == halves:
            for half in _HALVES:
                values.pop(half, None)
    elif values.get("name") == halves:
        del values["name"]  # the halves say it already
    lost = [name for name in values if not writable(card, name)]
    fields, lost_fields = _fields(card, contact.fields or {})
    lost += lost_fields
    if read_at not in (None, card.vendor) and "groups" in values:
        if on_loss == "error" and not lost:
            raise InvalidInput(
                f"these groups are another vendor's: name groups of {card.title}, or pass on_loss=\"drop\"",
                field="groups", vendor=card.vendor,
            )  # fmt: skip
        lost.append("groups")
    if lost and on_loss == "error":
        raise _cannot_hold(card, lost[0])
    values = {name: value for name, value in values.items() if name not in lost}
    if card.one_group:
        values.setdefault("groups", (group,) if group else ())
        if len(values["groups"]) != 1:
            raise InvalidInput(
                f"a contact of {card.title} is in exactly one group: name it, or give the book a default_group",
                field="groups", vendor=card.vendor,
            )  # fmt: skip
    for name, value in values.items():
        values[name] = checked(card, name, value, region)
    for name, holds in card.holds.items():
        if holds.required and name not in values:
            raise _without(card, name)
    if card.needs_one_of and not any(name in values for name in card.needs_one_of):
        raise _without(card, " or ".join(card.needs_one_of))
    prepared = Contact(**values, fields=fields or None)
    return Prepared(prepared, tuple(lost), unverified(card, values))


def check_on_loss(card: Card, on_loss: str) -> None:
    if on_loss not in ("error", "drop"):
        raise InvalidInput("on_loss is 'error' or 'drop'", field="on_loss", vendor=card.vendor)


def for_update(card: Card, changes: Mapping[str, Any], *, region: str | None) -> dict[str, Any]:
    """The changes as the vendor can take them; None clears."""
    if not changes:
        raise InvalidInput("name at least one field to change", vendor=card.vendor)
    if card.names == "whole" and changes.keys() >= set(_HALVES):
        changes = _joined(card, changes)
    changed: dict[str, Any] = {}
    for name, value in changes.items():
        if name == "fields":
            fields, lost = _fields(card, value)
            if lost:
                raise _cannot_hold(card, lost[0], mend="leave it out")
            if not fields and value:
                raise _cannot_hold(card, f"fields.{next(iter(value))}", mend="leave it out")
            if not fields:
                raise InvalidInput("fields is empty: name at least one to change", field="fields", vendor=card.vendor)
            changed[name] = fields
        elif name not in FIELDS:
            shown = redact.text(str(name))[:40]
            raise InvalidInput(f"a contact has no field {shown!r}", field=shown, vendor=card.vendor)
        elif card.names == "whole" and name in _HALVES:
            raise InvalidInput(
                f"{card.title} stores whole names: change `name`, or both halves, one alone cannot be changed",
                field=name, vendor=card.vendor,
            )  # fmt: skip
        elif not writable(card, name):
            raise _cannot_hold(card, name, mend="leave it out")
        elif name == "created_at":
            raise InvalidInput(
                f"{card.title} takes created_at with a new contact only: leave it out", field=name, vendor=card.vendor
            )
        elif is_empty(value):
            if (name in card.holds and card.holds[name].required) or (name == "groups" and card.one_group):
                raise _without(card, name)
            if card.clears == "never" and name != "groups":
                raise Unsupported(f"{card.title} cannot empty {name}", field=name, vendor=card.vendor)
            changed[name] = () if name == "groups" else None
        else:
            if name == "groups":
                value = group_ids(value)
                if card.one_group and len(value) != 1:
                    raise InvalidInput("a contact is in exactly one group here", field="groups", vendor=card.vendor)
            changed[name] = checked(card, name, value, region)
    if card.needs_one_of and all(changed.get(name, "kept") is None for name in card.needs_one_of):
        raise _without(card, " or ".join(card.needs_one_of))
    return changed


def _halves(card: Card, values: Mapping[str, Any]) -> str:
    """The whole name that the halves make."""
    return " ".join(clean(card, name, values[name]) for name in _HALVES if not is_empty(values.get(name)))


def _joined(card: Card, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes with both halves of a name as the whole one that the vendor stores."""
    whole = _halves(card, changes)
    joined = {name: value for name, value in changes.items() if name not in _HALVES}
    if joined.setdefault("name", whole) != whole:
        raise InvalidInput(
            "name is not first_name and last_name: give either it or them", field="name", vendor=card.vendor
        )
    return joined


def writable(card: Card, name: str) -> bool:
    return name in card.holds and "w" in card.holds[name].access


def unverified(card: Card, written: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(name for name in written if name in card.holds and card.holds[name].access == "w")


def _fields(card: Card, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    if not isinstance(fields, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidInput(
            'fields is a mapping: {"name": value}, and None as the value to clear it',
            field="fields",
            vendor=card.vendor,
        )
    held: dict[str, Any] = {}
    lost: list[str] = []
    for name, value in fields.items():
        if card.named_fields is None:
            named = clean(card, "fields", name)
            held[named] = _encodable(card, named, value)
        elif name not in card.named_fields:
            if not is_empty(value):
                lost.append(f"fields.{name}")
        elif value is None:
            held[name] = None
        else:
            held[name] = clean(card, f"fields.{name}", value)
            longest = card.named_fields[name]
            if longest is not None and len(value) > longest:
                raise InvalidInput(
                    f"fields.{name} is longer than {longest} characters", field=f"fields.{name}", vendor=card.vendor
                )
    return held, lost


def _encodable(card: Card, name: str, value: Any) -> Any:
    if _is_deeper(value, _MAX_DEPTH):
        field = f"fields.{redact.text(name)}"
        raise InvalidInput(f"{field} is nested deeper than {_MAX_DEPTH} levels", field=field, vendor=card.vendor)
    try:
        # Compared, since much can be written that is read back as something else: NaN, bytes, numbers as keys.
        same = msgspec.json.decode(msgspec.json.encode(value)) == value
    except Exception:  # of the caller's own classes any
        same = False
    if not same:
        field = f"fields.{redact.text(name)}"
        raise InvalidInput(f"{field} cannot be written as JSON", field=field, vendor=card.vendor)
    return value


def _is_deeper(value: Any, levels: int) -> bool:
    """Return whether containers are nested in more levels."""
    if not isinstance(value, dict | list | tuple):
        return False
    inner: Any = value.values() if isinstance(value, dict) else value  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in inner)


def _without(card: Card, needed: str) -> InvalidInput:
    return InvalidInput(f"{card.title} stores no contact without {needed}", field=needed, vendor=card.vendor)


def _cannot_hold(card: Card, name: str, mend: str = 'leave it out, or pass on_loss="drop"') -> InvalidInput:
    name = redact.text(name)
    if name == "name":
        mend = "give first_name and last_name, which it stores"
    return InvalidInput(f"{card.title} cannot hold {name}: {mend}", field=name, vendor=card.vendor)
