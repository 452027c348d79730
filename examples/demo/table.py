"""Print the table: a column for each vendor, a row for each figure, then refusals and losses by reason."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from crossbook import Contact, CrossbookError, InvalidInputError

from .vendor import Report

_LABELS = (
    "Created", "Already there", "Corrected", "Skipped", "Refused", "Read back", "Lost", "Requests", "Seconds",
    "Cannot hold", "Does not show",
)  # fmt: skip
_LISTED = 10  # lost fields for each vendor


def show(console: Console, reports: Sequence[Report], note: str) -> None:
    """Print the table and the notes below it.

    Args:
        console: the console to print to; 80 columns are enough for the table.
        reports: one report for each vendor; each is a column.
        note: a remark on the figures, printed below the table.
    """
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    columns = [_cells(report) for report in reports]
    for report in reports:
        table.add_column(report.title, justify="right", no_wrap=True)
    for label in _LABELS:
        table.add_row(label, *(column[label] for column in columns))
    seconds = max((report.seconds for report in reports), default=0)
    console.print(f"\nAll vendors at the same time, {seconds:.1f} seconds:\n", highlight=False)
    console.print(table)
    console.print()
    for part in ([note], _there(reports), _others(reports), _refused(reports), _lost(reports), _failures(reports)):
        for line in part:
            indent = " " * 19 if line.startswith(" ") else ""
            wrapped = textwrap.fill(line, console.width, subsequent_indent=indent)
            console.print(wrapped, markup=False, highlight=False, soft_wrap=True)


def _cells(report: Report) -> dict[str, str]:
    figures = (
        f"{report.count('created'):,}",
        f"{report.count('there'):,}",
        f"{report.count('updated'):,}",
        f"{report.count('skipped'):,}",
        f"{report.count('refused'):,}",
        # After a failure no contact was read back, so no loss is known.
        "–" if report.failure else f"{report.read_back:,}",
        "–" if report.failure else f"[bold red]{len(report.lost):,}[/]" if report.lost else "0",
        f"{report.requests:,}",
        f"{report.seconds:.1f}",
        _lines(sorted(report.not_held)),
        _lines(sorted(report.not_shown)),
    )
    return dict(zip(_LABELS, figures, strict=True))


def _errors(report: Report) -> list[CrossbookError]:
    """Return the errors for which people were refused, in the order of the file."""
    refused = [result for result in report.stored if result.status == "refused"]
    return [result.error for result in sorted(refused, key=lambda r: r.person.external_id or "") if result.error]


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(escape(text) for text in texts) or "–"


def _there(reports: Sequence[Report]) -> Iterator[str]:
    there = sum(report.count("there") for report in reports if not report.failure)
    if there:
        yield (
            f"This run worked on what an earlier run left: {there:,} contacts existed already. They were not created "
            "again, but read and compared like the others."
        )
    if any(report.count("skipped") for report in reports):
        yield "Skipped: an earlier person of the file has the same phone (at Filemail: the same e-mail address)."


def _others(reports: Sequence[Report]) -> Iterator[str]:
    others = ", ".join(f"{report.title} {report.others:,}" for report in reports if report.others)
    if others:
        yield f"Also in the group, and not of this file: {others}."


def _refused(reports: Sequence[Report]) -> Iterator[str]:
    if any(report.count("refused") for report in reports):
        yield ""
        yield "Refused by crossbook before anything was sent (–), or by the vendor (✗):"
    for report in reports:
        reasons: dict[tuple[str, str], list[CrossbookError]] = {}
        for error in _errors(report):
            # A vendor's message may quote the request, so reasons are grouped by code.
            reasons.setdefault((error.field or "", error.code or error.message), []).append(error)
        for errors in sorted(reasons.values(), key=len, reverse=True):
            yield f"  {report.title:<10}{len(errors):>4} {_reason(errors[0])}"


def _lost(reports: Sequence[Report]) -> Iterator[str]:
    if any(report.lost for report in reports):
        yield ""
        yield "LOST: written, but missing or different when read back:"
    for report in reports:
        for person, wrong in report.lost[:_LISTED]:
            # A contact's repr masks phone and e-mail.
            who = f"{person.external_id} {Contact(phone=person.phone, email=person.email)}"
            yield f"  {report.title:<10} {who}: {wrong}"
        if len(report.lost) > _LISTED:
            yield f"  {report.title:<10} and {len(report.lost) - _LISTED:,} more"


def _failures(reports: Sequence[Report]) -> Iterator[str]:
    failed = [report for report in reports if report.failure]
    if failed:
        yield ""
        yield "Ended early; the next run continues from there:"
    for report in failed:
        yield f"  {report.title:<10} {type(report.failure).__name__}: {report.failure}"


def _reason(error: CrossbookError) -> str:
    if isinstance(error, InvalidInputError):
        return f"– {error.message}"
    return f"✗ {error.message} (code {error.code})" if error.code else f"✗ {error.message}"
