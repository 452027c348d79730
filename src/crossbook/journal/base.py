"""The protocol `Journal` and the records that it stores: runs, and the intent and outcome of each item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

from attrs import define, field, frozen


@frozen
class RunKey:
    """The identity of a run (vendor, operation, account) and the key of its hashes. It contains no credential.

    Attributes:
        vendor: the vendor's name in its profile.
        operation: the batch method, for example "contacts.create_many".
        match: the match key, or None. A run that began without a match key accepts one later and keeps it.
        base_url: the base URL of the vendor's API.
        brand: the vendor's brand of the account; "" if the vendor has one brand.
        account: a hash of the user name or of `account=` under the run's key; None if the account has neither.
        key: 32 random bytes: the run's key, or with a `tag` the salt from which `journal_key` derives the run's key.
        tag: a hash that detects a wrong `journal_key`; None for a run without `journal_key`.
    """

    vendor: str
    operation: str
    match: str | None
    base_url: str
    brand: str
    account: str | None
    key: bytes = field(repr=False)
    tag: bytes | None = field(repr=False)


@frozen
class StoredRun:
    """A run that a journal contains: its key and its state.

    Attributes:
        run_key: the key that `begin` wrote last.
        state: `begun`; `finished`: all items have an outcome; `archived`: finished, and its keys are deleted.
        empty: whether the run has neither entries nor checkpoints.
    """

    run_key: RunKey
    state: Literal["begun", "finished", "archived"]
    empty: bool


@define
class JournalEntry:
    """The record of one item of a run: about to be sent, or done with an outcome.

    Attributes:
        index: the item's position in the source, from 0.
        item_key: the caller's own key of the item, from `item_key=`.
        fingerprint: a hash of the item under the run's key. A different hash reveals another source.
        key: a hash of the item's match key under the run's key, the id of the contact that it changes, or None.
        state: `intent`: about to be sent, or sent. `done`: the outcome is known.
        at: the wall-clock time of the intent, in seconds (`time.time()`).
        existing_ids: ids of contacts that the vendor had for the match key before the first attempt.
        attempts: how many writes were begun for the item.
        status: the outcome: created, updated, unchanged, deleted, done, skipped, failed, uncertain, cancelled or
            erased. An erased entry has no fingerprint, key, id and `item_key`: any input is at its place.
        id: the contact's id, if known.
        error: a `CrossbookError` as JSON values: `{"kind": the name of its class, **its attributes}`. In an intent: the
            vendor's answer to a create (207) that does not say what became of the item.
        dropped_fields: as in `Result`.
        write_only_fields: as in `Result`.
    """

    index: int
    item_key: str | None
    fingerprint: str
    key: str | None
    state: Literal["intent", "done"]
    at: float = 0.0
    existing_ids: tuple[str, ...] = ()
    attempts: int = 0
    status: str | None = None
    id: str | None = None
    error: dict[str, Any] | None = None
    dropped_fields: tuple[str, ...] = ()
    write_only_fields: tuple[str, ...] = ()


class Journal(Protocol):
    """The interface of a journal, which stores for each item of a run what is about to be sent and what became of it.

    `journal="a path"` stores them in an SQLite file. To use a database of yours, pass an object with these methods.
    A journal serves one run at a time; many tasks of the run call it concurrently. Any call may be cancelled.
    """

    async def open(self, run: str) -> StoredRun | None:
        """Open the journal for the run of this name ("" is valid). Return the stored run, or None if the run is new.

        The batch calls `begin` before any other write. It decides from the run's key whether the run may be resumed.

        Raises:
            JournalBusyError: another process, or another run of this process, has the journal open.
        """
        ...

    async def begin(self, run_key: RunKey) -> None:
        """If the opened run is new, store it with this key. Otherwise replace the stored run's key by this one."""
        ...

    async def find_samples(self, count: int) -> Sequence[JournalEntry]:
        """Return the last `count` entries of written contacts, by which a batch recognizes the account.

        These entries are done, have a key and an id, and their status is created, updated, unchanged or skipped.
        """
        ...

    async def find_entry(self, index: int) -> JournalEntry | None:
        """Return the newest entry of the item with this index, or None if it has no entry."""
        ...

    async def find_entries(self, first: int, count: int) -> Sequence[JournalEntry]:
        """Return the newest entries of the items with the indexes from `first` to `first + count - 1`, by index.

        Items without an entry are left out.
        """
        ...

    async def find_owner(self, id: str) -> int | None:
        """Return the lowest index of an item recorded with this contact id, or None. Skipped items do not count."""
        ...

    async def find_key(self, key: str) -> int | None:
        """Return the lowest index of an item with this hashed match key, in any state, or None."""
        ...

    async def find_last_written(self, key: str) -> int | None:
        """Return the highest index of an item with this key that was written (done, not skipped or failed), or None."""
        ...

    async def record_intents(self, entries: Sequence[JournalEntry]) -> None:
        """Store entries of items that are about to be sent. They must be on disk before this returns."""
        ...

    async def record_outcomes(self, entries: Sequence[JournalEntry]) -> None:
        """Store entries with outcomes. They must be on disk when the next `record_intents` or `close` returns."""
        ...

    async def checkpoint(self, cursor: str, index: int) -> None:
        """Store a cursor at which a list can be resumed, and the index of the first item after that cursor."""
        ...

    async def find_checkpoints(self) -> tuple[tuple[str, int], ...]:
        """Return all stored checkpoints as pairs (cursor, index), in ascending order of the index."""
        ...

    async def find_first_open(self) -> int:
        """Return the lowest index without a `done` entry: all items before it are done."""
        ...

    async def find_first_uncertain(self) -> int | None:
        """Return the lowest index of an item whose outcome is `uncertain`, or None if there is no such item."""
        ...

    async def finish(self, count: int) -> None:
        """Mark the run as finished: all `count` items have an outcome.

        A later run only replays the outcomes, and may settle uncertain items.
        """
        ...

    async def close(self) -> None:
        """Store everything that is not yet stored, and release the journal. A second call does nothing."""
        ...
