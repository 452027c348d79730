"""Encode the fields of a contact as CSV cells that are safe in a spreadsheet, and decode them.

A spreadsheet runs a cell that begins with = + - or @ as a formula. `escape_cell` puts an apostrophe before such a text,
and `unescape_cell` removes it. Two more kinds of text get an apostrophe, so that every text is read back unchanged:
text that begins with apostrophes before a formula sign, and text with white space at its ends.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, get_args

import msgspec

from crossbook.errors import InvalidInputError
from crossbook.files.cleaning import strip_text
from crossbook.files.titles import load_words
from crossbook.models import Channel

# The last four are full-width signs, which some spreadsheets treat as formula signs.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_NAME = re.compile(r"((?:[^\\;]|\\.)*)(?:;|$)", re.DOTALL)
_OUTER_SPACE = re.compile(r"^\s+|\s+$")
# Excel's error values (`#N/A` also in German, French and Polish), and what pandas and MySQL write for no value.
_NO_VALUES = frozenset((
    "#N/A", "#N/D", "#ND", "#N/D!", "#NV", "#N/A!", "#REF!", "#BEZUG!", "#ADR!", "#NAME?", "#NOM?", "#NAZWA?",
    "#VALUE!", "#WERT!", "#VALEUR!", "#ARG!", "#DIV/0!", "#NUM!", "#LICZBA!", "#ZAHL!", "#NOMBRE!", "#NULL!", "#ZERO!",
    "NaN", "<NA>", "\\N",
))  # fmt: skip
TEXTS = frozenset({"phone", "email", "first_name", "last_name", "name", "company", "external_id", "id"})
_CHANNELS: tuple[str, ...] = get_args(Channel)


def escape_cell(text: str) -> str:
    """Return the text as a CSV cell that no spreadsheet runs as a formula; add an apostrophe if needed."""
    return f"'{text}" if _needs_escape(text) else text


def unescape_cell(cell: str) -> str:
    """Undo `escape_cell`. Of a cell that was not escaped, strip white space, and remove `="` and `"` around its text.

    Other programs write `="00123"`, so that a spreadsheet keeps the text as it is. An error value of a spreadsheet, and
    the mark of a data frame or a database for no value, is an empty cell.
    """
    if cell[:1] == "'" and _needs_escape(cell[1:]):
        return cell[1:]
    if cell in _NO_VALUES:
        return ""
    text = cell.strip() if cell.isascii() else strip_text(cell)
    if text.startswith('="') and len(text) > 2 and text[-1] == '"':
        return strip_text(text[2:-1].replace('""', '"'))
    return text


def _needs_escape(text: str) -> bool:
    text = text.lstrip("'") if text[:1] == "'" else text
    return text.startswith(_FORMULA_SIGNS) or text != strip_text(text) or text in _NO_VALUES


def join_names(names: tuple[str, ...]) -> str:
    """Join names with semicolons; escape semicolons, backslashes and outer white space with a backslash."""
    escaped = (re.sub(r"([\\;])", r"\\\1", name) for name in names)
    return ";".join(
        _OUTER_SPACE.sub(lambda space: "".join(f"\\{char}" for char in space.group()), name) for name in escaped
    )


def split_names(text: str) -> tuple[str, ...]:
    """Split the text of `join_names` into names; drop empty names and unescaped white space around names."""
    if "\\" not in text and ";" not in text:
        return (name,) if (name := text.strip()) else ()
    parts = (_strip_unescaped(match.group(1)) for match in _NAME.finditer(text))
    return tuple(re.sub(r"\\(.)", r"\1", part, flags=re.DOTALL) for part in parts if part)


def _strip_unescaped(part: str) -> str:
    part = part.lstrip()
    end = part.rstrip()
    # An odd number of backslashes at the end escapes the white space behind them, which then belongs to the name.
    backslashes = len(end) - len(end.rstrip("\\"))
    return part[: len(end) + 1] if backslashes % 2 else end


def encode_field(name: str, value: Any) -> str:
    """Return the value of a contact field as the text of a cell; "" if the field has no value."""
    if value is None:
        return ""
    if name == "opted_out":
        return join_names(tuple(sorted(value))) or "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    if name == "fields":
        return msgspec.json.encode(value, order="sorted").decode() if value else ""
    return str(value)


def decode_field(name: str, text: str) -> Any:
    """Return the value of a contact field from the text of a cell; the inverse of `encode_field`.

    Raises:
        InvalidInputError: the text is not valid for this field; the error names the field.
    """
    if name in TEXTS:
        return text
    if name == "opted_out":
        channels = () if text == "none" else split_names(text)
        if any(channel not in _CHANNELS for channel in channels):
            raise InvalidInputError(
                f"opted_out must be none, or channels separated by semicolons: {', '.join(_CHANNELS)}", field=name
            )
        return frozenset(channels)
    if name == "archived":
        # A spreadsheet writes true and false in its own language when it saves a CSV file again.
        truth = text.casefold() in load_words("true")
        if not truth and text.casefold() not in load_words("false"):
            raise InvalidInputError("archived must be true or false", field=name)
        return truth
    if name == "created_at":
        return _parse_datetime(text)
    if name == "fields":
        try:
            return msgspec.json.decode(text, type=dict[str, Any])
        except (msgspec.MsgspecError, RecursionError):
            raise InvalidInputError('fields must be a JSON object, such as {"city": "Łódź"}', field=name) from None
    return text


def _parse_datetime(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise InvalidInputError(
            "created_at must be a time with a time zone, such as 2024-02-29T12:30:00Z", field="created_at"
        )
    return found
