"""What is checked before any I/O, by the card's rows: one value or argument at a time."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from crossbook import _phones, _redaction
from crossbook._pagination.strategies import Offset, Paging
from crossbook.errors import InvalidInput, Unsupported
from crossbook.models import Contact, ExternalId, group_ids, vendor_of
from crossbook.vendor import Card, Query

_BROKEN = re.compile(r"[\0\ud800-\udfff]")


def checked(card: Card, name: str, value: Any, region: str | None) -> Any:
    """One value, in the form that the vendor takes."""
    if name == "groups":
        return tuple(check_id(card, "groups", group) for group in value)
    if name == "created_at":
        return _in_utc(card, name, value)
    value = clean(card, name, value)
    if name == "phone":
        value = normal_phone(card, value, region)
    longest = card.holds[name].longest
    if longest is not None and len(value) > longest:
        raise InvalidInput(f"{name} is longer than {longest} characters", field=name, vendor=card.vendor)
    return value


def _in_utc(card: Card, name: str, value: object) -> datetime:
    if not isinstance(value, datetime):
        raise InvalidInput(f"{name} must be a datetime", field=name, vendor=card.vendor)
    try:
        aware = value.utcoffset() is not None
        utc = value.astimezone(UTC)
    except Exception as error:
        # The years 1 and 9999 overflow in another zone; a zone of the caller's own may raise anything.
        raise InvalidInput(
            f"{name} is no time from the year 1 to 9999 in UTC",
            field=name, vendor=card.vendor, cause=type(error).__name__,
        ) from None  # fmt: skip
    if not aware:
        raise InvalidInput(f"{name} needs its time zone: give it a tzinfo", field=name, vendor=card.vendor)
    return datetime(utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond, UTC)


def normal_phone(card: Card, text: str, region: str | None) -> str:
    """The number in normal form, if the vendor will take its outgoing form."""
    number = _phones.normal(text, region)
    if card.phone_pattern is not None and not card.phone_pattern.fullmatch(outgoing_phone(card, number, region)):
        raise InvalidInput(
            f"phone is no number of region {region}, and {card.title} takes digits only: write +<country><number>",
            field="phone",
            vendor=card.vendor,
        )
    return number


def outgoing_phone(card: Card, number: str, region: str | None) -> str:
    """A normal number as this vendor writes it; with its plus where the digits alone would not be this number again."""
    digits = number[1:]
    plain = card.phone_form == "digits" and number[:1] == "+" and _phones.normal(digits, region) == number
    return digits if plain else number


def page_size_of(paging: Paging, asked: int | None) -> int:
    if asked is None:
        return paging.default
    if not (type(asked) is int and 1 <= asked <= paging.longest):
        raise InvalidInput(f"page_size is from 1 to {paging.longest:,}", field="page_size")
    return asked


def check_window(card: Card, window: int) -> None:
    """Whether so many pages of the card's lists of contacts can be fetched side by side."""
    if type(window) is not int or window < 1:
        raise InvalidInput("window is a whole number from 1", field="window", vendor=card.vendor)
    if window > 1 and not isinstance(card.contact_paging, Offset):
        raise Unsupported(
            f"{card.title}'s pages cannot be fetched side by side: leave window out", field="window", vendor=card.vendor
        )


def check_flag(card: Card, name: str, value: object) -> None:
    """The text "false" would be true."""
    if not isinstance(value, bool):
        raise InvalidInput(f"{name} is True or False", field=name, vendor=card.vendor)


def check_channel(card: Card, channel: str) -> str:
    if not is_one_of(channel, card.channels | {"all"}):
        known = ", ".join(sorted(card.channels))
        raise InvalidInput(f"channel is one of {known}, all", field="channel", vendor=card.vendor)
    return channel


def check_contact(card: Card, id: object) -> None:
    """A contact named by the vendor's id, or by the caller's own where the vendor can."""
    if not isinstance(id, ExternalId):
        check_id(card, "id", id)
    elif card.verb("contacts.update:external_id").support != "native":
        raise Unsupported(f"{card.title} knows contacts by its own ids only", field="id", vendor=card.vendor)
    elif not checked(card, "external_id", id.value, None).strip():
        raise InvalidInput("external_id is empty", field="external_id", vendor=card.vendor)


def check_id(card: Card, field: Literal["id", "group", "groups", "default_group"], value: object) -> str:
    """An id as the vendor makes them, so that it can be put into a path, a query or a body."""
    pattern: re.Pattern[str] = card.contact_id if field == "id" else card.group_id
    if isinstance(value, str) and pattern.fullmatch(value):
        return value
    what = "contact" if field == "id" else "group"
    raise InvalidInput(
        f"this is no {what} id of {card.title}: it is text and matches {pattern.pattern}",
        field=field,
        vendor=card.vendor,
    )


