"""A batch in a terminal: its bar and its failures on standard error, its results and its sum on standard output."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from crossbook._batch.batch import Batch
from crossbook._batch.progress_bar import Bar
from crossbook._batch.results import Progress, Result, Summary, counted
from crossbook.errors import (
    AuthError,
    InvalidInputError,
    JournalMismatchError,
)
from crossbook_cli.errors import SOME_FAILED, Stopped, in_options, record, spoken
from crossbook_cli.output import cell, flush, out, say
from crossbook_cli.signals import Interrupted, name_of, number_of, settling

_SHOWN = 100  # failures that a person is shown; all are counted, and --json tells each
_PATIENCE = 20  # failures in a row that are the vendor's fault: more of them help nobody
_WRITTEN = {"created", "updated", "unchanged", "done", "skipped", "uncertain"}


class BadRow(InvalidInputError):
    """A row that cannot be read, where one is enough to stop."""


class Report:
    """Shows one batch, and knows with which exit code it ends.

    Args:
        title: what is going on.
        json: results as JSON lines instead of a sum.
        expected: about how many inputs there are.
        journal: the journal's file, if any.
        homeless: what helps those whom the vendor does not take for their groups.

    Attributes:
        lines: the line of the file that an input was read from, by index; forgotten with its result.
        unread: how many rows were bad.
    """

    def __init__(
        self, title: str, *, json: bool, expected: int | None = None, journal: str | None = None, homeless: str = ""
    ) -> None:
        self._json = json
        self._journal = journal
        self._homeless = homeless
        # In one terminal with the results it would be drawn over them.
        drawn = sys.stderr.isatty() and not (json and sys.stdout.isatty())
        self._bar = Bar(title, expected) if drawn else None
        self._batch: Batch[Any] | None = None
        self._interrupted: Interrupted | None = None
        self._shown = 0
        self._down = 0
        self.lines: dict[int, int] = {}
        self.unread = 0

    def progress(self, progress: Progress) -> None:
        """What the batch is to call."""
        if self._bar is not None:
            self._bar(progress)

    def bad_row(self, line: int, error: InvalidInputError) -> None:
        """A row that became no input."""
        self.unread += 1
        if self._json:
            self._out({"line": line, "status": "unread", "error": record(error)})
        else:
            self._failure(f"line {line}: not read: {error.message}")

    async def watch(self, batch: Batch[Any]) -> None:
        """Works the batch off, to its end or to where it stops.

        Raises:
            Whatever ended the batch before its time.
        """
        self._batch = batch
        try:
            async with batch as run:
                with settling(self._interrupt):
                    async for result in run:
                        self._result(result)
        finally:
            if self._bar is not None:
                self._bar.close()

    def _interrupt(self, number: int) -> None:
        """A signal came: what is in flight may end, and its results are shown."""
        self._interrupted = Interrupted(number)
        if self._batch is not None:
            self._batch.stop(f"interrupted ({name_of(self._interrupted)})")

    def end(self, error: BaseException | None = None) -> None:
        """Tells the sum, and ends the command.

        Args:
            error: what stopped the batch, if it did not come to its end.

        Raises:
            Stopped: not all went well, and it has been told.
            BaseException: the error, to be told with its own exit code.
        """
        error = error or self._interrupted
        summary = self._batch.summary if self._batch is not None else None
        if summary is None or isinstance(error, BrokenPipeError) or not (summary.total or self.unread or not error):
            if error is not None:
                raise error
            return
        if isinstance(error, BadRow):
            summary.stopped, error = error.message, None
        elif isinstance(error, KeyboardInterrupt):
            summary.stopped = f"interrupted ({name_of(error)})"
        elif self._down > _PATIENCE:
            summary.stopped = f"{self._down} inputs in a row could not be written for the vendor's sake"
        self._sum(summary)
        if not isinstance(error, JournalMismatchError) and (error is not None or summary.stopped):
            self._how(summary, interrupted=isinstance(error, KeyboardInterrupt))
        if isinstance(error, KeyboardInterrupt):
            raise Stopped(128 + number_of(error))
        error = error or self._cause(summary)
        if error is not None:
            raise error
        if self.unread or summary.stopped or summary.counts.keys() & {"failed", "uncertain", "cancelled"}:
            raise Stopped(SOME_FAILED)

    def _sum(self, summary: Summary) -> None:
        if self._json:
            names = ("replayed", "dropped_fields", "seconds", "requests", "stopped", "dry_run", "steps")
            counts = {str(status): count for status, count in summary.counts.items()}
            counts |= {"unread": self.unread} if self.unread else {}
            remedy = in_options(summary.remedy) if "uncertain" in counts else None
            told = {name: getattr(summary, name) for name in names}
            out({"summary": {"counts": counts, **told, "uncertain_remedy": remedy}})
        else:
            for line in summary.headlines():
                sys.stdout.write(in_options(line) + "\n")
            if self.unread:
                sys.stdout.write(f"{counted(self.unread, 'row')} could not be read\n")
        flush()
        refused = (each.error for each in summary.failures)
        if not self._json and any(
            isinstance(error, InvalidInputError) and error.field == "groups" for error in refused
        ):
            say(self._homeless)

    def _result(self, result: Result) -> None:
        line = self.lines.pop(result.index, None)
        if self._json:
            self._out(_record(result, line))
        elif result.status in ("failed", "uncertain"):
            where = f"line {line}" if line is not None else f"#{result.index}"
            named = f" ({cell(result.item_key)})" if result.item_key and line is None else ""
            why = "" if result.error is None else spoken(result.error)
            self._failure(f"{where}{named}: {result.status}: {why}")
        self._down = (
            self._down + 1 if result.error is not None and result.error.action == "wait" and not result.replayed else 0
        )
        if self._down > _PATIENCE and result.error is not None:
            raise result.error

    def _out(self, result: Mapping[str, Any]) -> None:
        out({"result": result})
        flush()

    def _failure(self, text: str) -> None:
        self._shown += 1
        if self._shown <= _SHOWN:
            (self._bar.say if self._bar is not None else say)(cell(text))
        elif self._shown == _SHOWN + 1:
            (self._bar.say if self._bar is not None else say)("… more fail; --json tells each")

    def _cause(self, summary: Summary) -> BaseException | None:
        """The error that was everybody's: refused credentials, or a vendor that could not be had at all."""
        errors = [each.error for each in summary.failures if each.error is not None]
        refused = next((error for error in errors if isinstance(error, AuthError)), None)
        down = next((error for error in errors if error.action == "wait"), None)
        return refused or (None if summary.counts.keys() & _WRITTEN else down)

    def _how(self, summary: Summary, *, interrupted: bool) -> None:
        told = ["Interrupted."] if interrupted else []
        if self._journal and not summary.dry_run:
            told.append(f"The same command goes on where it was: {self._journal} knows what was done.")
        elif summary.counts.keys() & _WRITTEN and not summary.dry_run:
            told.append(
                "Nothing remembers what was done: with --journal FILE the same command would go on, and with --match "
                "it finds who is there already."
            )
        if told:
            say(" ".join(told))


def _record(result: Result, line: int | None) -> dict[str, Any]:
    names = ("index", "item_key", "status", "id", "attempts", "dropped_fields", "write_only_fields", "replayed")
    told = {name: getattr(result, name) for name in names}
    where = {"line": line} if line is not None else {}
    error = None if result.error is None else record(result.error)
    return {**where, **told, "error": error}
