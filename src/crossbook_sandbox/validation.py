"""What the dialects check alike. Each function returns the value in its right form, or None if it has not got one."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import cast

_LARGEST = 2**63 - 1
_EMAIL = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f.]+(\.[^@\s\x00-\x1f.]+)+")
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})\s*(?:(\d{2}):(\d{2})(?::(\d{2}))?)?", re.ASCII)


def parse_json(body: bytes) -> object:
    """Decode a JSON text as strictly as the vendors' parsers do.

    Raises:
        ValueError: It is no JSON: cut, not UTF-8, NaN, half a surrogate pair, too deep, or numbers without end.
    """
    try:
        value: object = json.loads(body.decode("utf-8"), parse_constant=_refuse)
        if b"\\ud" in body.lower():
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    return value


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON")


def as_object(value: object) -> dict[str, object] | None:
    """Return a JSON object."""
    return cast(dict[str, object], value) if isinstance(value, dict) else None


def as_array(value: object) -> list[object] | None:
    """Return a JSON array."""
    return cast(list[object], value) if isinstance(value, list) else None


def whole(value: object, *, text: bool = False) -> int | None:
    """Return a whole number. One that no database can hold becomes the largest, which no row's id is.

    Args:
        value: The value as it came.
        text: Whether digits in a text count as a number, too.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if text and isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,1000}", value, re.ASCII):
        value = int(value)
    return max(-_LARGEST, min(_LARGEST, value)) if isinstance(value, int) else None


def email(value: str, most: int) -> str | None:
    """Return an e-mail address of at most `most` characters."""
    return value if len(value) <= most and _EMAIL.fullmatch(value) else None


def seconds_of(date: str) -> int | None:
    """Return the unix time of `YYYY-MM-DD`, perhaps with `HH:MM` or `HH:MM:SS`, read as UTC.

    A day that the month has not got is counted on into the next month, as PHP does.
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


def date_of(seconds: int) -> str:
    """Return a unix time as `YYYY-MM-DD HH:MM:SS`, UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
