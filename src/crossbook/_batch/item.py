"""One item of a batch: its state, what its outcome means, and how both are recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import anyio
from attrs import define

from crossbook import errors
from crossbook._batch.operations import Completed, PreparedItem
from crossbook._batch.results import Result, make_result
from crossbook._tracebacks import copy_without_traceback
from crossbook.errors import CrossbookError
from crossbook.journal import JournalEntry

ItemState = Literal["ready", "unresolved", "created", "done"]
"""See the diagram in `Executor`."""


@define(eq=False)
class BatchItem:
    """One input of a batch: what was prepared, sent and found out for it so far, and its state.

    Attributes:
        index: its position in the source, from 0.
        item_key: the caller's own key.
        prepared: the item after its check.
        fingerprint: a hash of the item under the run's key.
        state: `ready`: to be decided and written. `unresolved`: a create was sent and its outcome is unknown.
            `created`: the contact exists, but not all its groups may contain it. `done`: the outcome is reported.
        turns: its keys, from the moment when it queues for them until it has released them. Each has the event that
            hands the key over to this item, or None if the key was free.
        intent_time: wall-clock time of its last intent.
        existing_ids: ids that the vendor had for its match key before the first attempt. None: an earlier run without
            a match key sent the item, so that these ids are not known.
        attempts: writes begun, in earlier runs too; `run_attempts` counts those of this run.
        update: what an upsert changes: the id of the contact, and the fields. None: the item is created.
        new_groups: the groups to which an upsert then adds the contact, in a call for each, if the vendor has such
            calls.
        is_listed: whether `update` was decided by a list that may be out of date.
        is_pooled: whether it was left to wait for others of its kind. The worker that writes them releases its keys.
        is_decided: whether the next write is known, because the write before it succeeded.
        sent_by_time: the moment (`anyio.current_time()`) before which the unresolved write left.
        lost_response: the error of the unresolved write, if this run sent it.
        answered: the vendor's response to an unresolved create, if it answered and may have refused the item. Such a
            create is never sent again, except by `uncertain="retry"`.
        sent_by_decision: whether `uncertain="retry"` sent the item again: an earlier attempt may have succeeded.
        created_id: the id of the contact in the state `created`.
        alone: send the item in a call of its own, because a shared response said nothing about it.
    """

    index: int
    item_key: str | None
    prepared: PreparedItem
    fingerprint: str = ""
    state: ItemState = "ready"
    turns: Sequence[tuple[str, anyio.Event | None]] = ()
    intent_time: float = 0.0
    existing_ids: tuple[str, ...] | None = ()
    attempts: int = 0
    run_attempts: int = 0
    update: tuple[str, dict[str, Any]] | None = None
    new_groups: tuple[str, ...] = ()
    is_listed: bool = False
    is_decided: bool = False
    is_pooled: bool = False
    sent_by_time: float = 0.0
    lost_response: CrossbookError | None = None
    answered: CrossbookError | None = None
    sent_by_decision: bool = False
    created_id: str | None = None
    alone: bool = False

    @property
    def id(self) -> str | None:
        """The vendor's id of the item's contact, or None if it is unknown."""
        return self.update[0] if self.update else self.created_id or self.prepared.id

    def make_entry(self, state: Literal["intent", "done"]) -> JournalEntry:
        """Return the item's journal entry. Without a match key, the entry says that `existing_ids` is unknown."""
        key = None if self.existing_ids is None else self.prepared.key
        answered = errors.to_record(self.answered) if state == "intent" and self.answered else None
        return JournalEntry(
            self.index, self.item_key, self.fingerprint, key, state,
            self.intent_time, self.existing_ids or (), self.attempts, None, self.id, answered,
        )  # fmt: skip


@define
class Uncertain:
    """The outcome of a write that may have happened. `final`: no lookup can settle it. Otherwise the next run does."""

    error: CrossbookError
    final: bool


@define
class NotSentAlone:
    """The outcome of a write that the vendor refused with its whole array, in a batch that then stopped.

    Nothing was written. The item was not sent again by itself, so that whether the vendor accepts it is unknown.
    """

    error: CrossbookError


ItemOutcome = Completed | CrossbookError | Uncertain | NotSentAlone
"""What became of an item. Instead of an outcome, None means: before a write "write it", after it "another round"."""


