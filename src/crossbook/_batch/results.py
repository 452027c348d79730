"""Report what a batch did: a `Result` for each input, `Progress` on the way, and a `Summary` at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from crossbook.errors import CrossbookError, from_record, to_record
from crossbook.models import Contact, repr_with_id

Status = Literal[
    "created", "updated", "unchanged", "deleted", "done", "skipped", "failed", "uncertain", "cancelled",
    "erased",
]  # fmt: skip
_KEPT = 100  # failed and uncertain results that a summary keeps, and groups of them; all are counted
_PLACES = 10  # inputs that a group names
_OF_ONE: dict[str, Any] = {"request_id": None, "id": None, "attempts": 0, "retry_after": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result of one input of a batch: what became of the input.

    Args:
        index: its position in the source, from 0.
        item_key: your own key of the input, from `item_key=`.
        status: `created`, `updated`, `unchanged`, `deleted`, `done` (groups, subscriptions, `uncertain="done"`),
            `skipped` (its match key exists, an earlier run wrote a later input for the same contact, it opted out, or
            `uncertain="skip"`), `failed` (see `error`), `uncertain` (the write may have happened; `error` says how to
            resolve it), `cancelled` (not begun, or stopped in the middle), `erased` (`crossbook.erase` erased the
            person after an earlier run; nothing is written).
        id: the contact's id, if known.
        contact: the contact as it was sent; None for operations on ids and for replayed results.
        attempts: how many writes were begun for the input, in earlier runs too.
        error: why the input failed or is uncertain.
        dropped_fields: fields that the vendor cannot store: left out (`on_unsupported_field="drop"`), or the reason of
            the failure. `opted_out` is here if the contact was skipped because it opted out; `erased` if it was skipped
            because a tombstone of the suppression list blocks its key.
        write_only_fields: fields that were written and that the vendor never returns. `opted_out` is here if the
            contact was opted out (`on_opted_out="unsubscribe"`).
        replayed: whether the result comes from the journal of an earlier run; nothing was sent now.
        unmatched: whether the contact was created without a lookup, because the batch has `match="auto"` and the
            contact has none of the vendor's match keys. The same input again creates another contact.
    """

    index: int
    status: Status
    item_key: str | None = None
    id: str | None = None
    contact: Contact | None = None
    attempts: int = 0
    error: CrossbookError | None = None
    dropped_fields: tuple[str, ...] = ()
    write_only_fields: tuple[str, ...] = ()
    replayed: bool = False
    unmatched: bool = False

    __repr__ = repr_with_id

    @property
    def unsubscribed(self) -> bool:
        """Whether this input opted a contact out: a new one, or a stored one that was subscribed."""
        return "opted_out" in self.write_only_fields and self.status in ("created", "updated")

    @property
    def still_subscribed(self) -> bool:
        """Whether this input opted out and was skipped, and the vendor has a contact of it (`id`) that did not."""
        return self.status == "skipped" and "opted_out" in self.dropped_fields and self.id is not None


class _Unfrozen:
    """A mutable `Result` with the same slots, which `make_result` fills and then turns into a frozen one."""

    __slots__ = tuple(Result.__slots__)


