"""JSON lines in and out: an object a line, with our names of the fields."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from itertools import islice
from typing import Any, TextIO

import msgspec

from crossbook import _redaction
from crossbook.errors import InvalidInputError
from crossbook.files import cells
from crossbook.files.columns import TARGETS, Column, check_target, is_value, shown_titles
from crossbook.files.encodings import Encoded, is_broken
from crossbook.files.rows import Bare, Row, bad, failed, row_of
from crossbook.models import Contact

_SAMPLE = 200  # lines whose keys are shown before all are read
_WORD = re.compile(r"[a-z_][A-Za-z0-9_]*")  # a key as programs write it; any other may be a name or a phone


class LinesReader:
    """The objects of a JSON lines file.

    Args:
        encoded: the file.
        corrections: key → field, as in `columns_of`; other keys are read if they are names of fields.

    Attributes:
        columns, form, expected: as of `TableReader`; the columns are the keys of the first lines.

    Raises:
        InvalidInputError: it is one JSON document, no key is known, or a correction cannot be.
    """

    def __init__(self, encoded: Encoded, corrections: Mapping[str, str] | None) -> None:
        self._encoded = encoded
        self._corrections = dict(corrections or {})
        self.form = f"{encoded.title}, JSON lines"
        self.expected: int | None = encoded.lines
        keys: dict[str, None] = {}
        for number, line in enumerate(islice(encoded.text(), _SAMPLE), 1):
            if number == 1 and line.lstrip("\ufeff \t").startswith("["):
                raise InvalidInputError(
                    "this is one JSON document: write one object a line, without brackets", field="file"
                )
            keys |= dict.fromkeys(_object(line) or ())
        for key, target in self._corrections.items():
            if key not in keys:
                raise InvalidInputError(
                    f"there is no key {_redaction.text(key[:40])!r} in the first {_SAMPLE} lines", field="map"
                )
            check_target(target)
        self._known = {key: self._target(key) for key in keys}
        if keys and not any(self._known.values()):
            raise InvalidInputError(
                f"no key of the first {_SAMPLE} lines is known, and none is shown, since they may be a person. Rename "
                "them to fields such as phone, email, first_name, or name them with corrections (--map KEY=FIELD)",
                field="map",
            )  # fmt: skip
        known = {key for key in keys if _is_field(key)}
        values = any(is_value(key) or not _WORD.fullmatch(key) for key in keys.keys() - known)
        shown = shown_titles(list(keys), known, self._corrections, values=values, place="key")
        self.columns = tuple(Column(title, target) for title, target in zip(shown, self._known.values(), strict=True))

    def _target(self, key: str) -> str | None:
        return self._corrections.get(key, key if _is_field(key) else None) or None

    def __iter__(self) -> Iterator[Row]:
        return Bare(self._rows())

    def _rows(self) -> Iterator[Row]:
        for number, line in enumerate(self._encoded.text(), 1):
            if not line.strip():
                continue
            found = None if is_broken(line) else _object(line)
            yield bad(number, "it is no JSON object") if found is None else self._row(number, found)

    def _row(self, number: int, found: Mapping[str, Any]) -> Row:
        values: dict[str, Any] = {}
        groups: tuple[str, ...] | None = None
        try:
            for place, (key, value) in enumerate(found.items(), 1):
                if key not in self._known and self._target(key) is None:
                    # Not by its text: so far down nothing tells a key from a person's name.
                    raise InvalidInputError(
                        f"its key {place} is not a field, and is in none of the first {_SAMPLE} lines: rename or "
                        "remove it"
                    )
                target = self._known.get(key) or self._target(key)
                if target == "groups":
                    groups = _texts("groups", value)
                elif target is not None and value is not None:
                    values[target] = _value(target, value)
        except InvalidInputError as error:
            return failed(number, error)
        return row_of(number, values, groups)


def _is_field(key: str) -> bool:
    return key in TARGETS or key.startswith("fields.")


def _object(line: str) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(line.lstrip("\ufeff"), type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def _value(target: str, value: Any) -> Any:
    if target.startswith("fields."):
        return value
    if target == "fields":
        if isinstance(value, dict):
            return value  # pyright: ignore[reportUnknownVariableType]
    elif target == "archived":
        if isinstance(value, bool):
            return value
    elif target == "opted_out":
        return cells.read(target, cells.join(_texts(target, value) or ()))
    elif isinstance(value, str):
        return cells.read(target, value) if target == "created_at" else value or None
    kinds = {"fields": "an object", "archived": "true or false"}
    raise InvalidInputError(f"{target} is {kinds.get(target, 'text')}", field=target)


def _texts(target: str, value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):  # pyright: ignore[reportUnknownVariableType]
        raise InvalidInputError(f"{target} is a list of texts", field=target)
    return tuple(value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


class LinesWriter:
    """Writes contacts as JSON lines: what the vendor told, null for what is empty."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, contact: Contact, groups: Iterable[str] | None) -> None:
        """One more line; `groups` are names, None where they are unknown."""
        known = contact.known_fields | {"id"}
        values: dict[str, Any] = {f.name: getattr(contact, f.name) for f in fields(contact) if f.name in known}
        values["groups"] = None if groups is None else list(groups)
        if values.get("opted_out") is not None:
            values["opted_out"] = sorted(values["opted_out"])
        if isinstance(values.get("created_at"), datetime):
            values["created_at"] = values["created_at"].isoformat()
        self._file.write(msgspec.json.encode(values).decode() + "\n")
