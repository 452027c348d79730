"""An index that finds contacts by a text anywhere in them, and reads only those new since the last search."""

from __future__ import annotations

from collections.abc import Iterator

from crossbook_sandbox.store import Book

_END = "\0"
_PART_SIZE = 1000


class SearchIndex:
    """An index of the texts of an account's contacts.

    The texts are joined into parts of 1000, so that `str.find` searches many contacts in one step. An entry is never
    removed: `find` may return contacts that are deleted or that no longer contain the text.
    """

    def __init__(self, book: Book) -> None:
        self._book = book
        self._parts: list[tuple[list[int], str]] = []
        self._last_id = 0

    def find(self, needle: str) -> list[int]:
        """Return the ids of the contacts that may contain a text."""
        query = "SELECT id, haystack FROM contact WHERE vendor = ? AND id > ? ORDER BY id"
        for row in self._book.rows(query, self._book.vendor, self._last_id):
            self._add(row["id"], row["haystack"] or "")
        return list(dict.fromkeys(self._ids(needle))) if _END not in needle else []

    def update(self, contact_id: int, text: str) -> None:
        """Index the new text of a changed contact. A contact that is not indexed yet is read by the next search."""
        if contact_id <= self._last_id:
            self._add(contact_id, text)

    def _add(self, contact_id: int, text: str) -> None:
        if not self._parts or len(self._parts[-1][0]) == _PART_SIZE:
            self._parts.append(([], ""))
        ids, texts = self._parts[-1]
        ids.append(contact_id)
        self._parts[-1] = ids, f"{texts}{text}{_END}"
        self._last_id = max(self._last_id, contact_id)

    def _ids(self, needle: str) -> Iterator[int]:
        for ids, texts in self._parts:
            at = texts.find(needle)
            while at >= 0:
                yield ids[texts.count(_END, 0, at)]
                at = texts.find(needle, texts.find(_END, at))
