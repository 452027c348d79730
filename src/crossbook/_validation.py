"""Check arguments, contacts and list filters against a vendor's profile, before any request is sent."""

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
from crossbook._suggestions import did_you_mean
from crossbook.errors import InvalidInputError, UnsupportedError
from crossbook.models import Contact, ContactFields, ExternalId, get_source_vendor, group_ids
from crossbook.vendor import NUMERIC_ID, Query, VendorProfile, encode_phone

OnUnsupportedField = Literal["error", "drop"]

# The fields that a caller can set, in the order of a form; the vendor sets `id`.
FIELDS = (
    "external_id", "phone", "email", "first_name", "last_name", "name", "company", "groups", "opted_out", "archived",
    "created_at",
)  # fmt: skip
_NAME_PARTS = ("first_name", "last_name")
_TEXT_FILTERS = ("search", "phone", "email", "external_id")
_FILTERS = ("group", *_TEXT_FILTERS, "archived", "opted_out")
_MAX_DEPTH = 32  # levels of a value in `Contact.fields`; FastAPI cannot serialize 255
_NOT_TEXT = re.compile(r"[\0\ud800-\udfff]")


def _invalid(profile: VendorProfile, field: str, problem: str) -> InvalidInputError:
    return InvalidInputError(problem, field=field, vendor=profile.vendor)


def _unsupported(profile: VendorProfile, field: str, problem: str) -> UnsupportedError:
    return UnsupportedError(f"{profile.title} {problem}", field=field, vendor=profile.vendor)


# Single arguments.


def check_field(profile: VendorProfile, name: str, value: Any, region: str | None) -> Any:
    """Check the value of one contact field, and return it in the form that the adapter takes."""
    if name == "groups":
        return tuple(check_id(profile, "groups", group) for group in value)
    if name == "created_at":
        return _to_utc(profile, name, value)
    value = check_text(profile, name, value)
    if name == "phone":
        value = normalize_phone(profile, value, region)
    return _check_length(profile, name, value, profile.contact_fields[name].max_length)


def check_text(profile: VendorProfile, name: str, value: object) -> str:
    """Return the value if it is text that JSON and a URL can carry. Otherwise raise InvalidInputError."""
    if not isinstance(value, str):
        raise _invalid(profile, name, f"{name} must be text")
    if _NOT_TEXT.search(value):
        raise _invalid(profile, name, f"{name} has a NUL character or half of a surrogate pair: pass valid Unicode")
    return value


def _check_length(profile: VendorProfile, name: str, value: str, limit: int | None) -> str:
    if limit is not None and len(value) > limit:
        raise _invalid(profile, name, f"{name} is longer than {limit} characters: shorten it")
    return value


def _to_utc(profile: VendorProfile, name: str, value: object) -> datetime:
    if not isinstance(value, datetime):
        raise _invalid(profile, name, f"{name} must be a datetime with tzinfo")
    try:
        aware = value.utcoffset() is not None
        utc = value.astimezone(UTC)
    except Exception as error:
        # The years 1 and 9999 overflow in other time zones, and a caller's own tzinfo may raise anything.
        raise InvalidInputError(
            f"{name} must be between the years 1 and 9999 in UTC",
            field=name, vendor=profile.vendor, cause=type(error).__name__,
        ) from None  # fmt: skip
    if not aware:
        raise _invalid(profile, name, f"{name} has no time zone: pass a datetime with tzinfo")
    return datetime(utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond, UTC)


def normalize_phone(profile: VendorProfile, text: str, region: str | None) -> str:
    """Return a phone in E.164 if it is valid.

    Raises:
        InvalidInputError: the vendor would refuse the number, or a spreadsheet has cut its digits.
    """
    if _phones.has_lost_digits(text):
        raise _invalid(profile, "phone", _phones.LOST_DIGITS)
    number = _phones.normalize(text, region)
    if profile.phone_pattern is not None and not profile.phone_pattern.fullmatch(encode_phone(profile, number, region)):
        problem = f"phone is not a valid number of region {region}, and {profile.title} takes digits only"
        raise _invalid(profile, "phone", f"{problem}: write +<country><number>")
    return number


