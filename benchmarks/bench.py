"""What a group of rows gets: how much to do, and where to say how far it is."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen


@frozen
class Bench:
    """How thoroughly.

    Args:
        quick: little, to see that all works; its figures are rough.
        step: is told what is being done.
    """

    quick: bool
    step: Callable[[str], None]

    @property
    def rounds(self) -> int:
        return 3 if self.quick else 7

    @property
    def micro_rounds(self) -> int:
        """Of pyperf, which measures several times in each."""
        return 2 if self.quick else 5

    @property
    def seconds(self) -> float:
        """Of one lap."""
        return 0.2 if self.quick else 0.6

    def few(self, number: int) -> int:
        """So many, or a tenth of it."""
        return number // 10 if self.quick else number

    @property
    def share(self) -> str:
        """What is to be said of a figure for which `few` was asked."""
        return "quick: a tenth of it" if self.quick else ""
