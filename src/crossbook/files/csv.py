"""Read and write CSV files one row at a time.

The titles of an exported file are in `tables`; the titles that an import recognises are in `titles`.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TextIO

from crossbook.files import cells
from crossbook.files.encodings import SAMPLE_LINES, EncodedFile
from crossbook.files.tables import FIRST_ROWS, TableReader, count_known, encode_contact, export_titles
from crossbook.models import Contact
from crossbook.vendor import VendorProfile

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
# Excel writes `sep=;` before the titles. Other programs quote it, or pad it with empty cells to the width of the rows.
_SEPARATOR_LINE = re.compile(r"""["']?sep=(.)["']?([,;\t|]*)\s*""", re.IGNORECASE)
_MAILBOX = re.compile(r'"([^"]*)"\s*(<[^<>"]*@[^<>"]*>)')  # "Anna Nowak" <anna@example.com>, from a mail program
_END_OF_FILE = ["\x1a"]  # a last line of DOS


def _read_sample(lines: Sequence[str], separator: str) -> list[list[str]]:
    """Return the rows of the first lines that can be read."""
    rows: list[list[str]] = []
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return rows
        except csv.Error:
            continue
        if row:
            rows.append(row)


def _score_separator(lines: Sequence[str], separator: str) -> tuple[int, float, int]:
    """Return how well a separator fits: known titles in a row, share of rows of the commonest width, and this width."""
    rows = _read_sample(lines, separator)
    widths = [len(row) for row in rows]
    # The last row of the sample may be incomplete.
    widths = widths[:-1] if len(widths) > 2 else widths
    wide = Counter(width for width in widths if width > 1)
    if not wide:
        return 0, 0.0, 0
    width, count = max(wide.items(), key=lambda pair: (pair[1], pair[0]))
    known = max(count_known(row) for row in rows[:FIRST_ROWS])
    return known, count / len(widths), width


def _has_space_before_quotes(lines: Sequence[str], separator: str) -> bool:
    """Return whether a space stands before the quotes of cells, as in `"a", "b"`."""
    spaced = re.compile(rf'(?:^|{re.escape(separator)}) +"')
    return any(spaced.search(line) for line in lines)


def _find_quote(lines: Sequence[str], separator: str) -> str:
    """Return the sign around cells: an apostrophe if all titles are within apostrophes, else a double quote."""
    titles = lines[0].strip().split(separator) if lines else [""]
    return "'" if all(len(title) > 1 and title[0] == title[-1] == "'" for title in titles) else '"'


class CsvReader(TableReader):
    """Reads the rows of a CSV file; see `crossbook.files.Reader`.

    Args:
        file: the file.
        corrections: see `map_columns`.
        separator: the separator, if it is detected wrongly.

    Raises:
        InvalidInputError: no column title is known, or a correction is invalid.
    """

    def __init__(self, file: EncodedFile, corrections: Mapping[str, str] | None, separator: str | None) -> None:
        self._file = file
        sample = list(islice(file.lines(), SAMPLE_LINES))
        declared = _SEPARATOR_LINE.fullmatch(sample[0])
        self._skipped = 1 if declared else 0
        del sample[: self._skipped]
        self._separator = separator or (
            declared[1]
            if declared and not declared[2].strip(declared[1])
            else max(_SEPARATORS, key=lambda each: _score_separator(sample, each))
        )
        self._strips_space = _has_space_before_quotes(sample, self._separator)
        self._quote = _find_quote(sample, self._separator)
        super().__init__(f"{file.title}, {_SEPARATORS.get(self._separator, repr(self._separator))}", corrections)
        self.example = file.example
        self.expected: int | None = max(0, file.line_count - self.titles_line)

    def iter_records(self) -> Iterator[tuple[int, Sequence[str] | str]]:
        """Yield for each CSV record the number of its first line, and its cells or the reason why it is invalid."""
        lines = _LineSource(islice(self._file.lines(), self._skipped, None), self._skipped)
        reader = csv.reader(
            lines,
            delimiter=self._separator,
            quotechar=self._quote,
            strict=True,
            skipinitialspace=self._strips_space,
        )
        while True:
            lines.begin_record()
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield lines.first, self._read_spaced(lines) or _explain(str(error), lines)
            else:
                if record and record != _END_OF_FILE:
                    yield lines.first, record

    def _read_spaced(self, lines: _LineSource) -> list[str] | None:
        """Return the cells of a record in one line that is valid but for spaces around quotes, as in `"a" ,"b"`.

        A name in quotes before an address in angle brackets is read with the address.
        """
        if len(lines.record) != 1:
            return None
        line = _MAILBOX.sub(r'"\1 \2"', lines.record[0])
        closed = re.sub(rf'"[ \t]+(?={re.escape(self._separator)}|\s*$)', '"', line)
        for text, strips_space in ((closed, True), (line, False)):
            try:
                return next(csv.reader([text], delimiter=self._separator, strict=True, skipinitialspace=strips_space))
            except (csv.Error, StopIteration):
                continue
        return None


class _LineSource:
    """Gives lines to the csv module, counts them, and can put lines back to be read again.

    A quote that is never closed makes the csv module read to the end of the file. `give_back` returns all lines but
    the first to the source, so that such a quote spoils one line only.
    """

    def __init__(self, lines: Iterator[str], number: int) -> None:
        self._lines = lines
        self._returned: deque[str] = deque()
        self.record: list[str] = []
        self.number = number

    def begin_record(self) -> None:
        self.record = []

    @property
    def first(self) -> int:
        """The number of the line in which the current record began."""
        return self.number - len(self.record) + 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else next(self._lines)
        self.number += 1
        self.record.append(line)
        return line

    def give_back(self) -> int:
        """Put back all lines of the current record except the first, to be read again; return their number."""
        returned = self.record[1:]
        self._returned.extendleft(reversed(returned))
        self.record = self.record[:1]
        self.number -= len(returned)
        return len(returned)


def _explain(error: str, lines: _LineSource) -> str:
    if "unexpected end" in error or "field larger" in error:
        returned = lines.give_back()
        if "field larger" in error and not returned:
            return f"a cell is longer than {csv.field_size_limit():,} characters"
        return "a quote is opened and never closed"
    end = f" (the row ends in line {lines.number})" if lines.number > lines.first else ""
    return f"text follows a closing quote: double the quotes inside a quoted cell{end}"


class CsvWriter:
    """Writes contacts as CSV that is safe to open in a spreadsheet (see `cells`).

    Args:
        file: a text file, opened with newline="".
        profile: the profile of the contacts' vendor, whose fields become columns.
        separator: the separator of the cells.
        plain: whether to write texts unchanged. Do not open such a file in a spreadsheet.
    """

    def __init__(self, file: TextIO, profile: VendorProfile, separator: str = ",", *, plain: bool = False) -> None:
        self._writer = csv.writer(file, delimiter=separator, lineterminator="\r\n")
        self._titles = export_titles(profile)
        self._plain = plain
        self._writer.writerow(self._titles)

    def write(self, contact: Contact, groups: Iterable[str] | None) -> None:
        """Write the contact as one row; `groups` are names, or None if they are unknown."""
        texts = encode_contact(self._titles, contact, groups)
        self._writer.writerow(texts if self._plain else map(cells.escape_cell, texts))

    def close(self) -> None:
        """Do nothing: each row is complete when it is written."""