def group_name(card: Card, name: str, field: str = "name") -> str:
    """The name of a group as the vendor takes it."""
    if not clean(card, field, name).strip():
        raise InvalidInput("a group needs a name", field=field, vendor=card.vendor)
    if card.group_name_longest is not None and len(name) > card.group_name_longest:
        raise InvalidInput(
            f"the name is longer than {card.group_name_longest} characters", field=field, vendor=card.vendor
        )
    return name


def is_one_of(value: object, names: Collection[str]) -> bool:
    """Whether it is one of these words; what cannot be looked up, such as a list, is none."""
    return isinstance(value, str) and value in names


def is_empty(value: object) -> bool:
    return (
        value is None or value is False or (isinstance(value, (str, tuple, list, frozenset, set, dict)) and not value)
    )


def clean(card: Card, name: str, value: object) -> str:
    """Text that JSON and a URL can carry."""
    if not isinstance(value, str):
        raise InvalidInput(f"{name} must be text", field=name, vendor=card.vendor)
    if _BROKEN.search(value):
        raise InvalidInput(f"{name} holds a NUL or half of a character", field=name, vendor=card.vendor)
    return value


# A contact, or changes to one, as a vendor can take it: what it cannot hold does not leave, nor is it lost.

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
            shown = _redaction.text(str(name))[:40]
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
        field = f"fields.{_redaction.text(name)}"
        raise InvalidInput(f"{field} is nested deeper than {_MAX_DEPTH} levels", field=field, vendor=card.vendor)
    try:
        # Compared, since much can be written that is read back as something else: NaN, bytes, numbers as keys.
        same = msgspec.json.decode(msgspec.json.encode(value)) == value
    except Exception:  # of the caller's own classes any
        same = False
    if not same:
        field = f"fields.{_redaction.text(name)}"
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
    name = _redaction.text(name)
    if name == "name":
        mend = "give first_name and last_name, which it stores"
    return InvalidInput(f"{card.title} cannot hold {name}: {mend}", field=name, vendor=card.vendor)


# What a list of contacts is narrowed and ordered by, held against the vendor's card before anything is asked.

_TEXTS = ("search", "phone", "email", "external_id")
_FILTERS = ("group", *_TEXTS, "archived", "opted_out")


def narrowed(card: Card, query: Query, region: str | None) -> Query:
    """The query as the vendor is asked: its phone in normal form. Unsupported or InvalidInput names what cannot be."""
    for name in _FILTERS:
        value = getattr(query, name)
        if value is None:
            continue
        _filter(card, name)
        if value == "":
            raise InvalidInput(f"{name} is empty: leave it out to list all", field=name, vendor=card.vendor)
        if name in _TEXTS:
            clean(card, name, value)
    if query.full:
        _filter(card, "full")
    _ordered(card, query.sort, query.descending)
    if query.opted_out is not None and not is_one_of(query.opted_out, card.channels):
        known = ", ".join(sorted(card.channels))
        raise InvalidInput(f"opted_out is one of {known}", field="opted_out", vendor=card.vendor)
    if query.archived is not None:
        check_flag(card, "archived", query.archived)
    if query.group == "none":
        if "group:none" not in card.filters:
            raise Unsupported(f"{card.title} cannot list the contacts in no group", field="group", vendor=card.vendor)
    elif query.group is not None:
        check_id(card, "group", query.group)
    return query if query.phone is None else replace(query, phone=normal_phone(card, query.phone, region))


def _filter(card: Card, name: str) -> None:
    if card.filters.get(name, "unsupported") == "unsupported":
        raise Unsupported(f"{card.title} cannot list by {name}", field=name, vendor=card.vendor)


def _ordered(card: Card, sort: str | None, descending: bool) -> None:
    if (sort is not None or descending) and not card.sorts:
        raise Unsupported(f"{card.title} cannot sort", field="sort", vendor=card.vendor)
    if sort is not None and not is_one_of(sort, card.sorts):
        can = ", ".join(sorted(card.sorts))
        raise Unsupported(f"{card.title} sorts by {can} only", field="sort", vendor=card.vendor)


def match_key(name: str, value: str | None, region: str | None) -> str | None:
    """The value by which two contacts are compared; None matches nobody."""
    if not value or not value.strip():
        return None
    if name == "phone":
        return _phones.key(value, region)
    return value.strip().casefold() if name == "email" else value


def why_unmatched(name: str, value: str | None, region: str | None) -> str:
    """Why `match_key` has nothing for this value."""
    if name == "phone" and value and value.strip():
        return f"phone is no number{f' of region {region}' if region else ''}: write +<country><number>"
    return f"{name} is empty"
