"""Cursors: opaque text that says where a list continues, bound to the list's filters, without personal data."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from crossbook.errors import InvalidInputError

# Where a page begins: a small JSON value. Each paging strategy has its own shape; None is the first page.
Position = Any

# Two bytes tell most lists apart. They are too few to recover a phone number from: thousands share the same hash.
_HASH_BYTES = 2


def parse_position(position: Position, *types: type[int | str]) -> list[Any]:
    """Return the parts of a position if they have these types, else raise InvalidInputError for an invalid cursor.

    Numbers are not negative.
    """
    parts: list[Any] = position if isinstance(position, list) else [position]  # pyright: ignore[reportUnknownVariableType]
    if [type(part) for part in parts] != [*types] or any(part < 0 for part in parts if type(part) is int):
        raise invalid_cursor()
    return parts


def invalid_cursor() -> InvalidInputError:
    return InvalidInputError(
        "invalid cursor: pass `page.cursor` or `error.cursor` of a list with the same filters", field="after"
    )


def fingerprint(ids: Sequence[str]) -> int:
    """Return a hash of a page's ids. Two pages with the same hash are the same page, sent twice."""
    return int.from_bytes(hashlib.blake2b("\n".join(ids).encode(), digest_size=6).digest(), "big")


def hash_filters(*parts: object) -> bytes:
    return hashlib.blake2b(repr(parts).encode(), digest_size=_HASH_BYTES).digest()


def encode(position: Position, filters: bytes) -> str:
    """Encode a position in a list, and the hash of the list's filters, as the text of a cursor."""
    return base64.urlsafe_b64encode(filters + msgspec.json.encode(position)).decode().rstrip("=")


def decode(cursor: str, filters: bytes) -> Position:
    """Return the position in a cursor. Raise InvalidInputError if the cursor is invalid or of other filters."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        position = msgspec.json.decode(raw[_HASH_BYTES:])
    except (binascii.Error, ValueError, TypeError, RecursionError, msgspec.MsgspecError):
        raise invalid_cursor() from None
    if raw[:_HASH_BYTES] != filters or position is None:
        raise invalid_cursor()
    return position
