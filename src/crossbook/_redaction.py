"""What may be shown of a person or a secret: in logs, errors and reprs everything goes through here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, quote_plus

import msgspec

if TYPE_CHECKING:
    from crossbook_wire.http import Request

# Whole words are matched and then looked into: a pattern that searches a word for a mark begins again at each of its
# characters, which takes quadratic time in a long word without the mark.
_WORD = re.compile(r"[^\s<>\"'(),;:=/]*")
# Digits, however they are spaced. Whether there are enough of them is counted afterwards: a pattern that demands six
# reads the spaces behind too few of them again from each digit, and `%20` has two.
# They stand apart by what people write, dashes and spaces without a width too, or by that as URLs have it, twice even.
_BETWEEN = (
    " \t\n-.()/+_\xa0\xad\u200b\u200c\u200d\u200e\u200f\u2010\u2011\u2012\u2013\u2014\u2015"
    "\u202f\u2060\u2212\ufe58\ufe63\ufeff\uff0b\uff0d"
)
_ENCODED = "%(?:25)*[0-9A-Fa-f]{2}"
_SPACED = re.compile(rf"[+\uff0b]?\d(?:[\d\s{re.escape(_BETWEEN)}]|,(?=\d)|{_ENCODED})*")
_DIGIT = re.compile(rf"{_ENCODED}|(\d)")
_AT = re.compile(r"[@\uff20\ufe6b]|%(?:25)*40")
_URL = re.compile(r"[^\s\"'<>]+")
# A line break in a vendor's text would begin a line of its own in a log; half of a surrogate pair cannot be encoded.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
# As hexadecimal or base64url ids are: with a digit, or it could be a name.
_TOKEN = re.compile(r"[A-Za-z_-]*[0-9][A-Za-z0-9_-]*")
_DIGITS_OF_PHONE = re.compile(r"[0-9]{9}|\A[0-9]{6,}\Z")
MESSAGE_LENGTH = 300
LABEL_LENGTH = 100


def phone(text: str) -> str:
    """`+48500600700` → `+48******00`: the country and the last two digits stay."""
    if len(text) < 6:
        return "*" * len(text)
    return f"{text[:3]}******{text[-2:]}"


def email(text: str) -> str:
    """`anna@example.com` → `a***@e***`: enough to recognise one's own test data, too little to write to."""
    user, _, host = text.partition("@")
    return f"{user[:1]}***@{host[:1]}***"


def is_address(word: str) -> bool:
    """Whether a word is an address, or an invalid one, which a vendor quotes to refuse it: two @, or @ alone."""
    return _AT.search(word) is not None


def _number(spaced: str) -> str:
    """The part from the first to the last digit, if there are six: a phone, or something just as private; else ""."""
    ends = [digit.end() for digit in _DIGIT.finditer(spaced) if digit[1]]
    return spaced[: ends[-1]] if len(ends) >= 6 else ""


def _without_number(match: re.Match[str]) -> str:
    number = _number(match.group())
    return phone(number) + match.group()[len(number) :] if number else match.group()


def _without_query(url: re.Match[str]) -> str:
    """A part of a text without the query of our own URL, quoted by a vendor: any value may be a person's."""
    before, _, query = url.group().partition("?")
    return f"{before}?***" if "=" in query else url.group()


def text(value: str) -> str:
    """Masks every e-mail address, every long number and every query in a vendor's free text, and shortens it."""
    start = value[: MESSAGE_LENGTH * 4]
    if len(start) < len(value):
        # Half an address or half a number is not known for one: what the cut goes through is left out.
        start = _WORD.sub("", start[::-1], count=1)[::-1].rstrip(f"0123456789,{_BETWEEN}")
    shown = _URL.sub(_without_query, _CONTROL.sub(" ", start))
    shown = _WORD.sub(lambda m: email(m.group()) if is_address(m.group()) else m.group(), shown)
    shown = _SPACED.sub(_without_number, shown)
    return shown if len(shown) <= MESSAGE_LENGTH else shown[:MESSAGE_LENGTH] + "…"


