"""What an outcome means: for the item, for the journal, and for who reads the result."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from crossbook import errors
from crossbook.core.batch.results import Result
from crossbook.core.batch.steps import Done
from crossbook.core.batch.task import Task
from crossbook.core.journal import Entry
from crossbook.errors import CrossbookError

# What is wrong with the item, and will be tomorrow. All other errors are about the vendor, the network or the account.
_ITEM = (
    errors.Ambiguous, errors.InvalidInput, errors.NotFound, errors.Rejected, errors.Unsupported,
)  # fmt: skip
# The vendor, or we, said no: nothing was written.
_REFUSED = (*_ITEM, errors.AuthError, errors.RateLimited, errors.UsageError)


@frozen
class Unknown:
    """It may have happened. `final`: it cannot be looked up at all; else the next run looks again."""

    error: CrossbookError
    final: bool


Settlement = Done | CrossbookError | Unknown


def refused(error: CrossbookError) -> bool:
    """Whether it is certain that the write did not happen."""
    # A 404 of somebody who is not the vendor: a wrong base_url, which is mended, and then all goes out.
    elsewhere = isinstance(error, errors.BadResponse) and error.status == 404
    return error.id is None and (error.sent == "no" or elsewhere or isinstance(error, _REFUSED))


def refused_whole(error: CrossbookError, *, creates: bool) -> bool:
    """Whether the parts of a native call that failed may be sent again: it wrote nothing, or twice does no harm."""
    return isinstance(error, (errors.Rejected, errors.NotFound)) and (error.earlier != "maybe" or not creates)


def open_still(settlement: Settlement) -> bool:
    """Whether the next run of the journal is to try again, or to find out."""
    if isinstance(settlement, Unknown):
        return not settlement.final
    return not isinstance(settlement, (Done, *_ITEM))


def result_of(task: Task, settlement: Settlement, verb: str) -> Result:
    facts: dict[str, Any] = {
        "index": task.index,
        "ref": task.ref,
        "contact": task.ready.contact,
        "attempts": task.attempts,
        "lost_fields": task.ready.lost,
        "unverified_fields": task.ready.unverified,
    }
    if isinstance(settlement, Done):
        return Result(status=settlement.status, id=settlement.id, **facts)
    error = settlement.error if isinstance(settlement, Unknown) else settlement
    error.operation = error.operation or verb
    status: Any = "uncertain" if isinstance(settlement, Unknown) else "failed"
    return Result(status=status, error=error, id=error.id or task.id, **facts)


def recorded(task: Task, settlement: Settlement, result: Result) -> Entry | None:
    """What the journal is told at the end; None where what it knows already is all."""
    if not open_still(settlement):
        return task.entry(
            "done",
            # Whoever has the same key later is no duplicate of one that was not written.
            key=None if result.status == "failed" and result.id is None else task.ready.key,
            status=result.status,
            id=result.id,
            error=None if result.error is None else errors.to_record(result.error),
            lost_fields=result.lost_fields,
            unverified_fields=result.unverified_fields,
        )
    if isinstance(settlement, Unknown) or task.half is not None:
        return task.entry("intent")
    # It was not written, and nothing of it is to be looked up.
    return task.entry("intent", key=None, attempts=0, seen=(), id=task.ready.id) if task.attempts else None


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
