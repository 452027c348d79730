"""Make the keys by which a suppression list compares people: of a phone, an e-mail address and an external id."""

from __future__ import annotations

import hashlib
from typing import Any

from crossbook import _phones
from crossbook._validation import match_key
from crossbook.suppressions.base import Kind

_HASH_SIZE = 16
_PERSON = b"cb-suppress"  # BLAKE2b's personalization: the same key of yours makes other hashes in a journal


class KeyMaker:
    """Makes the keys of people. With a secret key of yours, they are keyed hashes (BLAKE2b).

    Args:
        secret: the caller's key, or None to keep the keys in clear.
    """

    __slots__ = ("_state", "tag")

    def __init__(self, secret: bytes | None) -> None:
        self._state: Any = None
        if secret is not None:
            key = hashlib.blake2b(secret, digest_size=32).digest()  # BLAKE2b takes at most 64 bytes
            self._state = hashlib.blake2b(key=key, digest_size=_HASH_SIZE, person=_PERSON)
        self.tag = "clear" if secret is None else self.hide("tag")

    @property
    def is_hashed(self) -> bool:
        return self._state is not None

    def hide(self, text: str) -> str:
        """Return the keyed hash of a text, or the text itself if the list has no key."""
        if self._state is None:
            # Half of a surrogate pair cannot be stored, and no vendor takes it.
            return text if text.isascii() else text.encode(errors="replace").decode()
        state = self._state.copy()
        state.update(text.encode(errors="surrogatepass"))
        return str(state.hexdigest())

    def make(self, kind: Kind, value: str | None, region: str | None) -> tuple[str, str | None] | None:
        """Return the key of a value, and the raw digits of a phone if they differ. None if the value is empty.

        A phone's key is all its digits after parsing, valid or not, so that `0491 570 006` in AU and `+61491570006` are
        one key. The raw digits have the region, if they have no country code.
        """
        if kind != "phone":
            found = match_key(kind, value, region)
            return None if found is None else (self.hide(found), None)
        if not value:
            return None
        digits, raw = _phones.list_digits(value, region)
        if not digits:
            return None
        return self.hide(digits), None if raw == digits else self.hide(raw)

    def make_lookup_keys(self, kind: Kind, value: str | None, region: str | None) -> tuple[str, ...]:
        """Return the texts by which a store finds the entries of a value (`SuppressionEntry.lookup_keys`)."""
        made = self.make(kind, value, region)
        if made is None:
            return ()
        key, raw = made
        return (f"{kind}:{key}",) if raw is None else (f"{kind}:{key}", f"{kind}:{raw}")
