"""The rules for schemas and examples, and the parts that all rules share: `Finding` and iterators over a spec.

A rule takes a spec that is valid OpenAPI and yields its findings.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from document import METHODS, Node, field_names, resolve, schema_name, spellings, types
from jsonschema import Draft202012Validator

Place = tuple[str | int, ...]
COMBINATIONS = ("oneOf", "anyOf", "allOf")
LEVELS = ("documented", "public", "inferred")


class Finding(NamedTuple):
    """One breach of a rule: its place, what is wrong, and how to fix it."""

    place: Place
    wrong: str
    fix: str

    def __str__(self) -> str:
        steps = (f".{each}" if str(each).replace("-", "_").isidentifier() else f"[{each!r}]" for each in self.place)
        return f"${''.join(steps)}: {self.wrong}; to fix it, {self.fix}"


def operations(spec: Node, section: str = "paths") -> Iterator[tuple[Place, Node]]:
    """Yield every operation in the paths of a spec, or in its webhooks, with its place: its path of keys."""
    for path, item in spec.get(section, {}).items():
        for method in METHODS:
            if method in item:
                yield (section, path, method), item[method]


def nodes(node: Any, place: Place = ()) -> Iterator[tuple[Place, Node]]:
    """Yield every mapping in a part of a spec with its place."""
    part: Any = node
    if isinstance(node, dict):
        yield place, part
    for key, value in part.items() if isinstance(node, dict) else enumerate(part) if isinstance(node, list) else ():
        yield from nodes(value, (*place, key))


def holders(spec: Node) -> Iterator[tuple[Place, Node]]:
    """Yield media types, parameters and headers, which hold a schema and its examples."""
    outside = {key: value for key, value in spec.get("components", {}).items() if key != "schemas"}
    for place, node in nodes({**{key: spec.get(key, {}) for key in ("paths", "webhooks")}, "components": outside}):
        if "schema" in node:
            yield place, node


def schemas(spec: Node) -> Iterator[tuple[Place, Node]]:
    """Yield every component schema and every schema inside one."""
    for name, schema in spec.get("components", {}).get("schemas", {}).items():
        yield from _inside(schema, ("components", "schemas", name))


def _inside(schema: Node, place: Place) -> Iterator[tuple[Place, Node]]:
    yield place, schema
    for name, each in schema.get("properties", {}).items():
        yield from _inside(each, (*place, "properties", name))
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from _inside(schema[key], (*place, key))
    for key in COMBINATIONS:
        for index, each in enumerate(schema.get(key, [])):
            if not is_constraint(each):
                yield from _inside(each, (*place, key, index))


def is_constraint(member: Node) -> bool:
    """Return whether this member of anyOf, oneOf or allOf only restricts the schema around it."""
    return not {"$ref", "type"} & member.keys()


def _is_shape(schema: Node) -> bool:
    """Return whether a schema becomes a class or a union, so that it needs a name."""
    combined = any(not is_constraint(each) for key in COMBINATIONS for each in schema.get(key, []))
    return "$ref" not in schema and ("object" in types(schema) or "properties" in schema or combined)


def reached(spec: Node, start: Any) -> set[str]:
    """Return every `$ref` that a part of a spec contains, directly or through other components."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for _, node in nodes(waiting.pop()):
            reference = node.get("$ref")
            if isinstance(reference, str) and reference not in found:
                found.add(reference)
                waiting.append(resolve(spec, {"$ref": reference}))
    return found


def directions(spec: Node) -> tuple[set[str], set[str]]:
    """Return the names of the component schemas that are sent, and of those that are received."""
    sent: set[str] = set()
    received: set[str] = set()
    for _, operation in operations(spec):
        sent |= reached(spec, [operation.get("parameters", []), operation.get("requestBody", {})])
        received |= reached(spec, operation.get("responses", {}))
    names = [{schema_name({"$ref": each}) or "" for each in side if "/schemas/" in each} for side in (sent, received)]
    return names[0], names[1]


def no_inline_schemas(spec: Node) -> Iterator[Finding]:
    """Require that bodies, objects and unions are named components, and that parameters are primitive."""
    fix = "move it to components/schemas under a name and refer to it"
    for place, holder in holders(spec):
        if "$ref" not in holder["schema"] and (place[-2] == "content" or _is_shape(holder["schema"])):
            yield Finding((*place, "schema"), "the schema has no name", fix)
    for place, schema in schemas(spec):
        if len(place) > 3 and _is_shape(schema):
            yield Finding(place, "an object or a union inside another schema has no name", fix)


