"""Record what a batch is about to send and what became of it, so that a killed run resumes."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crossbook.journal.base import Journal, JournalEntry, RunKey, StoredRun
    from crossbook.journal.sqlite import JournalRun, SqliteJournal

# SQLite and the writer thread are imported when a journal is first used.
_LATER = {
    "Journal": "base",
    "JournalEntry": "base",
    "JournalRun": "sqlite",
    "RunKey": "base",
    "SqliteJournal": "sqlite",
    "StoredRun": "base",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'crossbook.journal' has no attribute {name!r}")
    value = getattr(import_module(f"crossbook.journal.{_LATER[name]}"), name)
    globals()[name] = value
    return value


__all__ = ["Journal", "JournalEntry", "JournalRun", "RunKey", "SqliteJournal", "StoredRun"]
