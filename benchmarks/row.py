"""A row of the table: what is measured, the bound it must reach, and what came out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Literal

from attrs import field, frozen

Verdict = Literal["held", "held?", "missed", "missed?", "not run", "–"]


@frozen
class Row:
    """One line.

    Args:
        key: names it for `--only`; what is before the first dot is its group.
        title: what is compared, the first against the second.
        sign: on which side of the bound it must stay; "" for a row that is there to compare only.
        bound: what its median must reach.
        unit: of the bound and the values; × for ratios.
    """

    key: str
    title: str
    sign: Literal["≤", "≥", ""] = ""
    bound: float = 0.0
    unit: str = "×"

    @property
    def group(self) -> str:
        return self.key.partition(".")[0]

    def reached(self, value: float) -> bool:
        return self.sign == "" or (value <= self.bound if self.sign == "≤" else value >= self.bound)


@frozen
class Result:
    """What a row came to.

    Args:
        row: whose.
        values: one a round.
        sides: the figures behind the values, each with its unit, such as "bare httpx, µs": what a round gave.
        reason: why there are no values, or what else is to be said.
    """

    row: Row
    values: Sequence[float] = ()
    sides: Mapping[str, Sequence[float]] = field(factory=dict)
    reason: str = ""

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def verdict(self) -> Verdict:
        """`?` marks a bound that lies inside the spread: this run does not settle it."""
        if not self.values:
            return "not run"
        if not self.row.sign:
            return "–"
        straddles = self.row.reached(min(self.values)) != self.row.reached(max(self.values))
        if self.row.reached(self.median):
            return "held?" if straddles else "held"
        return "missed?" if straddles else "missed"


def ratios(first: Sequence[float], second: Sequence[float]) -> list[float]:
    """Round by round."""
    return [a / b for a, b in zip(first, second, strict=True)]