def make_result(
    index: int, item_key: str | None, status: Status, id: str | None, contact: Contact | None, attempts: int,
    error: CrossbookError | None, dropped_fields: tuple[str, ...], write_only_fields: tuple[str, ...],
    unmatched: bool,
) -> Result:  # fmt: skip
    """Return a `Result`, made several times as fast as by the `__init__` of a frozen dataclass."""
    result: Any = _Unfrozen()
    result.index = index
    result.item_key = item_key
    result.status = status
    result.id = id
    result.contact = contact
    result.attempts = attempts
    result.error = error
    result.dropped_fields = dropped_fields
    result.write_only_fields = write_only_fields
    result.replayed = False
    result.unmatched = unmatched
    result.__class__ = Result
    made: Result = result
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The progress of a batch: how many inputs are done, how fast, and the time left.

    Args:
        done: the number of inputs with a result, including failed and uncertain results.
        failed: the number of failed results.
        uncertain: the number of uncertain results.
        rate: results per second, over the last 5 seconds.
        total: the number of inputs; None if the source has no length.
        seconds_left: an estimate; None without a total or a rate.
        waiting: the seconds for which the batch sends nothing, because the vendor is unavailable or asked for a wait
            (`Retry-After`); 0 otherwise.
    """

    done: int
    failed: int
    uncertain: int
    rate: float
    total: int | None = None
    seconds_left: float | None = None
    waiting: float = 0.0


@dataclass(slots=True, kw_only=True)
class FailureGroup:
    """The failed or uncertain inputs of a batch that have one reason.

    Args:
        status: `failed` or `uncertain`.
        error: the error of all. If there are several, it has no request id and no contact's id.
        count: the number of inputs.
        places: the first 10 inputs: your own key of the input (`item_key=`), or its position in the source, from 0.
    """

    status: Status
    error: CrossbookError
    count: int = 0
    places: list[str | int] = field(default_factory=list[str | int])

    def __str__(self) -> str:
        places = ", ".join(f"#{place}" if isinstance(place, int) else place for place in self.places)
        return f"{self.count:,} {self.status} ({places}{' …' * (self.count > len(self.places))}): {self.error}"


def add_failure(groups: list[FailureGroup], status: Status, error: CrossbookError, place: str | int) -> bool:
    """Count a failure in the group with its reason, or in a new group. Return False if there are 100 groups already."""
    for group in groups:
        if group.status == status and _get_reason(group.error) == _get_reason(error):
            break
    else:
        if len(groups) == _KEPT:
            return False
        group = FailureGroup(status=status, error=error)
        groups.append(group)
    group.count += 1
    if group.count == 2:
        group.error = from_record({**to_record(error), **_OF_ONE})
    group.places.append(place)
    group.places.sort(key=lambda each: each if isinstance(each, int) else 0)  # results come in any order
    del group.places[_PLACES:]
    return True


def _get_reason(error: CrossbookError) -> tuple[object, ...]:
    return type(error), error.message, error.vendor, error.operation, error.status, error.code, error.field, error.sent


@dataclass(slots=True, kw_only=True)
class Summary:
    """The summary of a whole batch: counts, failures, requests, time. `print(summary)` shows it.

    Args:
        counts: results by status.
        replayed: the number of results that came from the journal.
        unmatched: the number of contacts that were created without a lookup, as in `Result`.
        unsubscribed: the number of contacts that were opted out, as in `Result`.
        still_subscribed: the number of inputs that opted out, and whose contact at the vendor did not, as in `Result`.
        failures: the first failed results (at most 100; all are counted).
        uncertain: the first uncertain results (at most 100); `remedy` says how to resolve them.
        failure_groups: the failed and uncertain results by reason (at most 100 reasons), with the number of each.
        dropped_fields: the number of inputs with a field that the vendor cannot store, by field.
        seconds: the duration; after a dry run, an estimate at the vendor's rate.
        requests: the number of requests sent; after a dry run, an estimate.
        stopped: why a part of the source was not processed, or None.
        stop_error: the error that stopped the batch, if a failure did: of an input (`on_error`, `max_failures`), of the
            credentials, or of a vendor that stays unavailable. None otherwise.
        dry_run: whether nothing was written.
        steps: how the vendor supports each capability that the batch needs: native or emulated, and its bulk size.
        remedy: how to resolve uncertain items.
    """

    counts: dict[Status, int] = field(default_factory=dict[Status, int])
    replayed: int = 0
    unmatched: int = 0
    unsubscribed: int = 0
    still_subscribed: int = 0
    failures: list[Result] = field(default_factory=list[Result])
    uncertain: list[Result] = field(default_factory=list[Result])
    failure_groups: list[FailureGroup] = field(default_factory=list[FailureGroup])
    dropped_fields: dict[str, int] = field(default_factory=dict[str, int])
    seconds: float = 0.0
    requests: int = 0
    stopped: str | None = None
    stop_error: CrossbookError | None = None
    dry_run: bool = False
    steps: dict[str, str] = field(default_factory=dict[str, str])
    remedy: str = ""

    @property
    def total(self) -> int:
        """The number of inputs that have a result."""
        return sum(self.counts.values())

    def add(self, result: Result) -> None:
        """Add a result to the counts. A batch calls this method itself for each result."""
        self.counts[result.status] = self.counts.get(result.status, 0) + 1
        self.replayed += result.replayed
        self.unmatched += result.unmatched
        if result.write_only_fields or result.dropped_fields:
            self.unsubscribed += result.unsubscribed
            self.still_subscribed += result.still_subscribed
        for name in result.dropped_fields:
            self.dropped_fields[name] = self.dropped_fields.get(name, 0) + 1
        if result.status not in ("failed", "uncertain"):
            return
        kept = self.failures if result.status == "failed" else self.uncertain
        if len(kept) < _KEPT:
            kept.append(result)
        if result.error is not None:
            add_failure(self.failure_groups, result.status, result.error, result.item_key or result.index)

    def _describe_status(self, status: Status) -> str:
        if not self.dry_run:
            return status
        return "would fail" if status == "failed" else f"would be {status}"

    def headlines(self) -> list[str]:
        """Return the summary's lines without the failures: counts, requests, time, and why the batch stopped."""
        counts = ", ".join(
            f"{self.counts[name]:,} {self._describe_status(name)}"
            for name in get_args(Status)  # in this order, whatever came first
            if name in self.counts
        )
        lines = [
            f"{pluralize(self.total, 'input')}{': ' * bool(counts)}{counts}",
            f"{'about ' if self.dry_run else ''}{pluralize(self.requests, 'request')}, {self.seconds:,.1f} s"
            + (f", {self.replayed:,} replayed from the journal" if self.replayed else ""),
        ]
        if self.dry_run:
            lines += [f"{verb}: {how}" for verb, how in self.steps.items()]
        dropped = [f"{name} ({count:,})" for name, count in self.dropped_fields.items() if name != "opted_out"]
        if dropped:
            lines.append(f"the vendor cannot store: {', '.join(dropped)}")
        if count := self.dropped_fields.get("opted_out"):
            lines.append(f"opted out, so not written: {count:,}")
        if self.still_subscribed:
            lines.append(
                f"still subscribed at the vendor, although the input opted out: {self.still_subscribed:,} "
                "(on_opted_out='unsubscribe' opts them out, if the vendor can)"
            )
        if self.unsubscribed:
            lines.append(f"{'would be ' if self.dry_run else ''}opted out at the vendor: {self.unsubscribed:,}")
        if self.unmatched:
            lines.append(
                f"{pluralize(self.unmatched, 'contact')} without a match key: created without a lookup, and created "
                "again if the batch is repeated"
            )
        if self.counts.get("uncertain"):
            lines.append(f"to resolve uncertain inputs: {self.remedy}")
        if self.stopped:
            lines.append(f"stopped: {self.stopped}")
        return lines

    def __str__(self) -> str:
        lines = [*self.headlines(), *map(str, self.failure_groups[:10])]
        more = sum(self.counts.get(name, 0) for name in ("failed", "uncertain"))
        more -= sum(group.count for group in self.failure_groups[:10])
        return "\n".join([*lines, f"… and {more:,} more"] if more else lines)


def pluralize(count: int, noun: str) -> str:
    """Return a count with its noun in the right number: "1 input", "2,000 inputs"."""
    return f"{count:,} {noun}{'s' * (count != 1)}"