def check_page_size(paging: Paging, page_size: int | None) -> int:
    """Return the page size to request: the given one if it is in range, or the default if it is None."""
    if page_size is None:
        return paging.default_size
    if not (type(page_size) is int and 1 <= page_size <= paging.max_size):
        raise InvalidInputError(
            f"page_size must be a whole number, at least 1 and at most {paging.max_size:,}", field="page_size"
        )
    return page_size


def check_limit(limit: int | None, prefetch: int) -> None:
    if limit is not None and (type(limit) is not int or limit < 1):
        raise InvalidInputError("limit must be a whole number, at least 1", field="limit")
    if limit is not None and prefetch > 1:
        raise InvalidInputError(
            "a list with a limit requests no page ahead: pass limit or prefetch, not both", field="prefetch"
        )


def check_prefetch(profile: VendorProfile, prefetch: int) -> None:
    if type(prefetch) is not int or prefetch < 1:
        raise _invalid(profile, "prefetch", "prefetch must be a whole number, at least 1")
    if prefetch > 1 and not isinstance(profile.contact_paging, OffsetPagination):
        raise _unsupported(profile, "prefetch", "cannot fetch several pages at once: leave prefetch out")


def check_flag(profile: VendorProfile, name: str, value: object) -> None:
    if not isinstance(value, bool):  # the text "false" is true
        raise _invalid(profile, name, f"{name} must be True or False")


def check_channel(profile: VendorProfile, channel: str) -> str:
    if not is_one_of(channel, profile.channels | {"all"}):
        raise _invalid(profile, "channel", f"channel must be one of {', '.join(sorted(profile.channels))}, all")
    return channel


def check_on_unsupported_field(profile: VendorProfile, on_unsupported_field: str) -> None:
    if on_unsupported_field not in ("error", "drop"):
        raise _invalid(profile, "on_unsupported_field", "on_unsupported_field must be 'error' or 'drop'")


def check_on_opted_out(profile: VendorProfile, on_opted_out: str) -> None:
    if not is_one_of(on_opted_out, ("error", "unsubscribe")):
        raise _invalid(profile, "on_opted_out", "on_opted_out of one contact must be 'error' or 'unsubscribe'")


def make_contact(profile: VendorProfile, contact: object, values: Mapping[str, Any]) -> Contact:
    """Return a contact of keywords. A call takes a contact or keywords, not both."""
    if contact is not None:
        raise _invalid(
            profile, next(iter(values)), "pass a Contact or keywords, not both: dataclasses.replace changes a contact"
        )
    if not values:
        raise _invalid(profile, "contact", "the contact is missing: pass a Contact, or its fields as keywords")
    for name in values:
        if name not in ContactFields.__annotations__:
            shown = _redaction.mask_text(str(name))[:40]
            close = did_you_mean(name, ContactFields.__annotations__)
            raise _invalid(profile, shown, f"a new contact has no field {shown!r}{close}")
    return Contact(**values)


def check_contact_id(profile: VendorProfile, id: object) -> None:
    """Raise an error unless this is a valid contact id, or an `ExternalId` at a vendor that supports it."""
    if not isinstance(id, ExternalId):
        check_id(profile, "id", id)
    elif profile.capability("contacts.update:external_id").support != "native":
        raise _unsupported(profile, "id", "has no external ids: pass the vendor's id")
    elif not check_field(profile, "external_id", id.value, None).strip():
        raise _invalid(profile, "external_id", "external_id is empty: pass your own key of the contact")


def check_id(profile: VendorProfile, field: Literal["id", "group", "groups", "default_group"], value: object) -> str:
    """Return the contact or group id if it has the vendor's format. Otherwise raise InvalidInputError."""
    pattern: re.Pattern[str] = profile.contact_id if field == "id" else profile.group_id
    if isinstance(value, str) and pattern.fullmatch(value):
        return value
    kind = "contact" if field == "id" else "group"
    expected = "digits, as text" if pattern is NUMERIC_ID else f"text that matches {pattern.pattern}"
    raise _invalid(profile, field, f"invalid {profile.title} {kind} id: expected {expected}")


