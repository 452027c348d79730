"""Reduce a spec to what becomes code: types, requests as strict as the types can say, responses without constraints.

The specs are as strict as the facts are known, because servers are tested against them. A client that was as strict
would fail on a page of a thousand contacts because of one null. So a response keeps only its types here:

- no enum, pattern, format or bound applies;
- required is what a success contains. Our HTTP layer raises an error instead of returning a refusal as a model.

The generated annotations of responses are `Received[…]`: a type checker sees the spec's type, and the decoder accepts
odd values in its place (`templates/http.py.jinja`).

The schemas of requests keep their types, required properties and enums. Constraints that no type can express are
dropped. Credentials are removed, so that no method or model can hold one: the transport adds them last. Of the
responses of an operation only the first 2xx with a body stays, and of the encodings only JSON.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from document import (
    Node,
    Operation,
    SpecError,
    field_names,
    operations,
    reached,
    resolve,
    schema_name,
    spellings,
    types,
)

SCALARS = ("string", "integer", "number", "boolean")
JSON = "application/json"


def relax(spec: Node) -> Node:
    """Return a new document for the generator with only what becomes code.

    Raises `SpecError` for what the generated code cannot express: a cookie parameter that is not a credential, a
    response in another format than JSON, a schema that is both sent and received.
    """
    paths: dict[str, Node] = {}
    sent: set[str] = set()
    for operation in operations(spec):
        paths.setdefault(operation.path, {})[operation.method] = _operation(spec, operation)
        sent |= reached(spec, [operation.parameters, operation.node.get("requestBody", {})])
    received = received_schemas(spec)
    if both := sorted(sent & received):
        raise SpecError(f"both sent and received: {', '.join(both)}; make two schemas of each")

    schemas: Node = {}
    for name, schema in spec.get("components", {}).get("schemas", {}).items():
        if name in sent:
            schemas[name] = _exact(spec, schema)
        elif name in received and "object" in types(schema):
            schemas[name] = _received_object(spec, schema)
    return {"openapi": spec["openapi"], "info": spec["info"], "paths": paths, "components": {"schemas": schemas}}


def received_schemas(spec: Node) -> set[str]:
    """Return the names of the component schemas that a response contains."""
    return reached(spec, [operation.node["responses"] for operation in operations(spec)])


def is_credential(spec: Node, node: Node) -> bool:
    """Return whether a parameter or property, or the target of its `$ref`, is marked with `x-credential`."""
    return bool(resolve(spec, node).get("x-credential"))


class ResponseBodies(NamedTuple):
    """The bodies of an operation's 2xx responses: the schema of those in JSON, and whether a response has no body."""

    schema: Node | None
    may_be_empty: bool


def response_bodies(spec: Node, operation: Operation) -> ResponseBodies:
    """Return what the 2xx responses of an operation contain. The schema is that of the first response with a body."""
    schema: Node | None = None
    may_be_empty = False
    for status, response in sorted(operation.node["responses"].items()):
        if not status.startswith("2"):
            continue
        content = resolve(spec, response).get("content", {})
        if JSON in content:
            schema = schema or content[JSON]["schema"]
        may_be_empty = may_be_empty or not content
    if schema is None and not may_be_empty:
        raise SpecError(f"{operation} has no 2xx response that is JSON or without content")
    return ResponseBodies(schema, may_be_empty)


def _operation(spec: Node, operation: Operation) -> Node:
    parameters: list[Node] = []
    for parameter in operation.parameters:
        if is_credential(spec, parameter):
            continue
        if parameter["in"] not in ("path", "query", "header"):
            raise SpecError(
                f"{operation}: parameters in {parameter['in']} are not supported, but {parameter['name']} is one"
            )
        parameters.append({**parameter, "schema": _exact(spec, parameter["schema"])})

    schema = response_bodies(spec, operation).schema
    if schema is not None and "object" not in types(resolve(spec, schema)):
        schema = _received(spec, schema)
    content = {} if schema is None else {"content": {JSON: {"schema": schema}}}
    relaxed: Node = {
        **{key: operation.node[key] for key in ("operationId", "tags")},
        "parameters": parameters,
        "responses": {"200": {"description": "", **content}},
    }
    if "requestBody" in operation.node:
        content = resolve(spec, operation.node["requestBody"])["content"]
        if JSON not in content:
            raise SpecError(f"{operation}: its request body needs the content type application/json")
        relaxed["requestBody"] = {
            "required": True,
            "content": {JSON: {"schema": _exact(spec, content[JSON]["schema"])}},
        }
    return relaxed


