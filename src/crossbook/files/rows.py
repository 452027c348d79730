"""Convert one record of a contact file to a `Row`: a contact with the names of its groups, or an error."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from attrs import evolve, frozen

from crossbook._tracebacks import hide_internal_frames, strip_traceback
from crossbook.errors import InvalidInputError
from crossbook.files import cells
from crossbook.files.cleaning import clean_email, list_emails
from crossbook.files.columns import Column
from crossbook.files.encodings import has_invalid_bytes
from crossbook.files.opt_outs import read_opt_outs
from crossbook.files.phones import has_phone
from crossbook.files.titles import is_mobile, takes_no_messages
from crossbook.models import Contact, make_contact

_DIVIDERS = re.compile(r"[;,|\n]")
_NO_DIGIT = re.compile(r"\D")
_COMPARED = 7  # digits at the end of a phone, by which two spellings of one number are counted once
_SHORTEST = 5  # digits; a shorter phone is an extension, and any other phone of the row is taken before it
_ONLY = (0, 0)  # the rank of a column that no other competes with
INVALID_BYTES = "bytes are not valid in the encoding of the file: pass encoding="


@frozen
class Row:
    """One record of a contact file: a contact with the names of its groups, or an error.

    Attributes:
        line: the number of the line in which the row begins, from 1.
        contact: the contact, or None if the row is invalid. Its `groups` are None, because a file has no group ids.
        groups: the names of the contact's groups, or None if the row has none.
        error: the reason why there is no contact.
        unread: the numbers of the lines of a vCard that cannot be read, wholly or at their end. They were left out.
        further_phones: the number of phones and extensions that the row has and that are not read, because a contact
            has one phone.
        further_emails: the number of e-mail addresses that are not read.
    """

    line: int
    contact: Contact | None = None
    groups: tuple[str, ...] | None = None
    error: InvalidInputError | None = None
    unread: tuple[int, ...] = ()
    further_phones: int = 0
    further_emails: int = 0


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
    get = values.get
    fields = get("fields")
    extra = {name[7:]: value for name, value in values.items() if name[:7] == "fields." and value is not None}
    return Row(
        line,
        make_contact(
            None, None, get("id") or "", get("external_id"), get("phone"), get("email"), get("first_name"),
            get("last_name"), get("name"), get("company"), {**(fields or {}), **extra} or None, None, get("opted_out"),
            get("archived"), get("created_at"),
        ),
        groups,
    )  # fmt: skip


class RowDecoder:
    """Converts the cells of a row to a `Row`: a row with the contact of these cells, or with an error.

    Several columns can fill one field. The column with the lowest rank that is not empty wins; of phones, a mobile
    number wins, unless the caller named the column in `corrections`.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self._width = len(columns)
        counts = Counter(column.target for column in columns)
        # For each column that is read: its index, and whether it is the only one of its field.
        self._used = [
            (index, column, column.target, counts[column.target] == 1)
            for index, column in enumerate(columns)
            if column.target is not None and column.opt_out is None
        ]
        self._opt_outs = [(index, each.opt_out) for index, each in enumerate(columns) if each.opt_out is not None]

    def decode(self, line: int, row: Sequence[str]) -> Row | None:
        """Return the row of these cells; None if all cells are empty."""
        width = len(row)
        if width > self._width and any(cell.strip() for cell in row[self._width :]):
            return invalid_row(
                line, f"the row has {width} cells but there are {self._width} columns: quote cells that have separators"
            )
        chosen: dict[str, tuple[tuple[int, int], Column, str]] = {}
        phones, emails = set[str](), set[str]()
        for index, column, target, only in self._used:
            if index >= width or not (cell := row[index]) or not (text := cells.unescape_cell(cell)):
                continue
            if has_invalid_bytes(text):
                return invalid_row(line, INVALID_BYTES)
            is_foreign = column.style != "crossbook"
            mobile, short = column.mobile, False
            if target == "phone":
                if column.label is not None and column.label < width and (label := row[column.label]):
                    if takes_no_messages(label):
                        continue
                    mobile = is_mobile(label)
                if not only:
                    if has_phone(text):
                        digits = _NO_DIGIT.sub("", text)
                        short = len(digits) < _SHORTEST
                        phones.add(digits[-_COMPARED:])
                    elif is_foreign:
                        continue
            elif target == "email":
                text = text.replace(":::", " ")
                if text.count("@") > 1:
                    emails.update(each.casefold() for each in list_emails(text))
                if is_foreign:
                    text = clean_email(text)
                    if not text:
                        continue
                if not only:
                    emails.add(text.casefold())
            elif column.style == "google" and target != "groups":
                text = text.split(":::")[0].strip()
            rank = _ONLY
            if not only:
                rank = (2 * short + (target == "phone" and column.rank >= 0 and not mobile), column.rank)
                if target in chosen and rank >= chosen[target][0]:
                    continue
            chosen[target] = rank, column, text
        if not chosen and not any(cell.strip() for cell in row):
            return None
        try:
            found = self._convert(line, row, chosen)
        except InvalidInputError as error:
            return invalid_row(line, error)
        if len(phones) < 2 and len(emails) < 2:
            return found
        return evolve(found, further_phones=max(0, len(phones) - 1), further_emails=max(0, len(emails) - 1))

    def _convert(self, line: int, row: Sequence[str], chosen: Mapping[str, tuple[Any, Column, str]]) -> Row:
        values: dict[str, Any] = {}
        groups: tuple[str, ...] | None = None
        for target, (_, column, text) in chosen.items():
            if target == "groups":
                groups = _split_groups(column.style, text)
            else:
                values[target] = text if target in cells.TEXTS else cells.decode_field(target, text)
        if self._opt_outs:
            width = len(row)
            opted_out = read_opt_outs(
                (column, cells.unescape_cell(row[index]) if index < width else "") for index, column in self._opt_outs
            )
            if opted_out is not None:
                values["opted_out"] = opted_out
        return row_from_values(line, values, groups)


def clean_value(target: str, text: str) -> str:
    """Return the value of a field in a text that another program or a person wrote; "" if it has none."""
    if target == "phone":
        return text if has_phone(text) else ""
    return clean_email(text) if target == "email" else text


@lru_cache(maxsize=1024)  # many contacts have the same groups
def _split_groups(style: str, text: str) -> tuple[str, ...] | None:
    names = cells.split_names(text) if style == "crossbook" else split_list(text)
    if style == "google":
        # Google's own groups begin with a star: "* myContacts".
        names = tuple(name for name in names if not name.startswith("*"))
    return tuple(dict.fromkeys(names)) or None


def split_list(text: str) -> tuple[str, ...]:
    """Split a list of names as other programs write it: `a ::: b`, `a;b`, `a, b`, `"a","b"` or `["a", "b"]`."""
    if ":::" in text:
        names = text.split(":::")
    elif '"' in text:
        names = next(csv.reader([text.strip("[]{}")], skipinitialspace=True))
    else:
        names = _DIVIDERS.split(text)
    return tuple(stripped for name in names if (stripped := name.strip()))
