"""`make truth`: check every known fact about the vendors' wire against the sandbox, and print each with its verdict.

A wide terminal gets a table. A narrow terminal, a pipe and a file get a paragraph for each fact.
"""

from __future__ import annotations

import argparse
import sys

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from . import FACTS
from .raw import Result, running_sandbox

_MAX_SHOWN = 120  # characters of a request or response
_TABLE_WIDTH = 140  # columns of a terminal; in a narrower table, words break
_LEGEND = "[S] a vendor's page says so, [P] other public material says so, [I] inferred"


def main() -> int:
    """Check the facts, print the table, and return the exit status: 1 if a fact does not hold."""
    parser = argparse.ArgumentParser("python -m tests.truth", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", default="", metavar="TEXT", help="check only facts whose description has TEXT")
    parser.add_argument("--failed", action="store_true", help="print only facts that do not hold")
    options = parser.parse_args()
    facts = [fact for fact in FACTS if options.only.casefold() in str(fact).casefold()]
    with running_sandbox() as check:
        results = [check(fact) for fact in facts]
    failed = [result for result in results if not result.holds]
    console = Console(width=None if sys.stdout.isatty() else 240)
    if shown := failed if options.failed else results:
        is_wide = sys.stdout.isatty() and console.width >= _TABLE_WIDTH
        console.print(make_table(shown) if is_wide else make_paragraphs(shown))
    for result in failed:
        console.print(Text(f"does not hold: {result.fact}", style="red"))
    requests = sum(len(result.exchanges) for result in results)
    console.print(f"{len(results)} facts, {len(results) - len(failed)} hold; {requests} responses compared")
    return int(bool(failed) or not results)


def make_table(results: list[Result]) -> Table:
    """Return a table with a row for each fact: the request that decides it, expected and received response, verdict."""
    table = Table(title=_LEGEND, title_justify="left", show_lines=True)
    for name in ("", "fact", "request", "expected", "received", "verdict"):
        table.add_column(name, overflow="fold")
    for result in results:
        cells = [f"[{result.fact.evidence}]", str(result.fact), *_list_texts(result)]
        table.add_row(*map(Text, cells), _make_verdict(result))
    return table


def make_paragraphs(results: list[Result]) -> RenderableType:
    """Return the cells of the same table as lines, which a narrow terminal wraps and `grep` finds."""
    parts: list[RenderableType] = [Text(_LEGEND)]
    for result in results:
        verdict = _make_verdict(result)
        parts += [Text(""), Text.assemble(f"[{result.fact.evidence}] {result.fact}: ", verdict)]
        lines = zip(("request", "expected", "received"), _list_texts(result), strict=True)
        parts += [Padding(Text(f"{name:8}  {text}", no_wrap=False), (0, 0, 0, 4), expand=False) for name, text in lines]
    return Group(*parts)


def _list_texts(result: Result) -> list[str]:
    """Return the request that decides about a fact, and the expected and the received response."""
    last = result.exchanges[-1] if result.exchanges else None
    return list(map(_cut, ("none", "", result.error) if last is None else (last.request, last.expected, last.received)))


def _make_verdict(result: Result) -> Text:
    verdict = "holds" if result.holds else f"does not hold {result.error}".strip()
    return Text(verdict, style="green" if result.holds else "red")


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


if __name__ == "__main__":
    sys.exit(main())