def check_group_name(profile: VendorProfile, name: str, field: str = "name") -> str:
    if not check_text(profile, field, name).strip():
        raise _invalid(profile, field, "the name of a group is empty: pass a name")
    return _check_length(profile, field, name, profile.group_name_max_length)


def is_one_of(value: object, names: Collection[str]) -> bool:
    """Return whether the value is one of these names. Unlike `in`, also accept a value that is not hashable."""
    return isinstance(value, str) and value in names


def is_empty(value: object) -> bool:
    return (
        value is None or value is False or (isinstance(value, (str, tuple, list, frozenset, set, dict)) and not value)
    )


def is_writable(profile: VendorProfile, name: str) -> bool:
    return name in profile.contact_fields and "w" in profile.contact_fields[name].access


def list_write_only(profile: VendorProfile, written: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of those fields in `written` that the vendor stores but never returns."""
    fields = profile.contact_fields
    return tuple(name for name in written if name in fields and fields[name].access == "w")


# A new contact, and changes to a contact.


class Prepared(Struct, frozen=True):
    """A contact in the form that the adapter takes, and the names of two kinds of fields of the original contact.

    Attributes:
        contact: the contact.
        dropped_fields: the fields that were left out, because the vendor does not support them.
        write_only_fields: the fields that the vendor stores but never returns.
    """

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
    """Check a new contact, and return it in the form that the vendor can store. `group` is the default group.

    No field is lost silently: an unsupported one raises InvalidInputError or is listed in `dropped_fields`.
    """
    check_on_unsupported_field(profile, on_unsupported_field)
    if not isinstance(contact, Contact):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise _invalid(profile, "contact", "contact must be an instance of crossbook.Contact")
    values = {name: value for name in FIELDS if not is_empty(value := getattr(contact, name))}
    source = get_source_vendor(contact)
    if source is not None:
        # A field that is not known may have a part of its value (a row of SerwerSMS names one of several groups).
        values = {name: value for name, value in values.items() if name in contact.known_fields}
    joined = _join_name(profile, values)
    if profile.name_format == "full":
        if joined and values.setdefault("name", joined) == joined:
            for part in _NAME_PARTS:
                values.pop(part, None)
    elif values.get("name") == joined:
        del values["name"]  # derived from first and last name
    dropped = [name for name in values if not is_writable(profile, name)]
    fields, dropped_extra = _check_extra_fields(profile, contact.fields or {})
    dropped += dropped_extra
    if source not in (None, profile.vendor) and "groups" in values:
        if on_unsupported_field == "error" and not dropped:
            problem = f"these groups are another vendor's: set groups of {profile.title}"
            raise _invalid(profile, "groups", f'{problem}, or pass on_unsupported_field="drop"')
        dropped.append("groups")
    if dropped and on_unsupported_field == "error":
        raise _cannot_store(profile, dropped[0])
    values = {name: value for name, value in values.items() if name not in dropped}
    if profile.single_group:
        values.setdefault("groups", (group,) if group else ())
        if len(values["groups"]) != 1:
            problem = f"a contact of {profile.title} must be in exactly one group"
            raise _invalid(profile, "groups", f"{problem}: set groups to one id, or give the book a default_group")
    for name, value in values.items():
        values[name] = check_field(profile, name, value, region)
    for name, support in profile.contact_fields.items():
        if support.required and name not in values:
            raise _missing(profile, name)
    if profile.requires_any_of and not any(name in values for name in profile.requires_any_of):
        raise _missing(profile, " or ".join(profile.requires_any_of))
    return Prepared(Contact(**values, fields=fields or None), tuple(dropped), list_write_only(profile, values))


def prepare_changes(profile: VendorProfile, changes: Mapping[str, Any], *, region: str | None) -> dict[str, Any]:
    """Check the changes to a contact, and return them in the form that the adapter takes. None clears a field."""
    if not changes:
        raise InvalidInputError("there is no field to change: pass at least one", vendor=profile.vendor)
    if profile.name_format == "full" and changes.keys() >= set(_NAME_PARTS):
        joined = _join_name(profile, changes)
        whole = {name: value for name, value in changes.items() if name not in _NAME_PARTS}
        if whole.setdefault("name", joined) != joined:
            problem = "name differs from first_name and last_name: pass only name, or only first_name and last_name"
            raise _invalid(profile, "name", problem)
        changes = whole
    prepared = {name: _prepare_change(profile, name, value, region) for name, value in changes.items()}
    if profile.requires_any_of and all(prepared.get(name, "unchanged") is None for name in profile.requires_any_of):
        raise _missing(profile, " or ".join(profile.requires_any_of))
    return prepared


def _prepare_change(profile: VendorProfile, name: str, value: Any, region: str | None) -> Any:
    if name == "fields":
        fields, unknown = _check_extra_fields(profile, value)
        if not fields and value:
            unknown = unknown or [f"fields.{next(iter(value))}"]
        if unknown:
            raise _cannot_store(profile, unknown[0], fix="leave it out")
        if not fields:
            raise _invalid(profile, "fields", "fields is empty: pass at least one field to change")
        return fields
    if name not in FIELDS:
        shown = _redaction.mask_text(str(name))[:40]
        raise _invalid(profile, shown, f"a contact has no field {shown!r}{did_you_mean(name, (*FIELDS, 'fields'))}")
    if profile.name_format == "full" and name in _NAME_PARTS:
        raise _invalid(
            profile, name, f"{profile.title} stores the whole name: change `name`, or first_name and last_name together"
        )
    if not is_writable(profile, name):
        has_opt_outs = name == "opted_out" and profile.channels
        fix = "call contacts.unsubscribe or contacts.resubscribe" if has_opt_outs else "leave it out"
        raise _cannot_store(profile, name, fix)
    if name == "created_at":
        raise _invalid(profile, name, f"{profile.title} takes created_at with a new contact only: leave it out")
    if is_empty(value):
        if profile.contact_fields[name].required or (name == "groups" and profile.single_group):
            raise _missing(profile, name)
        if profile.clear_value == "never" and name != "groups":
            raise _unsupported(profile, name, f"cannot clear {name}: pass another value, or leave it out")
        return () if name == "groups" else None
    if name == "groups":
        value = group_ids(value)
        if profile.single_group and len(value) != 1:
            raise _invalid(profile, name, f"a contact of {profile.title} is in exactly one group: pass one group id")
    return check_field(profile, name, value, region)


def _join_name(profile: VendorProfile, values: Mapping[str, Any]) -> str:
    return " ".join(check_text(profile, name, values[name]) for name in _NAME_PARTS if not is_empty(values.get(name)))


def _check_extra_fields(profile: VendorProfile, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the extra fields that the vendor stores, and the names of the other extra fields that have a value."""
    if not isinstance(fields, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise _invalid(profile, "fields", 'fields must be a mapping: {"name": value}, with None to clear a value')
    stored: dict[str, Any] = {}
    unknown: list[str] = []
    for name, value in fields.items():
        if profile.extra_fields is None:
            stored[name] = _check_json(profile, check_text(profile, "fields", name), value)
        elif name not in profile.extra_fields:
            if not is_empty(value):
                unknown.append(f"fields.{name}")
        elif value is None:
            stored[name] = None
        else:
            field = f"fields.{name}"
            stored[name] = _check_length(profile, field, check_text(profile, field, value), profile.extra_fields[name])
    return stored, unknown


def _check_json(profile: VendorProfile, name: str, value: Any) -> Any:
    field = f"fields.{_redaction.mask_text(name)}"
    if _is_deeper(value, _MAX_DEPTH):
        raise _invalid(profile, field, f"{field} is nested deeper than {_MAX_DEPTH} levels: pass a flatter value")
    try:
        # The round trip finds values that JSON would change: NaN, bytes, numbers as keys.
        unchanged = msgspec.json.decode(msgspec.json.encode(value)) == value
    except Exception:  # a caller's own class may raise anything
        unchanged = False
    if not unchanged:
        raise _invalid(
            profile, field, f"{field} cannot be written as JSON: pass text, numbers, booleans, lists and dicts"
        )
    return value


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list | tuple):
        return False
    inner: Any = value.values() if isinstance(value, dict) else value  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in inner)


