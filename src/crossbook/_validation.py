"""What is checked before any I/O, by the profile's rows: one value or argument at a time."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from crossbook import _phones, _redaction
from crossbook._pagination.strategies import OffsetPagination, Paging
from crossbook.errors import InvalidInputError, UnsupportedError
from crossbook.models import Contact, ExternalId, get_source_vendor, group_ids
from crossbook.vendor import Query, VendorProfile

_BROKEN = re.compile(r"[\0\ud800-\udfff]")


def check_field(profile: VendorProfile, name: str, value: Any, region: str | None) -> Any:
    """One value, in the form that the vendor takes."""
    if name == "groups":
        return tuple(check_id(profile, "groups", group) for group in value)
    if name == "created_at":
        return _in_utc(profile, name, value)
    value = check_text(profile, name, value)
    if name == "phone":
        value = normalize_phone(profile, value, region)
    longest = profile.contact_fields[name].max_length
    if longest is not None and len(value) > longest:
        raise InvalidInputError(f"{name} is longer than {longest} characters", field=name, vendor=profile.vendor)
    return value


def _in_utc(profile: VendorProfile, name: str, value: object) -> datetime:
    if not isinstance(value, datetime):
        raise InvalidInputError(f"{name} must be a datetime", field=name, vendor=profile.vendor)
    try:
        aware = value.utcoffset() is not None
        utc = value.astimezone(UTC)
    except Exception as error:
        # The years 1 and 9999 overflow in another zone; a zone of the caller's own may raise anything.
        raise InvalidInputError(
            f"{name} is no time from the year 1 to 9999 in UTC",
            field=name, vendor=profile.vendor, cause=type(error).__name__,
        ) from None  # fmt: skip
    if not aware:
        raise InvalidInputError(f"{name} needs its time zone: give it a tzinfo", field=name, vendor=profile.vendor)
    return datetime(utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond, UTC)


def normalize_phone(profile: VendorProfile, text: str, region: str | None) -> str:
    """The number in normal form, if the vendor will take its outgoing form."""
    number = _phones.normalize(text, region)
    if profile.phone_pattern is not None and not profile.phone_pattern.fullmatch(encode_phone(profile, number, region)):
        raise InvalidInputError(
            f"phone is no number of region {region}, and {profile.title} takes digits only: write +<country><number>",
            field="phone",
            vendor=profile.vendor,
        )
    return number


def encode_phone(profile: VendorProfile, number: str, region: str | None) -> str:
    """A normal number as this vendor writes it; with its plus where the digits alone would not be this number again."""
    digits = number[1:]
    plain = profile.phone_form == "digits" and number[:1] == "+" and _phones.normalize(digits, region) == number
    return digits if plain else number


def check_page_size(paging: Paging, asked: int | None) -> int:
    if asked is None:
        return paging.default_size
    if not (type(asked) is int and 1 <= asked <= paging.max_size):
        raise InvalidInputError(f"page_size is from 1 to {paging.max_size:,}", field="page_size")
    return asked


def check_prefetch(profile: VendorProfile, window: int) -> None:
    """Whether so many pages of the profile's lists of contacts can be fetched side by side."""
    if type(window) is not int or window < 1:
        raise InvalidInputError("prefetch must be a whole number from 1", field="prefetch", vendor=profile.vendor)
    if window > 1 and not isinstance(profile.contact_paging, OffsetPagination):
        raise UnsupportedError(
            f"{profile.title}'s pages cannot be fetched side by side: leave window out",
            field="prefetch",
            vendor=profile.vendor,
        )


def check_flag(profile: VendorProfile, name: str, value: object) -> None:
    """The text "false" would be true."""
    if not isinstance(value, bool):
        raise InvalidInputError(f"{name} is True or False", field=name, vendor=profile.vendor)


def check_channel(profile: VendorProfile, channel: str) -> str:
    if not is_one_of(channel, profile.channels | {"all"}):
        known = ", ".join(sorted(profile.channels))
        raise InvalidInputError(f"channel is one of {known}, all", field="channel", vendor=profile.vendor)
    return channel


def check_contact(profile: VendorProfile, id: object) -> None:
    """A contact named by the vendor's id, or by the caller's own where the vendor can."""
    if not isinstance(id, ExternalId):
        check_id(profile, "id", id)
    elif profile.capability("contacts.update:external_id").support != "native":
        raise UnsupportedError(f"{profile.title} knows contacts by its own ids only", field="id", vendor=profile.vendor)
    elif not check_field(profile, "external_id", id.value, None).strip():
        raise InvalidInputError("external_id is empty", field="external_id", vendor=profile.vendor)


