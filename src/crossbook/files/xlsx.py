"""Read and write Excel workbooks, with python-calamine and XlsxWriter (extra `files`)."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, time
from typing import IO, Any, TextIO
from xml.etree import ElementTree

from crossbook.errors import InvalidInputError
from crossbook.files import cells
from crossbook.files.tables import TableReader, encode_contact, export_titles
from crossbook.models import Contact
from crossbook.vendor import VendorProfile

_MAX_SIZE = 1 << 29  # bytes of all unpacked parts of a workbook: a small file can be made that fills the memory
_MAX_CELL = 32_767  # characters, by Excel's limits
_MAX_ROWS = 1_048_576
_CHUNK = 1 << 20  # bytes
_LONGEST_CELL = 1 << 12  # bytes
# A cell with a formula and without a value. Excel writes an empty text with t="str".
_NO_VALUE = re.compile(
    rb"<c(?=[ >])(?![^>]* t=.(?:str|e|b|inlineStr))[^>]*><f[^>]*(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>"
)


class XlsxReader(TableReader):
    """Reads the rows of the first visible sheet of a workbook that has cells; see `crossbook.files.Reader`.

    Args:
        file: a seekable binary file.
        corrections: see `map_columns`.

    Raises:
        InvalidInputError: the file is no workbook, or encrypted; or see `TableReader`.
    """

    def __init__(self, file: IO[bytes], corrections: Mapping[str, str] | None) -> None:
        self._sheet = _open_sheet(file)
        others = self._sheet.others
        name = "Excel workbook" + (f", sheet {self._sheet.name!r}" if others else "")
        super().__init__(name, corrections)
        self.leftovers = (f"{others} further sheet{'' if others == 1 else 's'}",) if others else ()
        self.expected: int | None = max(0, self._sheet.height - self.titles_line)

    def iter_records(self) -> Iterator[tuple[int, Sequence[str] | str]]:
        """Yield for each row of the sheet its number and its cells; leave out empty rows."""
        for number, row in enumerate(self._sheet.rows, 1):
            texts = [cell if isinstance(cell, str) else _to_text(cell) for cell in row]
            if any(texts):
                yield number, texts


class _Sheet:
    """A sheet of a workbook in memory: its name, its rows, and the number of other visible sheets with cells."""

    def __init__(self, name: str, rows: list[list[Any]], others: int) -> None:
        self.name, self.rows, self.others = name, rows, others
        self.height = len(rows)


def _open_sheet(file: IO[bytes]) -> _Sheet:
    try:
        import python_calamine
    except ModuleNotFoundError:
        raise _make_missing_error() from None
    calamine: Any = python_calamine
    _check_size(file)
    file.seek(0)
    try:
        workbook = calamine.load_workbook(file)
        shown = calamine.SheetVisibleEnum.Visible
        visible = [sheet.name for sheet in workbook.sheets_metadata if sheet.visible == shown]
        sheets = [(name, workbook.get_sheet_by_name(name)) for name in visible]
        filled = [(name, sheet) for name, sheet in sheets if sheet.height]
        if not filled:
            raise InvalidInputError("the workbook has no visible sheet with cells", field="file")
        _check_formulas(file, filled[0][0])
        # Rows and columns are counted from the first, so that an error names the row that Excel shows.
        rows: Any = filled[0][1].to_python(skip_empty_area=False)
    except calamine.CalamineError:
        raise InvalidInputError(
            "the workbook cannot be read: save it again as .xlsx without a password, or as CSV", field="file"
        ) from None
    return _Sheet(filled[0][0], rows, len(filled) - 1)


def _check_size(file: IO[bytes]) -> None:
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(part.file_size for part in archive.infolist())
    # zipfile raises NotImplementedError for a part whose kind of ZIP it does not support.
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise InvalidInputError("the file is no .xlsx workbook: save it as .xlsx or as CSV", field="file") from None
    if size > _MAX_SIZE:
        raise InvalidInputError("the workbook is too large to be read: save it as CSV", field="file")


def _check_formulas(file: IO[bytes], sheet: str) -> None:
    """Refuse a sheet with formulas that no program has calculated: their cells would be read as empty."""
    with zipfile.ZipFile(file) as archive:
        path = _find_part(archive, sheet)
        if path not in archive.namelist():
            return
        with archive.open(path) as part:
            before = b""
            while chunk := part.read(_CHUNK):
                if b"<f" in chunk and _NO_VALUE.search(before + chunk):
                    raise InvalidInputError(
                        "the workbook has formulas without values: open it in a spreadsheet program and save it",
                        field="file",
                    )
                before = chunk[-_LONGEST_CELL:]


def _find_part(archive: zipfile.ZipFile, sheet: str) -> str:
    """Return the path of a sheet's part in the archive, or "" if it is not where ECMA-376 says."""
    try:
        book = _parse_part(archive, "xl/workbook.xml")
        links = _parse_part(archive, "xl/_rels/workbook.xml.rels")
    except (KeyError, ElementTree.ParseError):
        return ""
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    for each in book.iter():
        if each.tag.endswith("}sheet") and each.get("name") == sheet:
            target = targets.get(next((value for name, value in each.items() if name.endswith("}id")), ""), "")
            return target[1:] if target.startswith("/") else f"xl/{target}"
    return ""


