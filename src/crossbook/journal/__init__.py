"""Journals: record what a batch is about to send and what became of it, so that a killed run can be resumed.

Pass `journal="a path"` to a batch for a `SqliteJournal`, or an object that implements `Journal` for another database.
"""

from crossbook.journal.base import Journal, JournalEntry, RunKey, StoredRun
from crossbook.journal.memory import MemoryJournal
from crossbook.journal.sqlite import JournalRun, SqliteJournal

__all__ = ["Journal", "JournalEntry", "JournalRun", "MemoryJournal", "RunKey", "SqliteJournal", "StoredRun"]
