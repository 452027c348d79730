"""List the claims of a spec that the vendor's own documentation does not make, each with its evidence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import document

from docs.site.markup import evidence, table
from docs.site.wire import SPECS


def claims(vendor: str, level: str) -> str:
    """Return the claims with this level of evidence as a table."""
    spec = document.load(SPECS / f"{vendor}.yaml")
    rows: list[tuple[str, str]] = []
    for name, node in _list_nodes(spec):
        for path, part in _walk_evidence(node, name):
            if part["x-evidence"] == level:
                rows.append((_title(vendor, spec, path), str(part.get("x-evidence-note", ""))))
    return table(("claim", evidence(level)), rows)


def _list_nodes(spec: document.Node) -> Iterator[tuple[str, document.Node]]:
    for operation in document.operations(spec):
        yield operation.id, operation.node
    for kind in ("parameters", "headers", "responses", "schemas", "securitySchemes"):
        yield from spec["components"].get(kind, {}).items()


def _walk_evidence(node: Any, path: str) -> Iterator[tuple[str, document.Node]]:
    """Yield every part of a spec that has `x-evidence`, with its path."""
    part: Any = node  # keep Any: isinstance would narrow it to a dict of unknown types
    if isinstance(node, list):
        for item in part:
            has_name = isinstance(item, dict) and "name" in item
            yield from _walk_evidence(item, f"{path}.{item['name']}" if has_name else path)
    if not isinstance(node, dict):
        return
    if "x-evidence" in node:
        yield path, part
    for key, value in part.items():
        if key in ("example", "examples"):
            continue
        is_name = key not in ("parameters", "responses", "properties", "schema", "content", "items", "application/json")
        yield from _walk_evidence(value, f"{path}.{key}" if is_name else path)


def _title(vendor: str, spec: document.Node, path: str) -> str:
    head, _, rest = path.partition(".")
    has_anchor = head in spec["components"]["schemas"] or any(
        operation.id == head for operation in document.operations(spec)
    )
    title = f"[`{head}`](../wire/{vendor}.md#{vendor}-{head})" if has_anchor else f"`{head}`"
    return f"{title} `{rest}`" if rest else title
