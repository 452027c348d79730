"""Read vCard 2.1, 3.0 and 4.0 (RFC 2426, RFC 6350) property by property, and write 3.0 and 4.0, one card at a time."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, TextIO
from urllib.parse import unquote

from attrs import evolve

from crossbook import _redaction
from crossbook.errors import InvalidInputError
from crossbook.files import cells
from crossbook.files.cleaning import clean_email, strip_text
from crossbook.files.columns import Column, check_target
from crossbook.files.contentlines import PROPERTIES, Card, Line, decode_value, read_cards, split_value, unescape
from crossbook.files.encodings import EncodedFile
from crossbook.files.opt_outs import OptOutColumn, check_opt_outs, classify_title, parse_target, read_opt_outs
from crossbook.files.phones import list_phones
from crossbook.files.rows import Row, RowIterator, invalid_row, row_from_values
from crossbook.files.titles import is_mobile, takes_no_messages
from crossbook.models import Contact

# vCard has no property for these fields. They are kept in properties of crossbook, so that no opt-out is lost.
_EXTENSIONS = {
    "external_id": "X-CROSSBOOK-EXTERNAL-ID",
    "opted_out": "X-CROSSBOOK-OPTED-OUT",
    "archived": "X-CROSSBOOK-ARCHIVED",
    "created_at": "X-CROSSBOOK-CREATED-AT",
    "fields": "X-CROSSBOOK-FIELDS",
}
_OURS = frozenset(_EXTENSIONS.values())
_NAMES = "first_name and last_name"
_TARGETS = {
    "FN": "name", "N": _NAMES, "TEL": "phone", "EMAIL": "email", "ORG": "company", "CATEGORIES": "groups",
    **{title: field for field, title in _EXTENSIONS.items()},
}  # fmt: skip
_KINDS = ("KIND", "X-ADDRESSBOOKSERVER-KIND")
_MEMBERS = ("MEMBER", "X-ADDRESSBOOKSERVER-MEMBER")
_LIST = "X-EVOLUTION-LIST"
# What a card says of itself and of other properties: nothing is lost if it is not read.
_TECHNICAL = frozenset(
    ("BEGIN", "END", "VERSION", "PRODID", "UID", "REV", "CLASS", "PROFILE", "SOURCE", "NAME", "MAILER", "SORT-STRING",
     "CLIENTPIDMAP", "CREATED", "XML", "X-ABLABEL", "X-ABUID", "X-ABSHOWAS", *_KINDS, *_MEMBERS, _LIST)
)  # fmt: skip
_USED = frozenset((*_TARGETS, "VERSION", "UID", "X-ABLABEL", *_KINDS, *_MEMBERS, _LIST))
_MOBILE = {"cell", "mobile", "text", "iphone", "pcs"}
_NO_MESSAGES = {"facsimile", "textphone", "tlx"}  # and what `takes_no_messages` knows: fax, pager, modem, sip …
_OWN_GROUPS = {"mycontacts", "my contacts", "starred", "starred in android"}  # Google's: everybody, and the favourites
_PHONE_URI = re.compile(r"\s*(?:tel|callto|sms|smsto):\s*(?://)?([^;?]*)(.*)", re.IGNORECASE | re.DOTALL)
_OTHER_URI = re.compile(r"\s*(?:sips?|xmpp|skype|h323|im|mailto|https?|facetime|geo|urn|data):", re.IGNORECASE)
_PHONE = re.compile(r"\+?[0-9][0-9 ()-]{4,30}")
_PHONE_BYTES = re.compile(_PHONE.pattern.encode())
_NOT_DIALLED = bytes(set(range(256)).difference(b"+0123456789"))
_CONTEXT = re.compile(r";phone-context=(\+[0-9().-]+)", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s<>\"',;:()]+@[^\s<>\"',;:()]+")
_ADDRESS_BYTES = re.compile(_ADDRESS.pattern.encode())
_LONG = 4096  # bytes
_LONGEST = 1000  # characters of a phone, an address or a label
_BLANK = b" \t;,\\"
_GROUP_SIGNS = frozenset((*_KINDS, _LIST))
_TEXTS = frozenset(("phone", "email", "name", "first_name", "last_name", "company"))
_LINE_BREAKS = re.compile(r"\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_UID_NAMESPACE = uuid.UUID("5f0cbbc0-5c5f-5f0b-8f0d-3f1d6c7f2b1e")


class VcardReader:
    """Reads the cards of a vCard file of version 2.1, 3.0 or 4.0; see `crossbook.files.Reader`.

    Of several phones the mobile number wins, else the preferred number, else the first. E-mail addresses likewise. Fax,
    pager and SIP are no phones. A card of a group is no contact: its name is a group of its members.

    The file is read once for its properties and groups, and once for its rows. A property that cannot be decoded is
    left out; `Row.unread` has its line.

    Args:
        file: the file.
        corrections: property → contact field, as in `map_columns`: {"NOTE": "fields.description", "ORG": ""}.

    Raises:
        InvalidInputError: the file has no vCard, or a correction is invalid.
    """

    def __init__(self, file: EncodedFile, corrections: Mapping[str, str] | None) -> None:
        named = {title.strip().upper(): target.strip() for title, target in (corrections or {}).items()}
        self._named = frozenset(named.values())
        defaults = {title: None if target in self._named else target for title, target in _TARGETS.items()}
        self._targets: dict[str, str | None] = defaults | {title: target or None for title, target in named.items()}
        self._used = _USED | named.keys()
        self._file = file
        self.example = file.example
        # UTF-16 and UTF-32 arrive as UTF-8, because their line ends are found in text only.
        self._encoding = "utf-8" if file.name.startswith(("utf-16", "utf-32")) else file.name
        self._has_groups = False
        self._members: dict[str, dict[str, None]] = {}
        self.description = f"{file.title}, vCard"
        self.expected: int | None = 0
        self.leftovers: tuple[str, ...] = ()
        found = self._survey()
        shown = [title for title in found if title in PROPERTIES or title.startswith("X-") or title in named]
        for title, target in named.items():
            if title not in found:
                raise InvalidInputError(
                    f"the file has no property {_redaction.mask_text(title[:40])!r}; its properties are "
                    f"{', '.join(shown[:40])}",
                    field="map",
                )
            check_target(target)
        opt_outs = {title: self._detect_opt_out(title, named) for title in shown}
        self._opt_outs = {title: column for title, column in opt_outs.items() if column is not None}
        self._targets |= dict.fromkeys(self._opt_outs)
        self.columns = tuple(
            Column(title, column.target, opt_out=column) if column else Column(title, self._targets.get(title))
            for title, column in opt_outs.items()
            if title not in _TECHNICAL or title in named
        ) + ((Column("MEMBER", "groups"),) if self._members else ())
        check_opt_outs(list(self._opt_outs.items()), self._opt_out_texts(), place="property")

    def __iter__(self) -> Iterator[Row]:
        return RowIterator(self._rows())

    def _survey(self) -> dict[str, None]:
        """Read the file for all that is not a row; return the names of the properties."""
        found: dict[str, None] = {}
        cards = people = 0
        further = {"TEL": 0, "EMAIL": 0}
        for card in read_cards(self._file, self._used):
            cards += 1
            if self._is_group(card):
                self._has_groups = True
                self._add_group(card)
                continue
            people += 1
            if not card.properties.keys() <= found.keys():
                found |= dict.fromkeys(card.properties)
            for name in further:
                if name in card.properties and self._targets[name]:
                    further[name] += _count_further(card.properties[name])
        if not cards:
            raise InvalidInputError("not a vCard file: expected a line BEGIN:VCARD", field="file")
        self.expected = people
        words = {"TEL": "phone", "EMAIL": "e-mail"}
        self.leftovers = tuple(
            f"{count} further {words[name]}{'' if count == 1 else 's'}" for name, count in further.items() if count
        )
        return found

    def _detect_opt_out(self, title: str, named: Mapping[str, str]) -> OptOutColumn | None:
        """Return what a property of another program says about messages, such as X-DO-NOT-CONTACT."""
        if title in named:
            return parse_target(named[title])
        if not title.startswith("X-") or title in _USED or title in _TECHNICAL:
            return None
        column = classify_title(title[2:])
        return None if column is None or column.is_unsure else column

    def _opt_out_texts(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the line of each card of a person, and the texts of its properties that are about messages."""
        for card in read_cards(self._file, self._used):
            if not (card.error or self._is_group(card) or _is_empty(card)):
                yield card.line, self._opt_out_cells(card)

    def _opt_out_cells(self, card: Card) -> list[str]:
        return [self._text(card.properties.get(title, ()), []) for title in self._opt_outs]

    def _is_group(self, card: Card) -> bool:
        return not card.properties.keys().isdisjoint(_GROUP_SIGNS) and any(
            value.strip().lower() in (b"group", b"true")
            for name in _GROUP_SIGNS
            for _, _, value in card.properties.get(name, ())
        )

    def _add_group(self, card: Card) -> None:
        lines = card.properties
        name = self._text(lines.get("FN", ()), []) or self._text(lines.get("N", ()), [])
        members = [line for title in _MEMBERS for line in lines.get(title, ())]
        if _LIST in lines:
            members += lines.get("EMAIL", ())
        for line in members if name else ():
            self._members.setdefault(_member_key(self._decode(line, [])), {})[name] = None

    def _rows(self) -> Iterator[Row]:
        for card in read_cards(self._file, self._used):
            if card.error:
                yield invalid_row(card.line, card.error)
                continue
            try:
                row = self._row(card)
            except InvalidInputError as error:
                row = invalid_row(card.line, error)
            if row is not None:
                yield row

    def _row(self, card: Card) -> Row | None:
        """Return the row of a card, or None if the card is empty or a group."""
        values: dict[str, Any] = {}
        groups: list[str] = []
        properties, unread = card.properties, card.unread
        for name, lines in properties.items():
            target = self._targets.get(name)
            if target is None:
                continue
            if len(lines) > 1:
                lines.sort(key=_preference)
            if name == "TEL":
                found: Any = self._phone(lines, properties.get("X-ABLABEL", ()), unread)
            elif name == "EMAIL":
                found = self._email(lines, unread)
            elif target == _NAMES:
                self._add_names(lines[0], card, values)
                continue
            elif target == "groups":
                groups += self._list(lines, "," if _version(card) == b"4.0" else ",;", unread)
                continue
            else:
                found = self._text(lines, unread, exact=name in _OURS)
            if found and target not in values:
                values[target] = found if target in _TEXTS else cells.decode_field(target, found)
        if self._has_groups and self._is_group(card):
            return None
        if not (values or groups or unread) and _is_empty(card):
            return None
        # A card must have a name. `VcardWriter` writes another field as the name of a contact without a name.
        if "name" in values and values["name"] in (
            values.get("phone"),
            values.get("email"),
            values.get("company"),
            "?",
        ):
            del values["name"]
        if self._opt_outs:
            opt_outs = zip(self._opt_outs.values(), self._opt_out_cells(card), strict=True)
            if (channels := read_opt_outs(opt_outs)) is not None:
                values["opted_out"] = channels.union(values.get("opted_out") or ())
        if self._members:
            groups += self._find_groups(properties)
        found_groups = tuple(dict.fromkeys(groups)) or None
        row = row_from_values(card.line, values, found_groups)
        return evolve(row, unread=tuple(sorted(unread))) if unread else row

    def _decode(self, line: Line, unread: list[int]) -> str:
        """Return the text of a property, or "" if it cannot be decoded. If any is lost, add its line to `unread`."""
        number, head, value = line
        if head.is_plain and len(value) < _LONG:
            try:
                return value.decode()
            except UnicodeDecodeError:
                pass  # the file has another encoding, or the value is cut
        text, complete = decode_value(head, value, self._encoding)
        if not complete:
            unread.append(number)
        return text or ""

    def _text(self, lines: Sequence[Line], unread: list[int], *, exact: bool = False) -> str:
        """Return the first text of the lines of one property; join the parts of a name or an address."""
        for line in lines:
            text, name = self._decode(line, unread), line[1].name
            if name == "ORG":
                text = _clean(split_value(text, ";")[0])
            elif name == "N":
                text = _join_name([_clean(part) for part in split_value(text, ";")])
            elif name == "ADR":
                text = ", ".join(filter(None, map(_clean, split_value(text, ";"))))
            else:
                text = unescape(text) if exact else _clean(text)
            if text:
                return text
        return ""

    def _add_names(self, line: Line, card: Card, values: dict[str, Any]) -> None:
        """Add first and last name from N. A bare comma separates values of a part; in version 2.1 it is a comma."""
        text = self._decode(line, card.unread)
        is_listed = "," in text and _version(card) != b"2.1"
        for field, part in zip(("last_name", "first_name"), split_value(text, ";"), strict=False):
            name = ", ".join(filter(None, map(_clean, split_value(part, ",")))) if is_listed else _clean(part)
            if name and field not in self._named:
                values[field] = name

    def _list(self, lines: Sequence[Line], separators: str, unread: list[int]) -> list[str]:
        texts = (self._decode(line, unread) for line in lines)
        splits = ((_known_groups if len(text) < _LONG else _split_groups)(text, separators) for text in texts)
        return [name for names in splits for name in names]

    def _phone(self, lines: Sequence[Line], labelled: Sequence[Line], unread: list[int]) -> str | None:
        labels = {line[1].group: self._decode(line, [])[:_LONGEST] for line in labelled} if labelled else {}
        ranked: list[tuple[int, Line]] = []
        for line in lines:
            group = line[1].group
            rank = _rank_phone(line[1].types, labels.get(group, "") if labels and group else "")
            if rank is not None:
                ranked.append((rank, line))
        if len(ranked) > 1:
            ranked.sort(key=_first)
        for _, line in ranked:
            for number in _split_phones(_clean(self._decode(line, unread))):
                return number
        return None

    def _email(self, lines: Sequence[Line], unread: list[int]) -> str | None:
        others: list[str] = []
        for line in lines:
            text = _clean(self._decode(line, unread))
            if "@" in text:
                return clean_email(unquote(text) if text[:7].lower() == "mailto:" else text)
            others.append(text)
        return next((address for text in others if (address := clean_email(text))), None)

    def _find_groups(self, lines: Mapping[str, Sequence[Line]]) -> list[str]:
        """Return the names of the groups whose cards list this card, by its UID, its e-mail or its phone."""
        keys = [
            _member_key({"UID": "", "EMAIL": "mailto:", "TEL": "tel:"}[title] + _clean(self._decode(line, [])))
            for title in ("UID", "EMAIL", "TEL")
            for line in lines.get(title, ())
        ]
        return [name for key in keys for name in self._members.get(key, ())]


