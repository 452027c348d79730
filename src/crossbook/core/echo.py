"""What a vendor says back: its messages quote what was sent, so whatever went out is masked in what comes in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus

import msgspec
from crossbook_wire.http import Request

# Shorter values stand in words that mean something else.
_SHORTEST = 4
_LONGEST = 64 * 1024  # bytes of a request that are looked through
_LONGEST_TEXT = 4096  # characters of a message; redact.text keeps fewer


def masked(text: str, request: Request, secrets: tuple[str, ...]) -> str:
    """A vendor's text without the credentials and the values of the request that it answers."""
    return without(text, (*secrets, *_values(request)))


def without(text: str, sent: Iterable[str]) -> str:
    """A vendor's text without these values."""
    text = text[:_LONGEST_TEXT]
    for value in sorted({value for value in sent if len(value) >= _SHORTEST}, key=len, reverse=True):
        for spelling in _spellings(value):
            text = text.replace(spelling, "***")
    return text


def _values(request: Request) -> Iterator[str]:
    if len(request.query) <= _LONGEST:
        yield from (value for _, value in parse_qsl(request.query))
    if 0 < len(request.body) <= _LONGEST:
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
    """As it is, as URLs have it, as JSON and programming languages quote it."""
    urls = quote(value, safe=""), quote_plus(value)
    return {value, *urls, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]}