def one_of_is_sent_and_named(spec: Node) -> Iterator[Finding]:
    """Require that a choice of schemas is only in requests and that its members are components."""
    _, received = directions(spec)
    for place, schema in schemas(spec):
        members = [each for key in COMBINATIONS for each in schema.get(key, []) if not is_constraint(each)]
        if members and place[2] in received:
            yield Finding(place, "a reader cannot choose between schemas", "make one schema with all fields optional")
        elif any("$ref" not in each for each in members):
            yield Finding(place, "a member of the choice has no name", "move it to components/schemas, refer to it")


def required_is_declared(spec: Node) -> Iterator[Finding]:
    """Require that each name in `required` or a constraint is a property of the schema."""
    for place, schema in schemas(spec):
        if "properties" not in schema:
            continue
        parts = {key: schema[key] for key in ("required", "if", "then", "else", *COMBINATIONS) if key in schema}
        named = {n for _, part in nodes(parts) for key in ("required", "properties") for n in part.get(key, [])}
        for name in sorted(named - spellings(schema).keys()):
            yield Finding(place, f"{name} is required, but is not a property", "correct the name, or add the property")


def field_names_are_unique(spec: Node) -> Iterator[Finding]:
    """Require that the properties of a schema become fields of different names in Python."""
    for place, schema in schemas(spec):
        names = field_names(spec, schema)
        for name, python in names.items():
            if list(names.values()).count(python) > 1:
                fix = "give it another name by x-python-name, next to its type"
                yield Finding((*place, "properties", name), f"another property becomes the field {python} too", fix)


def requests_are_closed(spec: Node) -> Iterator[Finding]:
    """Require that a sent schema refuses unknown properties or has none of its own, and a received one allows them."""
    sent, received = directions(spec)
    for name, schema in spec.get("components", {}).get("schemas", {}).items():
        place, more = ("components", "schemas", name), schema.get("additionalProperties")
        if "object" in types(schema) and name in sent and more is not ("properties" not in schema):
            fix = "set additionalProperties: false (true if it has no properties and allows any)"
            yield Finding(place, "the schema of a request does not allow or refuse further properties", fix)
        if name in received and more is False:
            yield Finding(place, "a response refuses new properties", "remove additionalProperties: false")


def directions_are_disjoint(spec: Node) -> Iterator[Finding]:
    """Refuse a schema that is both sent (strict) and received (relaxed)."""
    sent, received = directions(spec)
    for name in sorted(sent & received):
        fix = "give one of the two its own schema (NewContact, Contact)"
        yield Finding(("components", "schemas", name), "the schema is both sent and received", fix)


def examples_fit(spec: Node) -> Iterator[Finding]:
    """Require an example of every body, parameter, header and scalar, and examples that match their schemas."""
    for place, holder in holders(spec):
        values = [((*place, "example"), holder["example"])] if "example" in holder else []
        values += [((*place, "examples", key), each.get("value")) for key, each in holder.get("examples", {}).items()]
        values += [((*place, "schema", "examples"), each) for each in holder["schema"].get("examples", [])]
        yield from _examples(spec, place, holder["schema"], values, required=True)
    for place, schema in schemas(spec):
        values = [((*place, "examples", index), each) for index, each in enumerate(schema.get("examples", []))]
        listed = "array" in types(schema) and ("$ref" in (items := schema.get("items", {})) or _is_shape(items))
        required = (len(place) == 3 or place[-2] == "properties") and not listed
        required = required and not _is_shape(schema) and not {"$ref", "enum"} & schema.keys()
        yield from _examples(spec, place, schema, values, required=required)


def _examples(
    spec: Node, place: Place, schema: Node, values: list[tuple[Place, Any]], *, required: bool
) -> Iterator[Finding]:
    if required and not values:
        yield Finding(place, "there is no example", "add `example:` (in a schema `examples: […]`) with invented data")
    whole: Node = {"allOf": [schema], "components": spec.get("components", {})}
    validator: Any = Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for where, value in values:
        for error in validator.iter_errors(value):
            yield Finding(
                (*where, *error.path),
                f"the example does not match the schema: {error.message}",
                "correct the example or the schema",
            )
