"""Read and write contact files: CSV, Excel workbooks, JSON lines and vCard, one row at a time.

A file names groups, and an address book identifies groups by id. So a `Row` holds group names next to the contact.

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
from typing import IO, Literal, Protocol, TextIO, get_args

from crossbook import _phones
from crossbook._tracebacks import hide_internal_frames
from crossbook.errors import InvalidInputError
from crossbook.files.columns import Column
from crossbook.files.contentlines import select_undeclared
from crossbook.files.csv import CsvReader, CsvWriter
from crossbook.files.encodings import EncodedFile, detect_encoding, open_file
from crossbook.files.jsonl import JsonlReader, JsonlWriter
from crossbook.files.preparing import NameOption, PreparingReader
from crossbook.files.rows import Row
from crossbook.files.vcard import VcardReader, VcardWriter
from crossbook.files.xlsx import XlsxReader, XlsxWriter
from crossbook.models import Contact
from crossbook.vendor import VendorProfile

Format = Literal["csv", "xlsx", "jsonl", "vcard", "vcard3", "vcard4"]
FORMATS: tuple[Format, ...] = get_args(Format)
_FORMAT_BY_SUFFIX: dict[str, Format] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".xlsx": "xlsx", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".vcf": "vcard", ".vcard": "vcard",
}  # fmt: skip
_OTHER_SPREADSHEETS = (".xls", ".xlsm", ".xlsb", ".ods", ".numbers")

__all__ = [
    "FORMATS",
    "Column",
    "Format",
    "Reader",
    "Row",
    "Writer",
    "choose_format",
    "choose_separator",
    "make_writer",
    "read",
]


class Reader(Protocol):
    """The rows of an open contact file. A reader can be iterated more than once.

    Attributes:
        columns: the columns of the file, each with the contact field that it fills.
        description: encoding and format in words, such as "UTF-8, commas".
        expected: the estimated number of rows, or None if it is unknown.
        example: if the encoding is a guess, the number and the text of a line that shows whether the guess is right.
        leftovers: what the file has besides its columns that is not read, in words, such as "2 further phones".
    """

    columns: tuple[Column, ...]
    description: str
    expected: int | None
    leftovers: tuple[str, ...]
    example: tuple[int, str] | None

    def __iter__(self) -> Iterator[Row]: ...


class Writer(Protocol):
    """Writes contacts to a file, one per call."""

    def write(self, contact: Contact, groups: Iterable[str] | None) -> None:
        """Write one contact to the file.

        Args:
            contact: the contact; its `groups` are ignored, because they are ids.
            groups: the names of its groups, or None if they are unknown.
        """

    def close(self) -> None:
        """Complete the file, which stays open. A workbook ("xlsx") has no content before."""


def choose_format(path: str | Path, format: Format | None = None) -> Format:
    """Return `format`, or if it is None, the format that the suffix of the file name implies.

    Raises:
        InvalidInputError: the format is unknown, or the name has no known suffix.
    """
    suffix = Path(path).suffix.lower()
    if format is not None and format not in FORMATS:
        raise InvalidInputError(f"unknown format: expected {', '.join(FORMATS)}", field="format")
    if suffix in _OTHER_SPREADSHEETS and format is None:
        raise InvalidInputError(
            "of spreadsheets only .xlsx is supported: save the file as .xlsx or as CSV", field="format"
        )
    found = format or _FORMAT_BY_SUFFIX.get(suffix)
    if found is None:
        suffixes = ", ".join(_FORMAT_BY_SUFFIX)
        raise InvalidInputError(
            f"cannot detect the format: use a file name that ends in {suffixes}, or pass format=",
            field="format",
        )
    return found


def choose_separator(path: str | Path, separator: str | None = None) -> str:
    """Return `separator` for a new CSV file; if it is None, return a tab for .tsv and a comma for any other name.

    Raises:
        InvalidInputError: the separator is not a single character, or is a quote or a line break.
    """
    if separator is not None and (len(separator) != 1 or separator in '"\r\n'):
        raise InvalidInputError("separator must be one character, and not a quote or a line break", field="separator")
    return separator or ("\t" if Path(path).suffix.lower() == ".tsv" else ",")


@contextmanager
def read(
    path: str | Path | IO[bytes],
    format: Format | None = None,
    *,
    corrections: Mapping[str, str] | None = None,
    encoding: str | None = None,
    separator: str | None = None,
    names: NameOption = "keep",
    region: str | None = None,
) -> Generator[Reader]:
    """Open a contact file for reading; detect its encoding, its separator and the meaning of its columns.

    The file is read once to detect the encoding, and then one row at a time. The reader can be iterated again.

    Args:
        path: the file; "-" is standard input. An open binary file, such as an upload, must be seekable and needs
            `format`; it stays open.
        format: "csv", "xlsx", "jsonl" or "vcard"; by default the format of the file name's suffix.
        corrections: column title → contact field, for columns that are detected wrongly: {"Handy": "phone",
            "Notes": "fields.description", "Labels": ""}. An empty field means that the column is not read. A column of
            yes and no is mapped to "opted_out" or "opted_in", or to channels of them: "opted_in.sms+email".
        encoding: the encoding, if it is detected wrongly.
        separator: the separator of a CSV file, if it is detected wrongly.
        names: "split" makes first and last name of a whole name, for a vendor that stores these: the last word is the
            last name, with small words before it (`van`, `de`); with a comma, what is before it. "keep" changes none.
        region: the region ("PL") of phones without a country code. A phone stays as it is spelled. If a cell has
            several, the first mobile number is taken, and numbers without a country code are checked in this region.

    Returns:
        A context manager that gives a `Reader`: iterate it for rows. An invalid row has an `error`; reading continues.

    Raises:
        InvalidInputError: the file has another format, no column title is known, an option is invalid, or a cell of a
            column that may say who opted out is unclear. No message shows a cell, because the first row of a file
            without titles holds a person's data.
        OSError: the file cannot be opened.

    Example:
        ```python
        from crossbook import files

        with files.read("people.csv", corrections={"Phone": "phone"}) as people:
            print(people.description)
            contacts = [row.contact for row in people if row.contact is not None]
        ```
    """
    name = path if isinstance(path, (str, Path)) else ""
    format = choose_format(name, format)
    choose_separator(name, separator)
    if names not in get_args(NameOption):
        raise InvalidInputError("names must be 'keep' or 'split'", field="names")
    if region is not None and not _phones.is_region(region):
        raise InvalidInputError('region must be a country code of two capital letters, such as "PL"', field="region")
    with closing(open_file(path)) if isinstance(path, (str, Path)) else nullcontext(path) as file:
        reader: Reader
        if format == "xlsx":
            reader = _make_xlsx_reader(file, corrections)
        else:
            select = select_undeclared if format.startswith("vcard") else None
            reader = _make_reader(format, detect_encoding(file, encoding, select=select), corrections, separator)
        yield PreparingReader(reader, names, region)


@hide_internal_frames
def _make_xlsx_reader(file: IO[bytes], corrections: Mapping[str, str] | None) -> Reader:
    return XlsxReader(file, corrections)


@hide_internal_frames
def _make_reader(
    format: Format, file: EncodedFile, corrections: Mapping[str, str] | None, separator: str | None
) -> Reader:
    if format == "csv":
        return CsvReader(file, corrections, separator)
    if format == "jsonl":
        return JsonlReader(file, corrections)
    return VcardReader(file, corrections)


def make_writer(
    file: TextIO,
    profile: VendorProfile,
    format: Format,
    *,
    separator: str = ",",
    account: str = "",
    plain: bool = False,
) -> Writer:
    """Return a writer that writes contacts to an open text file in this format.

    Args:
        file: a text file, opened with newline="" in UTF-8. A workbook is written to its binary `buffer`.
        profile: the profile of the contacts' vendor: `book.profile`. CSV has a column for each field of the vendor.
        format: "csv", "xlsx" (extra `files`), "jsonl", "vcard3" (the same as "vcard") or "vcard4".
        separator: the separator of a CSV file.
        account: a name for the account. The UID of a vCard is made of the vendor, this name and the contact's id, so
            that other programs know the card again.
        plain: whether CSV is written without the apostrophe before texts that a spreadsheet would run as a formula.

    Example:
        ```python
        from pathlib import Path

        from crossbook import Contact, Vercom, files

        with Path("people.csv").open("w", encoding="utf-8", newline="") as file:
            files.make_writer(file, Vercom.profile, "csv").write(Contact(phone="+48500600700"), ["Friends"])
        ```
    """
    if format == "csv":
        return CsvWriter(file, profile, separator, plain=plain)
    if format == "xlsx":
        return XlsxWriter(file, profile)
    if format == "jsonl":
        return JsonlWriter(file)
    owner = f"{profile.vendor} {account}"
    return VcardWriter(file, "4.0" if format == "vcard4" else "3.0", owner)
