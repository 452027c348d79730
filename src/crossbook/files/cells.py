"""A cell of a CSV file: safe in a spreadsheet, and the same again when it is read.

A spreadsheet takes a cell that begins with = + - or @ for a formula, and would run it. Such a cell gets an apostrophe
before it, which spreadsheets show as it is; reading takes it away again. So that nothing else is changed, cells
that begin with an apostrophe themselves get one more, where reading would otherwise take theirs; and as reading drops
white space around foreign values, so do those that begin or end with it.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, get_args

import msgspec

from crossbook.errors import InvalidInputError
from crossbook.models import Channel

# The last four are the same signs as wide as a Chinese character, which some spreadsheets take for them.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_PART = re.compile(r"((?:[^\\;]|\\.)*)(?:;|$)", re.DOTALL)
_EDGE = re.compile(r"^\s+|\s+$")
CHANNELS: tuple[str, ...] = get_args(Channel)


def protect(text: str) -> str:
    """The text as a cell that no spreadsheet runs."""
    return f"'{text}" if _in_danger(text) else text


def unprotect(cell: str) -> str:
    """What `protect` was given; of foreign cells the text without white space around it."""
    return cell[1:] if cell[:1] == "'" and _in_danger(cell[1:]) else cell.strip()


def _in_danger(text: str) -> bool:
    text = text.lstrip("'") if text[:1] == "'" else text
    return text.startswith(_FORMULA) or text != text.strip()


def join(names: tuple[str, ...]) -> str:
    """Names as one text, separated by semicolons."""
    escaped = (re.sub(r"([\\;])", r"\\\1", name) for name in names)
    return ";".join(_EDGE.sub(lambda edge: "".join(f"\\{each}" for each in edge.group()), name) for name in escaped)


def split(text: str) -> tuple[str, ...]:
    """The names that `join` was given; white space around the semicolons is nobody's."""
    parts = (_trimmed(match.group(1)) for match in _PART.finditer(text))
    return tuple(re.sub(r"\\(.)", r"\1", part, flags=re.DOTALL) for part in parts if part)


def _trimmed(part: str) -> str:
    part = part.lstrip()
    end = part.rstrip()
    # The white space behind a backslash that is none of an escaped pair belongs to the name.
    loose = len(end) - len(end.rstrip("\\"))
    return part[: len(end) + 1] if loose % 2 else end


def write(name: str, value: Any) -> str:
    """A field's value as text; an empty text is nothing."""
    if value is None:
        return ""
    if name == "opted_out":
        return join(tuple(sorted(value))) or "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    if name == "fields":
        return msgspec.json.encode(value, order="sorted").decode() if value else ""
    return str(value)


def read(name: str, text: str) -> Any:
    """The value that `write` wrote.

    Raises:
        InvalidInputError: it is none, with the field's name.
    """
    if name == "opted_out":
        return _channels(text)
    if name == "archived":
        if text.lower() not in ("true", "false"):
            raise InvalidInputError("archived is true or false", field=name)
        return text.lower() == "true"
    if name == "created_at":
        return _moment(text)
    return _object(text) if name == "fields" else text


def _channels(text: str) -> frozenset[str]:
    channels = () if text == "none" else split(text)
    if any(channel not in CHANNELS for channel in channels):
        raise InvalidInputError(f"opted_out is none, or of {', '.join(CHANNELS)}, separated by ;", field="opted_out")
    return frozenset(channels)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInputError("created_at is written like 2024-02-29T12:30:00+00:00", field="created_at") from None
    if moment.tzinfo is None:
        raise InvalidInputError("created_at needs its time zone: 2024-02-29T12:30:00+00:00", field="created_at")
    return moment


def _object(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError):
        raise InvalidInputError('fields is a JSON object: {"city": "Łódź"}', field="fields") from None
