"""Read and write vCard 3.0 and 4.0 (RFC 2426, RFC 6350) one card at a time, with vobject (extra `cli`)."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, TextIO

import vobject
from vobject.base import VObjectError
from vobject.vcard import Name

from crossbook.errors import InvalidInputError
from crossbook.files import cells
from crossbook.files.columns import Column
from crossbook.files.encodings import EncodedFile, has_invalid_bytes
from crossbook.files.rows import INVALID_BYTES, Row, RowIterator, invalid_row, row_from_values
from crossbook.models import Contact

# vCard has no property for these fields. They are kept in properties of crossbook, so that no opt-out is lost.
_EXTENSIONS = {
    "external_id": "X-CROSSBOOK-EXTERNAL-ID",
    "opted_out": "X-CROSSBOOK-OPTED-OUT",
    "archived": "X-CROSSBOOK-ARCHIVED",
    "created_at": "X-CROSSBOOK-CREATED-AT",
    "fields": "X-CROSSBOOK-FIELDS",
}
_MOBILE = {"cell", "mobile", "text", "iphone"}
_MAX_CARD = 1 << 20  # characters, a photo included
_LINE_BREAKS = re.compile(r"\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_TEL_SCHEME = re.compile(r"tel:", re.IGNORECASE)
_NOT_ENDED = "the vCard that begins here has no END:VCARD"
_COLUMNS = {
    "FN": "name", "N": "first_name and last_name", "TEL": "phone", "EMAIL": "email", "ORG": "company",
    "CATEGORIES": "groups",
}  # fmt: skip


class VcardReader:
    """Reads the cards of a vCard file of version 2.1, 3.0 or 4.0; see `crossbook.files.Reader`.

    Of several phones the mobile number wins, else the preferred number, else the first. E-mail addresses likewise.

    Args:
        file: the file.
        corrections: must be empty, because the properties of a vCard have fixed meanings.
    """

    def __init__(self, file: EncodedFile, corrections: Mapping[str, str] | None) -> None:
        if corrections:
            raise InvalidInputError(
                "vCard properties have fixed meanings: use corrections (--map) with CSV and JSON lines only",
                field="map",
            )
        self._file = file
        self.description = f"{file.title}, vCard"
        self.expected: int | None = None
        self.columns = tuple(Column(title, target) for title, target in _COLUMNS.items())

    def __iter__(self) -> Iterator[Row]:
        return RowIterator(self._rows())

    def _rows(self) -> Iterator[Row]:
        first, length, card = 0, 0, list[str]()
        for number, line in enumerate(self._file.lines(), 1):
            word = line.lstrip("\ufeff").strip().upper()
            if word == "BEGIN:VCARD":
                if card:
                    yield invalid_row(first, _NOT_ENDED)
                first, length, card = number, 0, [line.lstrip("\ufeff")]
            elif card and (length := length + len(line)) <= _MAX_CARD:
                card.append(line)
                if word == "END:VCARD":
                    yield _parse(first, "".join(card))
                    card = []
            elif card:
                yield invalid_row(first, f"the vCard that begins here is longer than {_MAX_CARD:,} characters")
                card = []
            elif word and first == 0:
                raise InvalidInputError("not a vCard file: expected BEGIN:VCARD in the first line", field="file")
        if card:
            yield invalid_row(first, _NOT_ENDED)


def _parse(line: int, text: str) -> Row:
    if has_invalid_bytes(text):
        return invalid_row(line, INVALID_BYTES)
    try:
        untyped: Any = vobject
        return _decode(line, untyped.readOne(text, allowQP=True).contents)
    except InvalidInputError as error:
        return invalid_row(line, error)
    # vobject raises all of these for cards that it cannot parse.
    except (VObjectError, ValueError, LookupError, AttributeError, TypeError):
        return invalid_row(line, "the vCard that begins here cannot be parsed")


def _decode(line: int, contents: Mapping[str, Any]) -> Row:
    values: dict[str, Any] = {}
    for name, title in _EXTENSIONS.items():
        if title.lower() in contents:
            values[name] = cells.decode_field(name, contents[title.lower()][0].value)
    phone, email = _choose(contents.get("tel", ()), mobile=True), _choose(contents.get("email", ()), mobile=False)
    values["phone"] = _TEL_SCHEME.sub("", phone).split(";ext=")[0] if phone else None
    values["email"] = email
    for parts in contents.get("n", ())[:1]:
        values["first_name"], values["last_name"] = _text(parts.value.given), _text(parts.value.family)
    for organisation in contents.get("org", ())[:1]:
        units: Any = organisation.value
        values["company"] = _text(units if isinstance(units, str) else units[0] if units else "")
    full = _text(contents["fn"][0].value) if "fn" in contents else None
    # A card must have a name. `VcardWriter` writes another field as the name of a contact without a name.
    if full not in (values["phone"], values["email"], values.get("company"), "?"):
        values["name"] = full
    groups = tuple(name for each in contents.get("categories", ()) for name in _list(each.value) if name)
    return row_from_values(line, values, tuple(dict.fromkeys(groups)) or None)


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _text(value: str | list[str]) -> str | None:
    return (value if isinstance(value, str) else " ".join(value)) or None


def _choose(lines: Iterable[Any], *, mobile: bool) -> str | None:
    def rank(line: Any) -> tuple[bool, bool]:
        types = ",".join([*line.params.get("TYPE", ()), *line.singletonparams]).lower().split(",")
        preferred = "pref" in types or bool(line.params.get("PREF"))
        return mobile and _MOBILE.isdisjoint(types), not preferred

    best = min((line for line in lines if _text(line.value)), key=rank, default=None)
    return None if best is None else _text(best.value)


class VcardWriter:
    """Writes contacts to a vCard file.

    Args:
        file: a text file, opened with newline="".
        version: "3.0", which every address book can read, or "4.0".
    """

    def __init__(self, file: TextIO, version: Literal["3.0", "4.0"] = "3.0") -> None:
        self._file = file
        self._version = version

    def write(self, contact: Contact, groups: Iterable[str] | None) -> None:
        """Write the contact as one vCard; `groups` are names, or None if they are unknown."""
        card: Any = vobject.vCard()
        _add(card, "version", self._version)
        name = contact.name or " ".join(filter(None, (contact.first_name, contact.last_name)))
        _add(card, "fn", _clean(name or contact.company or contact.phone or contact.email or "?"))
        _add(card, "n", Name(family=_clean(contact.last_name or ""), given=_clean(contact.first_name or "")))
        if contact.phone:
            _add(card, "tel", _clean(contact.phone)).type_param = "cell"
        if contact.email:
            _add(card, "email", _clean(contact.email))
        if contact.company:
            _add(card, "org", [_clean(contact.company)])
        if groups:
            _add(card, "categories", [_clean(group) for group in groups])
        for field, title in _EXTENSIONS.items():
            value = getattr(contact, field)
            if value not in (None, {}):
                _add(card, title, _clean(cells.encode_field(field, value)))
        self._file.write(card.serialize())


def _add(card: Any, name: str, value: Any) -> Any:
    line = card.add(name)
    line.value = value
    return line


def _clean(text: str) -> str:
    """Replace every kind of line break by a newline, because vCard can escape newlines only."""
    return _LINE_BREAKS.sub("\n", text)


# vobject logs the lines that it skips, which hold a person's data.
logging.getLogger("vobject.base").addHandler(logging.NullHandler())
logging.getLogger("vobject.base").propagate = False
