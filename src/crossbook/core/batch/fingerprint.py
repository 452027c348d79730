"""What an item is, as a hash that is the same in another process: a journal tells by it that the source is another."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crossbook.models import Contact, ExternalId

_PLAIN = (str, int, float, bool, bytes, datetime, type(None))


def fingerprint(item: object) -> str:
    return digest(repr(_plain(item)), 12)


def digest(text: str, size: int = 8) -> str:
    """A short hash, of what is not to be written down."""
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=size).hexdigest()


def _plain(item: Any) -> object:
    if isinstance(item, Contact):
        return [(name, _plain(getattr(item, name))) for name in sorted(item.known)]
    if isinstance(item, ExternalId):
        return "external id", _plain(item.value)
    if isinstance(item, Mapping):
        return sorted((str(name), repr(_plain(value))) for name, value in item.items())  # pyright: ignore
    if isinstance(item, (list, tuple)):
        return [_plain(value) for value in item]  # pyright: ignore
    if isinstance(item, (set, frozenset)):
        return sorted(repr(_plain(value)) for value in item)  # pyright: ignore
    # Whatever else it is, its repr may hold an address in memory.
    return item if isinstance(item, _PLAIN) else type(item).__name__
