"""Change the rows of a reader of any format: one phone for each contact, and whole names split if that is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from attrs import evolve

from crossbook import _phones
from crossbook.errors import InvalidInputError
from crossbook.files.names import split_name
from crossbook.files.phones import choose_phone, is_plain
from crossbook.files.rows import Row, invalid_row
from crossbook.models import Contact

if TYPE_CHECKING:
    from crossbook.files import Reader

NameOption = Literal["keep", "split"]


class PreparingReader:
    """Reads the rows of another reader, and changes their contacts; see `crossbook.files.Reader`.

    Args:
        reader: the other reader.
        names: see `crossbook.files.read`.
        region: see `crossbook.files.read`.
    """

    def __init__(self, reader: Reader, names: NameOption, region: str | None) -> None:
        self._reader = reader
        self._splits_names = names == "split"
        self._region = region
        self.columns = reader.columns
        self.description = reader.description
        self.expected = reader.expected
        self.leftovers = reader.leftovers
        self.example = reader.example

    def __iter__(self) -> Iterator[Row]:
        return map(self._prepare, self._reader)

    def _prepare(self, row: Row) -> Row:
        contact = row.contact
        if contact is None or not (self._splits_names or contact.phone):
            return row
        changes: dict[str, Any] = {}
        further = 0
        if contact.phone and not is_plain(contact.phone):
            if _phones.has_lost_digits(contact.phone):
                return invalid_row(row.line, InvalidInputError(_phones.LOST_DIGITS, field="phone"))
            phone, further = choose_phone(contact.phone, self._region)
            if phone != contact.phone:
                changes["phone"] = phone
        if self._splits_names and contact.name:
            changes |= _split(contact)
        if not changes and not further:
            return row
        return evolve(row, contact=replace(contact, **changes), further_phones=row.further_phones + further)


def _split(contact: Contact) -> dict[str, str | None]:
    """Return first and last name in place of the name. A half that the file has is kept."""
    if contact.first_name or contact.last_name:
        return {}
    first, last = split_name(contact.name or "")
    return {"name": None, "first_name": first, "last_name": last} if first or last else {}