def _missing(profile: VendorProfile, needed: str) -> InvalidInputError:
    return _invalid(profile, needed, f"{profile.title} requires {needed} for each contact")


def _cannot_store(
    profile: VendorProfile, name: str, fix: str = 'leave it out, or pass on_unsupported_field="drop"'
) -> InvalidInputError:
    name = _redaction.mask_text(name)
    if name == "name":
        fix = 'set first_name and last_name; crossbook.files.read(…, names="split") makes them of a whole name'
    extra = [f"fields.{each}" for each in profile.extra_fields or ()]
    hint = did_you_mean(name, extra) if name.startswith("fields.") else ""
    return _invalid(profile, name, f"{profile.title} cannot store {name}{hint}: {fix}")


# The filters and the order of a list of contacts.


def validate_query(profile: VendorProfile, query: Query, region: str | None) -> Query:
    """Check the filters of a list. Return the query with its phone in E.164, or raise for the first invalid filter."""
    for name in _FILTERS:
        value = getattr(query, name)
        if value is None:
            continue
        _check_filter(profile, name)
        if value == "":
            raise _invalid(profile, name, f"{name} is empty: leave it out to list all contacts")
        if name in _TEXT_FILTERS:
            check_text(profile, name, value)
    if query.full:
        _check_filter(profile, "full")
    if (query.sort is not None or query.descending) and not profile.sorts:
        raise _unsupported(
            profile, "sort", "cannot sort: leave sort and descending out, and sort the contacts in your code"
        )
    if query.sort is not None and not is_one_of(query.sort, profile.sorts):
        raise _unsupported(
            profile,
            "sort",
            f"sorts by {', '.join(sorted(profile.sorts))} only{did_you_mean(query.sort, profile.sorts)}",
        )
    if query.opted_out is not None and not is_one_of(query.opted_out, profile.channels):
        raise _invalid(profile, "opted_out", f"opted_out must be one of {', '.join(sorted(profile.channels))}")
    if query.archived is not None:
        check_flag(profile, "archived", query.archived)
    if query.group == "none":
        if "group:none" not in profile.filters:
            raise _unsupported(
                profile, "group", "cannot list contacts without a group: leave group out, or pass a group id"
            )
    elif query.group is not None:
        check_id(profile, "group", query.group)
    return query if query.phone is None else replace(query, phone=normalize_phone(profile, query.phone, region))


def _check_filter(profile: VendorProfile, name: str) -> None:
    if profile.filters.get(name, "unsupported") == "unsupported":
        raise _unsupported(profile, name, f"cannot list by {name}: leave it out, and filter the contacts in your code")


# The keys by which two contacts are the same.


def match_key(name: str, value: str | None, region: str | None) -> str | None:
    """Return a match key's value, such as a phone, in the form that is compared, or None if no contact can match it."""
    if not value or not value.strip():
        return None
    if name == "phone":
        return _phones.match_key(value, region)
    return value.strip().casefold() if name == "email" else value


def explain_no_match_key(name: str, value: str | None, region: str | None) -> str:
    """Return why this value matches no contact, that is, why `match_key` returns None for it."""
    if name == "phone" and value and value.strip():
        if _phones.has_lost_digits(value):
            return _phones.LOST_DIGITS
        return f"phone is not a valid number{f' of region {region}' if region else ''}: write +<country><number>"
    return f"{name} is empty, so no contact matches it"
