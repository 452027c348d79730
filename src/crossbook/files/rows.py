"""Convert one record of a contact file to a `Row`: a contact with the names of its groups, or an error."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from attrs import frozen

from crossbook._tracebacks import hide_internal_frames, strip_traceback
from crossbook.errors import InvalidInputError
from crossbook.files import cells
from crossbook.files.columns import Column, is_mobile
from crossbook.files.encodings import has_invalid_bytes
from crossbook.files.opt_outs import OptOutColumn, read_opt_outs
from crossbook.models import Channel, Contact

_SCIENTIFIC = re.compile(r"[0-9][.,][0-9]+E\+[0-9]+")  # 4,85006E+10
INVALID_BYTES = "bytes are not valid in the encoding of the file: pass encoding (--encoding)"


@frozen
class Row:
    """One record of a contact file: a contact with the names of its groups, or an error.

    Attributes:
        line: the number of the line in which the row begins, from 1.
        contact: the contact, or None if the row is invalid. Its `groups` are None, because a file has no group ids.
        groups: the names of the contact's groups, or None if the row has none.
        error: the reason why there is no contact.
        unread: the numbers of the lines of a vCard that cannot be read, wholly or at their end. They were left out.
    """

    line: int
    contact: Contact | None = None
    groups: tuple[str, ...] | None = None
    error: InvalidInputError | None = None
    unread: tuple[int, ...] = ()


def invalid_row(line: int, reason: str | InvalidInputError) -> Row:
    """Return a row with an error. Remove the error's traceback, because its frames hold data of the file."""
    error = InvalidInputError(reason) if isinstance(reason, str) else reason
    strip_traceback(error)
    return Row(line, error=error)


class RowIterator(Iterator[Row]):
    """An iterator over rows that removes the tracebacks of errors, because their frames hold data of the file."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows

    @hide_internal_frames
    def __next__(self) -> Row:
        return next(self._rows)


def row_from_values(line: int, values: Mapping[str, Any], groups: tuple[str, ...] | None) -> Row:
    """Return a row whose contact has these values, given by field; `fields.NAME` is an extra field."""
    known = {name: value for name, value in values.items() if not name.startswith("fields") and value is not None}
    fields = dict(values.get("fields") or {})
    fields |= {name[7:]: value for name, value in values.items() if name.startswith("fields.") and value is not None}
    return Row(line, Contact(**known, fields=fields or None), groups)


def row_from_cells(line: int, columns: Sequence[Column], row: Sequence[str]) -> Row | None:
    """Return a row with the contact of these cells, or with an error; None if all cells are empty.

    Several columns can fill one field. The column with the lowest rank that is not empty wins; of phones, a mobile
    number wins, unless the caller named the column in `corrections`.
    """
    if any(has_invalid_bytes(cell) for cell in row):
        return invalid_row(line, INVALID_BYTES)
    if len(row) > len(columns):
        return invalid_row(
            line,
            f"the row has {len(row)} cells but there are {len(columns)} columns: quote cells that have separators",
        )
    if not any(cell.strip() for cell in row):
        return None
    chosen: dict[str, tuple[tuple[bool, int], Column, str]] = {}
    opt_outs: list[tuple[OptOutColumn, str]] = []
    for column, cell in zip_longest(columns, row, fillvalue=""):
        assert not isinstance(column, str)  # the row is not longer
        text = cells.unescape_cell(cell)
        if column.opt_out is not None:
            opt_outs.append((column.opt_out, text))
            continue
        if column.target is None or not text:
            continue
        label = row[column.label] if column.label is not None and column.label < len(row) else ""
        rank = (column.target == "phone" and column.rank >= 0 and not is_mobile(label or column.title), column.rank)
        if column.target not in chosen or rank < chosen[column.target][0]:
            chosen[column.target] = rank, column, text
    try:
        return _decode(line, chosen, read_opt_outs(opt_outs))
    except InvalidInputError as error:
        return invalid_row(line, error)


def _decode(line: int, chosen: Mapping[str, tuple[Any, Column, str]], opted_out: frozenset[Channel] | None) -> Row:
    values: dict[str, Any] = {"opted_out": opted_out}
    groups: tuple[str, ...] | None = None
    for target, (_, column, text) in chosen.items():
        if target == "groups":
            groups = _split_groups(column, text)
        elif target == "phone" and _SCIENTIFIC.fullmatch(text):
            raise InvalidInputError(
                "phone number lost digits in a spreadsheet (like 4.85E+10): format the column as text and export again",
                field="phone",
            )
        elif column.style == "google":
            values[target] = text.split(" ::: ")[0].strip()
        else:
            values[target] = cells.decode_field(target, text)
    return row_from_values(line, values, groups)


def _split_groups(column: Column, text: str) -> tuple[str, ...] | None:
    if column.style == "google":
        # Google's own groups begin with a star: "* myContacts".
        names = [name.strip() for name in text.split(":::")]
        names = [name for name in names if not name.startswith("*")]
    elif column.style == "outlook":
        names = [name.strip() for name in re.split(r"[;,]", text)]
    else:
        names = list(cells.split_names(text))
    return tuple(dict.fromkeys(name for name in names if name)) or None
