"""Mask personal data and secrets in everything that is shown: logs, errors, reprs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, quote_plus

import msgspec

if TYPE_CHECKING:
    from crossbook_wire.http import Request

# A whole word is matched first, and then searched for an @. A pattern that searches for a word with an @ would begin
# again at each character of a long word without one, which takes quadratic time.
_WORD = re.compile(r"[^\s<>\"'(),;:=/]*")
# Digits and the separators between them: what people write, dashes and zero-width spaces included, also encoded for a
# URL once or twice. The digits are counted afterwards: a pattern that requires six of them would backtrack over the
# separators from each digit, and `%20` has two digits.
_BETWEEN = (
    " \t\n-.()/+_\xa0\xad\u200b\u200c\u200d\u200e\u200f\u2010\u2011\u2012\u2013\u2014\u2015"
    "\u202f\u2060\u2212\ufe58\ufe63\ufeff\uff0b\uff0d"
)
_ENCODED = "%(?:25)*[0-9A-Fa-f]{2}"
_SPACED = re.compile(rf"[+\uff0b]?\d(?:[\d\s{re.escape(_BETWEEN)}]|,(?=\d)|{_ENCODED})*")
_DIGIT = re.compile(rf"{_ENCODED}|(\d)")
_AT = re.compile(r"[@\uff20\ufe6b]|%(?:25)*40")
_URL = re.compile(r"[^\s\"'<>]+")
# A line break in a vendor's text would forge a line in a log. Half of a surrogate pair cannot be encoded.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
# Hexadecimal and base64url ids. Text without a digit could be a name.
_TOKEN = re.compile(r"[A-Za-z_-]*[0-9][A-Za-z0-9_-]*")
_DIGITS_OF_PHONE = re.compile(r"[0-9]{9}|\A[0-9]{6,}\Z")
MESSAGE_LENGTH = 300
LABEL_LENGTH = 100


def mask_phone(text: str) -> str:
    """Return `+48******00` for `+48500600700`: the country code and the last two digits stay."""
    if len(text) < 6:
        return "*" * len(text)
    return f"{text[:3]}******{text[-2:]}"


def mask_email(text: str) -> str:
    """Return `a***@e***` for `anna@example.com`: enough to recognise test data, and no address to write to."""
    user, _, host = text.partition("@")
    return f"{user[:1]}***@{host[:1]}***"


def is_address(word: str) -> bool:
    """Return whether the word has an @: an e-mail address, or an invalid one that a vendor quotes to refuse it."""
    return _AT.search(word) is not None


def _find_number(spaced: str) -> str:
    """Return the part from the first to the last digit if it has six digits, as a phone has; else ""."""
    ends = [digit.end() for digit in _DIGIT.finditer(spaced) if digit[1]]
    return spaced[: ends[-1]] if len(ends) >= 6 else ""


def _mask_number(match: re.Match[str]) -> str:
    number = _find_number(match.group())
    return mask_phone(number) + match.group()[len(number) :] if number else match.group()


def _mask_query(url: re.Match[str]) -> str:
    """Mask the query of a URL that a vendor quotes: any value in it may be personal."""
    before, _, query = url.group().partition("?")
    return f"{before}?***" if "=" in query else url.group()


def mask_text(value: str) -> str:
    """Mask every e-mail address, every long number and every query in free text, and shorten it."""
    start = value[: MESSAGE_LENGTH * 4]
    if len(start) < len(value):
        # Half of an address or number would not be found: a word or number that the cut goes through is left out.
        start = _WORD.sub("", start[::-1], count=1)[::-1].rstrip(f"0123456789,{_BETWEEN}")
    shown = _URL.sub(_mask_query, _CONTROL.sub(" ", start))
    shown = _WORD.sub(lambda m: mask_email(m.group()) if is_address(m.group()) else m.group(), shown)
    shown = _SPACED.sub(_mask_number, shown)
    return shown if len(shown) <= MESSAGE_LENGTH else shown[:MESSAGE_LENGTH] + "…"


def mask_id(value: str) -> str:
    """Return a vendor's id of a request, up to 100 characters, or `***` if it may be personal: no id, or a phone."""
    token = _TOKEN.fullmatch(value) and not _DIGITS_OF_PHONE.search(re.sub("[_-]", "", value))
    return value[:LABEL_LENGTH] if token or _UUID.fullmatch(value) else "***"


