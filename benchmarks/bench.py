"""`Bench`: how much a group of rows measures, and where it reports progress."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen


@frozen
class Bench:
    """How much to measure.

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
        """Rounds of pyperf, which measures several times in each."""
        return 2 if self.quick else 5

    @property
    def seconds(self) -> float:
        """Seconds of one lap."""
        return 0.2 if self.quick else 0.6

    def few(self, number: int) -> int:
        """Return the number, or a tenth of it if quick."""
        return number // 10 if self.quick else number

    @property
    def share(self) -> str:
        """The note for a figure that depends on `few`."""
        return "quick: a tenth of the number" if self.quick else ""
