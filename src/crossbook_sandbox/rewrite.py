"""The fault `rewrite`: edit a vendor's JSON response, or ignore parameters, to imitate undocumented behaviour.

A path leads to keys of a JSON body: `meta.status`, or `data[].id` for each element of an array.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Any

from .faults import Fault
from .validation import as_array, as_object
from .vendor import Call, Response

Value = Any


def rewrite_response(response: Response, fault: Fault) -> Response:
    """Return the response with the fault's status and its JSON body edited. A body that is not JSON stays unchanged."""
    response = replace(response, status=fault.status or response.status)
    try:
        body = json.loads(response.body)
    except ValueError:
        return response
    for path, name in fault.rename.items():
        for parent, key in _find(body, path):
            if not isinstance(key, int):
                _rename(parent, key, name)
    for path in fault.drop:
        for parent, key in list(_find(body, path))[::-1]:  # from the end, so that indexes stay valid
            del parent[key]
    for path, value in fault.put.items():
        for parent, key in _find(body, path, missing=True):
            parent[key] = value
    for path, kind in fault.cast.items():
        for parent, key in _find(body, path):
            parent[key] = _CASTS[kind](parent[key])
    return replace(response, body=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())


def remove_parameters(call: Call, names: Collection[str]) -> Call:
    """Return a copy of the call without these parameters, in its query, form and JSON body at any depth."""
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


def _find(value: Value, path: str, *, missing: bool = False) -> Iterator[tuple[Value, Any]]:
    """Yield the parent and the key or index of each value at a path; with `missing`, also of an absent key."""
    step, _, rest = path.partition(".")
    name, each = step.removesuffix("[]"), step.endswith("[]")
    parent = as_object(value)
    if parent is None or (name not in parent and (rest or each or not missing)):
        return
    children = list(enumerate(as_array(parent[name]) or [])) if each else [(name, parent.get(name))]
    for key, child in children:
        if rest:
            yield from _find(child, rest, missing=missing)
        else:
            yield (parent[name] if each else parent), key


def _rename(parent: dict[str, Any], key: str, name: str) -> None:
    """Rename a key of an object in place, and keep the order of its keys."""
    items = [(name if each == key else each, value) for each, value in parent.items()]
    parent.clear()
    parent.update(items)


def _without(value: Value, names: Collection[str]) -> Value:
    if (parent := as_object(value)) is not None:
        return {key: _without(each, names) for key, each in parent.items() if key not in names}
    elements = as_array(value)
    return value if elements is None else [_without(each, names) for each in elements]


def _to_text(value: Value) -> Value:
    return json.dumps(value) if isinstance(value, int | float) else value


def _to_number(value: Value) -> Value:
    try:
        return float(value) if "." in str(value) else int(value)
    except (TypeError, ValueError):
        return value


_CASTS: dict[str, Callable[[Value], Value]] = {"text": _to_text, "number": _to_number}