def _parse_part(archive: zipfile.ZipFile, path: str) -> ElementTree.Element:
    with archive.open(path) as part:
        return ElementTree.fromstring(part.read(_CHUNK))  # noqa: S314  (expat bounds what entities expand to)


def _to_text(cell: object) -> str:
    """Return a cell as a CSV file would have it. Excel stores whole numbers, such as phones, with a fraction."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    return "" if cell is None else str(cell)


class XlsxWriter:
    """Writes contacts to a workbook. All cells are text: Excel keeps zeros and plus signs, and runs no formula.

    Args:
        file: a binary file, or a text file with a binary buffer.
        profile: the profile of the contacts' vendor, whose fields become columns.

    Raises:
        InvalidInputError: XlsxWriter is not installed.
    """

    def __init__(self, file: TextIO | IO[bytes], profile: VendorProfile) -> None:
        try:
            import xlsxwriter  # pyright: ignore[reportMissingTypeStubs]
        except ModuleNotFoundError:
            raise _make_missing_error() from None
        untyped: Any = xlsxwriter
        # With constant memory, each row is written to a temporary file.
        self._workbook = untyped.Workbook(getattr(file, "buffer", file), {"constant_memory": True})
        self._sheet = self._workbook.add_worksheet("Contacts")
        self._sheet.freeze_panes(1, 0)
        self._text = self._workbook.add_format({"num_format": "@"})
        self._titles = export_titles(profile)
        self._row = 0
        self._write_row(self._titles)

    def write(self, contact: Contact, groups: Iterable[str] | None) -> None:
        """Write the contact as one row; `groups` are names, or None if they are unknown.

        Raises:
            InvalidInputError: a text is too long for Excel, or the sheet is full.
        """
        self._write_row(encode_contact(self._titles, contact, groups))

    def close(self) -> None:
        """Complete the workbook; without this, the file has no content."""
        self._workbook.close()

    def _write_row(self, texts: Sequence[str]) -> None:
        if self._row >= _MAX_ROWS:
            raise InvalidInputError(f"an Excel sheet has {_MAX_ROWS:,} rows: write CSV", field="format")
        for column, (title, text) in enumerate(zip(self._titles, texts, strict=True)):
            if len(text.encode("utf-16-le", "surrogatepass")) > 2 * _MAX_CELL:
                raise InvalidInputError(f"{title} is too long for a cell of Excel: write CSV", field=title)
            if text:
                # The text that is read back must be the same, so that a few texts need an apostrophe, as in CSV.
                cell = text if cells.unescape_cell(text) == text else cells.escape_cell(text)
                self._sheet.write_string(self._row, column, cell, self._text)
        self._row += 1


def _make_missing_error() -> InvalidInputError:
    return InvalidInputError("Excel files need an extra: pip install 'crossbook[files]'", field="format")