def _count_further(lines: Sequence[Line]) -> int:
    """Return how many phones or e-mail addresses of a card are not read, because a contact has one of each."""
    is_email = lines[0][1].name == "EMAIL"
    if len(lines) == 1 and (lines[0][2].count(b"@") < 2 if is_email else _PHONE_BYTES.fullmatch(lines[0][2])):
        return 0
    found: set[bytes] = set()
    for _, head, value in lines:
        if is_email:
            text = value[:_LONGEST].strip().lower()
            found.update(_ADDRESS_BYTES.findall(text) if text.count(b"@") > 1 else (text,))
        elif _rank_phone(head.types, "") is None:
            continue
        elif _PHONE_BYTES.fullmatch(value):
            found.add(value.translate(None, _NOT_DIALLED))
        else:
            for number in _split_phones(value[:_LONGEST].decode("latin-1").strip()):
                found.add(number.encode().translate(None, _NOT_DIALLED))
    return max(0, len(found - {b""}) - 1)


def _version(card: Card) -> bytes:
    lines = card.properties.get("VERSION")
    return lines[0][2].strip() if lines else b""


def _is_empty(card: Card) -> bool:
    return not any(
        value.strip(_BLANK)
        for name, lines in card.properties.items()
        if name not in _TECHNICAL
        for _, _, value in lines
    )


