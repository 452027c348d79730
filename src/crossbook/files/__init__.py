"""Files of people: CSV, JSON lines and vCard, read and written a row at a time, however long they are.

A file knows its groups by their names, an address book by ids: a `Row` holds the names beside the contact.

Example:
    ```python
    from pathlib import Path

    from crossbook import files

    Path("people.csv").write_text("phone,first_name\\n+48500600700,Anna\\n")
    with files.read("people.csv") as people:
        for row in people:
            print(row.line, row.contact or row.error)
    ```
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import IO, Any, Literal, Protocol, TextIO, get_args

from crossbook._tracebacks import hide_internal_frames_sync
from crossbook.errors import InvalidInputError
from crossbook.files.columns import Column
from crossbook.files.encodings import Encoded, detect, open_file
from crossbook.files.rows import Row
from crossbook.models import Contact
from crossbook.vendor import VendorProfile

Format = Literal["csv", "jsonl", "vcard", "vcard3", "vcard4"]
FORMATS: tuple[Format, ...] = get_args(Format)
_ENDINGS: dict[str, Format] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".vcf": "vcard",
    ".vcard": "vcard",
}  # fmt: skip
_SPREADSHEETS = (".xlsx", ".xls", ".xlsm", ".ods")

__all__ = ["FORMATS", "Column", "Format", "Reader", "Row", "Writer", "format_of", "read", "separator_of", "write"]


class Reader(Protocol):
    """A file of people.

    Attributes:
        columns: what is read as what.
        form: encoding and separator, in words.
        expected: about how many rows there are, None if that is not known.
    """

    columns: tuple[Column, ...]
    form: str
    expected: int | None

    def __iter__(self) -> Iterator[Row]: ...


class Writer(Protocol):
    """Takes contacts, one after the other."""

    def write(self, contact: Contact, groups: Iterable[str] | None) -> None:
        """Writes one more; `groups` are names, None where they are unknown."""


def format_of(path: str | Path, format: Format | None = None) -> Format:
    """The format of a file: as it is told, else as its name ends.

    Raises:
        InvalidInputError: the name does not say it.
    """
    if format is not None:
        if format not in FORMATS:
            raise InvalidInputError(f"format is one of {', '.join(FORMATS)}", field="format")
        return format
    found = _ENDINGS.get(Path(path).suffix.lower())
    if found is None and Path(path).suffix.lower() in _SPREADSHEETS:
        raise InvalidInputError("a spreadsheet is read and written as CSV: save it as such, named .csv", field="format")
    if found is None:
        endings = ", ".join(_ENDINGS)
        raise InvalidInputError(f"the name does not say the format ({endings}): pass format (--format)", field="format")
    return found


def separator_of(path: str | Path, separator: str | None = None) -> str:
    """The separator of a CSV file that is to be written: as it is told, else a tab in .tsv and a comma elsewhere.

    Raises:
        InvalidInputError: it is no single character.
    """
    if separator is not None and (len(separator) != 1 or separator in '"\r\n'):
        raise InvalidInputError("separator is one character", field="separator")
    return separator or ("\t" if Path(path).suffix.lower() == ".tsv" else ",")


@contextmanager
def read(
    path: str | Path | IO[bytes],
    format: Format | None = None,
    *,
    corrections: Mapping[str, str] | None = None,
    encoding: str | None = None,
    separator: str | None = None,
) -> Generator[Reader]:
    """Opens a file of people. Encoding, separator and the meaning of columns are found out.

    It reads the file once for its encoding, and then a row at a time; it may be read again.

    Args:
        path: the file; "-" is standard input. Or one that is open already, an upload for instance: in bytes, one that
            can be read from its beginning again (`seekable`). It stays open, and needs its `format` told.
        format: "csv", "jsonl" or "vcard"; by default as the name ends.
        corrections: column → field, where the guess is wrong: {"Handy": "phone", "Notes": "fields.description",
            "Labels": ""}, the last of which is not read.
        encoding: where it is guessed wrong.
        separator: between the cells of CSV, where it is guessed wrong.

    Returns:
        A context manager that gives a `Reader`: iterate it for rows. A bad row has an `error` and stops nothing.

    Raises:
        InvalidInputError: it is no such file, or no column is known. No message shows a cell: in a file without titles the
            first row is a person.
        OSError: it cannot be opened.

    Example:
        ```python
        from crossbook import files

        with files.read("people.csv", corrections={"Phone": "phone"}) as people:
            print(people.form)
            contacts = [row.contact for row in people if row.contact is not None]
        ```
    """
    named = path if isinstance(path, (str, Path)) else ""
    kind = format_of(named, format)
    separator_of(named, separator)
    with closing(open_file(path)) if isinstance(path, (str, Path)) else nullcontext(path) as file:
        yield _reader(kind, detect(file, encoding), corrections, separator)


@hide_internal_frames_sync
def _reader(kind: Format, encoded: Encoded, corrections: Mapping[str, str] | None, separator: str | None) -> Reader:
    if kind == "csv":
        from crossbook.files.csv import TableReader

        return TableReader(encoded, corrections, separator)
    if kind == "jsonl":
        from crossbook.files.jsonl import LinesReader

        return LinesReader(encoded, corrections)
    reader: Reader = _vcards().CardReader(encoded, corrections)
    return reader


def write(file: TextIO, card: VendorProfile, format: Format, *, separator: str = ",") -> Writer:
    """Writes a vendor's contacts into a file.

    Args:
        file: a text file, opened with newline="" in UTF-8.
        card: whose contacts they are: `book.card`.
        format: "csv", "jsonl", "vcard3" (the same as "vcard") or "vcard4".
        separator: between the cells of CSV.

    Example:
        ```python
        from pathlib import Path

        from crossbook import Contact, Vercom, files

        with Path("people.csv").open("w", encoding="utf-8", newline="") as file:
            files.write(file, Vercom.card, "csv").write(Contact(phone="+48500600700"), ["Friends"])
        ```
    """
    if format == "csv":
        from crossbook.files.csv import TableWriter

        return TableWriter(file, card, separator)
    if format == "jsonl":
        from crossbook.files.jsonl import LinesWriter

        return LinesWriter(file)
    writer: Writer = _vcards().CardWriter(file, "4.0" if format == "vcard4" else "3.0")
    return writer


def _vcards() -> Any:
    try:
        from crossbook.files import vcard
    except ModuleNotFoundError as error:
        raise InvalidInputError(f"vCards need {error.name}: pip install 'crossbook[cli]'", field="format") from None
    return vcard
