"""Write the table and the profiles of a run into `docs/performance.md`. The rest of the page is written by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.results import machine
from benchmarks.row import Result
from benchmarks.table import behind, number

PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"


def put(name: str, lines: Sequence[str]) -> None:
    """Replace the lines between the page's two comments of this name."""
    text = PAGE.read_text(encoding="utf-8")
    place = re.compile(rf"(<!-- {name}: [^>]*-->\n).*(<!-- end of {name} -->)", re.DOTALL)
    body = "".join(f"{line}\n" for line in lines)
    text, found = place.subn(lambda comments: comments[1] + body + comments[2], text)
    if not found:
        raise ValueError(f"{PAGE.name} has no comments <!-- {name}: … --> and <!-- end of {name} -->")
    PAGE.write_text(text, encoding="utf-8")


def figures(results: Sequence[Result]) -> list[str]:
    """Return the table of results in Markdown."""
    about = machine()
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    where = f"Python {about['python']}, {about['system']}, {about['processors']} processors"
    lines = [
        "",
        "![Calls a second by calls in flight, and how far each row is from its bound](assets/performance.svg)",
        "",
        f"{datetime.now(UTC):%d %B %Y}, {where}: {versions}.",
        "",
        "| row | median | min–max | bound | | behind it |",
        "|---|---:|---:|---:|---|---|",
    ]
    for result in results:
        row, values = result.row, result.values
        median = f"{number(result.median)} {row.unit}".strip() if values else ""
        spread = f"{number(min(values))}–{number(max(values))}" if len(values) > 1 else ""
        bound = f"{row.sign} {number(row.bound)}" if row.sign else ""
        title = row.title.replace("|", "/")
        lines.append(f"| {title} | {median} | {spread} | {bound} | {result.verdict} | {behind(result)} |")
    return [*lines, ""]
