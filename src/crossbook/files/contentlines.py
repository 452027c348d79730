"""Read the content lines of vCards (RFC 2426, RFC 6350 section 3, and version 2.1) as bytes, one card at a time.

Lines are unfolded before they are decoded, because a fold or a soft break may be in the middle of a letter. A line that
is no property is left out and its number kept, so that it does not cost the card.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import chain

from attrs import define, field, frozen

from crossbook.files.encodings import MAX_LINE, EncodedFile, Sample

_CHUNK = 1 << 15  # bytes
_MAX_LINES = 4096  # in a card; lines of photos do not count
_LONG = 256  # bytes; a value that is longer counts as several lines
_NOT_ENDED = "the vCard that begins here has no END:VCARD"
_MAX_VALUE = MAX_LINE // 2
_MAX_HEADS, _MAX_HEAD = 4096, 1000  # heads that are remembered; bytes
# RFC 2426, 6350, 6474, 6715, 8605 and 9554, and version 2.1. Another name that begins without X- is no property: it may
# be a line of a note, whose first word may be a name.
PROPERTIES = frozenset((
    "ADR", "AGENT", "ANNIVERSARY", "BDAY", "BEGIN", "BIRTHPLACE", "CALADRURI", "CALURI", "CATEGORIES",
    "CLASS", "CLIENTPIDMAP", "CONTACT-URI", "CREATED", "DEATHDATE", "DEATHPLACE", "EMAIL", "END", "EXPERTISE",
    "FBURL", "FN", "GENDER", "GEO", "GRAMGENDER", "HOBBY", "IMPP", "INTEREST", "JSPROP", "KEY", "KIND",
    "LABEL", "LANG", "LANGUAGE", "LOGO", "MAILER", "MEMBER", "N", "NAME", "NICKNAME", "NOTE", "ORG",
    "ORG-DIRECTORY", "PHOTO", "PRODID", "PROFILE", "PRONOUNS", "RELATED", "REV", "ROLE", "SOCIALPROFILE",
    "SORT-STRING", "SOUND", "SOURCE", "TEL", "TITLE", "TZ", "UID", "URL", "VERSION", "XML",
))  # fmt: skip
_BINARY = {"KEY", "LOGO", "PHOTO", "SOUND", "X-MS-CARDPICTURE"}
_NAME = re.compile(rb"(?:([\w.-]+)\.)?([A-Za-z0-9-]+)")
_QUOTED_HEAD = re.compile(rb'((?:[^":]|"[^"]*")*+):')
_PARAMETERS = re.compile(rb';((?:[^";]|"[^"]*"|")*)')
_CHARSET = re.compile(rb"[^:]*;\s*CHARSET\s*=", re.IGNORECASE)
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]+")
_ENCODINGS = {"quoted-printable": "q", "q": "q", "base64": "b", "b": "b"}
_SOFT = b"QUOTED-PRINTABLE"
# A property that follows a value which a writer cut behind "=". Anything else there continues the value.
_CARD_LINE = re.compile(
    rb"(?:BEGIN|END|VERSION|REV|UID|N|FN|TEL|EMAIL|ORG|ADR|NOTE|CATEGORIES|TITLE|URL|BDAY|PHOTO|X-[A-Z-]+)[;:]"
)
_ESCAPED = re.compile(r"\\([\\;,:nN])")
_PARTS = {separators: re.compile(rf"((?:[^\\{separators}]++|\\.|\\$)*+)(?:[{separators}]|$)", re.DOTALL)
          for separators in (";", ",", ",;")}  # fmt: skip
_TO_MARKS = bytes.maketrans(b"\r\t", b"\n ")
_FOLD_MARKS = (b"\n ", b"=\n", b"= \n")
_CARD_MARKS = (b"BEGIN:VCARD", b"END:VCARD")
_MARKS_BEFORE = b"\xef\xbb\xbf\0"  # a byte order mark before any card of a joined file, zeros behind one
# Encodings that a CHARSET may name. The rest of Python's codecs are no encodings of text, or slow.
_CHARSETS = re.compile(
    r"utf-(?:7|8|16|32)(?:-[bl]e)?|ascii|iso8859-\d+|cp\d+|koi8-[rtu]|mac-\w+|gb\w+|big5\w*|shift_jis\w*|euc_\w+|"
    r"iso2022_\w+|tis-620|hz|johab"
)


@frozen
class Head:
    """The name and the parameters of a property.

    Attributes:
        name: the name in capitals.
        group: the name before a dot in small letters (`item1` of `item1.TEL`), or b"".
        types: the values of TYPE, and the bare parameters of version 2.1, in small letters without `x-`.
        preference: 1 is preferred most; 101 without a preference.
        charset: Python's name of the encoding that CHARSET names, or None.
        encoding: "q" for quoted-printable, "b" for base64, or "".
        is_plain: whether it names no encoding at all.
        is_mark: whether the name is BEGIN or END.
    """

    name: str
    group: bytes = b""
    types: frozenset[str] = frozenset()
    preference: int = 101
    charset: str | None = None
    encoding: str = ""
    is_plain: bool = True
    is_mark: bool = False


Line = tuple[int, Head, bytes]  # the number of a line, the head of its property, and its encoded value


@define
class Card:
    """The properties of a vCard.

    Attributes:
        line: the number of the line in which the card begins.
        properties: the lines of each property, by its name. Long values of unused properties are cut.
        unread: the numbers of lines that are no property.
        error: why the card cannot be read.
    """

    line: int
    properties: dict[str, list[Line]] = field(factory=dict[str, list[Line]])
    unread: list[int] = field(factory=list[int])
    error: str = ""


def read_cards(file: EncodedFile, used: Collection[str]) -> Iterator[Card]:
    """Yield the vCards of a file; ignore what is around them, and cards inside a card (AGENT).

    Args:
        file: the file.
        used: names of the properties whose values are read.
    """
    heads: dict[bytes, Head | None] = {}
    card: Card | None = None
    properties: dict[str, list[Line]] = {}
    last: Head | None = None
    stray = nested = room = 0
    is_open = False  # inside a card, and not inside a card in it
    for number, line in chain.from_iterable(_join_lines(file)):
        name, _, value = line.partition(b":")
        try:
            head = heads[name]
        except KeyError:
            head, value = _find_head(line, used, heads)
        if is_open and head is not None and not head.is_mark:
            last = head
            if len(value) > _LONG:
                value = value if head.name in used else value[:_LONG]
                room -= len(value) // _LONG
            room -= 1
            lines = properties.get(head.name)
            if lines is None:
                properties[head.name] = [(number, head, value)]
            else:
                lines.append((number, head, value))
            if head.name == "AGENT" and value.lstrip()[:11].upper() == b"BEGIN:VCARD" and b"\\n" not in value:
                nested, is_open = 1, False
        elif head is None:
            if card is None or nested or not line.strip(_MARKS_BEFORE):
                continue
            room -= _add_bare_line(card, last, number, line, used)
        elif not head.is_mark:
            last = head
            if card is None and head.name in ("N", "FN", "TEL", "EMAIL"):
                stray = stray or number
            continue
        elif not value.strip().upper().startswith(b"VCARD"):
            continue
        elif head.name == "BEGIN" and card is not None and last is not None and last.name == "AGENT":
            nested, is_open, last = nested + 1, False, None
        elif head.name == "END" and nested:
            nested, last = nested - 1, None
            is_open = not nested
        else:
            if head.name == "END" and card is None and stray:
                yield Card(stray, error="the vCard that begins here has no BEGIN:VCARD")
            elif card is not None:
                if head.name == "BEGIN":
                    card.error = card.error or _NOT_ENDED
                yield card
            # Files are joined without a line end between them: END:VCARDBEGIN:VCARD.
            card = Card(number) if head.name == "BEGIN" or b"BEGIN:VCARD" in value.upper() else None
            properties = {} if card is None else card.properties
            last, stray, nested, room, is_open = None, 0, 0, _MAX_LINES, card is not None
        if room < 0 and card is not None:
            card.error = f"the vCard that begins here is too long: expected at most {_MAX_LINES:,} properties"
            card.unread.clear()
            properties.clear()
            room, last = _MAX_LINES, None
    if card is not None:
        card.error = card.error or _NOT_ENDED
        yield card


def select_undeclared(sample: Sample) -> Sample:
    """Return the lines of a sample that do not name their encoding, unfolded: a fold may be inside a letter."""
    lines: Sample = []
    last = 0
    for number, line in sample:
        if lines and number == last + 1 and line[:1] in (b" ", b"\t"):
            lines[-1] = lines[-1][0], lines[-1][1] + line[1:]
        else:
            lines.append((number, line))
        last = number
    return [each for each in lines if not _CHARSET.match(each[1])]


def _add_bare_line(card: Card, last: Head | None, number: int, line: bytes, used: Collection[str]) -> int:
    """Add a line that is no property to the property before it, or to `unread`; return the room that it takes."""
    if last is not None and (last.name in _BINARY or last.encoding == "b") and _BASE64.fullmatch(line):
        return 0  # version 2.1 does not indent base64
    if last is not None and last.name == "NOTE" and "NOTE" in used:
        first, head, text = card.properties["NOTE"][-1]
        card.properties["NOTE"][-1] = first, head, text + b"\n" + line
    else:
        card.unread.append(number)
    return 1 + len(line) // _LONG


def decode_value(head: Head, value: bytes, encoding: str) -> tuple[str | None, bool]:
    """Return the text of a value, or None if it cannot be decoded, and whether the text is complete.

    Args:
        head: the head of the property, which may name an encoding of its own.
        value: the value.
        encoding: the encoding of the file.
    """
    if len(value) >= _MAX_VALUE:
        return None, False
    if head.encoding == "q":
        if b";" in value:  # an encoded semicolon separates only if no other does
            value = value.replace(b"=3B", rb"\;").replace(b"=3b", rb"\;")
        value = binascii.a2b_qp(value)
    elif head.encoding == "b":
        try:
            value = base64.b64decode(b"".join(value.split()), validate=True)
        except ValueError:
            return None, False
    if head.charset is None and value.isascii():
        return value.decode("ascii"), True
    for name in _list_encodings(head.charset or encoding, encoding):
        try:
            return value.decode(name), True
        except UnicodeError:
            continue
    try:  # a phone cuts a long text by bytes, in the middle of its last letter
        text, length = codecs.utf_8_decode(value, "strict", False)
    except UnicodeError:
        return None, False
    return text, length == len(value)


@lru_cache(maxsize=256)
def _list_encodings(declared: str, encoding: str) -> tuple[str, ...]:
    """Return the encodings that are tried in turn. Text that is valid UTF-8 is UTF-8, whatever a program declares."""
    single_byte = declared.startswith(("iso8859", "cp", "mac", "koi8", "ascii", "utf-8"))
    names = ("utf-8", declared, encoding) if single_byte else (declared, "utf-8", encoding)
    return tuple(dict.fromkeys(names))


def split_value(text: str, separators: str) -> list[str]:
    """Split a text at separators that are not escaped; the parts stay escaped."""
    if "\\" not in text and len(separators) == 1:
        return text.split(separators)
    return _PARTS[separators].findall(text)


def unescape(text: str) -> str:
    """Return the text without the backslashes that escape; `\\n` is a newline. Other backslashes stay."""
    if "\\" not in text:
        return text
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], text)


def _find_head(line: bytes, used: Collection[str], heads: dict[bytes, Head | None]) -> tuple[Head | None, bytes]:
    """Return the head of a line, or None if the line is no property, and the value; remember the head in `heads`."""
    name, colon, value = line.partition(b":")
    if name.count(b'"') % 2 and (quoted := _QUOTED_HEAD.match(line)):
        return _parse_head(quoted[1], used), line[quoted.end() :]
    if not colon:
        return None, b""
    head = _parse_head(name, used)
    if len(heads) < _MAX_HEADS and len(name) <= _MAX_HEAD:
        heads[name] = head
    return head, value


def _parse_head(text: bytes, used: Collection[str]) -> Head | None:
    if len(text) > _MAX_HEAD:
        return None
    name, *_ = text.partition(b";")
    match = _NAME.fullmatch(name.strip(_MARKS_BEFORE + b" \t"))
    if match is None:
        return None
    title = match[2].decode().upper()
    if title not in PROPERTIES and not title.startswith("X-") and title not in used:
        return None
    types, preference, charset, encoding = set[str](), 101, None, ""
    for parameter in _PARAMETERS.findall(text):
        key, equals, value = parameter.decode("utf-8", "replace").replace('"', "").partition("=")
        key, values = (
            key.strip().upper(),
            [each.strip(" \t\\").lower() for each in (value if equals else key).split(",")],
        )
        if key == "CHARSET" and equals:
            charset = _find_charset(values[0])
        elif key == "PREF" and equals:
            preference = min(preference, int(values[0]) if values[0].isdigit() else 100)
        elif (key == "ENCODING" or not equals) and values[0] in _ENCODINGS:
            encoding = _ENCODINGS[values[0]]
        elif key == "TYPE" or not equals:
            types.update(each.removeprefix("x-") for each in values)
    if "pref" in types:
        preference = 1
    plain, mark = charset is None and not encoding, title in ("BEGIN", "END")
    return Head(title, (match[1] or b"").lower(), frozenset(types), preference, charset, encoding, plain, mark)


@lru_cache(maxsize=256)
def _find_charset(label: str) -> str | None:
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return None
    # What calls itself ISO 8859-1 is cp1252 wherever the two differ (WHATWG, Encoding).
    return {"iso8859-1": "cp1252"}.get(name, name) if _CHARSETS.fullmatch(name) else None


def _join_lines(file: EncodedFile) -> Iterator[list[tuple[int, bytes]]]:
    """Yield the logical lines of a file in batches, each with the number of its first line."""
    first, line = 0, b""
    rest: list[bytes] = []  # the lines that continue it
    size, indent, before = 0, b"", 0
    for batch, is_plain in _read_lines(file):
        if is_plain and not rest and not indent and line[-1:] != b"=" and batch[0][:1] not in (b" ", b"\t"):
            found = [(first, line), *enumerate(batch, before + 1)]
            before += len(batch)
            first, line = found.pop()
            yield found
            continue
        found = list[tuple[int, bytes]]()
        for number, part in enumerate(batch, before + 1):
            if not part:
                continue
            if indent:
                part, indent = (part[len(indent) :], indent) if part.startswith(indent) else (part, b"")
            if part[-2:] == b"= ":  # a soft break, and white space that was added on the way
                part = part[:-1]
            last = rest[-1] if rest else line
            if part[0] in b" \t":
                # A card can be indented as a whole, and its last line alone.
                if len(part) < 80 and part.strip().upper().startswith(_CARD_MARKS):
                    if part.strip()[:1] in b"Bb":
                        indent = part[: len(part) - len(part.lstrip())]
                    part = part.strip()
                elif line:
                    size += len(part)
                    if size <= MAX_LINE:
                        rest.append(part)
                    continue
            elif last.endswith(b"=") and _SOFT in line[:512].upper() and not _CARD_LINE.match(part):
                size += len(part)
                if size <= MAX_LINE:
                    rest.append(part)
                continue
            found.append((first, _join(line, rest) if rest else line))
            first, line, rest, size = number, part, [], 0
        before += len(batch)
        yield found
    yield [(first, _join(line, rest) if rest else line)]


def _join(line: bytes, rest: list[bytes]) -> bytes:
    if _SOFT not in line[:512].upper():
        return line + b"".join([part[1:] for part in rest])
    # Some writers break softly and fold too. Then the space belongs to the break, but only if it is in every line.
    folded = all(part[0] in b" \t" for part in rest)
    parts, soft = [line.removesuffix(b"=")], line.endswith(b"=")
    for part in rest:
        parts.append((part[1:] if folded or not soft else part).removesuffix(b"="))
        soft = part.endswith(b"=")
    return b"".join(parts)


def _read_lines(file: EncodedFile) -> Iterator[tuple[list[bytes], bool]]:
    """Yield the lines of a file in batches, and whether each line of the batch is whole: not folded, no soft break.

    A line ends at CR, LF or both. Very long lines are cut.
    """
    file.file.seek(0)
    wide = file.name.startswith(("utf-16", "utf-32"))
    decoder = codecs.getincrementaldecoder(file.name)("crossbook.surrogates") if wide else None
    carry = b""
    while chunk := file.file.read(_CHUNK):
        if decoder is not None:
            chunk = decoder.decode(chunk).encode("utf-8", "surrogatepass")
        data = carry + chunk
        # A CR at the end may be the first half of a line end.
        end = max(data.rfind(b"\n"), data.rfind(b"\r", 0, -1)) + 1
        data, carry = data[:end], data[end:][:MAX_LINE]
        if data:
            marks = data.translate(_TO_MARKS)
            yield data.splitlines(), not any(mark in marks for mark in _FOLD_MARKS)
    yield [*carry.splitlines(), b""], False
