"""What an item is, as a hash that is the same in another process: a journal tells by it that the source is another."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import msgspec

from crossbook.models import Contact, ExternalId

_NAMES = [field.name for field in fields(Contact)]


def fingerprint(item: object) -> str:
    if isinstance(item, Contact):
        item = {name: value for name in _NAMES if (value := getattr(item, name)) not in (None, "")}
    try:
        text = _encode(item)
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
        text = type(item).__name__.encode()  # nothing that could be written
    return hashlib.blake2b(text, digest_size=12).hexdigest()


def digest(text: str) -> str:
    """A short hash, of what is not to be written down."""
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).hexdigest()


def _plain(value: Any) -> object:
    if isinstance(value, ExternalId):
        return ["external id", value.value]
    if isinstance(value, Mapping):
        return dict(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    # Whatever else it is, its repr may hold an address in memory.
    return type(value).__name__


_encode = msgspec.json.Encoder(enc_hook=_plain, order="deterministic").encode
