"""What a batch answers: a result an input, progress on the way, a summary at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from crossbook.errors import CrossbookError
from crossbook.models import Contact

Status = Literal[
    "created", "updated", "unchanged", "deleted", "done", "skipped", "failed", "uncertain", "cancelled"
]  # fmt: skip
KEPT = 100  # failures and uncertain results that a summary keeps; all are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one input of a batch.

    Args:
        index: its position in the source, from 0.
        item_key: your own key for it, as `item_key=` gave it.
        status: `created`, `updated`, `unchanged`, `deleted`, `done` (groups, subscriptions, `uncertain="done"`),
            `skipped` (its key was there, a later input for the same contact was written in an earlier run, or
            `uncertain="skip"`), `failed` (see `error`), `uncertain` (it may have happened; `error` says how to resolve
            it), `cancelled` (not begun, or stopped in the middle).
        id: the contact's id, where one is known.
        contact: the contact as it was sent; None for operations on ids and for replayed results.
        attempts: how often its write was begun, 0 if never.
        error: what went wrong.
        dropped_fields: fields that the vendor cannot hold: left out (`on_unsupported_field="drop"`), or why it failed. A contact that
            was skipped since it opted out names `opted_out` here.
        write_only_fields: fields that were written and that the vendor never shows.
        replayed: it comes from the journal of an earlier run; nothing was sent now.
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


class _Fresh:
    """A result while it is made: laid out as one, and not frozen yet."""

    __slots__ = tuple(Result.__slots__)


def result_made(
    index: int, item_key: str | None, status: Status, id: str | None, contact: Contact | None, attempts: int,
    error: CrossbookError | None, dropped_fields: tuple[str, ...], write_only_fields: tuple[str, ...],
) -> Result:  # fmt: skip
    """`Result(…)`, an input each: a frozen dataclass's own `__init__` takes several times as long."""
    result: Any = _Fresh()
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
    result.__class__ = Result
    made: Result = result
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a batch is.

    Args:
        done: inputs with a result, failed and uncertain ones included.
        failed: of those, how many failed.
        uncertain: of those, how many may have happened.
        rate: results a second, over the last seconds.
        total: how many there will be, where the source has a length.
        seconds_left: about how long it will take; None where it cannot be told.
    """

    done: int
    failed: int
    uncertain: int
    rate: float
    total: int | None = None
    seconds_left: float | None = None


@dataclass(slots=True, kw_only=True)
class Summary:
    """What became of a whole batch; `print` it.

    Args:
        counts: results by status.
        replayed: results that came from the journal.
        failures: the first failed results (100 at most; all are counted).
        uncertain: the first uncertain ones; `remedy` says how to resolve them.
        dropped_fields: how many inputs had a field that the vendor cannot hold, by name.
        seconds: how long it took; after a dry run, about how long it would take at the vendor's rate.
        requests: how many were sent; after a dry run, how many would be.
        stopped: why not all of the source was worked off, or None.
        dry_run: nothing was written.
        steps: how the vendor does this, by verb: native or emulated, and what that costs.
        remedy: how uncertain items are resolved.
    """

    counts: dict[Status, int] = field(default_factory=dict[Status, int])
    replayed: int = 0
    failures: list[Result] = field(default_factory=list[Result])
    uncertain: list[Result] = field(default_factory=list[Result])
    dropped_fields: dict[str, int] = field(default_factory=dict[str, int])
    seconds: float = 0.0
    requests: int = 0
    stopped: str | None = None
    dry_run: bool = False
    steps: dict[str, str] = field(default_factory=dict[str, str])
    remedy: str = ""

    @property
    def total(self) -> int:
        """How many inputs have a result."""
        return sum(self.counts.values())

    def add(self, result: Result) -> None:
        """Counts a result; a batch does it by itself."""
        self.counts[result.status] = self.counts.get(result.status, 0) + 1
        self.replayed += result.replayed
        for name in result.dropped_fields:
            self.dropped_fields[name] = self.dropped_fields.get(name, 0) + 1
        kept = self.failures if result.status == "failed" else self.uncertain
        if result.status in ("failed", "uncertain") and len(kept) < KEPT:
            kept.append(result)

    def _told(self, status: Status) -> str:
        if not self.dry_run:
            return status
        return "would fail" if status == "failed" else f"would be {status}"

    def headlines(self) -> list[str]:
        """How many of what, what it cost and why it stopped: all but the failures themselves."""
        counts = ", ".join(f"{count:,} {self._told(name)}" for name, count in self.counts.items())
        lines = [
            f"{counted(self.total, 'input')}{': ' * bool(counts)}{counts}",
            f"{'about ' if self.dry_run else ''}{counted(self.requests, 'request')}, {self.seconds:,.1f} s"
            + (f", {self.replayed:,} replayed from the journal" if self.replayed else ""),
        ]
        if self.dry_run:
            lines += [f"{verb}: {how}" for verb, how in self.steps.items()]
        if self.dropped_fields:
            lost = ", ".join(f"{name} ({count:,})" for name, count in self.dropped_fields.items())
            lines.append(f"the vendor cannot hold: {lost}")
        if self.counts.get("uncertain"):
            lines.append(f"to resolve what is uncertain: {self.remedy}")
        if self.stopped:
            lines.append(f"stopped: {self.stopped}")
        return lines

    def __str__(self) -> str:
        lines = self.headlines()
        for result in self.failures[:10]:
            lines.append(f"failed #{result.index}{_named(result)}: {result.error}")
        for result in self.uncertain[:10]:
            lines.append(f"uncertain #{result.index}{_named(result)}: {result.error}")
        more = sum(self.counts.get(name, 0) for name in ("failed", "uncertain"))
        more -= min(len(self.failures), 10) + min(len(self.uncertain), 10)
        return "\n".join([*lines, f"… and {more:,} more"] if more else lines)


def counted(count: int, what: str) -> str:
    """So many of it, in words: "1 input", "2,000 inputs"."""
    return f"{count:,} {what}{'s' * (count != 1)}"


def _named(result: Result) -> str:
    return f" ({result.item_key})" if result.item_key else ""
