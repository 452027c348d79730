"""What of a spec the vendor's own page does not say: each such claim, how sure we are, and what that rests on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import document

from docs.site.markup import evidence, table
from docs.site.wire import SPECS


def guesses(vendor: str, level: str) -> str:
    """The claims of this level as a table."""
    spec = document.load(SPECS / f"{vendor}.yaml")
    rows: list[tuple[str, str]] = []
    for name, node in _places(spec):
        for place, each in _marked(node, name):
            if each["x-evidence"] == level:
                rows.append((_title(vendor, spec, place), str(each.get("x-evidence-note", ""))))
    return table(("what", evidence(level)), rows)


def _places(spec: document.Node) -> Iterator[tuple[str, document.Node]]:
    for operation in document.operations(spec):
        yield operation.id, operation.node
    for kind in ("parameters", "headers", "responses", "schemas", "securitySchemes"):
        yield from spec["components"].get(kind, {}).items()


def _marked(node: Any, place: str) -> Iterator[tuple[str, document.Node]]:
    """Every part that says how sure we are, with the way to it."""
    part: Any = node  # isinstance would make it a dict of unknown things
    if isinstance(node, list):
        for each in part:
            yield from _marked(each, f"{place}.{each['name']}" if isinstance(each, dict) and "name" in each else place)
    if not isinstance(node, dict):
        return
    if "x-evidence" in node:
        yield place, part
    for key, value in part.items():
        if key in ("example", "examples"):
            continue
        named = key not in ("parameters", "responses", "properties", "schema", "content", "items", "application/json")
        yield from _marked(value, f"{place}.{key}" if named else place)


def _title(vendor: str, spec: document.Node, place: str) -> str:
    head, _, rest = place.partition(".")
    known = head in spec["components"]["schemas"] or any(each.id == head for each in document.operations(spec))
    linked = f"[`{head}`](../wire/{vendor}.md#{vendor}-{head})" if known else f"`{head}`"
    return f"{linked} `{rest}`" if rest else linked