def check_id(profile: VendorProfile, field: Literal["id", "group", "groups", "default_group"], value: object) -> str:
    """An id as the vendor makes them, so that it can be put into a path, a query or a body."""
    pattern: re.Pattern[str] = profile.contact_id if field == "id" else profile.group_id
    if isinstance(value, str) and pattern.fullmatch(value):
        return value
    what = "contact" if field == "id" else "group"
    raise InvalidInputError(
        f"this is no {what} id of {profile.title}: it is text and matches {pattern.pattern}",
        field=field,
        vendor=profile.vendor,
    )


def check_group_name(profile: VendorProfile, name: str, field: str = "name") -> str:
    """The name of a group as the vendor takes it."""
    if not check_text(profile, field, name).strip():
        raise InvalidInputError("a group needs a name", field=field, vendor=profile.vendor)
    if profile.group_name_max_length is not None and len(name) > profile.group_name_max_length:
        raise InvalidInputError(
            f"the name is longer than {profile.group_name_max_length} characters", field=field, vendor=profile.vendor
        )
    return name


def is_one_of(value: object, names: Collection[str]) -> bool:
    """Whether it is one of these words; what cannot be looked up, such as a list, is none."""
    return isinstance(value, str) and value in names


def is_empty(value: object) -> bool:
    return (
        value is None or value is False or (isinstance(value, (str, tuple, list, frozenset, set, dict)) and not value)
    )


def check_text(profile: VendorProfile, name: str, value: object) -> str:
    """Text that JSON and a URL can carry."""
    if not isinstance(value, str):
        raise InvalidInputError(f"{name} must be text", field=name, vendor=profile.vendor)
    if _BROKEN.search(value):
        raise InvalidInputError(f"{name} holds a NUL or half of a character", field=name, vendor=profile.vendor)
    return value


# A contact, or changes to one, as a vendor can take it: what it cannot hold does not leave, nor is it lost.

OnUnsupportedField = Literal["error", "drop"]
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
    dropped_fields: tuple[str, ...]
    write_only_fields: tuple[str, ...]


def prepare_contact(
    profile: VendorProfile,
    contact: Contact,
    *,
    region: str | None,
    on_unsupported_field: OnUnsupportedField,
    group: str | None,
) -> Prepared:
    """The contact as the vendor can take it; InvalidInputError naming the field that it cannot."""
    check_on_unsupported_field(profile, on_unsupported_field)
    if not isinstance(contact, Contact):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidInputError("a contact is a crossbook.Contact", field="contact", vendor=profile.vendor)
    values = {name: value for name in FIELDS if not is_empty(value := getattr(contact, name))}
    read_at = get_source_vendor(contact)
    if read_at is not None:
        # What an answer cannot tell is not copied, though it may tell a part (a row of SerwerSMS names one group).
        values = {name: value for name, value in values.items() if name in contact.known_fields}
    halves = _halves(profile, values)
    if profile.name_format == "full":
        if halves and values.setdefault("name", halves) == halves:
            for half in _HALVES:
                values.pop(half, None)
    elif values.get("name") == halves:
        del values["name"]  # the halves say it already
    lost = [name for name in values if not is_writable(profile, name)]
    fields, dropped_fields = _fields(profile, contact.fields or {})
    lost += dropped_fields
    if read_at not in (None, profile.vendor) and "groups" in values:
        if on_unsupported_field == "error" and not lost:
            raise InvalidInputError(
                f"these groups are another vendor's: name groups of {profile.title}, or pass on_unsupported_field=\"drop\"",
                field="groups", vendor=profile.vendor,
            )  # fmt: skip
        lost.append("groups")
    if lost and on_unsupported_field == "error":
        raise _cannot_hold(profile, lost[0])
    values = {name: value for name, value in values.items() if name not in lost}
    if profile.single_group:
        values.setdefault("groups", (group,) if group else ())
        if len(values["groups"]) != 1:
            raise InvalidInputError(
                f"a contact of {profile.title} is in exactly one group: name it, or give the book a default_group",
                field="groups", vendor=profile.vendor,
            )  # fmt: skip
    for name, value in values.items():
        values[name] = check_field(profile, name, value, region)
    for name, support in profile.contact_fields.items():
        if support.required and name not in values:
            raise _without(profile, name)
    if profile.requires_any_of and not any(name in values for name in profile.requires_any_of):
        raise _without(profile, " or ".join(profile.requires_any_of))
    prepared = Contact(**values, fields=fields or None)
    return Prepared(prepared, tuple(lost), list_write_only(profile, values))


