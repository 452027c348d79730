"""What every vendor is asked, in our words. A vendor's page answers in its own; what its profile calls unsupported never
comes here, since the public surface asks the profile first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from msgspec import UNSET, UnsetType

from crossbook import _phones
from crossbook._concurrency import map_in_chunks


def list_spellings(key: str, value: str) -> list[str]:
    """How a vendor may have stored what is looked for: some compare exactly, where we do not."""
    if key == "phone":
        return _phones.list_spellings(value)
    return list(dict.fromkeys((value, value.casefold()))) if key == "email" else [value]


M = TypeVar("M")
R = TypeVar("R")
Scalar = str | int | float | bool | None | UnsetType


def parse_rows(value: object, kind: type[M]) -> list[M | None] | None:
    """A wire list, what is none of its models (null, PHP's `[]`) as None; None if there is no list at all."""
    if not isinstance(value, list):
        return None
    return [row if isinstance(row, kind) else None for row in value]  # pyright: ignore[reportUnknownVariableType]


async def map_rows(found: Sequence[M | None], read: Callable[[M], R]) -> list[R | None]:
    """Apply `read` to each row; other tasks run meanwhile, if there are many."""
    return await map_in_chunks(found, lambda row: None if row is None else read(row))


def parse_str(value: Scalar) -> str | None:
    """A wire value as text; None for null, for what is not there, and for the empty text."""
    if type(value) is str:
        return value or None
    return None if value is None or isinstance(value, UnsetType) else str(value)


def parse_int(value: Scalar) -> int | None:
    """A wire value as a whole number, also where it came as text."""
    try:
        return None if value is None or isinstance(value, UnsetType) else int(value)
    except ValueError:
        return None


def parse_bool(value: Scalar) -> bool | None:
    """A wire value as a boolean, also where it came as 0, 1 or text."""
    if type(value) is bool:
        return value
    if isinstance(value, str):
        return {"true": True, "1": True, "false": False, "0": False, "": False}.get(value.strip().lower())
    return None if value is None or isinstance(value, UnsetType) else bool(value)


def known_fields(row: object, fields: frozenset[str], names: Mapping[str, str]) -> frozenset[str]:
    """Of the fields that an answer of this kind tells, those that this row really has; `names` are ours → theirs."""
    missing = [ours for ours, theirs in names.items() if getattr(row, theirs) is UNSET]
    return fields.difference(missing) if missing else fields


def parse_datetime(value: Scalar) -> datetime | None:
    """A vendor's date, unix seconds or `YYYY-MM-DD HH:MM:SS`, in UTC: no vendor says which zone it means."""
    try:
        if type(value) is int:
            return datetime.fromtimestamp(value, UTC)
        if value is None or isinstance(value, UnsetType) or value == "":
            return None
        if isinstance(value, str) and not value.isdigit():
            return datetime.fromisoformat(value.strip()).replace(tzinfo=UTC)
        return datetime.fromtimestamp(float(value), UTC)
    except (ValueError, OverflowError, OSError):
        return None
