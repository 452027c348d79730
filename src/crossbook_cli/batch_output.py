"""Print a batch: progress and failures to standard error, results and the summary to standard output."""

from __future__ import annotations

import sys
from bisect import bisect
from collections.abc import AsyncIterator, Sequence
from operator import itemgetter
from types import TracebackType
from typing import Any, Self

import typer

from crossbook._batch.batch import Batch
from crossbook._batch.progress_bar import ProgressBar
from crossbook._batch.results import FailureGroup, Progress, Result, Summary, add_failure, pluralize
from crossbook.errors import AuthError, CrossbookError, InvalidInputError, JournalMismatchError, format_duration
from crossbook_cli.errors import SOME_FAILED, error_to_dict, format_error, name_options
from crossbook_cli.output import flush, format_cell, print_json, print_message
from crossbook_cli.signals import SignalInterrupt, signal_name, signal_number, stop_on_signal

_WRITTEN = {"created", "updated", "deleted", "done", "uncertain"}
_RESULT = (
    "index", "item_key", "status", "id", "attempts", "dropped_fields", "write_only_fields", "replayed", "unsubscribed",
    "still_subscribed",
)  # fmt: skip
_SUMMARY = (
    "replayed", "unmatched", "unsubscribed", "still_subscribed", "dropped_fields", "seconds", "requests", "stopped",
    "dry_run", "steps",
)  # fmt: skip


class InvalidRowError(InvalidInputError):
    """The error that ends an import at an invalid row of the file, with --on-error stop."""


class StoredLines:
    """The lines of the inputs of a file, as the few places where the next line is not the line of the next input.

    Args:
        jumps: the index of an input, and how much higher the number of its line is, and of the lines after it.
    """

    def __init__(self, jumps: Sequence[tuple[int, int]] = ()) -> None:
        self.jumps = list(jumps)

    @property
    def size(self) -> int:
        return len(self.jumps)

    def __setitem__(self, index: int, line: int) -> None:
        if not self.jumps or self.jumps[-1][1] != line - index:
            self.jumps.append((index, line - index))

    def pop(self, index: int, default: None) -> int | None:
        """Return the line of an input."""
        place = bisect(self.jumps, index, key=itemgetter(0))
        return index + self.jumps[place - 1][1] if place else default


