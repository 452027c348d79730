"""Read the items of a batch: check each item, and compare it with what the journal recorded in an earlier run."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

import anyio
from attrs import define, field

from crossbook._batch.fingerprint import KeyedHash
from crossbook._batch.item import BatchItem, make_replayed_result
from crossbook._batch.operations import BatchOperation, Completed, PreparedItem
from crossbook._batch.resolver import Resolver
from crossbook._batch.results import Result
from crossbook._batch.resume import Resume
from crossbook._batch.source import REPLAYED, Source
from crossbook._concurrency import await_result, run_shielded
from crossbook.errors import CrossbookError, InvalidInputError, JournalMismatchError
from crossbook.journal import Journal, JournalEntry

I = TypeVar("I")  # noqa: E741  (an item of the source)


@define(eq=False, repr=False, kw_only=True)
class ItemReader(Generic[I]):
    """A reader that makes items of the source's values, and restores what the journal recorded about them.

    Args:
        source: gives the values.
        operation, resolver: check a value and find its key.
        journal: has the entries of an earlier run.
        hashes: makes hashes under the run's key.
        resume: decides whether the stored run may be resumed; None if the journal ends with this run.
        run: the run's name.
        item_key: returns the caller's own key of a value.
    """

    source: Source[I]
    operation: BatchOperation[I]
    resolver: Resolver | None
    journal: Journal
    hashes: KeyedHash
    resume: Resume | None
    run: str
    item_key: Callable[[I], Any] | None
    _only_replays: bool = field(init=False, default=False)
    _was_finished: bool = field(init=False, default=False)
    first_open: int = field(init=False, default=0)  # all items before it are done
    retries_refused: bool = field(init=False, default=False)
    """Whether an item was refused for a reason that may be gone in the next run, which tries the item again."""
    _opened: float = field(init=False, default=0.0)

    @property
    def kept(self) -> bool:
        """Whether the journal is stored, so that a later run can resume this run."""
        return self.resume is not None

    async def open(self) -> tuple[str | None, int]:
        """Open the journal. Return the cursor where the source resumes (or None), and the number of items before it."""
        stored = await self.journal.open(self.run)
        self._opened = anyio.current_time()
        try:
            if self.resume is not None:
                self._was_finished = await self.resume.begin(stored)
            first = self.first_open = await self.journal.find_first_open()
            uncertain = None
            if self.resolver is not None and self.resolver.settles_uncertain:
                uncertain = await self.journal.find_first_uncertain()
            # A finished run with uncertain items that this run settles is open again.
            # If this run is killed, the next run finds an intent at `first`, and continues.
            self._only_replays = (
                self._was_finished and uncertain is None and await self.journal.find_entry(first) is None
            )
            checkpoints = await self.journal.find_checkpoints()
            if self._only_replays:
                self.source.recognize(self.hashes.digest, checkpoints, first)
                return None, first
            first = first if uncertain is None else min(first, uncertain)
            earlier = [checkpoint for checkpoint in checkpoints if checkpoint[1] <= first]
            return earlier[-1] if earlier else (None, 0)
        except BaseException:
            await run_shielded(self.journal.close)
            raise

    async def abort(self, opening: anyio.Future[Any]) -> None:
        """Wait until `open` ends, and close the journal again, for a batch whose start failed or was cancelled."""
        try:
            await await_result(opening)
        except Exception:
            return  # `open` has closed the journal
        await self.journal.close()

    async def close(self, count: int, *, complete: bool) -> None:
        if complete and not self._only_replays:
            await self.journal.finish(count)
        if complete and self.kept and not (self.source.is_recognized or self.retries_refused):
            await self.source.store_mark(self.hashes.digest)
        await self.journal.close()

    async def check_end(self, count: int) -> None:
        """Raise JournalMismatchError if the journal has more items than the `count` items of the source."""
        if count < self.first_open:
            raise self._make_mismatch(
                f"this source has {count:,} inputs, but the journal has the outcomes of {self.first_open:,}"
            )
        entry = await self.journal.find_entry(count) if self.kept else None
        if entry is not None and (entry.attempts or entry.state == "done"):
            raise self._make_mismatch(f"this source has {count:,} inputs, but an earlier run began at least one more")

    def make_item(self, index: int, value: I) -> BatchItem:
        """Check a value of the source and return it as an item. If the check fails, its error is the item's outcome."""
        if value is REPLAYED:
            return BatchItem(index, None, PreparedItem(value))
        item_key, prepared = None, None
        try:
            if self.item_key is not None:
                item_key = _call_item_key(self.item_key, value)
            prepared = _prepare(self.operation, value)
            if self.resolver is not None:
                prepared.unhashed_keys = self.resolver.list_unhashed_keys(prepared)
            if prepared.unhashed_keys:
                prepared.key, *prepared.other_keys = map(self.hashes.digest, prepared.unhashed_keys)
            if self.resolver is not None:
                self.resolver.remember_opted_out_input(prepared)
        except CrossbookError as error:
            prepared = prepared or PreparedItem(value)
            prepared.outcome = error
            prepared.dropped_fields = self.operation.find_unsupported_fields(value)
            if self.resolver is not None and error.field == "opted_out":
                keys = map(self.hashes.digest, self.resolver.list_refused_keys(value))
                self.resolver.remember_opted_out_keys(keys)
        return BatchItem(index, item_key, prepared, self.hashes.fingerprint(value) if self.kept else "")

    async def find_entries(self, items: Sequence[BatchItem]) -> Mapping[int, JournalEntry]:
        """Return what the journal has of these items, by index. They are in the order of the source."""
        if not items or not self.kept:
            return {}
        first, last = items[0].index, items[-1].index
        return {entry.index: entry for entry in await self.journal.find_entries(first, last - first + 1)}

    async def load(self, item: BatchItem, entry: JournalEntry | None) -> Result | None:
        """Return the item's result of an earlier run, or None (with its state restored) if it must be processed.

        Args:
            item: the item of this run.
            entry: what the journal has of it.
        """
        is_replayed = item.prepared.value is REPLAYED
        if entry is None:
            if self._was_finished:
                raise self._make_mismatch(f"the finished run had {item.index:,} inputs, and this source has more")
            return None
        if entry.fingerprint != item.fingerprint and not is_replayed and entry.status != "erased":
            raise self._make_mismatch(f"input {item.index} has changed since the run began")
        if entry.state == "done" and (is_replayed or not self._is_retried(item, entry)):
            return make_replayed_result(entry, is_auto=self.resolver is not None and self.resolver.is_auto)
        key = item.prepared.key
        if self.operation.overwrites and key and (await self.journal.find_last_written(key) or 0) > item.index:
            # The earlier run could not write this item, but wrote a later item for the same contact.
            item.prepared.outcome = Completed("skipped", item.prepared.id)
            return None
        if entry.attempts:
            item.attempts = entry.attempts
            if self.resolver is not None:
                self.resolver.restore(item, entry, self._opened)
        return None

    def _is_retried(self, item: BatchItem, entry: JournalEntry) -> bool:
        """Return whether this run processes an item again, although an earlier run recorded its outcome."""
        if entry.status == "uncertain":
            return self.resolver is not None and self.resolver.can_settle(item)
        # A check of ours refused the item. Its reason may be gone, for example with another option of the batch.
        kind = (entry.error or {}).get("kind")
        was_refused = (
            entry.status == "failed" and not entry.attempts and kind in ("InvalidInputError", "UnsupportedError")
        )
        return was_refused and not isinstance(item.prepared.outcome, CrossbookError)

    def _make_mismatch(self, what: str) -> JournalMismatchError:
        return JournalMismatchError(
            f"the journal was made for another source: {what}; pass the source that the run began with, unchanged",
            vendor=self.operation.profile.vendor, field="source",
        )  # fmt: skip


def _prepare(operation: BatchOperation[I], value: I) -> PreparedItem:
    """Check a value of the source. An unexpected exception fails only its item; the error names the line of code."""
    try:
        return operation.prepare(value)
    except CrossbookError:
        raise
    except Exception as error:
        # Not the exception's message, which may quote personal data. The last frame contains none.
        where = traceback.extract_tb(error.__traceback__, limit=-1)[0]
        raise InvalidInputError(
            f"this item cannot be prepared: {type(error).__name__} at {Path(where.filename).name}:{where.lineno}; "
            "check its values, and report this error if they are correct",
            field="source", vendor=operation.profile.vendor, cause=type(error).__name__,
        ) from None  # fmt: skip


def _call_item_key(item_key: Callable[[Any], Any], value: Any) -> str | None:
    try:
        key = item_key(value)
    except Exception as error:
        raise InvalidInputError(
            "the function item_key= raised an exception for this item: fix the function",
            field="item_key",
            cause=type(error).__name__,
        ) from None
    return None if key is None else str(key)
