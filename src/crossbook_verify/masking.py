"""What of an answer a report may show: never a value, only its shape; a word only if it cannot be the account's.

A report is pasted where everybody reads it, and nobody proofreads a thousand lines first. So nothing is shown because
it looks harmless: digits become 9, letters become a, and a text comes through as it is only if it is on a list.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from crossbook_verify.words import FIELD_WORDS

LONGEST = 40
_KEY = re.compile(r"[A-Za-z_$@][A-Za-z0-9_$-]{0,39}")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")  # of a key: `createdAt2` → created, At, 2
_MOST_DIGITS = 3  # of a key; more may be an id, or a phone
_LETTERS = 4  # of each of two words that are run together: `contactgroup`
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
# Words of protocols: where a vendor says another one than the spec does, it is worth reading.
_PROTOCOL = frozenset(
    [
        "ok",
        "success",
        "successful",
        "succeeded",
        "error",
        "errors",
        "fail",
        "failed",
        "failure",
        "true",
        "false",
        "yes",
        "no",
        "none",
        "null",
        "empty",
        "active",
        "inactive",
        "pending",
        "done",
    ]
)


def shape(value: Any) -> str:
    """The shape of a scalar: `+48500600700` → `+99999999999`, `Anna` → `Aaaa`; of anything else what it is."""
    if isinstance(value, str):
        drawn = "".join(_drawn(char) for char in value[:LONGEST])
        return f'"{drawn}"' if len(value) <= LONGEST else f'"{drawn}…" ({len(value):,} characters)'
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        drawn = "".join(_drawn(char) for char in repr(value)[:LONGEST])
        return drawn if len(drawn) < LONGEST else f"{drawn}…"
    return kind(value)


def _drawn(char: str) -> str:
    if char.isascii() and char in _KEPT:
        return char
    category = unicodedata.category(char)
    if category.startswith("L"):
        return "A" if category == "Lu" else "a"
    return "9" if category.startswith("N") else "·"


def kind(value: Any) -> str:
    """What a JSON value is, in a word."""
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


def media_type(header: str) -> str:
    """A content type without its parameters, if it is a common one."""
    found = header.partition(";")[0].strip().lower()
    return found if found in _MEDIA else "none" if not found else "unreadable"


class Words:
    """Which names and codes may be shown: not those that are also values of the account.

    Args:
        vocabulary: the vendor's own words, from the spec.
    """

    def __init__(self, vocabulary: Iterable[str]) -> None:
        self._vocabulary = {word.casefold() for word in vocabulary}
        self._parts = FIELD_WORDS | {part.casefold() for word in self._vocabulary for part in _PART.findall(word)}
        self._values: set[str] = set()

    def met(self, value: Any) -> None:
        """Remembers the words of a value of the account."""
        if isinstance(value, str):
            self._values.update(word for word in _WORD.findall(value[:1000].casefold()) if word not in self._vocabulary)

    def key(self, name: str) -> str:
        """The name of a key; its shape if it may be data: a phone, an address, a name, an id.

        It is shown if every part of it is a word of the spec or of `FIELD_WORDS`, and none is a value of the account.
        """
        known = name.casefold() in self._vocabulary
        few = sum(map(str.isdigit, name)) <= _MOST_DIGITS
        plain = known or (few and _KEY.fullmatch(name) and all(map(self._is_word, _PART.findall(name))))
        return name if plain and not self._is_value(name) else shape(name)

    def _is_word(self, part: str) -> bool:
        """Whether it is a field's word, two digits, or a letter; or words run together, as in `contactgroupid`."""
        part = part.casefold()
        if part.isdigit():
            return len(part) < 3
        if len(part) == 1 or part in self._parts:
            return True
        if part.removesuffix("id") in self._parts:
            return True
        ends = range(_LETTERS, len(part) - _LETTERS + 1)
        return any(part[:end] in self._parts and self._is_word(part[end:]) for end in ends)

    def code(self, text: str) -> str:
        """An error code; its shape if it does not look like one."""
        if text.casefold() in self._vocabulary:
            return text
        words = _WORDS_CODE.fullmatch(text) and all(map(self._is_word, text.split("_")))
        return text if (words or _CODE.fullmatch(text)) and not self._is_value(text) else shape(text)

    def term(self, value: Any) -> str:
        """What stands where the spec has a fixed word: shown if it is a word of the spec, or of any protocol."""
        if isinstance(value, str) and (value.casefold() in self._vocabulary or value.casefold() in _PROTOCOL):
            return f"`{value}`"
        return shape(value)

    def _is_value(self, text: str) -> bool:
        lowered = text.casefold()
        parts = [lowered, *re.split(r"[_$@-]", lowered), *re.findall(r"[A-Z]?[a-z]+|[A-Z]+", text)]
        return any(part.casefold() in self._values for part in parts if len(part) > 2)