def _exact(spec: Node, schema: Node) -> Node:
    """Return a schema of requests reduced to its types, without bounds, defaults and constraints."""
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    if "allOf" in schema and "properties" not in schema:
        raise SpecError(f"allOf is not supported in a request; write the properties out: {schema}")
    kept: Node = {key: schema[key] for key in ("type", "enum") if key in schema}
    if "items" in schema:
        kept["items"] = _exact(spec, schema["items"])
    if "properties" in schema:
        properties, names = _fields(spec, schema)
        kept["properties"] = {name: _exact(spec, each) for name, each in properties.items()}
        kept["required"] = [names[name] for name in schema.get("required", []) if names.get(name) in properties]
        kept["additionalProperties"] = False
    else:
        kept |= {key: [_exact(spec, each) for each in schema[key]] for key in ("oneOf", "anyOf") if key in schema}
        if "object" in types(schema):
            kept["additionalProperties"] = bool(schema.get("additionalProperties", True))
    return kept


def _received(spec: Node, schema: Node) -> Node:
    """Return the type of a received property or item, without constraints."""
    target = resolve(spec, schema)
    named = types(target)
    if not named and {"allOf", "anyOf", "oneOf"} & target.keys():
        raise SpecError(f"a response schema must have one type, not anyOf or oneOf: {target}")
    if not named and "enum" not in target:
        return {}
    named = named or {_json_type(value) for value in target["enum"]}
    alternatives: list[Node] = []
    if "object" in named:
        alternatives.append({"$ref": schema["$ref"]} if schema_name(schema) else _received_object(spec, target))
    if "array" in named:
        alternatives.append({"type": "array", "items": _received(spec, target["items"])})
    alternatives += [{"type": kind} for kind in (*SCALARS, "null") if kind in named]
    return alternatives[0] if len(alternatives) == 1 else {"anyOf": alternatives}


def _received_object(spec: Node, schema: Node) -> Node:
    properties, names = _fields(spec, schema)
    required = [names[name] for name in _required(schema) if names.get(name) in properties]
    return {
        "type": "object",
        "properties": {name: _received(spec, each) for name, each in properties.items()},
        "required": list(dict.fromkeys(required)),
        # A class ignores unknown properties; an object without properties becomes a dict.
        "additionalProperties": not properties,
    }


def _required(schema: Node) -> list[str]:
    """Return the properties that a successful response contains.

    A response that may also be a refusal tells the two apart with `if`. If that tests for the presence of the error,
    success is `else`; if it tests the value of a status, success is `then`. Where a success has one of several
    spellings of a property, the property counts: a model fills it from the other spellings.
    """
    tells_error = set(schema.get("if", {})) == {"required"}
    success: Node = schema.get("else" if tells_error else "then", {})
    spelled = [name for each in success.get("anyOf", ()) for name in each.get("required", ())]
    declared = [name for name in spelled if name in schema.get("properties", {})]
    return [*schema.get("required", ()), *success.get("required", ()), *declared]


def _json_type(value: object) -> str:
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}
    return next(name for kind, name in kinds.items() if type(value) is kind)


def _fields(spec: Node, schema: Node) -> tuple[Node, dict[str, str]]:
    """Return a schema's properties by their names in Python, without credentials, and these names by those in JSON.

    The generator refuses names that its own rules make equal, such as `@id` and `id`.
    """
    names = field_names(spec, schema)
    for field, count in Counter(names.values()).items():
        if count > 1:
            wire = " and ".join(repr(name) for name, python in names.items() if python == field)
            raise SpecError(f"{wire} become the same field {field}; give one of them an x-python-name")
    return {names[name]: each for name, each in spellings(schema).items() if not is_credential(spec, each)}, names