def label(value: str) -> str:
    """A vendor's id of a request, up to 100 characters, if it looks like an id and holds nothing like a phone."""
    token = _TOKEN.fullmatch(value) and not _DIGITS_OF_PHONE.search(re.sub("[_-]", "", value))
    return value[:LABEL_LENGTH] if token or _UUID.fullmatch(value) else "***"


def identifiers(value: str) -> str:
    """The phones and addresses in a text, masked, and nothing else of it: a log tells calls apart by them."""
    addresses = [email(word) for word in _WORD.findall(value) if is_address(word)]
    others = _WORD.sub(lambda m: " " if is_address(m.group()) else m.group(), value)
    numbers = [phone(number) for spaced in _SPACED.findall(others) if (number := _number(spaced))]
    return ", ".join(dict.fromkeys(addresses + numbers))


class Secret:
    """A credential that shows itself to nobody: no repr, no pickle, no comparison by accident.

    `reveal()` is called where the request is framed, and nowhere else.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce__(self) -> str:
        raise TypeError("credentials cannot be pickled: make the book anew where it is needed")


# What a vendor says back: its messages quote what was sent, so whatever went out is masked in what comes in.

# Shorter values stand in words that mean something else.
_SHORTEST = 4
_NATIONAL = 9  # digits of a phone without its country, in most countries
_LONGEST_PREFIX = 16  # characters of a phone before and between those
_WHOLE_PHONE = re.compile(r"\+?[0-9][0-9 .()/-]*")
_LONGEST = 1024 * 1024  # bytes of a request that are looked through: a thousand contacts at once have a quarter
_LONGEST_TEXT = 4096  # characters of a message; redact.text keeps fewer


def masked(text: str, request: Request, secrets: tuple[str, ...]) -> str:
    """A vendor's text without the credentials and the values of the request that it answers."""
    if max(len(request.query), len(request.body)) > _LONGEST:
        return "***"
    return without(text, (*secrets, *_values(request)))


def without(text: str, sent: Iterable[str]) -> str:
    """A vendor's text without these values."""
    # A phone is also found by its last digits, which are in a shorter text than itself.
    values = {value for value in sent if _SHORTEST <= len(value) <= len(text) + _LONGEST_PREFIX}
    spellings = sorted({each for value in values for each in _spellings(value)}, key=len, reverse=True)
    longest = len(spellings[0]) if spellings else 0
    most = _LONGEST_TEXT + longest
    shown = text[:most]
    for spelling in spellings:
        shown = shown.replace(spelling, "***")
    # A value that the cut went through was not found: it is cut off whole.
    return shown[: max(0, len(shown) - longest)] if len(text) > most else shown


def without_secrets(content: bytes, secrets: tuple[str, ...]) -> bytes:
    """A JSON body without the credentials that its texts quote, however the vendor escapes them."""
    try:
        value = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return content  # whoever decodes it says what is wrong with it
    spellings = sorted({each for secret in secrets for each in _spellings(secret)}, key=len, reverse=True)
    return msgspec.json.encode(_replaced(value, spellings))


def _replaced(value: Any, spellings: list[str]) -> Any:
    if isinstance(value, str):
        for spelling in spellings:
            value = value.replace(spelling, "***")
        return value
    if isinstance(value, list):
        return [_replaced(each, spellings) for each in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        return {name: _replaced(each, spellings) for name, each in value.items()}  # pyright: ignore[reportUnknownVariableType]
    return value


def _values(request: Request) -> Iterator[str]:
    yield from (value for _, value in parse_qsl(request.query))
    if request.body:
        yield from texts(msgspec.json.decode(request.body))


def texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        children: Any = value.values() if isinstance(value, dict) else value  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        for child in children:
            yield from texts(child)


def _spellings(value: str) -> set[str]:
    """As it is, as URLs have it, as JSON and languages quote it; of a phone the digits and the last nine."""
    if _WHOLE_PHONE.fullmatch(value):
        digits = "".join(filter(str.isdigit, value))
        if len(digits) >= _NATIONAL:
            return {value, quote(value, safe=""), quote_plus(value), digits, digits[-_NATIONAL:]}
    if value.isascii() and value.isalnum():
        return {value}
    urls = quote(value, safe=""), quote_plus(value)
    return {value, *urls, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]}
