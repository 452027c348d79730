"""Read an uploaded file as contacts, as the command line does."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import BinaryIO

from fastapi import UploadFile

from crossbook import AddressBook, Contact, InvalidInputError, files
from crossbook.transfer import drop_derived_name


def read_upload(upload: UploadFile, book: AddressBook, most: int) -> list[Contact]:
    """Return the contacts of a file: CSV (from spreadsheets or `crossbook export`), JSON lines or vCards.

    Args:
        upload: the file; its name says which of them it is.
        book: where they go; a whole name is left out where only halves are stored.
        most: no more than these are read.

    Raises:
        InvalidInputError: it is no such file, or a row cannot be read; its line is named.
    """
    return _read(upload.file, upload.filename or "", book, most)


def read_file(path: Path, book: AddressBook) -> list[Contact]:
    """Return the contacts of the stored copy of an upload, as `read_upload` does."""
    return _read(path, path.name, book, None)


def _read(file: Path | BinaryIO, name: str, book: AddressBook, most: int | None) -> list[Contact]:
    with files.read(file, files.choose_format(name), region=book.profile.default_region) as people:
        return [_contact(row, book) for row in islice(people, most)]


def _contact(row: files.Row, book: AddressBook) -> Contact:
    if row.contact is None:
        why = row.error.message if row.error else "it cannot be read"
        raise InvalidInputError(f"line {row.line}: {why}", field="file")
    return drop_derived_name(book, row.contact)
