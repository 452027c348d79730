"""`make truth`: check every known fact about the vendors' wire against the sandbox, and print a table."""

from __future__ import annotations

import argparse
import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from . import FACTS
from .raw import Result, running_sandbox

_MAX_SHOWN = 120  # characters of a request or response


def main() -> int:
    """Check the facts, print the table, and return the exit status: 1 if a fact does not hold."""
    parser = argparse.ArgumentParser("python -m tests.truth", description=__doc__)
    parser.add_argument("--only", default="", metavar="TEXT", help="check only facts whose description has TEXT")
    parser.add_argument("--failed", action="store_true", help="print only facts that do not hold")
    options = parser.parse_args()
    facts = [fact for fact in FACTS if options.only.casefold() in str(fact).casefold()]
    with running_sandbox() as check:
        results = [check(fact) for fact in facts]
    failed = [result for result in results if not result.holds]
    console = Console(width=None if sys.stdout.isatty() else 240)
    if shown := failed if options.failed else results:
        console.print(make_table(shown))
    for result in failed:
        console.print(Text(f"does not hold: {result.fact}", style="red"))
    requests = sum(len(result.exchanges) for result in results)
    console.print(f"{len(results)} facts, {len(results) - len(failed)} hold; {requests} responses compared")
    return int(bool(failed) or not results)


def make_table(results: list[Result]) -> Table:
    """Return a table with a row for each fact: the request that decides it, expected and received response, verdict."""
    title = "[S] a vendor's page says so, [P] other public material says so, [I] inferred"
    table = Table(title=title, title_justify="left", show_lines=True)
    for name in ("", "fact", "request", "expected", "received", "verdict"):
        table.add_column(name, overflow="fold")
    for result in results:
        last = result.exchanges[-1] if result.exchanges else None
        texts = ("none", "", result.error) if last is None else (last.request, last.expected, last.received)
        verdict = "holds" if result.holds else f"does not hold {result.error}".strip()
        cells = [f"[{result.fact.evidence}]", str(result.fact), *map(_cut, texts)]
        table.add_row(*map(Text, cells), Text(verdict, style="green" if result.holds else "red"))
    return table


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


if __name__ == "__main__":
    sys.exit(main())
