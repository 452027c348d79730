"""Suppression lists: who opted out of which channel, over all books.

Pass `suppressions=SuppressionList("suppressions.sqlite")` to a book, and the book honours the list. For another
database, pass the list an object that implements `SuppressionStore`.
"""

from crossbook.suppressions.base import SuppressionEntry, SuppressionStatus, SuppressionStore
from crossbook.suppressions.memory import MemorySuppressions
from crossbook.suppressions.sqlite import SqliteSuppressions
from crossbook.suppressions.suppression_list import SuppressionList

__all__ = [
    "MemorySuppressions",
    "SqliteSuppressions",
    "SuppressionEntry",
    "SuppressionList",
    "SuppressionStatus",
    "SuppressionStore",
]
