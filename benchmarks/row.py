"""`Row` and `Result`: what is measured, its bound, and the measured values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Literal

from attrs import field, frozen

Verdict = Literal["held", "held?", "missed", "missed?", "not run", "–"]


@frozen
class Row:
    """One row of the results table: what is measured, and its bound.

    Args:
        key: the name; the part before the first dot is the group.
        title: what is compared, the first against the second.
        sign: the side of the bound for the median; "" for a row without a bound.
        bound: the bound of the median.
        unit: the unit of the bound and the values; × for ratios.
    """

    key: str
    title: str
    sign: Literal["≤", "≥", ""] = ""
    bound: float = 0.0
    unit: str = "×"

    @property
    def group(self) -> str:
        return self.key.partition(".")[0]

    def is_reached(self, value: float) -> bool:
        return self.sign == "" or (value <= self.bound if self.sign == "≤" else value >= self.bound)


@frozen
class Result:
    """The result of a row: its ratios and figures.

    Args:
        row: the row.
        values: one value a round.
        sides: the figures of the values by name and unit, such as "bare httpx, µs", one a round.
        reason: why there are no values, or a note.
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
        """Whether the bound is held. `?` marks a bound within the spread, which this run does not decide."""
        if not self.values:
            return "not run"
        if not self.row.sign:
            return "–"
        straddles = self.row.is_reached(min(self.values)) != self.row.is_reached(max(self.values))
        if self.row.is_reached(self.median):
            return "held?" if straddles else "held"
        return "missed?" if straddles else "missed"


def ratios(first: Sequence[float], second: Sequence[float]) -> list[float]:
    """Return the ratio of two sides in each round."""
    return [a / b for a, b in zip(first, second, strict=True)]
