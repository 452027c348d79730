"""What is checked before any I/O, by the card's rows: one value or argument at a time."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Literal

from crossbook.core import phones
from crossbook.core.card import Card
from crossbook.core.pages import Offset, Paging
from crossbook.errors import InvalidInput, Unsupported
from crossbook.models import ExternalId

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
    number = phones.normal(text, region)
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
    plain = card.phone_form == "digits" and number[:1] == "+" and phones.normal(digits, region) == number
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
