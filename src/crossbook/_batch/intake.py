"""From an item of the source to a task: checked, and compared with what the journal knows of it."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

import anyio

from crossbook._batch.fingerprint import KeyedHash
from crossbook._batch.item import BatchItem, replayed
from crossbook._batch.operations import BatchOperation, Completed, PreparedItem
from crossbook._batch.resolver import Resolver
from crossbook._batch.results import Result
from crossbook._batch.resume import Resume
from crossbook._batch.source import DONE
from crossbook._concurrency import await_result, run_shielded
from crossbook.errors import CrossbookError, InvalidInputError, JournalMismatchError
from crossbook.journal import Journal, JournalEntry

I = TypeVar("I")  # noqa: E741  (an item of the source)


class ItemReader(Generic[I]):
    """Begins a run or goes on with one.

    Args:
        step, decider: what checks an item and gives it its key.
        journal: where an earlier run wrote.
        hashes: under the run's key.
        resume: decides whether a kept journal's run may be resumed; None if the journal ends with this run.
        run: the run's name.
        item_key: the caller's own key of an item.
    """

    def __init__(
        self,
        step: BatchOperation[I],
        decider: Resolver | None,
        journal: Journal,
        *,
        hashes: KeyedHash,
        resume: Resume | None,
        run: str,
        item_key: Callable[[I], Any] | None,
    ) -> None:
        self._step = step
        self._decider = decider
        self._asks = decider is not None and decider.asks
        self._decides = decider is not None and decider.decides
        self._journal = journal
        self._hashes = hashes
        self._resume = resume
        self.kept = resume is not None
        self._run = run
        self._item_key = item_key
        self.finished = False
        self._was_finished = False
        self._first_open = 0
        self._opened = 0.0

    async def open(self) -> tuple[str | None, int]:
        """Opens the journal; answers the cursor at which a list can be gone on with, and how many were before it."""
        stored = await self._journal.open(self._run)
        self._opened = anyio.current_time()
        try:
            if self._resume is not None:
                self._was_finished = await self._resume.begin(stored)
            begin = self._first_open = await self._journal.find_first_open()
            uncertain = None
            if self._asks or self._decides:
                uncertain = await self._journal.find_first_uncertain()
            # A finished run with something to settle is open again, and stays so if that run dies in its turn.
            self.finished = self._was_finished and uncertain is None and await self._journal.find_entry(begin) is None
            if self.finished:
                return None, begin
            begin = begin if uncertain is None else min(begin, uncertain)
            marks = [mark for mark in await self._journal.find_checkpoints() if mark[1] <= begin]
            return marks[-1] if marks else (None, 0)
        except BaseException:
            await run_shielded(self._journal.close)
            raise

    async def give_up(self, opening: anyio.Future[Any]) -> None:
        """Closes the journal once it is open, for a batch that does not begin after all."""
        try:
            await await_result(opening)
        except Exception:
            return  # it has closed what it had opened
        await self._journal.close()

    async def close(self, count: int, *, complete: bool) -> None:
        if complete and not self.finished:
            await self._journal.finish(count)
        await self._journal.close()

    async def check_end(self, count: int) -> None:
        """The source has ended after so many."""
        if count < self._first_open:
            raise self._mismatch(f"it ends after {count:,} inputs, and {self._first_open:,} were done")
        beyond = await self._journal.find_entry(count) if self.kept else None
        if beyond is not None and (beyond.attempts or beyond.state == "done"):
            raise self._mismatch(f"it ends after {count:,} inputs, and one more was begun")

    def task(self, index: int, item: I) -> BatchItem:
        if item is DONE:
            return BatchItem(index, None, PreparedItem(item))
        print_ = self._hashes.fingerprint(item) if self.kept else ""
        item_key, ready, refusal = None, None, None
        try:
            if self._item_key is not None:
                item_key = _key_of(self._item_key, item)
            ready = _ready(self._step, item)
            if self._asks and self._decider is not None:
                ready.private_key = self._decider.key(ready)
            if ready.private_key is not None:
                ready.key = self._hashes.digest(ready.private_key)
        except CrossbookError as error:
            ready, refusal = ready or PreparedItem(item), error
            ready.lost = self._step.lost(item)
        return BatchItem(index, item_key, ready, print_, refusal=refusal)

    async def earlier(self, task: BatchItem) -> Result | None:
        """The result, if an earlier run of a kept journal came to one; if it began a write, the task knows it then."""
        entry = await self._journal.find_entry(task.index)
        if entry is None:
            if self._was_finished:
                raise self._mismatch(f"the finished run had {task.index:,} inputs, and this is one more")
            return None
        if entry.fingerprint != task.fingerprint and task.ready.value is not DONE:
            raise self._mismatch(f"its input {task.index} is another one")
        mended = task.refusal is None and task.ready.value is not DONE and _was_refused(entry)
        if entry.state == "done" and not mended and not self._may_settle(task, entry):
            return replayed(entry)
        key = task.ready.key
        if self._step.overwrites and key and (await self._journal.find_last_written(key) or 0) > task.index:
            # An input after this one was written while this one could not be: it has the last word.
            task.ready.done = Completed("skipped", task.ready.id)
            return None
        if entry.attempts:
            task.attempts, task.seen, task.since = entry.attempts, entry.existing_ids, self._opened
        if entry.attempts and self._decider is not None:
            # An intent with an id is an update of what was there before, or a contact without its groups.
            task.half = entry.id if entry.id not in entry.existing_ids else None
            task.unsure = task.half is not None or entry.id is None
            task.unseen = entry.key is None
        return None

    def _may_settle(self, task: BatchItem, entry: JournalEntry) -> bool:
        """Return whether this run can settle an item that an earlier one reported as uncertain."""
        # It was not passed over (`DONE`): a source goes on at the first uncertain item, if not before.
        return entry.status == "uncertain" and (self._decides or task.ready.key is not None)

    def _mismatch(self, what: str) -> JournalMismatchError:
        return JournalMismatchError(
            f"the journal was made for another source: {what}; give the source that the run began with, unchanged",
            vendor=self._step.profile.vendor, field="source",
        )  # fmt: skip


def _was_refused(entry: JournalEntry) -> bool:
    """Whether our own check had refused it: what it said to do, another option for instance, may be done by now."""
    kind = (entry.error or {}).get("kind")
    return entry.status == "failed" and not entry.attempts and kind in ("InvalidInputError", "UnsupportedError")


def _ready(step: BatchOperation[I], item: I) -> PreparedItem:
    """Check an item; what no check foresaw fails this item alone, and is told as what it is."""
    try:
        return step.ready(item)
    except CrossbookError:
        raise
    except Exception as error:
        # Its message may quote the item. The last frame says where to look, and nothing of a person.
        where = traceback.extract_tb(error.__traceback__, limit=-1)[0]
        raise InvalidInputError(
            f"this item cannot be prepared: {type(error).__name__} at {Path(where.filename).name}:{where.lineno}; "
            "check its values, and report it if they are in order",
            field="source", vendor=step.profile.vendor, cause=type(error).__name__,
        ) from None  # fmt: skip


def _key_of(item_key: Callable[[Any], Any], item: Any) -> str | None:
    try:
        value = item_key(item)
    except Exception as error:
        raise InvalidInputError(
            "item_key= failed for this item", field="item_key", cause=type(error).__name__
        ) from None
    return None if value is None else str(value)