def proves_no_write(error: CrossbookError) -> bool:
    """Return whether the error proves that the vendor did not execute the write."""
    # A 404 in another format comes from a server that is not the vendor: the base_url is wrong.
    wrong_server = isinstance(error, errors.InvalidResponseError) and error.status == 404
    return error.id is None and (error.sent == "no" or wrong_server or error.writes_nothing)


def is_answer(error: CrossbookError) -> bool:
    """Return whether the error shows that the vendor answered a bulk create, and may have refused its items.

    It is a partial success (207, Multi-Status) that does not name all items, or a success with an error of the vendor.
    """
    if error.status == 207:
        return True
    return isinstance(error, errors.InvalidResponseError) and error.code is not None and (error.status or 0) < 300


def allows_split(error: CrossbookError) -> bool:
    """Return whether the items of a bulk call that failed with this error may be sent again in smaller calls.

    The refused call wrote nothing. An earlier attempt of a create cannot have written either: a create that may have
    happened is never retried (`Retry.allows`). Other writes have the same effect twice as once.
    """
    return isinstance(error, (errors.RejectedError, errors.NotFoundError)) and not is_answer(error)


def stays_open(outcome: ItemOutcome) -> bool:
    """Return whether an item with this outcome is unfinished: the next run with the journal retries or looks it up."""
    if isinstance(outcome, Completed | NotSentAlone):
        return isinstance(outcome, NotSentAlone)
    return not (outcome.final if isinstance(outcome, Uncertain) else outcome.action == "fix_input")


def make_item_result(item: BatchItem, outcome: ItemOutcome, capability: str, remedy: str) -> Result:
    """Return the public `Result` of an item that has this outcome."""
    prepared, error = item.prepared, None
    status: Any
    if isinstance(outcome, Completed):
        status, id = outcome.status, outcome.id
    elif isinstance(outcome, NotSentAlone):
        status, id = "cancelled", item.id
    else:
        error = copy_without_traceback(outcome.error if isinstance(outcome, Uncertain) else outcome)
        error.operation = error.operation or capability
        status, id = "failed", item.id
        if isinstance(outcome, Uncertain):
            # A copy, because the items of one native call share the error.
            record = errors.to_record(error)
            status, error = "uncertain", errors.from_record({**record, "message": f"{error.message}; {remedy}"})
    return make_result(
        item.index, item.item_key, status, id, prepared.contact, item.attempts, error, prepared.dropped_fields,
        prepared.write_only_fields, prepared.unmatched and status == "created",
    )  # fmt: skip


def make_outcome_entry(item: BatchItem, outcome: ItemOutcome, result: Result, *, creates: bool) -> JournalEntry | None:
    """Return the journal entry of the outcome: done, or open for the next run. None if an open item was never sent."""
    if isinstance(outcome, Completed) or not stays_open(outcome):
        entry = item.make_entry("done")
        entry.status, entry.id = result.status, result.id
        if result.error is not None:
            entry.error = errors.to_record(result.error)
        if result.status == "failed" and result.id is None:
            entry.key = None  # the item was not written: a later item with the same key is not its duplicate
        entry.dropped_fields, entry.write_only_fields = result.dropped_fields, result.write_only_fields
        return entry
    if isinstance(outcome, Uncertain) or item.state == "created":
        return item.make_entry("intent")
    if not item.attempts:
        return None
    # This attempt wrote nothing. Earlier attempts of a create were looked up, so they wrote nothing either: the next
    # run starts from zero attempts. Without a lookup their outcome is unknown, and their number is kept. By that number
    # the next run knows that a missing contact may be its own delete.
    error = outcome.error if isinstance(outcome, NotSentAlone) else outcome
    entry = item.make_entry("intent")
    entry.attempts = 0 if creates and not item.sent_by_decision else item.attempts - (error.earlier != "maybe")
    entry.key, entry.existing_ids, entry.id = None, (), item.prepared.id
    return entry


def make_replayed_result(entry: JournalEntry, *, is_auto: bool) -> Result:
    """Return the `Result` that an earlier run recorded in this journal entry. `is_auto`: the run has match="auto"."""
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
        unmatched=is_auto and status == "created" and entry.key is None,
    )
