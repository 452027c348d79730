"""CSV in and out, a row at a time."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TextIO

from crossbook.errors import InvalidInputError
from crossbook.files import cells
from crossbook.files.columns import TARGETS, Column, columns_of
from crossbook.files.encodings import Encoded
from crossbook.files.rows import Bare, Row, bad, row_of_cells
from crossbook.models import Contact
from crossbook.vendor import VendorProfile

# Which character separates the cells of a file.

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


def detect(lines: Sequence[str]) -> str:
    """The separator with which most of the first rows are as wide as the titles, and those more than one cell.

    Args:
        lines: the first lines of the file, with their ends.
    """
    return max(SEPARATORS, key=lambda separator: _fit(lines, separator))


def _fit(lines: Sequence[str], separator: str) -> tuple[float, int]:
    widths: list[int] = []
    reader = csv.reader(lines, delimiter=separator)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error:
            continue
        if row:
            widths.append(len(row))
    # The last row may be cut off.
    widths = widths[:-1] if len(widths) > 2 else widths
    if not widths or widths[0] < 2:
        return 0.0, 0
    return sum(width == widths[0] for width in widths) / len(widths), widths[0]


_SAMPLE = 200  # lines that show the separator
_SAID = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)


class TableReader:
    """The rows of a CSV file, whatever its separator.

    Args:
        encoded: the file.
        corrections: see `columns_of`.
        separator: where it is guessed wrong.

    Attributes:
        columns: what is read as what.
        form: encoding and separator, in words.
        expected: about how many rows there are.

    Raises:
        InvalidInputError: no column is known, or a correction cannot be.
    """

    def __init__(self, encoded: Encoded, corrections: Mapping[str, str] | None, separator: str | None) -> None:
        self._encoded = encoded
        lines = list(islice(encoded.text(), _SAMPLE))
        # Excel's own way to say it, in a line before the titles.
        said = _SAID.fullmatch(lines[0])
        self._skipped = 1 if said else 0
        self._separator = separator or (said.group(1) if said else detect(lines))
        self.form = f"{encoded.title}, {SEPARATORS.get(self._separator, repr(self._separator))}"
        records = self._records()
        _, titles = next(records, (0, ()))
        if isinstance(titles, str):
            raise InvalidInputError(f"the first row cannot be read: {titles}", field="file")
        self.columns: tuple[Column, ...] = columns_of(titles, corrections)
        self.expected: int | None = max(0, encoded.lines - 1 - self._skipped)

    def __iter__(self) -> Iterator[Row]:
        return Bare(self._rows())

    def _rows(self) -> Iterator[Row]:
        records = self._records()
        next(records, None)
        for line, record in records:
            row = bad(line, record) if isinstance(record, str) else row_of_cells(line, self.columns, record)
            if row is not None:
                yield row

    def _records(self) -> Iterator[tuple[int, Sequence[str] | str]]:
        """The records, each with the line that it begins in; a text says what is wrong with it."""
        lines = _Lines(islice(self._encoded.text(), self._skipped, None), self._skipped)
        reader = csv.reader(lines, delimiter=self._separator, strict=True)
        while True:
            lines.begin()
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield lines.first, _wrong(str(error), lines)
            else:
                if record:
                    yield lines.first, record


class _Lines:
    """Lines as the csv module asks for them, counted, and given back where a quote that is never closed took them."""

    def __init__(self, lines: Iterator[str], number: int) -> None:
        self._lines = lines
        self._back: deque[str] = deque()
        self._since: list[str] = []
        self.number = number

    def begin(self) -> None:
        """A record begins with the next line."""
        self._since = []

    @property
    def first(self) -> int:
        """The line in which the record began."""
        return self.number - len(self._since) + 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._back.popleft() if self._back else next(self._lines)
        self.number += 1
        self._since.append(line)
        return line

    def give_back(self) -> int:
        """All lines of this record but its first are read again, as rows of their own; how many there are."""
        taken = self._since[1:]
        self._back.extendleft(reversed(taken))
        self._since = self._since[:1]
        self.number -= len(taken)
        return len(taken)


def _wrong(error: str, lines: _Lines) -> str:
    if "unexpected end" in error or "field larger" in error:
        several = lines.give_back()
        if "field larger" in error and not several:
            return f"a cell is longer than {csv.field_size_limit():,} characters"
        return "a quote is opened and never closed"
    end = f" (the row ends in line {lines.number})" if lines.number > lines.first else ""
    return f"a quoted cell goes on behind its closing quote: inside of it quotes are doubled{end}"


class TableWriter:
    """Writes contacts as CSV, safe in a spreadsheet: see `cells`.

    Args:
        file: a text file, opened with newline="".
        card: whose contacts: its own fields become columns.
        separator: between cells.
    """

    def __init__(self, file: TextIO, card: VendorProfile, separator: str = ",") -> None:
        self._writer = csv.writer(file, delimiter=separator, lineterminator="\r\n")
        self._names = card_columns(card)
        self._writer.writerow(self._names)

    def write(self, contact: Contact, groups: Iterable[str] | None) -> None:
        """One more row.

        Args:
            contact: whom.
            groups: the names of the groups, None where they are unknown.
        """
        further = contact.fields or {}
        texts = [
            cells.join(tuple(groups or ())) if name == "groups"
            else cells.write(name, further.get(name[7:]) if name[:7] == "fields." else getattr(contact, name))
            for name in self._names
        ]  # fmt: skip
        self._writer.writerow(map(cells.protect, texts))


def card_columns(card: VendorProfile) -> tuple[str, ...]:
    """The columns for a vendor's contacts: what it holds, further fields by name or, where any name goes, in one."""
    names = [name for name in TARGETS if name in ("id", "name") or name in card.contact_fields]
    if card.extra_fields is None:
        return (*names, "fields")
    return (*names, *(f"fields.{name}" for name in card.extra_fields))
