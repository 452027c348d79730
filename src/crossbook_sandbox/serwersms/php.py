"""Form fields as PHP reads them: `group_id[0]=1&group_id[]=2&contact[0][phone]=…` becomes arrays."""

from __future__ import annotations

import re
from typing import cast

from crossbook_sandbox.vendor import Pairs

_KEY = re.compile(r"([^\[]+)((?:\[[^\]]*\])*)")
_DEEPEST = 64  # PHP drops what is nested deeper


def nest(pairs: Pairs) -> dict[str, object]:
    """Return the fields with their arrays; of several fields with one name the last one counts.

    Example:
        `nest([("a[]", "1"), ("a[]", "2"), ("b", "3")]) == {"a": ["1", "2"], "b": "3"}`
    """
    fields: dict[str, object] = {}
    for key, text in pairs:
        match = _KEY.match(key)
        if match:
            path = [match[1], *re.findall(r"\[([^\]]*)\]", match[2])]
            if len(path) <= _DEEPEST:
                _set(fields, path, text)
    return {name: _arrays(value) for name, value in fields.items()}


def _set(fields: dict[str, object], path: list[str], text: str) -> None:
    for name in path[:-1]:
        inner = fields.setdefault(name or str(len(fields)), {})
        if not isinstance(inner, dict):
            inner = fields[name] = {}
        fields = cast(dict[str, object], inner)
    fields[path[-1] or str(len(fields))] = text


def _arrays(value: object) -> object:
    if not isinstance(value, dict):
        return value
    items = {name: _arrays(inner) for name, inner in cast(dict[str, object], value).items()}
    return list(items.values()) if all(name.isdecimal() for name in items) else items
