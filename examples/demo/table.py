"""The table at the end: a row a vendor; below it why people were refused, and who was lost."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from crossbook import Contact, CrossbookError, InvalidInput

from .vendor import Report

_TEXTS = ("vendor", "cannot hold", "not\nshown")
_LISTED = 10  # of what is lost, for each vendor


def show(console: Console, reports: Sequence[Report], note: str) -> None:
    """Prints what the run came to.

    Args:
        console: where.
        reports: a row each.
        note: what has to be said of the figures, below them.
    """
    rows = [_cells(report) for report in reports]
    names = list(rows[0])
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), leading=1)
    for name in names:
        number = name not in _TEXTS
        table.add_column(name, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(row[name] for name in names))
    seconds = max((report.seconds for report in reports), default=0)
    console.print(f"\nAll vendors at once, {seconds:.1f} seconds:\n", highlight=False)
    console.print(table)
    console.print()
    for part in ([note], _there(reports), _others(reports), _refused(reports), _lost(reports), _failures(reports)):
        for line in part:
            indent = " " * 19 if line.startswith(" ") else ""
            wrapped = textwrap.fill(line, console.width, subsequent_indent=indent)
            console.print(wrapped, markup=False, highlight=False, soft_wrap=True)


def _cells(report: Report) -> dict[str, str]:
    return {
        "vendor": report.title,
        "written": f"{report.count('created'):,}",
        "already\nthere": f"{report.count('there'):,}",
        "set\nright": f"{report.count('updated'):,}",
        "skip-\nped": f"{report.count('skipped'):,}",
        "re-\nfused": f"{report.count('refused'):,}",
        # Who was not read back is neither lost nor found.
        "read\nback": "–" if report.failure else f"{report.read_back:,}",
        "lost": "–" if report.failure else f"[bold red]{len(report.lost):,}[/]" if report.lost else "0",
        "cannot hold": _lines(sorted(report.not_held)),
        "not\nshown": _lines(sorted(report.not_shown)),
        "seconds": f"{report.seconds:.1f}",
        "requests": f"{report.requests:,}",
    }


def _errors(report: Report) -> list[CrossbookError]:
    """Why people were refused, in the order of the file."""
    refused = [result for result in report.stored if result.status == "refused"]
    return [result.error for result in sorted(refused, key=lambda r: r.person.external_id or "") if result.error]


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(escape(text) for text in texts) or "–"


def _there(reports: Sequence[Report]) -> Iterator[str]:
    there = sum(report.count("there") for report in reports if not report.failure)
    if there:
        yield (
            f"This run worked on what an earlier one left: {there:,} contacts were there already. They were not "
            "created again, but read and compared like the others."
        )
    if any(report.count("skipped") for report in reports):
        yield "Skipped: somebody before in the file has the same phone (or, at Filemail, the same e-mail address)."


def _others(reports: Sequence[Report]) -> Iterator[str]:
    others = ", ".join(f"{report.title} {report.others:,}" for report in reports if report.others)
    if others:
        yield f"Also in the group, and none of the contacts above: {others}."


def _refused(reports: Sequence[Report]) -> Iterator[str]:
    if any(report.count("refused") for report in reports):
        yield ""
        yield "Refused by crossbook before anything was sent (–), or by the vendor (✗):"
    for report in reports:
        reasons: dict[tuple[str, str], list[CrossbookError]] = {}
        for error in _errors(report):
            # A vendor's own words may quote what was sent, and differ from person to person: its code does not.
            reasons.setdefault((error.field or "", error.code or error.message), []).append(error)
        for errors in sorted(reasons.values(), key=len, reverse=True):
            yield f"  {report.title:<10}{len(errors):>4} {_reason(errors[0])}"


def _lost(reports: Sequence[Report]) -> Iterator[str]:
    if any(report.lost for report in reports):
        yield ""
        yield "LOST: written, readable by the vendor's card, and not what was written:"
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
        yield "Ended early; the next run goes on from there:"
    for report in failed:
        yield f"  {report.title:<10} {type(report.failure).__name__}: {report.failure}"


def _reason(error: CrossbookError) -> str:
    if isinstance(error, InvalidInput):
        return f"– {error.message}"
    return f"✗ {error.message} (code {error.code})" if error.code else f"✗ {error.message}"
