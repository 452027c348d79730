"""What a vendor says back: its messages quote what was sent, so whatever went out is masked in what comes in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus

import msgspec
from crossbook_wire.http import Request

# Shorter values stand in words that mean something else.
_SHORTEST = 4
_NATIONAL = 9  # digits of a phone without its country, in most countries
_LONGEST_PREFIX = 16  # characters of a phone before and between those
_PHONE = re.compile(r"\+?[0-9][0-9 .()/-]*")
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
    if _PHONE.fullmatch(value):
        digits = "".join(filter(str.isdigit, value))
        if len(digits) >= _NATIONAL:
            return {value, quote(value, safe=""), quote_plus(value), digits, digits[-_NATIONAL:]}
    if value.isascii() and value.isalnum():
        return {value}
    urls = quote(value, safe=""), quote_plus(value)
    return {value, *urls, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]}
