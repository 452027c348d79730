"""Mask personal data and secrets in texts that are shown: log lines, error messages, reprs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote

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
    """Mask a phone number: `+48500600700` → `+48******00`. The first three and last two characters stay."""
    if len(text) < 6:
        return "*" * len(text)
    return f"{text[:3]}******{text[-2:]}"


def mask_email(text: str) -> str:
    """Mask an e-mail address: `anna@example.com` → `a***@e***`."""
    user, _, host = text.partition("@")
    return f"{user[:1]}***@{host[:1]}***"


def is_address(word: str) -> bool:
    """Return whether the word contains an @. Such a word is masked as an e-mail address, even if it is invalid."""
    return _AT.search(word) is not None


def mask_address(id: str) -> str:
    """Return the id of a contact or group, masked if it is an e-mail address."""
    return mask_email(id) if is_address(id) else id


def _find_number(spaced: str) -> str:
    """Return the text up to its last digit if it has six digits or more, like a phone number. Otherwise return ""."""
    ends = [digit.end() for digit in _DIGIT.finditer(spaced) if digit[1]]
    return spaced[: ends[-1]] if len(ends) >= 6 else ""


def _mask_number(match: re.Match[str]) -> str:
    number = _find_number(match.group())
    return mask_phone(number) + match.group()[len(number) :] if number else match.group()


def _mask_query(url: re.Match[str]) -> str:
    """Mask the query of a URL that a vendor quotes, since any value in it may be personal data."""
    before, _, query = url.group().partition("?")
    return f"{before}?***" if "=" in query else url.group()


def mask_text(value: str) -> str:
    """Shorten free text, and mask every e-mail address, phone-like number and URL query in it."""
    start = value[: MESSAGE_LENGTH * 4]
    if len(start) < len(value):
        # Half of an address or number would not be found: a word or number that the cut goes through is left out.
        start = _WORD.sub("", start[::-1], count=1)[::-1].rstrip(f"0123456789,{_BETWEEN}")
    shown = _URL.sub(_mask_query, _CONTROL.sub(" ", start))
    shown = _WORD.sub(lambda m: mask_email(m.group()) if is_address(m.group()) else m.group(), shown)
    shown = _SPACED.sub(_mask_number, shown)
    return shown if len(shown) <= MESSAGE_LENGTH else shown[:MESSAGE_LENGTH] + "…"


def mask_id(value: str) -> str:
    """Return a request id of the vendor, cut to 100 characters. Return `***` if it looks like a phone or free text."""
    token = _TOKEN.fullmatch(value) and not _DIGITS_OF_PHONE.search(re.sub("[_-]", "", value))
    return value[:LABEL_LENGTH] if token or _UUID.fullmatch(value) else "***"


def find_identifiers(value: str) -> str:
    """Return all phones and e-mail addresses in the text, masked, so that log lines of different calls differ."""
    addresses = [mask_email(word) for word in _WORD.findall(value) if is_address(word)]
    others = _WORD.sub(lambda m: " " if is_address(m.group()) else m.group(), value)
    numbers = [mask_phone(number) for spaced in _SPACED.findall(others) if (number := _find_number(spaced))]
    return ", ".join(dict.fromkeys(addresses + numbers))


class Secret:
    """A credential as an object that hides its value: its repr shows `***`, and it cannot be pickled or compared.

    Only code that puts the credential into a request calls `reveal()`.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the credential as plain text."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce__(self) -> str:
        raise TypeError("credentials cannot be pickled: make a new book in each process")


# A vendor's messages quote the request. The values of the request are masked in the response.

_SHORTEST = 4  # shorter values occur in words that mean something else
_NATIONAL = 9  # digits of a phone without its country code, in most countries
_LONGEST_PREFIX = 16  # characters of a phone before and between those digits
_WHOLE_PHONE = re.compile(r"\+?[0-9][0-9 .()/-]*")
_LONGEST = 1024 * 1024  # bytes of a request that are searched; a request with a thousand contacts has a quarter of that
_LONGEST_TEXT = 4096  # characters of a message; `mask_text` keeps fewer


def mask_request_values(text: str, request: Request, secrets: tuple[str, ...]) -> str:
    """Mask credentials and the values of the request in a text of the vendor's response, which may quote them."""
    if max(len(request.query), len(request.body)) > _LONGEST:
        return "***"
    return mask_values(text, (*secrets, *_values(request)))


def mask_values(text: str, values: Iterable[str]) -> str:
    """Mask these values in a text of the vendor, in every spelling in which a vendor may quote them."""
    # A phone is also found by its last digits, so that the text may be shorter than the phone.
    spellings = _all_spellings(value for value in values if _SHORTEST <= len(value) <= len(text) + _LONGEST_PREFIX)
    longest = len(spellings[0]) if spellings else 0
    most = _LONGEST_TEXT + longest
    shown: str = _replace(text[:most], spellings)
    # A value that the cut goes through is not found: it is removed with the end of the text.
    return shown[: max(0, len(shown) - longest)] if len(text) > most else shown


def mask_secrets(content: bytes, secrets: tuple[str, ...]) -> bytes:
    """Mask credentials in every text of a JSON response body, in every spelling in which a vendor may quote them."""
    try:
        value = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return content  # the caller decodes it too, and raises
    shown = _replace(value, _all_spellings(secrets))
    return content if shown == value else msgspec.json.encode(shown)


def mask_headers(headers: Mapping[str, str], secrets: tuple[str, ...]) -> dict[str, str]:
    """Return the headers of a response without cookies, and with the credentials masked."""
    spellings = _all_spellings(secrets)
    return {name: _replace(value, spellings) for name, value in headers.items() if name != "set-cookie"}


def _replace(value: Any, spellings: list[str]) -> Any:
    """Replace every occurrence of `spellings` (of secrets) by `***`, in every text inside a JSON value."""
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
    yield from (unquote(segment) for segment in request.path.split("/") if "%" in segment)
    yield from (value for _, value in request.headers)
    yield from (value for _, value in parse_qsl(request.query))
    if request.body:
        yield from iter_texts(msgspec.json.decode(request.body))


def iter_texts(value: Any) -> Iterator[str]:
    """Yield every text inside a JSON value, at any depth. Names of members are left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        children: Any = value.values() if isinstance(value, dict) else value  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        for child in children:
            yield from iter_texts(child)


def _all_spellings(values: Iterable[str]) -> list[str]:
    """Return every spelling in which a vendor may quote one of these values, the longest spelling first."""
    return sorted({spelling for value in values for spelling in _spellings(value)}, key=len, reverse=True)


def _spellings(value: str) -> set[str]:
    """Return the spellings of a value: as it is, URL-encoded, escaped as in JSON or Python, a phone as digits."""
    if _WHOLE_PHONE.fullmatch(value):
        digits = "".join(filter(str.isdigit, value))
        if len(digits) >= _NATIONAL:
            return {value, quote(value, safe=""), quote_plus(value), digits, digits[-_NATIONAL:]}
    if value.isascii() and value.isalnum():
        return {value}
    urls = quote(value, safe=""), quote_plus(value)
    return {value, *urls, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]}
