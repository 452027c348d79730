"""Parsing and checks that several vendors share. A function returns the parsed value, or None if it is invalid."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import cast

_LARGEST = 2**63 - 1
_EMAIL = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f.]+(\.[^@\s\x00-\x1f.]+)+")
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})\s*(?:(\d{2}):(\d{2})(?::(\d{2}))?)?", re.ASCII)


def parse_json(body: bytes) -> object:
    """Decode JSON as strictly as the vendors' parsers do.

    Raises:
        ValueError: The text is not JSON: cut, not UTF-8, NaN, half a surrogate pair, too deep, or a number too long.
    """
    try:
        value: object = json.loads(body.decode("utf-8"), parse_constant=_refuse)
        if b"\\ud" in body.lower():
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError as error:
        raise ValueError("the JSON is nested too deep") from error
    return value


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not valid JSON")


def as_object(value: object) -> dict[str, object] | None:
    """Return the value if it is a JSON object, else None."""
    return cast(dict[str, object], value) if isinstance(value, dict) else None


def as_array(value: object) -> list[object] | None:
    """Return the value if it is a JSON array, else None."""
    return cast(list[object], value) if isinstance(value, list) else None


def parse_int(value: object, *, text: bool = False) -> int | None:
    """Return the value as an integer limited to SQLite's range, whose ends are never ids; None if it is no integer.

    Args:
        value: The value of a parameter.
        text: Whether a text of digits is a number, too.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if text and isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,1000}", value, re.ASCII):
        value = int(value)
    return max(-_LARGEST, min(_LARGEST, value)) if isinstance(value, int) else None


def parse_email(value: str, max_length: int) -> str | None:
    """Return the value if it is an e-mail address of at most `max_length` characters, else None."""
    return value if len(value) <= max_length and _EMAIL.fullmatch(value) else None


def parse_date(date: str) -> int | None:
    """Return the unix time of `YYYY-MM-DD`, optionally with `HH:MM` or `HH:MM:SS` in UTC; None for other texts.

    Like PHP, it reads 30 February as 1 or 2 March.
    """
    match = _DATE.fullmatch(date)
    if not match:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    try:
        first = datetime(year, month, 1, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return int((first + timedelta(days=day - 1)).timestamp()) if 1 <= day <= 31 else None


def format_date(seconds: int) -> str:
    """Return a unix time as `YYYY-MM-DD HH:MM:SS`, UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
