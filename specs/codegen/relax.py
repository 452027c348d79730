"""Relax a spec for the generator: strict writers, liberal readers, no credentials.

The specs tell the truth as strictly as it is known, because servers are tested against them. A client that read answers
by the same letter would lose a page of a thousand contacts over one null, so what comes back is made liberal here:

- nothing is required, no enum, pattern, format or bound holds, and any scalar may be any other scalar or null;
- an object may be null or an array (PHP writes an empty object as `[]`); an array may be null, and so may its items.

What is sent stays exact in its types, required properties and enums; constraints that no type can say are left out.
Credentials go altogether, so that neither a method nor a model can hold one: the transport attaches them last. Of the
answers to an operation the first 2xx stays, of the encodings JSON.
"""

from __future__ import annotations

from document import Node, Operation, SpecError, operations, reached, resolve, schema_name, types

SCALARS = ("string", "integer", "number", "boolean")
JSON = "application/json"


def relax(spec: Node) -> Node:
    """The document that the generator gets: a new one, made of nothing but what becomes code.

    Raises `SpecError` for what the generated code could not express: a header or cookie parameter that is no
    credential, an answer without JSON, a schema that is sent and received.
    """
    paths: dict[str, Node] = {}
    sent: set[str] = set()
    received: set[str] = set()
    for operation in operations(spec):
        paths.setdefault(operation.path, {})[operation.method] = _operation(spec, operation)
        sent |= reached(spec, [operation.parameters, operation.node.get("requestBody", {})])
        received |= reached(spec, operation.node["responses"])
    if both := sorted(sent & received):
        raise SpecError(f"sent and received: {', '.join(both)}; a schema is strict or liberal, so it needs two names")

    schemas: Node = {}
    for name, schema in spec.get("components", {}).get("schemas", {}).items():
        if name in sent:
            schemas[name] = _exact(spec, schema)
        elif name in received and "object" in types(schema):
            schemas[name] = _liberal_object(spec, schema)
    return {"openapi": spec["openapi"], "info": spec["info"], "paths": paths, "components": {"schemas": schemas}}


def is_credential(spec: Node, node: Node) -> bool:
    """Whether a parameter or property is marked with `x-credential`, in place or where it points."""
    return bool(resolve(spec, node).get("x-credential"))


def answer(spec: Node, operation: Operation) -> Node:
    """The schema of the first 2xx answer that is JSON; a client's method returns it."""
    for status, response in sorted(operation.node["responses"].items()):
        content = resolve(spec, response).get("content", {})
        if status.startswith("2") and JSON in content:
            schema: Node = content[JSON]["schema"]
            return schema
    raise SpecError(f"{operation} has no 2xx answer in JSON")


def _operation(spec: Node, operation: Operation) -> Node:
    parameters: list[Node] = []
    for parameter in operation.parameters:
        if is_credential(spec, parameter):
            continue
        if parameter["in"] not in ("path", "query"):
            raise SpecError(f"{operation}: a request carries no {parameter['in']} parameter like {parameter['name']}")
        parameters.append({**parameter, "schema": _exact(spec, parameter["schema"])})

    schema = answer(spec, operation)
    if "object" not in types(resolve(spec, schema)):
        schema = _liberal(spec, schema)
    relaxed: Node = {
        **{key: operation.node[key] for key in ("operationId", "tags")},
        "parameters": parameters,
        "responses": {"200": {"description": "", "content": {JSON: {"schema": schema}}}},
    }
    if "requestBody" in operation.node:
        content = resolve(spec, operation.node["requestBody"])["content"]
        if JSON not in content:
            raise SpecError(f"{operation}: its body has no JSON form")
        relaxed["requestBody"] = {
            "required": True,
            "content": {JSON: {"schema": _exact(spec, content[JSON]["schema"])}},
        }
    return relaxed


def _exact(spec: Node, schema: Node) -> Node:
    """A schema that is sent: only what makes a type, so neither bounds nor defaults nor constraints."""
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    if "allOf" in schema and "properties" not in schema:
        raise SpecError(f"allOf makes no type here; write the properties out: {schema}")
    kept: Node = {key: schema[key] for key in ("type", "enum", "const") if key in schema}
    if "items" in schema:
        kept["items"] = _exact(spec, schema["items"])
    if "properties" in schema:
        properties = {n: p for n, p in schema["properties"].items() if not is_credential(spec, p)}
        kept["properties"] = {name: _exact(spec, each) for name, each in properties.items()}
        kept["required"] = [name for name in schema.get("required", []) if name in properties]
        kept["additionalProperties"] = False
    else:
        kept |= {key: [_exact(spec, each) for each in schema[key]] for key in ("oneOf", "anyOf") if key in schema}
        if "object" in types(schema):
            kept["additionalProperties"] = bool(schema.get("additionalProperties", True))
    return kept


def _liberal(spec: Node, schema: Node) -> Node:
    """A schema that is received as a property or an item: whatever may stand in that place."""
    target = resolve(spec, schema)
    named = types(target)
    if not named and {"allOf", "anyOf", "oneOf"} & target.keys():
        raise SpecError(f"what is received has one type, not a choice: {target}")
    if not named and not {"enum", "const"} & target.keys():
        return {}
    alternatives: list[Node] = []
    if "object" in named:
        name = schema_name(schema)
        alternatives.append({"$ref": schema["$ref"]} if name else _liberal_object(spec, target))
    if "array" in named:
        alternatives.append({"type": "array", "items": _liberal(spec, target["items"])})
    elif "object" in named:
        alternatives.append({"type": "array", "items": {}})
    if not named or named & set(SCALARS):
        alternatives += [{"type": scalar} for scalar in SCALARS]
    return {"anyOf": [*alternatives, {"type": "null"}]}


def _liberal_object(spec: Node, schema: Node) -> Node:
    properties = {n: p for n, p in schema.get("properties", {}).items() if not is_credential(spec, p)}
    return {
        "type": "object",
        "properties": {name: _liberal(spec, each) for name, each in properties.items()},
        # A class ignores what it does not know; an object without properties is read as a dict.
        "additionalProperties": not properties,
    }
