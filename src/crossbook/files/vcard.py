"""vCard 3.0 and 4.0 in and out (RFC 2426, RFC 6350), a card at a time (extra `cli`: vobject)."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Literal, TextIO

import msgspec
import vobject
from vobject.base import VObjectError
from vobject.vcard import Name

from crossbook.errors import InvalidInputError
from crossbook.files import cells
from crossbook.files.columns import Column
from crossbook.files.encodings import Encoded, is_broken
from crossbook.files.rows import Bare, Row, bad, failed, row_of
from crossbook.models import Contact

# What vCard has no property for travels in one of ours, so that an opt-out is not lost on the way.
_OURS = {
    "external_id": "X-CROSSBOOK-EXTERNAL-ID",
    "opted_out": "X-CROSSBOOK-OPTED-OUT",
    "archived": "X-CROSSBOOK-ARCHIVED",
    "created_at": "X-CROSSBOOK-CREATED-AT",
    "fields": "X-CROSSBOOK-FIELDS",
}
_MOBILE = {"cell", "mobile", "text", "iphone"}
_LONGEST = 1 << 20  # characters of a card; its photo is among them
_BREAKS = re.compile(r"\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_TEL = re.compile(r"tel:", re.IGNORECASE)
_COLUMNS = {
    "FN": "name", "N": "first_name and last_name", "TEL": "phone", "EMAIL": "email", "ORG": "company",
    "CATEGORIES": "groups",
}  # fmt: skip


class CardReader:
    """The cards of a vCard file, of versions 2.1, 3.0 and 4.0.

    Of several numbers the mobile one is taken, else the preferred or the first; of several addresses likewise.

    Args:
        encoded: the file.
        corrections: must be empty, since properties have fixed meanings.

    Attributes:
        columns, form, expected: as of `TableReader`.
    """

    def __init__(self, encoded: Encoded, corrections: Mapping[str, str] | None) -> None:
        if corrections:
            raise InvalidInputError(
                "a vCard's properties have fixed meanings: corrections (--map) are for CSV and JSON lines", field="map"
            )
        self._encoded = encoded
        self.form = f"{encoded.title}, vCard"
        self.expected: int | None = None
        self.columns = tuple(Column(title, target) for title, target in _COLUMNS.items())

    def __iter__(self) -> Iterator[Row]:
        return Bare(self._rows())

    def _rows(self) -> Iterator[Row]:
        first, length, card = 0, 0, list[str]()
        for number, line in enumerate(self._encoded.text(), 1):
            word = line.lstrip("\ufeff").strip().upper()
            if word == "BEGIN:VCARD":
                if card:
                    yield bad(first, "a card begins here and does not end")
                first, length, card = number, 0, [line.lstrip("\ufeff")]
            elif card and (length := length + len(line)) <= _LONGEST:
                card.append(line)
                if word == "END:VCARD":
                    yield _read(first, "".join(card))
                    card = []
            elif card:
                yield bad(first, f"a card begins here and has not ended {_LONGEST:,} characters later")
                card = []
            elif word and first == 0:
                raise InvalidInputError("this is no vCard file: it does not begin with BEGIN:VCARD", field="file")
        if card:
            yield bad(first, "a card begins here and does not end")


def _read(line: int, text: str) -> Row:
    if is_broken(text):
        return bad(line, "it holds bytes that are not in the file's encoding: pass encoding (--encoding)")
    try:
        # vobject's types say nothing of what comes back.
        read: Any = vobject
        return _row(line, read.readOne(text, allowQP=True).contents)
    except InvalidInputError as error:
        return failed(line, error)
    # A library of many formats raises many kinds, and each means this: a card that it cannot make sense of.
    except (VObjectError, ValueError, LookupError, AttributeError, TypeError):
        return bad(line, "it is no vCard that can be read")


def _row(line: int, contents: Mapping[str, Any]) -> Row:
    values: dict[str, Any] = {}
    for name, title in _OURS.items():
        if title.lower() in contents:
            values[name] = cells.read(name, contents[title.lower()][0].value)
    phone, email = _best(contents.get("tel", ()), mobile=True), _best(contents.get("email", ()), mobile=False)
    values["phone"] = _TEL.sub("", phone).split(";ext=")[0] if phone else None
    values["email"] = email
    for parts in contents.get("n", ())[:1]:
        values["first_name"], values["last_name"] = _text(parts.value.given), _text(parts.value.family)
    for organisation in contents.get("org", ())[:1]:
        units: Any = organisation.value
        values["company"] = _text(units if isinstance(units, str) else units[0] if units else "")
    full = _text(contents["fn"][0].value) if "fn" in contents else None
    # Who has no name is called by something else, since a card must have one.
    if full not in (values["phone"], values["email"], values.get("company"), "?"):
        values["name"] = full
    groups = tuple(name for each in contents.get("categories", ()) for name in _names(each.value) if name)
    return row_of(line, values, tuple(dict.fromkeys(groups)) or None)


def _names(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _text(value: str | list[str]) -> str | None:
    return (value if isinstance(value, str) else " ".join(value)) or None


def _best(lines: Iterable[Any], *, mobile: bool) -> str | None:
    def rank(at: int) -> tuple[bool, bool, int]:
        types = {each.lower() for listed in listed_lines[at].params.get("TYPE", ()) for each in listed.split(",")}
        singles = {each.lower() for each in listed_lines[at].singletonparams}
        kinds = types | singles
        preferred = "pref" in kinds or bool(listed_lines[at].params.get("PREF"))
        return mobile and not kinds & _MOBILE, not preferred, at

    listed_lines = [line for line in lines if _text(line.value)]
    order = sorted(range(len(listed_lines)), key=rank)
    return _text(listed_lines[order[0]].value) if order else None


class CardWriter:
    """Writes contacts as vCards.

    Args:
        file: a text file, opened with newline="".
        version: "3.0", which every program reads, or "4.0".
    """

    def __init__(self, file: TextIO, version: Literal["3.0", "4.0"] = "3.0") -> None:
        self._file = file
        self._version = version

    def write(self, contact: Contact, groups: Iterable[str] | None) -> None:
        """One more card; `groups` are names, None where they are unknown."""
        card: Any = vobject.vCard()
        _add(card, "version", self._version)
        halves = " ".join(half for half in (contact.first_name, contact.last_name) if half)
        name = contact.name or halves
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
        for field, title in _OURS.items():
            value = getattr(contact, field)
            if value not in (None, {}):
                _add(card, title, _clean(_written(field, value)))
        self._file.write(card.serialize())


def _add(card: Any, name: str, value: Any) -> Any:
    line = card.add(name)
    line.value = value
    return line


def _clean(text: str) -> str:
    """The text with line breaks that vCard can carry: one kind of them."""
    return _BREAKS.sub("\n", text)


def _written(field: str, value: Any) -> str:
    if field == "fields":
        return msgspec.json.encode(value).decode()
    return value.isoformat() if isinstance(value, datetime) else cells.write(field, value)


# It logs what it skips, with the line: a person's data.
logging.getLogger("vobject.base").addHandler(logging.NullHandler())
logging.getLogger("vobject.base").propagate = False
