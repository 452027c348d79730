"""What CSV files and spreadsheets share: rows of cells below a row of titles, and the cells of a contact."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from crossbook.errors import InvalidInputError
from crossbook.files import cells
from crossbook.files.columns import TARGETS, Column, guess_fields, map_columns
from crossbook.files.opt_outs import check_opt_outs, find_disproved
from crossbook.files.rows import Row, RowDecoder, RowIterator, invalid_row
from crossbook.models import Contact
from crossbook.vendor import VendorProfile

FIRST_ROWS = 20  # rows among which the titles are searched
_SURE = 2  # known titles that prove a row of titles below other lines


class TableReader(ABC):
    """Reads the rows of a table; see `crossbook.files.Reader`. A subclass gives the cells.

    Args:
        description: the format in words.
        corrections: see `map_columns`.

    Raises:
        InvalidInputError: no column title is known, or a correction is invalid.
    """

    def __init__(self, description: str, corrections: Mapping[str, str] | None) -> None:
        self.description = description
        self.leftovers: tuple[str, ...] = ()
        self.example: tuple[int, str] | None = None
        self.expected: int | None = None
        self.titles_line, self._titles_row = 1, 1
        titles = self._find_titles(corrections)
        self.columns: tuple[Column, ...] = map_columns(titles, corrections)
        rows = islice(self.iter_records(), self._titles_row, None)
        if disproved := find_disproved([column.opt_out for column in self.columns], rows):
            self.columns = map_columns(titles, corrections, disproved=disproved)
        opt_outs = [(column.title, column.opt_out) for column in self.columns]
        check_opt_outs(opt_outs, islice(self.iter_records(), self._titles_row, None))

    @abstractmethod
    def iter_records(self) -> Iterator[tuple[int, Sequence[str] | str]]:
        """Yield for each row the number of its first line, and its cells or the reason why it is invalid."""

    def _find_titles(self, corrections: Mapping[str, str] | None) -> list[str]:
        """Return the titles: the first row, or a row with two known titles below the lines above a report."""
        named = {title.strip() for title in corrections or ()}
        first: Sequence[str] | str | None = None
        for number, (line, record) in enumerate(islice(self.iter_records(), FIRST_ROWS), 1):
            if first is None:
                first = record
                self.titles_line = line
            if isinstance(record, str):
                continue
            titles = [cells.unescape_cell(cell) for cell in record]
            if not named.isdisjoint(titles) or count_known(record) >= (1 if number == 1 else _SURE):
                if number > 1:
                    self.description += f", titles in line {line}"
                self._titles_row, self.titles_line = number, line
                return titles
        if isinstance(first, str):
            raise InvalidInputError(f"the first row cannot be read: {first}", field="file")
        return [cells.unescape_cell(cell) for cell in first or ()]

    def __iter__(self) -> Iterator[Row]:
        return RowIterator(self._rows())

    def _rows(self) -> Iterator[Row]:
        decode = RowDecoder(self.columns).decode
        for line, record in islice(self.iter_records(), self._titles_row, None):
            row = invalid_row(line, record) if isinstance(record, str) else decode(line, record)
            if row is not None:
                yield row


def count_known(row: Sequence[str]) -> int:
    """Return how many contact fields the titles in a row mean."""
    return len(
        {guess.field for guess in guess_fields([cells.unescape_cell(cell) for cell in row]) if guess is not None}
    )


def export_titles(profile: VendorProfile) -> tuple[str, ...]:
    """Return the column titles of an export for a vendor: id, name and every field that the vendor has.

    Extra fields are one column each (`fields.city`), or one column `fields` if the vendor accepts any name.
    """
    titles = [title for title in TARGETS if title in ("id", "name") or title in profile.contact_fields]
    if profile.extra_fields is None:
        return (*titles, "fields")
    return (*titles, *(f"fields.{name}" for name in profile.extra_fields))


def encode_contact(titles: Sequence[str], contact: Contact, groups: Iterable[str] | None) -> list[str]:
    """Return the cells of a contact, as plain text; `groups` are names, or None if they are unknown."""
    fields = contact.fields or {}
    return [
        cells.join_names(tuple(groups or ())) if title == "groups"
        else cells.encode_field(title, fields.get(title[7:]) if title[:7] == "fields." else getattr(contact, title))
        for title in titles
    ]  # fmt: skip
