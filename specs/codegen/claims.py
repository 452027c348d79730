"""What a spec claims about a vendor's answers, for `crossbook verify`, which holds them against a real account.

The specs are not in the wheel, and the generated readers are liberal on purpose, so that neither could tell at run time
what was promised. `claims.json` says it as strictly as the spec does: every status of every operation, every field of
every answer with its bounds, the vendor's error codes, and for each of them how sure we are. What is sent is not in it.
"""

from __future__ import annotations

from typing import Any

from document import Node, Operation, SpecError, operations, reached, resolve, schema_name, types

JSON = "application/json"
# What says something to people only, or has a place of its own in the claims.
SAID_ELSEWHERE = ("description", "examples", "properties", "required", "additionalProperties", "x-credential")


def claims(spec: Node) -> Node:
    """The claims of a spec, as plain JSON. Raises `SpecError` for an answer that is not an object or has no JSON."""
    met = list(operations(spec))
    names = {name for operation in met for name in reached(spec, operation.node["responses"])}
    schemas: Node = spec["components"]["schemas"]
    return {
        "title": spec["info"]["title"],
        "version": spec["info"]["version"],
        "operations": {operation.id: _operation(spec, operation) for operation in met},
        "shapes": {name: _shape(spec, each) for name, each in schemas.items() if name in names and _is_shape(each)},
        "codes": {code: dict(row) for code, row in spec.get("x-error-codes", {}).items()},
    }


def _operation(spec: Node, operation: Operation) -> Node:
    evidence = _evidence(operation.node, {})
    answers: Node = {}
    for status, response in operation.node["responses"].items():
        answer = resolve(spec, response)
        content = answer.get("content", {})
        shape = schema_name(content.get(JSON, {}).get("schema", {}))
        if shape is None or not _is_shape(spec["components"]["schemas"][shape]):
            raise SpecError(f"{operation}: its answer {status} is no object of a name")
        headers = {name: resolve(spec, header) for name, header in answer.get("headers", {}).items()}
        answers[status] = {
            "shape": shape,
            **_evidence(answer, evidence),
            "headers": {name.lower(): bool(header.get("required")) for name, header in headers.items()},
        }
    return {"method": operation.method.upper(), "path": operation.path, **evidence, "answers": answers}


def _shape(spec: Node, schema: Node) -> Node:
    evidence = _evidence(schema, {})
    required = schema.get("required", [])
    fields = {
        name: {"required": name in required, **_field(spec, each, evidence)}
        for name, each in schema.get("properties", {}).items()
    }
    # An object without properties may hold anything, under names that are the account's own.
    return {**evidence, "open": not fields, "rule": _rule(schema), "fields": fields}


def _field(spec: Node, node: Node, parent: Node) -> Node:
    """A field: its own rule, and where it leads to objects, the shape of each and whether it is a list of them."""
    schema = resolve(spec, node)
    target, listed = node, False
    if "array" in types(schema) and "items" in schema:
        target, listed = schema["items"], True
    shape = schema_name(target)
    leads = shape is not None and _is_shape(spec["components"]["schemas"][shape])
    # What it leads to is checked by itself, there.
    rule = _rule(schema)
    return {
        "rule": {key: rule[key] for key in ("type", "minItems", "maxItems") if key in rule} if leads else rule,
        "shape": shape if leads else None,
        "listed": listed and leads,
        "secret": bool(schema.get("x-credential")),
        **_evidence(schema, parent),
    }


def _rule(schema: Node) -> Node:
    """What JSON Schema can check of it by itself, without what it refers to."""
    return {
        key: _plain(value) for key, value in schema.items() if key not in SAID_ELSEWHERE and not key.startswith("x-")
    }


def _plain(value: Any) -> Any:
    part: Any = value  # isinstance would make it a dict of unknown things
    if isinstance(value, dict):
        if "$ref" in part:
            return {}
        return {key: _plain(each) for key, each in part.items() if not key.startswith("x-") and key != "examples"}
    return [_plain(each) for each in part] if isinstance(value, list) else value


def _evidence(node: Node, parent: Node) -> Node:
    if "x-evidence" in node:
        return {"evidence": node["x-evidence"], "note": node.get("x-evidence-note", "").strip()}
    return {"evidence": parent.get("evidence", "inferred"), "note": parent.get("note", "")}


def _is_shape(schema: Node) -> bool:
    return "object" in types(schema)
