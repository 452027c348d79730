"""What an outcome means: for the item, for the journal, and for who reads the result."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from crossbook import errors
from crossbook.core.batch.results import Result
from crossbook.core.batch.steps import Done, Outcome
from crossbook.core.batch.task import Task
from crossbook.core.journal import Entry
from crossbook.errors import CrossbookError

# The vendor, or we, said no: nothing was written.
_REFUSED = (
    errors.Ambiguous, errors.AuthError, errors.InvalidInput, errors.NotFound, errors.RateLimited, errors.Rejected,
    errors.Unsupported, errors.UsageError,
)  # fmt: skip
# It says nothing of the item: the next run of the journal tries it again.
_TRANSIENT = (errors.AuthError, errors.ConnectError, errors.RateLimited, errors.UsageError)


@frozen
class Unknown:
    """It may have happened, and nobody could say."""

    error: CrossbookError


Settlement = Done | CrossbookError | Unknown


def known(outcome: Outcome) -> bool:
    """Whether it is certain that the write happened, or that it did not."""
    if outcome is None or isinstance(outcome, Done):
        return outcome is not None
    return outcome.id is None and (outcome.sent == "no" or isinstance(outcome, _REFUSED))


def refused_whole(error: CrossbookError) -> bool:
    """Whether a native call that failed wrote nothing, so that its parts may be sent again."""
    return isinstance(error, (errors.Rejected, errors.NotFound)) and error.earlier != "maybe"


def transient(outcome: Settlement) -> bool:
    return isinstance(outcome, _TRANSIENT)


def result_of(task: Task, outcome: Settlement) -> Result:
    facts: dict[str, Any] = {
        "index": task.index,
        "ref": task.ref,
        "contact": task.ready.contact,
        "attempts": task.attempts,
        "lost_fields": task.ready.lost,
        "unverified_fields": task.ready.unverified,
    }
    if isinstance(outcome, Done):
        return Result(status=outcome.status, id=outcome.id, **facts)
    if isinstance(outcome, Unknown):
        return Result(status="uncertain", error=outcome.error, id=outcome.error.id, **facts)
    return Result(status="failed", error=outcome, id=outcome.id, **facts)


def recorded(task: Task, result: Result) -> Entry:
    """The result as the journal keeps it."""
    return task.entry(
        "done",
        status=result.status,
        id=result.id,
        error=None if result.error is None else errors.to_record(result.error),
        lost_fields=result.lost_fields,
        unverified_fields=result.unverified_fields,
    )


def replayed(entry: Entry) -> Result:
    """A result of an earlier run."""
    status: Any = entry.status
    return Result(
        index=entry.index,
        ref=entry.ref,
        status=status,
        id=entry.id,
        attempts=entry.attempts,
        error=None if entry.error is None else errors.from_record(entry.error),
        lost_fields=entry.lost_fields,
        unverified_fields=entry.unverified_fields,
        replayed=True,
    )