class BatchOutput:
    """Prints the progress, results and summary of one batch, and ends the command with its exit code.

    Use it in `with`: the end of the block prints the summary.

    Args:
        title: the title of the progress bar.
        json: whether to print JSON lines instead of text.
        expected: the estimated number of inputs.
        journal: the file of the journal, if there is one.
        groups_hint: what to do if the vendor refuses contacts because of their groups.
        skips_existing: whether the same command again would not write the contacts that exist already.

    Attributes:
        has_created_groups: whether the command created groups, before it wrote contacts.
        lines: index of an input → line of the file that it was read from; an entry is removed with its result.
        invalid_rows: the number of rows that are invalid.

    Raises:
        typer.Exit: at the end of the block: not all inputs were written. The reasons are printed.
        BaseException: at the end of the block: the error that stopped the batch.
    """

    def __init__(
        self,
        title: str,
        *,
        json: bool,
        skips_existing: bool,
        expected: int | None = None,
        journal: str | None = None,
        groups_hint: str = "",
    ) -> None:
        self._json = json
        self._journal = journal
        self._skips_existing = skips_existing
        self._groups_hint = groups_hint
        # In a terminal that shows the results too, the bar would overwrite them.
        has_bar = sys.stderr.isatty() and not (json and sys.stdout.isatty())
        self._bar = ProgressBar(title, expected) if has_bar else None
        self._batch: Batch[Any] | None = None
        self._interrupt: SignalInterrupt | None = None
        self._unread: list[FailureGroup] = []
        self._failed: list[FailureGroup] = []
        self._unlisted = 0  # failures with reasons beyond those that are listed
        self._waiting = 0.0
        self.has_created_groups = False
        self.lines: dict[int, int] | StoredLines = {}
        self.invalid_rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, (Exception, KeyboardInterrupt)):
            self._finish(error or self._interrupt)

    def update_progress(self, progress: Progress) -> None:
        """Update the progress bar, or announce a wait for the vendor; this is the `progress` callback of the batch."""
        if self._bar is not None:
            self._bar(progress)
        elif progress.waiting > self._waiting:
            wait = format_duration(round(progress.waiting))
            print_message(f"The vendor is not available: waiting for {wait}. --max-wait limits such waits.")
        self._waiting = progress.waiting

    def add_invalid_row(self, line: int, error: InvalidInputError) -> None:
        """Count an invalid row of the file, and print its line and error."""
        self.invalid_rows += 1
        if self._json:
            print_json({"result": {"line": line, "status": "unread", "error": error_to_dict(error)}})
            flush()
        else:
            self._unlisted += not add_failure(self._unread, "failed", error, line)

    async def run(self, batch: Batch[Any]) -> None:
        """Run the batch and print its results.

        Raises:
            BaseException: the error that ended the batch early.
        """
        self._batch = batch
        try:
            async with batch as running:
                with stop_on_signal(self._stop):
                    async for result in running:
                        self._print_result(result)
            for result in batch.take_unread():
                self._print_result(result)
        finally:
            if self._bar is not None:
                self._bar.close()

    async def print_results(self, batch: Batch[Any], results: AsyncIterator[Result]) -> None:
        """Print the results of a batch that ran elsewhere, and count them in its summary."""
        self._batch = batch
        async for result in results:
            batch.summary.add(result)
            self._print_result(result)

    def _stop(self, number: int) -> None:
        """Stop the batch because of this signal. The results of items in flight are still printed."""
        self._interrupt = SignalInterrupt(number)
        if self._batch is not None:
            self._batch.stop(f"interrupted ({signal_name(self._interrupt)})")

    def _finish(self, error: BaseException | None) -> None:
        summary = self._batch.summary if self._batch is not None else None
        if (
            summary is None
            or isinstance(error, BrokenPipeError)
            or not (summary.total or self.invalid_rows or not error)
        ):
            if error is not None:
                raise error
            return
        if isinstance(error, InvalidRowError):
            summary.stopped, error = error.message, None
        elif isinstance(error, KeyboardInterrupt):
            summary.stopped = f"interrupted ({signal_name(error)})"
        self._print_summary(summary)
        if not isinstance(error, JournalMismatchError):
            self._print_how_to_resume(summary, error)
        if isinstance(error, KeyboardInterrupt):
            raise typer.Exit(128 + signal_number(error))
        error = error or _get_common_cause(summary)
        if error is not None:
            raise error
        if self.invalid_rows or summary.stopped or summary.counts.keys() & {"failed", "uncertain", "cancelled"}:
            raise typer.Exit(SOME_FAILED)

    def _print_summary(self, summary: Summary) -> None:
        self._print_failures()
        if self._json:
            counts = {str(status): count for status, count in summary.counts.items()}
            counts |= {"unread": self.invalid_rows} if self.invalid_rows else {}
            remedy = name_options(summary.remedy) if "uncertain" in counts else None
            values = {name: getattr(summary, name) for name in _SUMMARY}
            values["stopped"] = None if summary.stopped is None else name_options(summary.stopped)
            print_json({"summary": {"counts": counts, **values, "uncertain_remedy": remedy}})
        else:
            for line in summary.headlines():
                sys.stdout.write(name_options(line) + "\n")
            if self.invalid_rows:
                sys.stdout.write(f"{pluralize(self.invalid_rows, 'row')} could not be read\n")
        flush()
        if not self._json and any(
            isinstance(each.error, InvalidInputError) and each.error.field == "groups" for each in summary.failures
        ):
            print_message(self._groups_hint)

    def _print_result(self, result: Result) -> None:
        line, error = self.lines.pop(result.index, None), result.error
        if self._json:
            values = {"line": line} if line is not None else {}
            values |= {name: getattr(result, name) for name in _RESULT}
            print_json({"result": {**values, "error": None if error is None else error_to_dict(error)}})
            flush()
        elif result.status in ("failed", "uncertain"):
            assert error is not None  # a failed or uncertain result has an error
            place = line if line is not None else result.item_key or result.index
            self._unlisted += not add_failure(self._failed, result.status, error, place)

    def _print_failures(self) -> None:
        """Print each reason of failures once, with the lines of the file, or the ids of the contacts."""
        for group in self._unread:
            print_message(format_cell(_describe_failures(group, "not read")))
        for group in self._failed:
            print_message(format_cell(_describe_failures(group, group.status)))
        if self._unlisted:
            print_message(f"… and {pluralize(self._unlisted, 'more failure')}. --json prints all of them.")

    def _print_how_to_resume(self, summary: Summary, error: BaseException | None) -> None:
        """Say how to continue a command that stopped or left contacts uncertain, so that no contact is doubled."""
        if summary.dry_run or not (error is not None or summary.stopped or summary.counts.get("uncertain")):
            return
        sentences = ["Interrupted."] if isinstance(error, KeyboardInterrupt) else []
        if self._journal:
            sentences.append(f"Run the same command again to resume: {self._journal} has recorded what was done.")
        elif not self._has_written(summary):
            sentences.append("Nothing was done.")
        elif self._skips_existing:
            sentences.append(
                "Run the same command again to continue: it finds the contacts that exist already (--match)."
            )
        else:
            sentences.append(
                "No journal recorded what was done, so that the same command would write the contacts again. To "
                "continue, run it with --match auto and --on-duplicate skip: it finds the contacts that exist already, "
                "and writes only the others. With --journal FILE a command can be resumed."
            )
        print_message(" ".join(sentences))

    def _has_written(self, summary: Summary) -> bool:
        half_written = any(each.id is not None for each in summary.failures)
        return self.has_created_groups or half_written or bool(summary.counts.keys() & _WRITTEN)


def _describe_failures(group: FailureGroup, status: str) -> str:
    """Return the line about failures that have one reason, such as `3 rows failed: … (lines 3, 4, 7).`"""
    lines = isinstance(group.places[0], int)
    reason = format_error(group.error)
    if group.count == 1:
        return f"{'line' if lines else 'contact'} {group.places[0]}: {status}: {reason}"
    places = ", ".join(map(str, group.places)) + " …" * (group.count > len(group.places))
    verb = "were not read" if status == "not read" else "failed" if status == "failed" else f"are {status}"
    rows, where = ("rows", "lines") if lines else ("contacts", "ids")
    return f"{group.count:,} {rows} {verb}: {reason} ({where} {places})"


def _get_common_cause(summary: Summary) -> CrossbookError | None:
    """Return the error to report for the whole batch: rejected credentials, or a vendor that is unavailable.

    A batch that did not stop reports an unavailable vendor only if nothing was written.
    """
    errors = [each.error for each in summary.failures if each.error is not None]
    rejected = next((error for error in errors if isinstance(error, AuthError)), None)
    if rejected is not None:
        return rejected
    if summary.stop_error is not None and summary.stop_error.action == "wait":
        return summary.stop_error
    is_useful = summary.counts.keys() & {*_WRITTEN, "unchanged", "skipped"}
    return None if is_useful else next((error for error in errors if error.action == "wait"), None)