def find_identifiers(value: str) -> str:
    """Return the phones and e-mail addresses in the text, masked. They tell the calls in a log apart."""
    addresses = [mask_email(word) for word in _WORD.findall(value) if is_address(word)]
    others = _WORD.sub(lambda m: " " if is_address(m.group()) else m.group(), value)
    numbers = [mask_phone(number) for spaced in _SPACED.findall(others) if (number := _find_number(spaced))]
    return ", ".join(dict.fromkeys(addresses + numbers))


class Secret:
    """A credential without a telling repr, a pickle, or a comparison of values.

    Only code that puts the credential into a request calls `reveal()`.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the credential as text."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce__(self) -> str:
        raise TypeError("credentials cannot be pickled: make a new book where one is needed")


# A vendor's messages quote the request. The values of the request are masked in the response.

_SHORTEST = 4  # shorter values occur in words that mean something else
_NATIONAL = 9  # digits of a phone without its country code, in most countries
_LONGEST_PREFIX = 16  # characters of a phone before and between those digits
_WHOLE_PHONE = re.compile(r"\+?[0-9][0-9 .()/-]*")
_LONGEST = 1024 * 1024  # bytes of a request that are searched; a request with a thousand contacts has a quarter of that
_LONGEST_TEXT = 4096  # characters of a message; `mask_text` keeps fewer


def mask_request_values(text: str, request: Request, secrets: tuple[str, ...]) -> str:
    """Mask the credentials and the values of the request in the vendor's response to it."""
    if max(len(request.query), len(request.body)) > _LONGEST:
        return "***"
    return mask_values(text, (*secrets, *_values(request)))


def mask_values(text: str, values: Iterable[str]) -> str:
    """Mask these values in a vendor's text, in each of the spellings that a vendor may quote."""
    # A phone is also found by its last digits, so that the text may be shorter than the phone.
    spellings = _all_spellings(value for value in values if _SHORTEST <= len(value) <= len(text) + _LONGEST_PREFIX)
    longest = len(spellings[0]) if spellings else 0
    most = _LONGEST_TEXT + longest
    shown: str = _replace(text[:most], spellings)
    # A value that the cut goes through is not found: it is removed with the end of the text.
    return shown[: max(0, len(shown) - longest)] if len(text) > most else shown


def mask_secrets(content: bytes, secrets: tuple[str, ...]) -> bytes:
    """Mask the credentials in the texts of a JSON body, however the vendor escapes them."""
    try:
        value = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return content  # the caller decodes it too, and raises
    return msgspec.json.encode(_replace(value, _all_spellings(secrets)))


def _replace(value: Any, spellings: list[str]) -> Any:
    """Mask the spellings in every text of a JSON value."""
    if isinstance(value, str):
        for spelling in spellings:
            value = value.replace(spelling, "***")
        return value
    if isinstance(value, list):
        return [_replace(each, spellings) for each in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        return {name: _replace(each, spellings) for name, each in value.items()}  # pyright: ignore[reportUnknownVariableType]
    return value


def _values(request: Request) -> Iterator[str]:
    yield from (value for _, value in parse_qsl(request.query))
    if request.body:
        yield from iter_texts(msgspec.json.decode(request.body))


def iter_texts(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        children: Any = value.values() if isinstance(value, dict) else value  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        for child in children:
            yield from iter_texts(child)


def _all_spellings(values: Iterable[str]) -> list[str]:
    """Return the spellings of all values, the longest first."""
    return sorted({spelling for value in values for spelling in _spellings(value)}, key=len, reverse=True)


def _spellings(value: str) -> set[str]:
    """Return the value as it is, encoded for a URL, and quoted as in JSON and Python; of a phone also its digits."""
    if _WHOLE_PHONE.fullmatch(value):
        digits = "".join(filter(str.isdigit, value))
        if len(digits) >= _NATIONAL:
            return {value, quote(value, safe=""), quote_plus(value), digits, digits[-_NATIONAL:]}
    if value.isascii() and value.isalnum():
        return {value}
    urls = quote(value, safe=""), quote_plus(value)
    return {value, *urls, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]}
