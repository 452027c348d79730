"""Keyed hashes of what a journal compares and must not hold: the items of a run, and their match keys."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import msgspec

from crossbook.models import Contact, ExternalId

KEY_SIZE = 32
_SIZE = 16
_NAMES = [field.name for field in fields(Contact)]


class KeyedHash:
    """Hashes under the key of one run: the same in every process that has the key, and of no use without it.

    A phone number is one of few enough to try them all, so that a hash without a key would be as good as the number.
    The key is random until `use` names that of the run.
    """

    __slots__ = ("_start",)

    def __init__(self) -> None:
        self.use(secrets.token_bytes(KEY_SIZE))

    def use(self, key: bytes) -> None:
        self._start = hashlib.blake2b(key=key, digest_size=_SIZE)

    def digest(self, text: str) -> str:
        """Return the hash of a text that is not to be written down."""
        return self._hash(text.encode(errors="surrogatepass"))

    def fingerprint(self, item: object) -> str:
        """Return the hash of an item, by which a journal notices that the source is another."""
        try:
            if isinstance(item, Contact):
                item = {name: value for name in _NAMES if (value := getattr(item, name)) not in (None, "")}
            return self._hash(_encode(item))
        except Exception:
            return self._hash(type(item).__name__.encode())  # nothing that could be written

    def _hash(self, data: bytes) -> str:
        state = self._start.copy()
        state.update(data)
        return state.hexdigest()


def _plain(value: Any) -> object:
    if isinstance(value, ExternalId):
        return ["external id", value.value]
    if isinstance(value, Mapping):
        return dict(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    # Whatever else it is, its repr may hold an address in memory.
    return type(value).__name__


_encode = msgspec.json.Encoder(enc_hook=_plain, order="deterministic").encode
