"""A row of a file: whom it describes, or what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from crossbook._tracebacks import hide_internal_frames_sync, strip_traceback
from crossbook.errors import InvalidInputError
from crossbook.files import cells
from crossbook.files.columns import Column, is_mobile
from crossbook.files.encodings import is_broken
from crossbook.models import Contact

_DESTROYED = re.compile(r"[0-9][.,][0-9]+E\+[0-9]+")  # 4,85006E+10


@frozen
class Row:
    """One row.

    Attributes:
        line: the line of the file that it begins in, from 1.
        contact: whom it describes; its groups are beside it, since a file knows names and no ids.
        groups: the names of the groups; None if the row does not tell.
        error: why there is no contact.
    """

    line: int
    contact: Contact | None = None
    groups: tuple[str, ...] | None = None
    error: InvalidInputError | None = None


def bad(line: int, why: str, field: str | None = None) -> Row:
    """A row that cannot be read."""
    return Row(line, error=InvalidInputError(why, field=field))


def failed(line: int, error: InvalidInputError) -> Row:
    """A row that cannot be read; its error keeps no frame, whose locals are the cells."""
    strip_traceback(error)
    return Row(line, error=error)


class Bare(Iterator[Row]):
    """Rows whose iteration raises errors without the frames that hold lines of the file."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows

    @hide_internal_frames_sync
    def __next__(self) -> Row:
        return next(self._rows)


def row_of(line: int, values: Mapping[str, Any], groups: tuple[str, ...] | None) -> Row:
    """A row of values by field; `fields.NAME` is a further field."""
    plain = {name: value for name, value in values.items() if not name.startswith("fields") and value is not None}
    further = dict(values.get("fields") or {})
    further |= {name[7:]: value for name, value in values.items() if name.startswith("fields.") and value is not None}
    return Row(line, Contact(**plain, fields=further or None), groups)


def row_of_cells(line: int, columns: Sequence[Column], row: Sequence[str]) -> Row | None:
    """A row of a table; None if all of it is empty."""
    if any(is_broken(cell) for cell in row):
        return bad(line, "it holds bytes that are not in the file's encoding: pass encoding (--encoding)")
    if len(row) > len(columns):
        return bad(line, f"it has {len(row)} cells, and there are {len(columns)} columns: is a cell not quoted?")
    if not any(cell.strip() for cell in row):
        return None
    chosen: dict[str, tuple[tuple[bool, int], Column, str]] = {}
    for column, cell in zip(columns, row, strict=False):
        text = cells.unprotect(cell)
        if column.target is None or not text:
            continue
        label = row[column.label] if column.label is not None and column.label < len(row) else ""
        rank = (column.target == "phone" and column.rank >= 0 and not is_mobile(label or column.title), column.rank)
        if column.target not in chosen or rank < chosen[column.target][0]:
            chosen[column.target] = rank, column, text
    try:
        return _row(line, chosen)
    except InvalidInputError as error:
        return failed(line, error)


def _row(line: int, chosen: Mapping[str, tuple[Any, Column, str]]) -> Row:
    values: dict[str, Any] = {}
    groups: tuple[str, ...] | None = None
    for target, (_, column, text) in chosen.items():
        if target == "groups":
            groups = _groups(column, text)
        elif target == "phone" and _DESTROYED.fullmatch(text):
            raise InvalidInputError(
                "a spreadsheet has cut this phone's digits: format its column as text", field="phone"
            )
        elif column.style == "google":
            values[target] = text.split(" ::: ")[0].strip()
        else:
            values[target] = cells.read(target, text)
    return row_of(line, values, groups)


def _groups(column: Column, text: str) -> tuple[str, ...] | None:
    if column.style == "google":
        # Those with a star are Google's own: "* myContacts".
        names = [name.strip() for name in text.split(":::")]
        names = [name for name in names if not name.startswith("*")]
    elif column.style == "outlook":
        names = [name.strip() for name in re.split(r"[;,]", text)]
    else:
        names = list(cells.split(text))
    return tuple(dict.fromkeys(name for name in names if name)) or None
