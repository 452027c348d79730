"""Collect what a spec claims about a vendor's responses. `crossbook verify` checks the claims against a real account.

The specs are not in the wheel, and the generated readers accept more than the specs. `claims.json` is as strict as the
spec: every status of every operation, every field of every response with its bounds, the vendor's error codes, and the
evidence of each. Requests are not in it.
"""

from __future__ import annotations

from typing import Any

from document import Node, Operation, SpecError, operations, reached, resolve, schema_name, spellings, types

JSON = "application/json"
# Keys for readers only, or with a place of their own in the claims.
NOT_RULES = ("description", "examples", "properties", "required", "additionalProperties", "x-credential")


def make_claims(spec: Node) -> Node:
    """Return the claims of a spec as JSON.

    Raises `SpecError` for a response with content that is not a named JSON object.
    """
    found = list(operations(spec))
    names = {name for operation in found for name in reached(spec, operation.node["responses"])}
    schemas: Node = spec["components"]["schemas"]
    return {
        "title": spec["info"]["title"],
        "version": spec["info"]["version"],
        "operations": {operation.id: _operation(spec, operation) for operation in found},
        "shapes": {name: _shape(spec, each) for name, each in schemas.items() if name in names and _is_shape(each)},
        "codes": {code: dict(row) for code, row in spec.get("x-error-codes", {}).items()},
    }


def _operation(spec: Node, operation: Operation) -> Node:
    evidence = _evidence(operation.node, {})
    answers: Node = {}
    for status, response in operation.node["responses"].items():
        resolved = resolve(spec, response)
        content = resolved.get("content", {})
        shape = schema_name(content.get(JSON, {}).get("schema", {}))
        if content and (shape is None or not _is_shape(spec["components"]["schemas"][shape])):
            raise SpecError(
                f"{operation}: the schema of response {status} must be a named object in components/schemas"
            )
        headers = {name: resolve(spec, header) for name, header in resolved.get("headers", {}).items()}
        answers[status] = {
            "shape": shape,
            **_evidence(resolved, evidence),
            "headers": {name.lower(): bool(header.get("required")) for name, header in headers.items()},
        }
    return {"method": operation.method.upper(), "path": operation.path, **evidence, "answers": answers}


def _shape(spec: Node, schema: Node) -> Node:
    evidence = _evidence(schema, {})
    required = schema.get("required", [])
    fields = {
        name: {"required": name in required, **_field(spec, each, evidence)} for name, each in spellings(schema).items()
    }
    # An object without properties may hold any values, under names of the account.
    return {**evidence, "open": not fields, "rule": _rule(schema), "fields": fields}


def _field(spec: Node, node: Node, parent: Node) -> Node:
    """Return a field's rule, and the shape of its objects if it holds an object or a list of objects."""
    schema = resolve(spec, node)
    target, listed = node, False
    if "array" in types(schema) and "items" in schema:
        target, listed = schema["items"], True
    shape = schema_name(target)
    leads = shape is not None and _is_shape(spec["components"]["schemas"][shape])
    # The objects are checked by their own shape.
    rule = _rule(schema)
    return {
        "rule": {key: rule[key] for key in ("type", "minItems", "maxItems") if key in rule} if leads else rule,
        "shape": shape if leads else None,
        "listed": listed and leads,
        "secret": bool(schema.get("x-credential")),
        **_evidence(schema, parent),
    }


def _rule(schema: Node) -> Node:
    """Return the keywords of a schema that JSON Schema can check without resolving a `$ref`."""
    return {key: _plain(value) for key, value in schema.items() if key not in NOT_RULES and not key.startswith("x-")}


def _plain(value: Any) -> Any:
    part: Any = value  # typed Any, since isinstance narrows to dict[Unknown, Unknown]
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
