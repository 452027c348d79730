"""Measure for the metrics how long the journal of a batch takes to store entries."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any

from crossbook._http.client import Client
from crossbook.journal import Journal, JournalEntry


class ObservedJournal:
    """A journal that stores everything in another one, and reports to the batch's observer how long that takes.

    Args:
        journal: the other journal.
        client: the client of the batch, which has the observer.
    """

    def __init__(self, journal: Journal, client: Client) -> None:
        self._journal = journal
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    async def record_intents(self, entries: Sequence[JournalEntry]) -> None:
        began = perf_counter()
        await self._journal.record_intents(entries)
        if self._client.batch is not None:
            self._client.batch.journal_stored("intent", perf_counter() - began)

    async def record_outcomes(self, entries: Sequence[JournalEntry]) -> None:
        began = perf_counter()
        await self._journal.record_outcomes(entries)
        if self._client.batch is not None:
            self._client.batch.journal_stored("outcome", perf_counter() - began)
