"""Which character separates the cells of a file."""

from __future__ import annotations

import csv
from collections.abc import Sequence

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


def detect(lines: Sequence[str]) -> str:
    """The separator with which most of the first rows are as wide as the titles, and those more than one cell.

    Args:
        lines: the first lines of the file, with their ends.
    """
    return max(SEPARATORS, key=lambda separator: _fit(lines, separator))


def _fit(lines: Sequence[str], separator: str) -> tuple[float, int]:
    widths: list[int] = []
    reader = csv.reader(lines, delimiter=separator)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error:
            continue
        if row:
            widths.append(len(row))
    # The last row may be cut off.
    widths = widths[:-1] if len(widths) > 2 else widths
    if not widths or widths[0] < 2:
        return 0.0, 0
    return sum(width == widths[0] for width in widths) / len(widths), widths[0]
