"""What a cursor carries: a small JSON value that says where the next page begins."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from crossbook.errors import InvalidInput

Position = Any


def fingerprint(ids: Sequence[str]) -> int:
    return int.from_bytes(hashlib.blake2b("\n".join(ids).encode(), digest_size=6).digest(), "big")


def whole_number(position: Position | None) -> int:
    return 0 if position is None else numbers([position], 1)[0]


def numbers(position: Position, count: int) -> list[int]:
    found = parts(position, count)
    if not all(type(part) is int and part >= 0 for part in found):
        raise bad_cursor()
    return found


def group_position(position: Position | None) -> tuple[str, int]:
    if position is None:
        return "", 0
    group, start = parts(position, 2)
    if not isinstance(group, str):
        raise bad_cursor()
    return group, whole_number(start)


def parts(position: Position, count: int) -> list[Any]:
    found: list[Any] = position if isinstance(position, list) else []  # pyright: ignore[reportUnknownVariableType]
    if len(found) != count:
        raise bad_cursor()
    return found


def bad_cursor() -> InvalidInput:
    return InvalidInput(
        "this is no cursor of this list: pass `page.cursor` or `error.cursor` of a list with the same filters",
        field="after",
    )