def check_on_unsupported_field(profile: VendorProfile, on_unsupported_field: str) -> None:
    if on_unsupported_field not in ("error", "drop"):
        raise InvalidInputError(
            "on_unsupported_field is 'error' or 'drop'", field="on_unsupported_field", vendor=profile.vendor
        )


def prepare_changes(profile: VendorProfile, changes: Mapping[str, Any], *, region: str | None) -> dict[str, Any]:
    """The changes as the vendor can take them; None clears."""
    if not changes:
        raise InvalidInputError("name at least one field to change", vendor=profile.vendor)
    if profile.name_format == "full" and changes.keys() >= set(_HALVES):
        changes = _joined(profile, changes)
    changed: dict[str, Any] = {}
    for name, value in changes.items():
        if name == "fields":
            fields, lost = _fields(profile, value)
            if lost:
                raise _cannot_hold(profile, lost[0], mend="leave it out")
            if not fields and value:
                raise _cannot_hold(profile, f"fields.{next(iter(value))}", mend="leave it out")
            if not fields:
                raise InvalidInputError(
                    "fields is empty: name at least one to change", field="fields", vendor=profile.vendor
                )
            changed[name] = fields
        elif name not in FIELDS:
            shown = _redaction.text(str(name))[:40]
            raise InvalidInputError(f"a contact has no field {shown!r}", field=shown, vendor=profile.vendor)
        elif profile.name_format == "full" and name in _HALVES:
            raise InvalidInputError(
                f"{profile.title} stores whole names: change `name`, or both halves, one alone cannot be changed",
                field=name, vendor=profile.vendor,
            )  # fmt: skip
        elif not is_writable(profile, name):
            raise _cannot_hold(profile, name, mend="leave it out")
        elif name == "created_at":
            raise InvalidInputError(
                f"{profile.title} takes created_at with a new contact only: leave it out",
                field=name,
                vendor=profile.vendor,
            )
        elif is_empty(value):
            if (name in profile.contact_fields and profile.contact_fields[name].required) or (
                name == "groups" and profile.single_group
            ):
                raise _without(profile, name)
            if profile.clear_value == "never" and name != "groups":
                raise UnsupportedError(f"{profile.title} cannot empty {name}", field=name, vendor=profile.vendor)
            changed[name] = () if name == "groups" else None
        else:
            if name == "groups":
                value = group_ids(value)
                if profile.single_group and len(value) != 1:
                    raise InvalidInputError(
                        "a contact is in exactly one group here", field="groups", vendor=profile.vendor
                    )
            changed[name] = check_field(profile, name, value, region)
    if profile.requires_any_of and all(changed.get(name, "kept") is None for name in profile.requires_any_of):
        raise _without(profile, " or ".join(profile.requires_any_of))
    return changed


def _halves(profile: VendorProfile, values: Mapping[str, Any]) -> str:
    """The whole name that the halves make."""
    return " ".join(check_text(profile, name, values[name]) for name in _HALVES if not is_empty(values.get(name)))


