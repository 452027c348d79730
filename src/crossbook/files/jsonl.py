"""Read and write JSON lines: one object per line, keyed by the names of contact fields or by other known titles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, TextIO

import msgspec

from crossbook import _phones, _redaction
from crossbook.errors import InvalidInputError
from crossbook.files import cells
from crossbook.files.columns import (
    TARGETS,
    Column,
    check_target,
    detect_opt_out,
    guess_fields,
    is_export,
    is_value,
    mask_titles,
)
from crossbook.files.encodings import SAMPLE_LINES, EncodedFile, has_invalid_bytes
from crossbook.files.opt_outs import check_opt_outs, find_disproved, read_opt_outs
from crossbook.files.rows import INVALID_BYTES, Row, RowIterator, clean_value, invalid_row, row_from_values, split_list
from crossbook.models import Contact, known_values

_IDENTIFIER = re.compile(r"[a-z_][A-Za-z0-9_]*")  # a key that is not one may be a person's name or phone
_EXPECTED = {"fields": "an object", "archived": "true or false"}


class JsonlReader:
    """Reads the objects of a JSON lines file; see `crossbook.files.Reader`.

    The columns are the keys of the first lines.

    Args:
        file: the file.
        corrections: key → field, as in `map_columns`; other keys are read if they are field names or known titles.

    Raises:
        InvalidInputError: the file is one JSON list, no key is known, or a correction is invalid.
    """

    def __init__(self, file: EncodedFile, corrections: Mapping[str, str] | None) -> None:
        self._file = file
        self.example = file.example
        self._corrections = dict(corrections or {})
        self.description = f"{file.title}, JSON lines"
        self.leftovers: tuple[str, ...] = ()
        self.expected: int | None = file.line_count
        keys: dict[str, None] = {}
        for number, line in enumerate(islice(file.lines(), SAMPLE_LINES), 1):
            if number == 1 and line.lstrip("\ufeff \t").startswith("["):
                raise InvalidInputError(
                    "the file is one JSON list: write one object per line, without brackets", field="file"
                )
            keys |= dict.fromkeys(_parse_object(line) or ())
        for key, target in self._corrections.items():
            if key not in keys:
                raise InvalidInputError(
                    f"there is no key {_redaction.mask_text(key[:40])!r} in the first {SAMPLE_LINES} lines: "
                    "correct its name in corrections=",
                    field="map",
                )
            check_target(target)
        found = {key: detect_opt_out(key, self._corrections) for key in keys}
        self._keys = keys
        disproved = find_disproved(list(found.values()), self._texts())
        self._opt_outs = {
            key: column
            for index, (key, column) in enumerate(found.items())
            if column is not None and index not in disproved
        }
        self._own = is_export(list(keys))
        guesses = dict(zip(keys, guess_fields(list(keys)), strict=True))
        self._guesses = {key: guess for key, guess in guesses.items() if guess is not None}
        targets = {key: self._target(key) for key in keys}
        if keys and not any(target for key, target in targets.items() if not self._is_guess(key)):
            raise InvalidInputError(
                f"no key in the first {SAMPLE_LINES} lines is known. The keys are not shown, since they may be a "
                "person's data. Rename them to fields such as phone, email, first_name, or map them by "
                'corrections={"KEY": "FIELD"}',
                field="map",
            )  # fmt: skip
        known = {key for key in keys if _is_field(key) or key in self._guesses}
        values = any(is_value(key) or not _IDENTIFIER.fullmatch(key) for key in keys.keys() - known)
        shown = mask_titles(list(keys), known, self._corrections, values=values, place="key")
        self.columns = tuple(
            Column(title, target, opt_out=self._opt_outs.get(key))
            for title, (key, target) in zip(shown, targets.items(), strict=True)
        )
        check_opt_outs([(column.title, column.opt_out) for column in self.columns], self._texts(), place="key")

    def _is_guess(self, key: str) -> bool:
        return key in self._opt_outs and self._opt_outs[key].is_guess

    def _texts(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the number of each line, and the values of all keys as text."""
        for number, line in enumerate(self._file.lines(), 1):
            if (found := _parse_object(line)) is not None:
                yield number, [_to_text(found.get(key)) for key in self._keys]

    def _target(self, key: str) -> str | None:
        if key in self._opt_outs:
            return self._opt_outs[key].target
        if key in self._corrections:
            return self._corrections[key] or None
        guess = self._guesses.get(key)
        target = key if guess is None and _is_field(key) else guess and guess.field
        return None if target in self._corrections.values() else target

    def __iter__(self) -> Iterator[Row]:
        return RowIterator(self._rows())

    def _rows(self) -> Iterator[Row]:
        for number, line in enumerate(self._file.lines(), 1):
            if line.strip():
                if has_invalid_bytes(line):
                    yield invalid_row(number, INVALID_BYTES)
                elif (found := _parse_object(line)) is None:
                    yield invalid_row(number, "the line is not a JSON object")
                else:
                    yield self._row(number, found)

    def _row(self, number: int, found: Mapping[str, Any]) -> Row:
        values: dict[str, Any] = {}
        ranks: dict[str, int] = {}
        groups: tuple[str, ...] | None = None
        try:
            for position, (key, value) in enumerate(found.items(), 1):
                target = self._target(key)
                if target is None and key not in self._keys:
                    # The key is not shown: it may be a person's name.
                    raise InvalidInputError(
                        f"key {position} is not a contact field, and not in the first {SAMPLE_LINES} lines: rename or "
                        "remove it"
                    )
                if key in self._opt_outs:
                    continue
                rank = self._guesses[key].rank if key in self._guesses else -1
                if target is None or value is None or (target in ranks and ranks[target] <= rank):
                    continue
                if target == "groups":
                    checked: Any = split_list(value) if isinstance(value, str) else _check_texts("groups", value)
                    groups = checked
                else:
                    checked = values[target] = _check_value(target, value, own=self._own)
                if checked is not None:
                    ranks[target] = rank
            opt_outs = [(column, _to_text(found.get(key))) for key, column in self._opt_outs.items()]
            values["opted_out"] = read_opt_outs(opt_outs)
        except InvalidInputError as error:
            return invalid_row(number, error)
        return row_from_values(number, values, groups)


