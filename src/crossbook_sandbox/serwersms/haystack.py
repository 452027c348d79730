"""Searching everywhere in every contact: a database would read all of them for each search, this reads the new ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from crossbook_sandbox.vendor import Vendor

_END = "\0"
_PART = 1000


class _Haystack:
    """The texts of an account's contacts, as they were when they were stored or changed."""

    def __init__(self) -> None:
        self._parts: list[tuple[list[int], str]] = []
        self.last = 0

    def add(self, contact_id: int, text: str) -> None:
        if not self._parts or len(self._parts[-1][0]) == _PART:
            self._parts.append(([], ""))
        ids, texts = self._parts[-1]
        ids.append(contact_id)
        self._parts[-1] = ids, f"{texts}{text}{_END}"
        self.last = max(self.last, contact_id)

    def ids(self, needle: str) -> Iterator[int]:
        for ids, texts in self._parts:
            at = texts.find(needle)
            while at >= 0:
                yield ids[texts.count(_END, 0, at)]
                at = texts.find(needle, texts.find(_END, at))


_OF: WeakKeyDictionary[Vendor[Any], _Haystack] = WeakKeyDictionary()


def search(account: Vendor[Any], needle: str) -> list[int]:
    """Return the ids of contacts that may hold a text: some may be gone, or hold it no more."""
    haystack = _OF.setdefault(account, _Haystack())
    query = "SELECT id, haystack FROM contact WHERE vendor = ? AND id > ? ORDER BY id"
    for row in account.book.rows(query, account.name, haystack.last):
        haystack.add(row["id"], row["haystack"] or "")
    return list(dict.fromkeys(haystack.ids(needle))) if _END not in needle else []


def changed(account: Vendor[Any], contact_id: int, text: str) -> None:
    """Know what a contact holds from now on."""
    if account in _OF and contact_id <= _OF[account].last:
        _OF[account].add(contact_id, text)
