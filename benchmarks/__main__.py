"""`make bench`: measure every row, print one table, and write the results as JSON and a chart."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence

from rich.console import Console

from benchmarks import chart, page, results
from benchmarks.groups import NAMES, group
from benchmarks.progress import measured
from benchmarks.table import table

WIDTH = 170  # of the table in a log


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("--only", action="append", metavar="GROUP", choices=NAMES, help=f"one of {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="run few rounds; the figures are rough")
    parser.add_argument("--list", action="store_true", help="print the rows and their bounds without measuring")
    arguments = parser.parse_args(given)
    names = arguments.only or NAMES
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    if arguments.list:
        for row in (row for name in names for row in group(name).ROWS):
            console.print(f"{row.key:40} {row.title}  {row.sign} {row.bound:g} {row.unit}", highlight=False)
        return 0
    began = time.monotonic()
    found = measured(console, names, quick=arguments.quick)
    console.print(table(found, quick=arguments.quick))
    verdicts = Counter(result.verdict for result in found)
    del verdicts["–"]
    counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
    console.print(
        f"{counts}; {time.monotonic() - began:.0f} s. `?`: the bound is within the spread.",
        highlight=False,
    )
    if len(found) < sum(len(group(name).ROWS) for name in names):
        console.print("interrupted: no results are written", highlight=False)
        return 130
    if not arguments.quick and not arguments.only:
        written = results.write(found)
        page.put("figures", page.figures(found))
        names = [written.name, *(path.name for path in chart.draw(written)), page.PAGE.name]
        console.print(f"written: {', '.join(names)}", highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
