"""Cursors: opaque, printable, bound to the filters of their list, without personal data."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from crossbook.errors import InvalidInputError

# What a cursor carries: a small JSON value that says where the next page begins.

Position = Any


def fingerprint(ids: Sequence[str]) -> int:
    return int.from_bytes(hashlib.blake2b("\n".join(ids).encode(), digest_size=6).digest(), "big")


def whole_number(position: Position | None) -> int:
    return 0 if position is None else numbers([position], 1)[0]


def numbers(position: Position, count: int) -> list[int]:
    found = parts(position, count)
    if not all(type(part) is int and part >= 0 for part in found):
        raise invalid_cursor()
    return found


def group_position(position: Position | None) -> tuple[str, int]:
    if position is None:
        return "", 0
    group, start = parts(position, 2)
    if not isinstance(group, str):
        raise invalid_cursor()
    return group, whole_number(start)


def parts(position: Position, count: int) -> list[Any]:
    found: list[Any] = position if isinstance(position, list) else []  # pyright: ignore[reportUnknownVariableType]
    if len(found) != count:
        raise invalid_cursor()
    return found


def invalid_cursor() -> InvalidInputError:
    return InvalidInputError(
        "this is no cursor of this list: pass `page.cursor` or `error.cursor` of a list with the same filters",
        field="after",
    )


# Two bytes tell most lists apart, and are too few to find a phone again that was a filter: of a country's numbers,
# thousands have the same.
_LENGTH = 2


def hash_filters(*parts: object) -> bytes:
    return hashlib.blake2b(repr(parts).encode(), digest_size=_LENGTH).digest()


def encode(position: Position, filters: bytes) -> str:
    return base64.urlsafe_b64encode(filters + msgspec.json.encode(position)).decode().rstrip("=")


def decode(cursor: str, filters: bytes) -> Position:
    """The position in a cursor; InvalidInputError if it is none, or belongs to a list with other filters."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        position = msgspec.json.decode(raw[_LENGTH:])
    except (binascii.Error, ValueError, TypeError, RecursionError, msgspec.MsgspecError):
        raise invalid_cursor() from None
    if raw[:_LENGTH] != filters or position is None:
        raise invalid_cursor()
    return position
