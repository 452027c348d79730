"""`Bench`: how much a group of rows measures, and where it reports progress."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen


@frozen
class Bench:
    """The size of a benchmark run: its rounds, seconds and repetitions.

    Args:
        quick: whether to measure little; the figures are rough.
        step: called with the name of each step.
    """

    quick: bool
    step: Callable[[str], None]

    @property
    def rounds(self) -> int:
        return 3 if self.quick else 7

    @property
    def micro_rounds(self) -> int:
        """The number of pyperf rounds. pyperf measures several times in each round."""
        return 2 if self.quick else 5

    @property
    def seconds(self) -> float:
        """The seconds that one lap of a side takes."""
        return 0.2 if self.quick else 0.6

    def few(self, number: int) -> int:
        """Return this number of repetitions, or a tenth of it in a quick run."""
        return number // 10 if self.quick else number

    @property
    def share(self) -> str:
        """The table's note for a figure that `few` reduced in a quick run; empty in a full run."""
        return "quick: a tenth of the number" if self.quick else ""