def _first(pair: tuple[int, Line]) -> int:
    return pair[0]


def _preference(line: Line) -> int:
    return line[1].preference


def _member_key(text: str) -> str:
    text = text[:_LONGEST].strip().lower().removeprefix("urn:uuid:")
    address = _ADDRESS.search(text.removeprefix("mailto:"))
    if address:
        return f"mailto:{address.group()}"
    return re.sub(r"[^0-9+:a-z]|^tel:(?:tel:)?", "", text) if text.startswith("tel:") else text


@lru_cache(maxsize=1024)
def _rank_phone(types: frozenset[str], label: str) -> int | None:
    """Return 0 for a mobile number, 1 for another, 2 for one that is a fax too, None for what is no phone."""
    if takes_no_messages(label):
        return None
    voice = not types.isdisjoint(_MOBILE) or is_mobile(label) or any(map(is_mobile, types))
    if not types.isdisjoint(_NO_MESSAGES) or any(map(takes_no_messages, types)):
        return 2 if voice or "voice" in types else None
    return 0 if voice else 1


def _split_phones(text: str) -> list[str]:
    """Return the phones in the text of one property; none if it is a URI of another kind or has no digit."""
    if _PHONE.fullmatch(text):
        return [text]
    text = text[:_LONGEST]
    if uri := _PHONE_URI.fullmatch(text):
        text = unquote(uri[1])
        context = _CONTEXT.search(uri[2])
        if context and not text.startswith("+"):
            text = context[1] + text
    elif "@" in text or _OTHER_URI.match(text):
        return []
    return list_phones(text)


