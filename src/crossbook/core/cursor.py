"""Cursors: opaque, printable, bound to the filters of their list, without personal data."""

from __future__ import annotations

import base64
import binascii
import hashlib

import msgspec

from crossbook.core.positions import Position, bad_cursor

# Two bytes tell most lists apart, and are too few to find a phone again that was a filter: of a country's numbers,
# thousands have the same.
_LENGTH = 2


def filter_hash(*parts: object) -> bytes:
    return hashlib.blake2b(repr(parts).encode(), digest_size=_LENGTH).digest()


def write(position: Position, filters: bytes) -> str:
    return base64.urlsafe_b64encode(filters + msgspec.json.encode(position)).decode().rstrip("=")


def read(cursor: str, filters: bytes) -> Position:
    """The position in a cursor; InvalidInput if it is none, or belongs to a list with other filters."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        position = msgspec.json.decode(raw[_LENGTH:])
    except (binascii.Error, ValueError, TypeError, RecursionError, msgspec.MsgspecError):
        raise bad_cursor() from None
    if raw[:_LENGTH] != filters or position is None:
        raise bad_cursor()
    return position
