"""Mask an account's values in a report: a value is shown only as its shape, unless it is a word on a fixed list.

Reports are published, and a thousand lines are not proofread. So nothing is shown because it looks harmless. Digits
become 9, letters become a, and a text is shown unchanged only if a list of words contains it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from crossbook_verify.claims import list_field_names

_LINES = files("crossbook_verify").joinpath("field_words.txt").read_text(encoding="utf-8").splitlines()
FIELD_WORDS = frozenset(word for line in _LINES if not line.startswith("#") for word in line.split())
"""Words in field names; `field_words.txt` says which."""
MAX_SHOWN = 40  # characters
_KEY = re.compile(r"[A-Za-z_$@][A-Za-z0-9_$-]{0,39}")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")  # of a key: `createdAt2` → created, At, 2
_MAX_KEY_DIGITS = 3  # more may be an id or a phone
_MIN_LETTERS = 4  # of each of two words written together: `contactgroup`
_CODE = re.compile(r"[A-Z]{1,2}-[0-9]{1,2}-[0-9]{1,4}|(?:[A-Z]{1,3}-)?[0-9]{1,4}")
_WORDS_CODE = re.compile(r"[a-z]+(?:_[a-z]+)+")
_MEDIA = frozenset(
    f"{kind}/{format}"
    for kind, formats in {
        "application": "json problem+json hal+json vnd.api+json xml javascript octet-stream x-www-form-urlencoded pdf",
        "text": "json html plain xml csv javascript",
    }.items()
    for format in formats.split()
)
_WORD = re.compile(r"[^\W\d_]\w{2,}")
_KEPT = frozenset(" +-_.:@/(),;")
# Words of many protocols. They are shown if a vendor sends one of them instead of the fixed value of the spec.
_PROTOCOL_WORDS = """
ok success successful succeeded error errors fail failed failure true false yes no none null empty active inactive
pending done
"""
_PROTOCOL = frozenset(_PROTOCOL_WORDS.split())
# Words of field names that say nothing about an account, also if a text of the account contains them.
_SAFE_WORDS = frozenset(("phone", "mobile", "email", "name", "group", "status", "date"))


@cache
def _list_safe_words() -> frozenset[str]:
    """Return the words of the field names in all specs, and a few more."""
    return _SAFE_WORDS | {part.casefold() for name in list_field_names() for part in _PART.findall(name)}


def mask_value(value: Any) -> str:
    """Return the shape of a text or number, such as `Aaaa` for `Anna`, or the kind of any other value."""
    if isinstance(value, str):
        masked = "".join(_mask_char(char) for char in value[:MAX_SHOWN])
        return f'"{masked}"' if len(value) <= MAX_SHOWN else f'"{masked}…" ({len(value):,} characters)'
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        masked = "".join(_mask_char(char) for char in repr(value)[:MAX_SHOWN])
        return masked if len(masked) < MAX_SHOWN else f"{masked}…"
    return describe_kind(value)


def _mask_char(char: str) -> str:
    if char.isascii() and char in _KEPT:
        return char
    category = unicodedata.category(char)
    if category.startswith("L"):
        return "A" if category == "Lu" else "a"
    return "9" if category.startswith("N") else "·"


def describe_kind(value: Any) -> str:
    """Return the kind of a JSON value in words, such as `whole number`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "text" if value else "empty text"
    if isinstance(value, int):
        return "whole number"
    if isinstance(value, float):
        return "number"
    return "list" if isinstance(value, list) else "object"


def mask_media_type(header: str) -> str:
    """Return the media type of a Content-Type header if it is a common type, else `unreadable`, or `none` if empty."""
    found = header.partition(";")[0].strip().lower()
    return found if found in _MEDIA else "none" if not found else "unreadable"


def _is_safe(word: str) -> bool:
    """Return whether a word is a field name such as `phone_number`, which a vendor's message may quote."""
    return all(part in _list_safe_words() for part in word.split("_"))


class Masker:
    """Masks the keys, error codes and fixed values of responses that are, or may be, data of the account.

    Args:
        vocabulary: the words of the vendor, from the spec.
    """

    def __init__(self, vocabulary: Iterable[str]) -> None:
        self._vocabulary = {word.casefold() for word in vocabulary}
        self._parts = FIELD_WORDS | {part.casefold() for word in self._vocabulary for part in _PART.findall(word)}
        self._values: set[str] = set()

    def add_value(self, value: Any) -> None:
        """Remember the words of a value of the account, so that keys and codes with one of these words are masked."""
        if isinstance(value, str):
            words = _WORD.findall(value[:1000].casefold())
            self._values.update(word for word in words if word not in self._vocabulary and not _is_safe(word))

    def mask_key(self, name: str) -> str:
        """Return the name of a key, or its shape if it may be data: a phone, an address, a name, an id.

        The name is shown if each part is a word of the spec or of `FIELD_WORDS`, and no part is a value of the account.
        A word of a field name in any spec is never taken for a value.
        """
        known = name.casefold() in self._vocabulary
        few = sum(map(str.isdigit, name)) <= _MAX_KEY_DIGITS
        plain = known or (few and _KEY.fullmatch(name) and all(map(self._is_word, _PART.findall(name))))
        return name if plain and not self._is_value(name) else mask_value(name)

    def _is_word(self, part: str) -> bool:
        """Return whether a part of a key is harmless: one or joined field words, one letter, or up to two digits."""
        part = part.casefold()
        if part.isdigit():
            return len(part) < 3
        if len(part) == 1 or part in self._parts or part.removesuffix("id") in self._parts:
            return True
        ends = range(_MIN_LETTERS, len(part) - _MIN_LETTERS + 1)
        return any(part[:end] in self._parts and self._is_word(part[end:]) for end in ends)

    def mask_code(self, text: str) -> str:
        """Return an error code, or its shape if it may be data of the account."""
        if text.casefold() in self._vocabulary:
            return text
        words = _WORDS_CODE.fullmatch(text) and all(map(self._is_word, text.split("_")))
        return text if (words or _CODE.fullmatch(text)) and not self._is_value(text) else mask_value(text)

    def mask_term(self, value: Any) -> str:
        """Return a value in backticks if it is a word of the spec or a status word such as `ok`; else its shape."""
        if isinstance(value, str) and (value.casefold() in self._vocabulary or value.casefold() in _PROTOCOL):
            return f"`{value}`"
        return mask_value(value)

    def _is_value(self, text: str) -> bool:
        lowered = text.casefold()
        parts = [lowered, *re.split(r"[_$@-]", lowered), *re.findall(r"[A-Z]?[a-z]+|[A-Z]+", text)]
        return any(part.casefold() in self._values for part in parts if len(part) > 2)