def _split_groups(text: str, separators: str) -> tuple[str, ...]:
    names = map(_clean, split_value(text, separators))
    return tuple(name for name in names if name and name.lower() not in _OWN_GROUPS and not name.startswith("* "))


_known_groups = lru_cache(maxsize=256)(_split_groups)


def _clean(text: str) -> str:
    """Return the text without escapes, and without white space and invisible signs around it."""
    if text.isprintable() and "\\" not in text:  # most values: a printable text has no white space but U+0020
        return text.strip(" ")
    return strip_text(unescape(text).replace("\r\n", "\n")).strip("\0")


def _join_name(parts: Sequence[str]) -> str:
    """Return the whole name: N has the parts last name, first name, further names, title before and title behind."""
    order = (3, 1, 2, 0, 4)
    return " ".join(parts[index] for index in order if index < len(parts) and parts[index])


class VcardWriter:
    """Writes contacts to a vCard file.

    Args:
        file: a text file, opened with newline="".
        version: "3.0", which every address book can read, or "4.0".
        owner: the vendor and the account. The UID of a card is made of it and the contact's id, so it stays the same.
    """

    def __init__(self, file: TextIO, version: Literal["3.0", "4.0"] = "3.0", owner: str = "") -> None:
        self._file = file
        self._version = version
        self._owner = owner

    def close(self) -> None:
        """Do nothing: each contact is complete when it is written."""

    def write(self, contact: Contact, groups: Iterable[str] | None) -> None:
        """Write the contact as one vCard; `groups` are names, or None if they are unknown."""
        name = contact.name or " ".join(filter(None, (contact.first_name, contact.last_name)))
        lines = [
            "BEGIN:VCARD",
            f"VERSION:{self._version}",
            f"UID:{'urn:uuid:' if self._version == '4.0' else ''}{self._uid(contact)}",
            f"FN:{_escape(name or contact.company or contact.phone or contact.email or '?')}",
            f"N:{_escape(contact.last_name or '')};{_escape(contact.first_name or '')};;;",
        ]
        if contact.phone:
            lines.append(f"TEL;TYPE=CELL:{_escape(contact.phone)}")
        if contact.email:
            lines.append(f"EMAIL:{_escape(contact.email)}")
        if contact.company:
            lines.append(f"ORG:{_escape(contact.company)}")
        if groups := tuple(groups or ()):
            lines.append(f"CATEGORIES:{','.join(map(_escape, groups))}")
        for field, title in _EXTENSIONS.items():
            value = getattr(contact, field)
            if value not in (None, {}):
                lines.append(f"{title}:{_escape(cells.encode_field(field, value))}")
        lines.append("END:VCARD")
        self._file.write("".join(f"{_fold(line)}\r\n" for line in lines))

    def _uid(self, contact: Contact) -> uuid.UUID:
        # A contact that is not stored has no id: its own fields stand for it.
        fields = (
            contact.external_id,
            contact.phone,
            contact.email,
            contact.first_name,
            contact.last_name,
            contact.name,
        )
        return uuid.uuid5(_UID_NAMESPACE, f"{self._owner}\n{contact.id or repr(fields)}")


def _escape(text: str) -> str:
    """Escape a text; replace every kind of line break by a newline, because vCard can escape newlines only."""
    text = _LINE_BREAKS.sub("\n", text)
    return text.replace("\\", r"\\").replace(";", r"\;").replace(",", r"\,").replace("\n", r"\n")


def _fold(line: str) -> str:
    """Fold a line after 75 bytes at most, between letters."""
    if len(line) <= 75 and line.isascii():
        return line
    parts, size = [""], 0
    for letter in line:
        width = len(letter.encode("utf-8", "surrogatepass"))
        if size + width > 75:
            parts.append("")
            size = 1  # the space before it
        parts[-1] += letter
        size += width
    return "\r\n ".join(parts)
