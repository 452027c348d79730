"""The journal of a batch: what was about to be done, and what became of it, so that a run that died can go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol

from attrs import define, field, frozen


@frozen
class RunKey:
    """What a run is for, and the key of its hashes. Nothing here is made of a credential.

    Attributes:
        vendor: the profile's name of the vendor.
        operation: the batch's verb: "create_many", "delete_many" …
        match: the field that contacts are matched by, or None. A run that was made without one accepts one later, and
            keeps it from then on.
        base_url: where the vendor is.
        brand: which of the vendor's brands the account is of; "" where there is only one.
        account: a hash, under the run's key, of the user name or of `account=`; None if the account has neither.
        key: 32 random bytes: the run's key; or, with a `tag`, the salt by which `journal_key` gives the run's key.
        tag: a hash by which a wrong `journal_key` is noticed; None for a run without one.
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
    """A run that a journal has.

    Attributes:
        heading: what `begin` wrote last.
        state: `begun`; `finished`: all its items have their outcome; `archived`: finished, and its keys are deleted.
        empty: whether it has no entry and no bookmark.
    """

    heading: RunKey
    state: Literal["begun", "finished", "archived"]
    empty: bool


@define
class JournalEntry:
    """One item of a run, and how far it came.

    Attributes:
        index: its position in the source, from 0.
        item_key: the caller's own key of it, echoed.
        fingerprint: a hash of the item under the run's key, by which another source is noticed.
        key: a hash of its match key under the run's key, the id of the contact that it changes, or None.
        state: `intent` – about to be sent, or sent; `done` – the outcome is known.
        at: wall clock of the intent, in seconds (`time.time()`).
        seen: ids that the vendor had for the key before the first attempt.
        attempts: requests made for it.
        status: the outcome: created, updated, unchanged, deleted, done, skipped, failed, uncertain or cancelled.
        id: the contact's id.
        error: a `CrossbookError` as `{"kind": its class's name, **its attributes}`, of JSON's types only.
        dropped_fields: as in `Outcome`.
        write_only_fields: as in `Outcome`.
    """

    index: int
    item_key: str | None
    fingerprint: str
    key: str | None
    state: Literal["intent", "done"]
    at: float = 0.0
    seen: tuple[str, ...] = ()
    attempts: int = 0
    status: str | None = None
    id: str | None = None
    error: dict[str, Any] | None = None
    dropped_fields: tuple[str, ...] = ()
    write_only_fields: tuple[str, ...] = ()


class Journal(Protocol):
    """Where a batch remembers. `journal="a path"` is a file; bring an object of this shape for a database of yours.

    One journal serves one run at a time, and many tasks of it; any method may be cancelled.
    """

    async def open(self, run: str) -> StoredRun | None:
        """Opens the run of this name ("" is a name too); None if there is none yet. `begin` follows before any write.

        Whether the run may be resumed is decided by the batch, from the heading.

        Raises:
            JournalBusyError: another process, or another run of this one, has it open.
        """
        ...

    async def begin(self, heading: RunKey) -> None:
        """Begins the run that `open` did not find, or writes another heading over that of the run that it found."""
        ...

    async def samples(self, count: int) -> Sequence[JournalEntry]:
        """At most `count` entries, the last ones: done, with key and id, and created, updated, unchanged or skipped."""
        ...

    async def entry(self, index: int) -> JournalEntry | None:
        """The newest entry of this item, or None."""
        ...

    async def owner(self, id: str) -> int | None:
        """The lowest index of an item of this run that this contact's id belongs to; one that was skipped owns none."""
        ...

    async def key_index(self, key: str) -> int | None:
        """The lowest index of an item of this run with this match key, intended or done."""
        ...

    async def last_written(self, key: str) -> int | None:
        """The highest index of an item of this run with this key that is done, and neither skipped nor failed."""
        ...

    async def record_intents(self, entries: Sequence[JournalEntry]) -> None:
        """Writes entries, before the call leaves; when it returns they outlive the process and the machine."""
        ...

    async def record_outcomes(self, entries: Sequence[JournalEntry]) -> None:
        """Writes outcomes; they are on disk with the next intent, at the latest after `close`."""
        ...

    async def checkpoint(self, cursor: str, index: int) -> None:
        """The source's own cursor, and the index of the first item behind it."""
        ...

    async def checkpoints(self) -> tuple[tuple[str, int], ...]:
        """All of them as (cursor, index), ascending by index."""
        ...

    async def first_open(self) -> int:
        """The lowest index without a `done` entry: all items before it are done."""
        ...

    async def first_uncertain(self) -> int | None:
        """Return the lowest index of an item that is done and `uncertain`, or None."""
        ...

    async def finish(self, count: int) -> None:
        """All `count` items have an outcome: from now on the run is only replayed, or an uncertain item settled."""
        ...

    async def close(self) -> None:
        """Writes what is left and lets the journal go; closing twice does nothing."""
        ...


class NoJournal:
    """For a run without a journal that matches nothing: it remembers nothing."""

    async def open(self, run: str) -> StoredRun | None:
        return None

    async def begin(self, heading: RunKey) -> None:
        pass

    async def samples(self, count: int) -> Sequence[JournalEntry]:
        return ()

    async def entry(self, index: int) -> JournalEntry | None:
        return None

    async def owner(self, id: str) -> int | None:
        return None

    async def key_index(self, key: str) -> int | None:
        return None

    async def last_written(self, key: str) -> int | None:
        return None

    async def record_intents(self, entries: Sequence[JournalEntry]) -> None:
        pass

    async def record_outcomes(self, entries: Sequence[JournalEntry]) -> None:
        pass

    async def checkpoint(self, cursor: str, index: int) -> None:
        pass

    async def checkpoints(self) -> tuple[tuple[str, int], ...]:
        return ()

    async def first_open(self) -> int:
        return 0

    async def first_uncertain(self) -> int | None:
        return None

    async def finish(self, count: int) -> None:
        pass

    async def close(self) -> None:
        pass
