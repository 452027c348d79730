"""Write the entries of a suppression list to CSV or JSON lines files, and read them."""

from __future__ import annotations

import csv
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from crossbook.errors import InvalidInputError
from crossbook.suppressions.base import SuppressionEntry

FileFormat = Literal["csv", "jsonl"]
_SUFFIXES: dict[str, FileFormat] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_CLEAR = ("phone", "email", "external_id", "raw")
_HASHED = ("kind", "hash", "raw", "list")
_EVENT = ("channel", "action", "time", "reason", "source")
_COLUMNS = (*dict.fromkeys((*_CLEAR, *_HASHED)), *_EVENT)
_WRITE = os.O_CREAT | os.O_WRONLY | os.O_TRUNC
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run a cell that begins so
_GUARDED = ("reason", "source", "external_id")
_encode = msgspec.json.Encoder().encode


async def write_entries(
    path: str | os.PathLike[str], format: FileFormat | None, entries: AsyncIterator[SuppressionEntry], tag: str | None
) -> int:
    """Write the entries to a file that only its owner may read, and return how many. `tag`: that of a hashed list."""
    chosen, count = _choose_format(path, format), 0
    columns = [name for name in _COLUMNS if name == "raw" or name not in (_CLEAR if tag else _HASHED)]
    with os.fdopen(os.open(path, _WRITE, 0o600), "w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, columns, restval="")
        if chosen == "csv":
            table.writeheader()
        async for entry in entries:
            row = _make_row(entry, tag)
            if chosen == "csv":
                table.writerow({name: _guard(name, value) for name, value in row.items()})
            else:
                file.write(_encode(row).decode() + "\n")
            count += 1
    return count


def _make_row(entry: SuppressionEntry, tag: str | None) -> dict[str, str]:
    if tag is None:
        key: dict[str, str] = {entry.kind: f"+{entry.key}" if entry.kind == "phone" else entry.key}
    else:
        key = {"kind": entry.kind, "hash": entry.key, "list": tag}
    key["raw"] = entry.raw or ""
    event = {
        "channel": entry.channel, "action": entry.action, "time": entry.time.isoformat(), "reason": entry.reason,
        "source": entry.source,
    }  # fmt: skip
    return {name: value for name, value in (key | event).items() if value}


def _guard(name: str, value: str) -> str:
    return f"'{value}" if name in _GUARDED and value.startswith(_FORMULA) else value


def read_rows(path: str | os.PathLike[str], format: FileFormat | None) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a file, each with its line and the columns that have a value.

    Raises:
        InvalidInputError: the file is no CSV or JSON lines file, or has no column with a key.
    """
    read = _read_csv if _choose_format(path, format) == "csv" else _read_jsonl
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            yield from read(file)
    except UnicodeDecodeError:
        raise InvalidInputError("the file is not UTF-8: save it as UTF-8", field="encoding") from None


def _read_csv(file: Any) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(file)
    try:
        titles = [title.strip().lower() for title in reader.fieldnames or ()]
        if not {"phone", "email", "external_id", "hash"} & set(titles):
            raise InvalidInputError(
                "the file has no column phone, email or external_id: name one in its first line", field="file"
            )
        unknown = [number for number, title in enumerate(titles, 1) if title not in _COLUMNS]
        if unknown:
            raise InvalidInputError(
                f"column {unknown[0]} has an unknown title: use {', '.join((*_CLEAR, *_EVENT))}", field="file"
            )
        reader.fieldnames = titles
        for row in reader:
            if None in row or any(value is None for value in row.values()):
                raise InvalidInputError(f"line {reader.line_num}: the row has another number of cells", field="file")
            cells = {name: _unguard(name, value.strip()) for name, value in row.items()}
            if any(cells.values()):
                yield reader.line_num, {name: value for name, value in cells.items() if value}
    except csv.Error as error:
        raise InvalidInputError(f"the file is not CSV at line {reader.line_num}: {error}", field="file") from None


def _unguard(name: str, value: str) -> str:
    return value[1:] if name in _GUARDED and value[:1] == "'" and value[1:].startswith(_FORMULA) else value


def _read_jsonl(file: Any) -> Iterator[tuple[int, dict[str, str]]]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line, type=dict[str, str | None])
        except msgspec.DecodeError:
            raise InvalidInputError(f"line {number} is not a JSON object with texts", field="file") from None
        if not row.keys() <= set(_COLUMNS):
            raise InvalidInputError(f"line {number} has an unknown name: use {', '.join(_COLUMNS)}", field="file")
        yield number, {name: value for name, value in row.items() if value}


def _choose_format(path: str | os.PathLike[str], format: FileFormat | None) -> FileFormat:
    found = format or _SUFFIXES.get(Path(path).suffix.lower())
    if found not in ("csv", "jsonl"):
        raise InvalidInputError(
            'the format is unknown: use a file name that ends in .csv or .jsonl, or pass format="csv"', field="format"
        )
    return found
