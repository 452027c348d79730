"""An answer made another, as a vendor would give it that is not as it was described; and parameters left unheard.

A path leads to keys of a JSON body: `meta.status`, or `data[].id` for each element of an array.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .validation import as_array, as_object
from .vendor import Call, Reply

Value = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Edits:
    """What becomes of a body: keys get other names, are left out, hold another value or one of another type."""

    rename: Mapping[str, str] = field(default_factory=dict[str, str])
    drop: Collection[str] = ()
    put: Mapping[str, Any] = field(default_factory=dict[str, Any])
    cast: Mapping[str, str] = field(default_factory=dict[str, str])


def rewritten(reply: Reply, edits: Edits, status: int | None) -> Reply:
    """Return an answer with an edited body; one that is no JSON keeps its own."""
    reply = replace(reply, status=status or reply.status)
    try:
        body = json.loads(reply.body)
    except ValueError:
        return reply
    for path, name in edits.rename.items():
        for parent, key in _places(body, path):
            if not isinstance(key, int):
                _rename(parent, key, name)
    for path in edits.drop:
        for parent, key in list(_places(body, path))[::-1]:  # from the end, so that indexes stay right
            del parent[key]
    for path, value in edits.put.items():
        for parent, key in _places(body, path, missing=True):
            parent[key] = value
    for path, kind in edits.cast.items():
        for parent, key in _places(body, path):
            parent[key] = CASTS[kind](parent[key])
    return replace(reply, body=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())


def ignoring(call: Call, names: Collection[str]) -> Call:
    """Return a call as it would have been without parameters of these names, in query, form or JSON, however deep."""
    if not names:
        return call
    try:
        body = json.dumps(_without(json.loads(call.body), names)).encode()
    except ValueError:
        body = call.body
    query, form = (
        [(name, text) for name, text in pairs if name.partition("[")[0] not in names]
        for pairs in (call.query, call.form)
    )
    return replace(call, query=query, form=form, body=body)


def _places(value: Value, path: str, *, missing: bool = False) -> Iterator[tuple[Value, Any]]:
    """The objects and arrays that a path leads to, each with the key or index; keys that are `missing` if wanted."""
    step, _, rest = path.partition(".")
    name, each = step.removesuffix("[]"), step.endswith("[]")
    parent = as_object(value)
    if parent is None or (name not in parent and (rest or each or not missing)):
        return
    places = list(enumerate(as_array(parent[name]) or [])) if each else [(name, parent.get(name))]
    for key, child in places:
        if rest:
            yield from _places(child, rest, missing=missing)
        else:
            yield (parent[name] if each else parent), key


def _rename(parent: dict[str, Any], key: str, name: str) -> None:
    """Rename a key in its place: the order of keys stays."""
    items = [(name if each == key else each, value) for each, value in parent.items()]
    parent.clear()
    parent.update(items)


def _without(value: Value, names: Collection[str]) -> Value:
    if (parent := as_object(value)) is not None:
        return {key: _without(each, names) for key, each in parent.items() if key not in names}
    elements = as_array(value)
    return value if elements is None else [_without(each, names) for each in elements]


def _text(value: Value) -> Value:
    return json.dumps(value) if isinstance(value, int | float) else value


def _number(value: Value) -> Value:
    try:
        return float(value) if "." in str(value) else int(value)
    except (TypeError, ValueError):
        return value


CASTS: dict[str, Callable[[Value], Value]] = {"text": _text, "number": _number}
