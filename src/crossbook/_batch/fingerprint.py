"""Hash what a journal compares and must not contain: the items of a run, and their match keys."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, cast

import msgspec

from crossbook.models import Contact, ExternalId

KEY_SIZE = 32
_DIGEST_SIZE = 16
_FIELDS = [field.name for field in fields(Contact)]


class KeyedHash:
    """The hash functions of one run: keyed BLAKE2b, with the secret key of the run.

    Without a key, a hash of a phone number would be as good as the number: there are few enough numbers to try them
    all. The key is random until `set_key` sets the run's key.
    """

    __slots__ = ("_state",)

    def __init__(self) -> None:
        self.set_key(secrets.token_bytes(KEY_SIZE))

    def set_key(self, key: bytes) -> None:
        self._state = hashlib.blake2b(key=key, digest_size=_DIGEST_SIZE)

    def digest(self, text: str) -> str:
        """Return the keyed hash of a text. The journal stores the hash in place of the text itself."""
        return self._hash(text.encode(errors="surrogatepass"))

    def fingerprint(self, item: object) -> str:
        """Return the keyed hash of an input. A later run compares the hash to detect that the source has changed."""
        try:
            given = cast("Any", item)
            if type(item) is Contact:
                given = {name: value for name in _FIELDS if (value := getattr(given, name)) not in (None, "")}
            return self._hash(_encode(given))
        except Exception:
            return self._hash(type(item).__name__.encode())  # an item that cannot be written either

    def _hash(self, data: bytes) -> str:
        state = self._state.copy()
        state.update(data)
        return state.hexdigest()


def _make_encodable(value: Any) -> object:
    if isinstance(value, ExternalId):
        return ["external id", value.value]
    if isinstance(value, Mapping):
        return dict(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    # Not the repr of another object, which may contain a memory address.
    return type(value).__name__


_encode = msgspec.json.Encoder(enc_hook=_make_encodable, order="deterministic").encode