def _is_field(key: str) -> bool:
    return key in TARGETS or key.startswith("fields.")


def _parse_object(line: str) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(line.lstrip("\ufeff"), type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def _to_text(value: Any) -> str:
    """Return a value of a key that is about messages as the text of a cell."""
    if value is None or isinstance(value, str):
        return value or ""
    if value == []:
        return "none"
    return msgspec.json.encode(value).decode()


def _check_value(target: str, value: Any, *, own: bool) -> Any:
    if target.startswith("fields."):
        return value
    if target == "phone" and isinstance(value, float):
        return _to_phone(value)
    if target in ("id", "external_id", "phone") and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not own and isinstance(value, str):
        value = clean_value(target, value)
    if target == "created_at" and isinstance(value, str):
        return cells.decode_field(target, value)
    expected: type = {"fields": dict, "archived": bool}.get(target, str)
    if isinstance(value, expected):
        return None if value == "" else value
    raise InvalidInputError(f"{target} must be {_EXPECTED.get(target, 'a string')}", field=target)


def _to_phone(value: float) -> str:
    """Return the digits of a phone that a program wrote as a number, such as 48500600700.0 of a data frame."""
    digits = f"{value:.0f}"
    # 4.85006e10 is the same number as 48500600000.
    if len(digits) > 15 or not value.is_integer() or digits.endswith("0000"):
        raise InvalidInputError(_phones.LOST_DIGITS, field="phone")
    return digits


def _check_texts(target: str, value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):  # pyright: ignore[reportUnknownVariableType]
        raise InvalidInputError(f"{target} must be a list of strings", field=target)
    return tuple(value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


class JsonlWriter:
    """Writes contacts as JSON lines: a field that the vendor did not report is absent, an empty field is null."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def close(self) -> None:
        """Do nothing: each contact is complete when it is written."""

    def write(self, contact: Contact, groups: Iterable[str] | None) -> None:
        """Write the contact as one line; `groups` are names, or None if they are unknown."""
        values = known_values(contact)
        values["groups"] = None if groups is None else list(groups)
        if values.get("opted_out") is not None:
            values["opted_out"] = sorted(values["opted_out"])
        if isinstance(values.get("created_at"), datetime):
            values["created_at"] = values["created_at"].isoformat()
        self._file.write(msgspec.json.encode(values).decode() + "\n")
