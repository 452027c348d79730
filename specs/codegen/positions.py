"""Find the line of a place in a YAML document, so that a finding names it as a compiler does: `file:line`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML


class Positions:
    """The lines of a YAML document, which is parsed at the first question."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._root: Any = None

    def line(self, place: Sequence[str | int]) -> int:
        """Return the line, counted from 1, of a place, or of its closest parent if the document does not have it."""
        if self._root is None:
            parser: Any = YAML(typ="safe", pure=True)
            with self._path.open(encoding="utf-8") as stream:
                self._root = parser.compose(stream)
        node, line = self._root, 0
        for step in place:
            found = _child(node, step)
            if found is None:
                break
            key, node = found
            line = key.start_mark.line
        return int(line) + 1


def _child(node: Any, step: str | int) -> tuple[Any, Any] | None:
    """Return the nodes of the key and the value at a step; for an item of a list, the value's node twice."""
    if node.id == "mapping":
        return next(((key, value) for key, value in node.value if key.value == str(step)), None)
    if node.id == "sequence" and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None
