"""Check a trial: return a list of its failures."""

from __future__ import annotations

import re
from collections.abc import Iterator

from crossbook import InvalidResponseError, NoResponseError, NotFoundError, VendorUnavailableError

from .account import Data
from .network import KINDS
from .trial import Trial, get_earliest_retry

SLACK = 1.0  # seconds that a busy machine may need in addition to a call's time-out
TICK = 0.02  # seconds by which two clocks may differ


def find_failures(trial: Trial, clean: tuple[str, Data]) -> list[str]:
    """Return all failures of the trial."""
    return [*_check_outcome(trial), *_check_effect(trial, *clean), *_check_attempts(trial), *_check_times(trial)]


def _must_succeed(trial: Trial) -> bool:
    return trial.case.repeats and not trial.lasting


def _is_deleted_before(trial: Trial) -> bool:
    """Return whether the first attempt deleted the object and its response was lost: the second finds nothing."""
    deletes = trial.case.operation.startswith("delete")
    return deletes and _must_succeed(trial) and trial.case.fault.commits and isinstance(trial.error, NotFoundError)


def _is_deleted_and_mangled(trial: Trial) -> bool:
    """Return whether the first attempt deleted the object, and the fault mangled the 404 of the second attempt."""
    error = trial.error
    return (
        isinstance(error, InvalidResponseError)
        and (error.status, error.earlier) == (404, "maybe")
        and trial.case.fault.commits
    )


def _check_outcome(trial: Trial) -> Iterator[str]:
    case, fault, error = trial.case, trial.case.fault, trial.error
    if not trial.works_on:
        yield "the book does not work afterwards"
    if _is_deleted_before(trial):
        if error is not None and error.earlier != "maybe":
            yield f"NotFoundError must report that an earlier attempt may have succeeded: earlier={error.earlier}"
        return
    if _must_succeed(trial):
        if error is not None:
            yield f"it must succeed, and raised {error!r}"
        return
    if error is None:
        yield "it must raise an error, and did not"
        return
    if _is_deleted_and_mangled(trial):
        return
    if type(error) is not fault.error:
        yield f"it must raise {fault.error.__name__}, and raised {error!r}"
    may_have_happened = len(trial.seen) > 1 and isinstance(
        error, NoResponseError | VendorUnavailableError | InvalidResponseError
    )
    facts = {
        "vendor": (error.vendor, case.vendor),
        "operation": (error.operation, case.operation),
        "status": (error.status, fault.status) if error.sent == "yes" else (None, None),
        "sent": (error.sent, fault.sent),
        "attempts": (error.attempts, len(trial.seen)),
        "earlier": (error.earlier, "maybe" if may_have_happened else "no"),
        "retry_after": (error.retry_after is None, fault.waits is None),
        "code": (error.code is None, not fault.has_vendor_code),
    }
    yield from (f"error.{name} is {is_!r} and must be {must!r}" for name, (is_, must) in facts.items() if is_ != must)
    if not re.search(fault.says, str(error)):
        yield f"the error does not say {fault.says!r}: {error}"


def _check_effect(trial: Trial, answer: str, data: Data) -> Iterator[str]:
    happened = trial.case.fault.commits or _must_succeed(trial)
    if trial.after != (data if happened else trial.before):
        yield f"the data does not show {'exactly one effect' if happened else 'no effect'}: {trial.after}"
    if trial.case.creates and trial.done != happened:
        yield f"the server processed it {trial.done} times"
    if trial.answer is not None and trial.answer != answer:
        yield f"the response differs: {trial.answer[:300]}, expected {answer[:300]}"


def _check_attempts(trial: Trial) -> Iterator[str]:
    case, seen = trial.case, [each.attempt for each in trial.seen]
    least = most = 2 if case.repeats else 1
    if case.fault.repeats == "until it is done" and case.repeats and trial.lasting:
        most = 100
    if case.operation == "logout" and case.fault.commits and not trial.lasting:
        most = 3  # the first attempt invalidated the token
    if case.fault.kind == "no room" and not trial.lasting:
        most = 3  # a busy machine may free the connection late
    if not least <= len(seen) <= most:
        yield f"{len(seen)} attempts, and there must be {least} to {most}"
    lost = 0 if case.fault.kind not in KINDS else len(seen) - (not trial.lasting)
    if trial.requests != len(seen) - lost:
        yield f"the server counted {trial.requests} requests, and the hook {len(seen)}, less {lost} that never left"
    if [each.number for each in seen] != list(range(1, len(seen) + 1)):
        yield f"the hook saw the numbers {[each.number for each in seen]}"
    failed = seen[:-1] if trial.error is None else seen
    if any(each.cause is None for each in failed) or (trial.error is None and seen[-1].cause is not None):
        yield f"the hook saw the causes {[each.cause for each in seen]}"
    if any(each.wait is None for each in seen[:-1]) or seen[-1].wait is not None:
        yield f"the hook saw the waits {[each.wait for each in seen]}"
    if any(each.vendor != case.vendor or each.sent != case.fault.sent for each in failed[:1]):
        yield f"the hook saw {failed[:1]}"


def _check_times(trial: Trial) -> Iterator[str]:
    if trial.seconds > trial.timeout + SLACK:
        yield f"it took {trial.seconds:.2f} s; the time-out is {trial.timeout} s"
    if (trial.case.fault.waits or 0) > trial.timeout and trial.seconds > SLACK:
        yield f"it waited although the wait exceeds its time-out: {trial.seconds:.2f} s"
    for first, second in zip(trial.seen, trial.seen[1:], strict=False):
        asked = trial.asked.get("retry_after")
        allowed = max(get_earliest_retry(asked, first.ended), first.ended + (first.attempt.wait or 0))
        if second.began < allowed - TICK:
            yield f"attempt {second.attempt.number} came {allowed - second.began:.3f} s too early"
