"""One item of a batch on its way."""

from __future__ import annotations

from typing import Any, Literal

import anyio
from attrs import define

from crossbook import errors
from crossbook._batch.operations import Completed, PreparedItem
from crossbook._batch.results import Result, result_made
from crossbook._tracebacks import copy_without_traceback
from crossbook.errors import CrossbookError
from crossbook.journal import JournalEntry


@define(eq=False)
class BatchItem:
    """An item, what was decided about it, and how far its write came.

    Attributes:
        line: its key, as long as it stands in line with others of the same key.
        turn: when it is this one's turn in it; None if it is already.
        refusal: why it cannot be written at all.
        at: when its write was last begun, by the wall clock.
        seen: ids that the vendor had for its key before the first attempt.
        unseen: an earlier run without a match key sent it, and stored no such ids.
        attempts: writes begun, in earlier runs too; `tries` in this one.
        update: for an upsert that found its contact: the id, and what to change.
        unsure: a write was begun, and what became of it is to be found out before anything else.
        since: when that write can at the latest have left (`anyio.current_time()`).
        lost: the error that it ended in, if it was in this run.
        retried: the caller had it sent again (`uncertain="retry"`), though an earlier attempt may have happened.
        half: the id of a contact that was made, and is perhaps not in its groups.
        alone: not to be sent together with others, whose common answer did not tell.
    """

    index: int
    item_key: str | None
    ready: PreparedItem
    fingerprint: str = ""
    line: str | None = None
    turn: anyio.Event | None = None
    refusal: CrossbookError | None = None
    at: float = 0.0
    seen: tuple[str, ...] = ()
    unseen: bool = False
    attempts: int = 0
    tries: int = 0
    update: tuple[str, dict[str, Any]] | None = None
    unsure: bool = False
    since: float = 0.0
    lost: CrossbookError | None = None
    retried: bool = False
    half: str | None = None
    alone: bool = False

    @property
    def id(self) -> str | None:
        """The contact that it is about, as far as is known."""
        return self.update[0] if self.update else self.half or self.ready.id

    def entry(self, state: Literal["intent", "done"]) -> JournalEntry:
        """The task as the journal keeps it: without a key as long as nobody knows what was there before."""
        key = None if self.unseen else self.ready.key
        return JournalEntry(
            self.index, self.item_key, self.fingerprint, key, state, self.at, self.seen, self.attempts, None, self.id
        )


# What an outcome means: for the item, for the journal, and for who reads the result.


@define
class Uncertain:
    """It may have happened. `final`: this run had no way to look it up; else the next run looks again."""

    error: CrossbookError
    final: bool


ItemOutcome = Completed | CrossbookError | Uncertain


def refused(error: CrossbookError) -> bool:
    """Whether it is certain that the write did not happen."""
    # A 404 of somebody who is not the vendor: a wrong base_url, which is mended, and then all goes out.
    elsewhere = isinstance(error, errors.InvalidResponseError) and error.status == 404
    return error.id is None and (error.sent == "no" or elsewhere or error.writes_nothing)


def refused_whole(error: CrossbookError) -> bool:
    """Whether the parts of a native call that failed may be sent again: it wrote nothing, or twice does no harm.

    Of a create no earlier attempt can have: none is made after one that may have happened (`crossbook._http.retry.may_retry`).
    """
    return isinstance(error, (errors.RejectedError, errors.NotFoundError))


def open_still(settlement: ItemOutcome) -> bool:
    """Whether the next run of the journal is to try again, or to find out."""
    if isinstance(settlement, Completed):
        return False
    return not (settlement.final if isinstance(settlement, Uncertain) else settlement.action == "fix_input")


def remedy_for(*, creates: bool, kept: bool, matched: bool) -> str:
    """Say how the caller of a batch resolves an uncertain item.

    Args:
        creates: whether a repeated write could make a second contact.
        kept: whether a journal outlives the run.
        matched: whether the batch has a match key.
    """
    if not creates:
        again = "run the same journal again" if kept else "repeat it"
        return f"{again}: this write is safe to repeat"
    if not kept:
        return "look the contact up, and repeat it only if it is not there; with journal= a later run can do that"
    look = "to look the contact up again" if matched else "with match= to look the contact up"
    return f"run the same journal again {look}, or decide with uncertain='retry', 'skip' or 'done'"


def result_of(task: BatchItem, settlement: ItemOutcome, verb: str, remedy: str) -> Result:
    ready, error = task.ready, None
    status: Any
    if isinstance(settlement, Completed):
        status, id = settlement.status, settlement.id
    else:
        error = copy_without_traceback(settlement.error if isinstance(settlement, Uncertain) else settlement)
        error.operation = error.operation or verb
        status, id = "failed", error.id or task.id
        if isinstance(settlement, Uncertain):
            # A copy: the items of one native call share the error.
            record = errors.to_record(error)
            status, error = "uncertain", errors.from_record({**record, "message": f"{error.message}; {remedy}"})
    return result_made(
        task.index, task.item_key, status, id, ready.contact, task.attempts, error, ready.lost, ready.unverified
    )


def recorded(task: BatchItem, settlement: ItemOutcome, result: Result, *, creates: bool) -> JournalEntry | None:
    """What the journal is told at the end; None where what it knows already is all."""
    if isinstance(settlement, Completed) or not open_still(settlement):
        entry = task.entry("done")
        entry.status, entry.id = result.status, result.id
        if result.error is not None:
            entry.error = errors.to_record(result.error)
        if result.status == "failed" and result.id is None:
            entry.key = None  # whoever has the same key later is no duplicate of one that was not written
        entry.dropped_fields, entry.write_only_fields = result.dropped_fields, result.write_only_fields
        return entry
    if isinstance(settlement, Uncertain) or task.half is not None:
        return task.entry("intent")
    if not task.attempts:
        return None
    # This try wrote nothing. What became of those before it was looked up, where a step creates, unless the caller had
    # it sent again without that; else nobody knows, and the next run takes a contact that is gone for one that it
    # deleted itself.
    entry = task.entry("intent")
    entry.attempts = 0 if creates and not task.retried else task.attempts - (settlement.earlier != "maybe")
    entry.key, entry.existing_ids, entry.id = None, (), task.ready.id
    return entry


def replayed(entry: JournalEntry) -> Result:
    """A result of an earlier run."""
    status: Any = entry.status
    return Result(
        index=entry.index,
        item_key=entry.item_key,
        status=status,
        id=entry.id,
        attempts=entry.attempts,
        error=None if entry.error is None else errors.from_record(entry.error),
        dropped_fields=entry.dropped_fields,
        write_only_fields=entry.write_only_fields,
        replayed=True,
    )