def _joined(profile: VendorProfile, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes with both halves of a name as the whole one that the vendor stores."""
    whole = _halves(profile, changes)
    joined = {name: value for name, value in changes.items() if name not in _HALVES}
    if joined.setdefault("name", whole) != whole:
        raise InvalidInputError(
            "name is not first_name and last_name: give either it or them", field="name", vendor=profile.vendor
        )
    return joined


def is_writable(profile: VendorProfile, name: str) -> bool:
    return name in profile.contact_fields and "w" in profile.contact_fields[name].access


def list_write_only(profile: VendorProfile, written: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        name for name in written if name in profile.contact_fields and profile.contact_fields[name].access == "w"
    )


def _fields(profile: VendorProfile, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    if not isinstance(fields, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidInputError(
            'fields is a mapping: {"name": value}, and None as the value to clear it',
            field="fields",
            vendor=profile.vendor,
        )
    held: dict[str, Any] = {}
    lost: list[str] = []
    for name, value in fields.items():
        if profile.extra_fields is None:
            named = check_text(profile, "fields", name)
            held[named] = _encodable(profile, named, value)
        elif name not in profile.extra_fields:
            if not is_empty(value):
                lost.append(f"fields.{name}")
        elif value is None:
            held[name] = None
        else:
            held[name] = check_text(profile, f"fields.{name}", value)
            longest = profile.extra_fields[name]
            if longest is not None and len(value) > longest:
                raise InvalidInputError(
                    f"fields.{name} is longer than {longest} characters", field=f"fields.{name}", vendor=profile.vendor
                )
    return held, lost


def _encodable(profile: VendorProfile, name: str, value: Any) -> Any:
    if _is_deeper(value, _MAX_DEPTH):
        field = f"fields.{_redaction.text(name)}"
        raise InvalidInputError(
            f"{field} is nested deeper than {_MAX_DEPTH} levels", field=field, vendor=profile.vendor
        )
    try:
        # Compared, since much can be written that is read back as something else: NaN, bytes, numbers as keys.
        same = msgspec.json.decode(msgspec.json.encode(value)) == value
    except Exception:  # of the caller's own classes any
        same = False
    if not same:
        field = f"fields.{_redaction.text(name)}"
        raise InvalidInputError(f"{field} cannot be written as JSON", field=field, vendor=profile.vendor)
    return value


def _is_deeper(value: Any, levels: int) -> bool:
    """Return whether containers are nested in more levels."""
    if not isinstance(value, dict | list | tuple):
        return False
    inner: Any = value.values() if isinstance(value, dict) else value  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in inner)


def _without(profile: VendorProfile, needed: str) -> InvalidInputError:
    return InvalidInputError(f"{profile.title} stores no contact without {needed}", field=needed, vendor=profile.vendor)


def _cannot_hold(
    profile: VendorProfile, name: str, mend: str = 'leave it out, or pass on_unsupported_field="drop"'
) -> InvalidInputError:
    name = _redaction.text(name)
    if name == "name":
        mend = "give first_name and last_name, which it stores"
    return InvalidInputError(f"{profile.title} cannot hold {name}: {mend}", field=name, vendor=profile.vendor)


# What a list of contacts is validate_query and ordered by, held against the vendor's profile before anything is asked.

_TEXTS = ("search", "phone", "email", "external_id")
_FILTERS = ("group", *_TEXTS, "archived", "opted_out")


def validate_query(profile: VendorProfile, query: Query, region: str | None) -> Query:
    """The query as the vendor is asked: its phone in normal form. UnsupportedError or InvalidInputError names what cannot be."""
    for name in _FILTERS:
        value = getattr(query, name)
        if value is None:
            continue
        _filter(profile, name)
        if value == "":
            raise InvalidInputError(f"{name} is empty: leave it out to list all", field=name, vendor=profile.vendor)
        if name in _TEXTS:
            check_text(profile, name, value)
    if query.full:
        _filter(profile, "full")
    _ordered(profile, query.sort, query.descending)
    if query.opted_out is not None and not is_one_of(query.opted_out, profile.channels):
        known = ", ".join(sorted(profile.channels))
        raise InvalidInputError(f"opted_out is one of {known}", field="opted_out", vendor=profile.vendor)
    if query.archived is not None:
        check_flag(profile, "archived", query.archived)
    if query.group == "none":
        if "group:none" not in profile.filters:
            raise UnsupportedError(
                f"{profile.title} cannot list the contacts in no group", field="group", vendor=profile.vendor
            )
    elif query.group is not None:
        check_id(profile, "group", query.group)
    return query if query.phone is None else replace(query, phone=normalize_phone(profile, query.phone, region))


def _filter(profile: VendorProfile, name: str) -> None:
    if profile.filters.get(name, "unsupported") == "unsupported":
        raise UnsupportedError(f"{profile.title} cannot list by {name}", field=name, vendor=profile.vendor)


def _ordered(profile: VendorProfile, sort: str | None, descending: bool) -> None:
    if (sort is not None or descending) and not profile.sorts:
        raise UnsupportedError(f"{profile.title} cannot sort", field="sort", vendor=profile.vendor)
    if sort is not None and not is_one_of(sort, profile.sorts):
        can = ", ".join(sorted(profile.sorts))
        raise UnsupportedError(f"{profile.title} sorts by {can} only", field="sort", vendor=profile.vendor)


def match_key(name: str, value: str | None, region: str | None) -> str | None:
    """The value by which two contacts are compared; None matches nobody."""
    if not value or not value.strip():
        return None
    if name == "phone":
        return _phones.match_key(value, region)
    return value.strip().casefold() if name == "email" else value


def why_unmatched(name: str, value: str | None, region: str | None) -> str:
    """Why `match_key` has nothing for this value."""
    if name == "phone" and value and value.strip():
        return f"phone is no number{f' of region {region}' if region else ''}: write +<country><number>"
    return f"{name} is empty"
