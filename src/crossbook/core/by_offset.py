"""A list by offset: its end, and where its next page begins as soon as that can be told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from crossbook.core.positions import Position, fingerprint, numbers, parts, whole_number
from crossbook.errors import BadResponse

T = TypeVar("T")


class ByOffset(Generic[T]):
    """The fetch of an `Offset`.

    A vendor that ignores the offset, or something before it that does, would give the same page for ever: a position
    keeps what the page before it was, and a page with the same ends is an error and no page.
    """

    def __init__(
        self,
        call: Callable[[int, int], Awaitable[Sequence[Any]]],
        size: int,
        read: Callable[[Any], T] | None,
    ) -> None:
        self._call = call
        self._size = size
        self._read = read

    async def __call__(
        self, position: Position | None, known: Callable[[Position], bool] | None = None
    ) -> tuple[Sequence[T | None], Position | None]:
        """The page at a position. `known` is told where the next one begins, as soon as it is, and whether it asks."""
        offset = self.place(position)
        rows = await self._call(offset, self._size)
        if not rows:
            return (), None
        # By what came, not by what was asked: a vendor may cap the page lower than it says.
        after = [offset + len(rows), _seen(rows)]
        self.check(position, after)
        if known is not None and known(after):
            # A card, which comes with the vendor's class, imports no event loop; a book has it by now.
            from crossbook.core.jobs import let_it_leave

            await let_it_leave()  # before this page is read
        if self._read is not None:
            read = self._read
            rows = [None if row is None else read(row) for row in rows]
        return rows, after

    def place(self, position: Position | None) -> int:
        """The offset; a guess is nothing else."""
        if isinstance(position, list):
            offset, seen = parts(position, 2)  # pyright: ignore[reportUnknownArgumentType]
            return numbers([offset, seen or 0], 2)[0]
        return whole_number(position)

    def following(self, position: Position | None) -> Position:
        """Where the page after the one at a position begins, if that is a full one."""
        return self.place(position) + self._size

    def check(self, position: Position | None, after: Position | None) -> None:
        """BadResponse if the page that begins at a position is the one before it."""
        if isinstance(position, list) and after is not None and position[1] is not None and position[1] == after[1]:
            raise BadResponse(
                "the same page came twice: the vendor, or a proxy before it, ignores the offset, and the list would "
                "never end",
                status=200, sent="yes",
            )  # fmt: skip


def _seen(rows: Sequence[Any]) -> int | None:
    """What a page is, by how many rows it has and the ids of its ends; None where they have none."""
    ends = [getattr(row, "id", None) for row in (rows[0], rows[-1])]
    return fingerprint([str(len(rows)), *map(str, ends)]) if all(isinstance(end, (str, int)) for end in ends) else None
