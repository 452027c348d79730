"""Items with the same key go one after another, in the order of the source."""

from __future__ import annotations

from collections import deque

import anyio


class Turns:
    """A line a key. Whoever joins an empty line may go at once; the others wait for the event that they are given."""

    def __init__(self) -> None:
        self._lines: dict[str, deque[anyio.Event]] = {}

    def join(self, key: str) -> anyio.Event | None:
        """None: it is your turn. Else it is when the event is set."""
        line = self._lines.get(key)
        if line is None:
            self._lines[key] = deque()
            return None
        turn = anyio.Event()
        line.append(turn)
        return turn

    def leave(self, key: str, turn: anyio.Event | None) -> None:
        """Lets the next go; who leaves before it was its turn is just taken out of the line."""
        line = self._lines[key]
        if turn is not None and not turn.is_set():
            line.remove(turn)
        elif line:
            line.popleft().set()
        else:
            del self._lines[key]
