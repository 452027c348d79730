"""The rules on schemas and examples, and what all rules share: a finding, and the walks over a spec.

A rule takes a spec that is valid OpenAPI, and yields its findings.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator
from typing import Any, NamedTuple

from document import METHODS, Node, resolve, schema_name, types
from jsonschema import Draft202012Validator

Place = tuple[str | int, ...]
COMBINATIONS = ("oneOf", "anyOf", "allOf")
LEVELS = ("documented", "public", "inferred")


class Finding(NamedTuple):
    """One breach of one rule: where it is, what is wrong, how to mend it."""

    place: Place
    wrong: str
    fix: str

    def __str__(self) -> str:
        steps = (f".{each}" if str(each).replace("-", "_").isidentifier() else f"[{each!r}]" for each in self.place)
        return f"${''.join(steps)}: {self.wrong}; to fix it, {self.fix}"


def operations(spec: Node) -> Iterator[tuple[Place, Node]]:
    """Every operation and its place."""
    for path, item in spec.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                yield ("paths", path, method), item[method]


def nodes(node: Any, place: Place = ()) -> Iterator[tuple[Place, Node]]:
    """Every mapping in a part of a spec, and its place."""
    part: Any = node
    if isinstance(node, dict):
        yield place, part
    for key, value in part.items() if isinstance(node, dict) else enumerate(part) if isinstance(node, list) else ():
        yield from nodes(value, (*place, key))


def holders(spec: Node) -> Iterator[tuple[Place, Node]]:
    """What holds a schema and examples of it: media types, parameters and headers."""
    outside = {key: value for key, value in spec.get("components", {}).items() if key != "schemas"}
    for place, node in nodes({"paths": spec["paths"], "components": outside}):
        if "schema" in node:
            yield place, node


def schemas(spec: Node) -> Iterator[tuple[Place, Node]]:
    """Every component schema and every schema inside one."""
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
            if not _is_constraint(each):
                yield from _inside(each, (*place, key, index))


def _is_constraint(member: Node) -> bool:
    """Whether a member of anyOf and the like only restricts the schema that it stands in."""
    return not {"$ref", "type"} & member.keys()


def _is_shape(schema: Node) -> bool:
    """Whether a schema would become a class or a union, and so needs a name of its own."""
    combined = any(not _is_constraint(each) for key in COMBINATIONS for each in schema.get(key, []))
    return "$ref" not in schema and ("object" in types(schema) or "properties" in schema or combined)


def reached(spec: Node, start: Any) -> set[str]:
    """Every `$ref` that a part of a spec leads to, through other components too."""
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
    """The names of the component schemas that are sent, and of those that are received."""
    sent: set[str] = set()
    received: set[str] = set()
    for _, operation in operations(spec):
        sent |= reached(spec, [operation.get("parameters", []), operation.get("requestBody", {})])
        received |= reached(spec, operation.get("responses", {}))
    names = [{schema_name({"$ref": each}) or "" for each in side if "/schemas/" in each} for side in (sent, received)]
    return names[0], names[1]


def no_inline_schemas(spec: Node) -> Iterator[Finding]:
    """Bodies, objects and unions are named components; parameters and headers are primitive."""
    fix = "move it to components/schemas under a name and refer to it"
    for place, holder in holders(spec):
        if "$ref" not in holder["schema"] and (place[-2] == "content" or _is_shape(holder["schema"])):
            yield Finding((*place, "schema"), "the schema has no name", fix)
    for place, schema in schemas(spec):
        if len(place) > 3 and _is_shape(schema):
            yield Finding(place, "an object or a union inside another schema has no name", fix)


def one_of_is_sent_and_named(spec: Node) -> Iterator[Finding]:
    """A choice of schemas stands in requests only, and all of its members are components."""
    _, received = directions(spec)
    for place, schema in schemas(spec):
        members = [each for key in COMBINATIONS for each in schema.get(key, []) if not _is_constraint(each)]
        if members and place[2] in received:
            yield Finding(place, "a reader cannot choose between schemas", "write all fields as optional into one")
        elif any("$ref" not in each for each in members):
            yield Finding(place, "a member of the choice has no name", "move it to components/schemas, refer to it")


def required_is_declared(spec: Node) -> Iterator[Finding]:
    """A name that `required` or a constraint demands is a property of that schema."""
    for place, schema in schemas(spec):
        if "properties" not in schema:
            continue
        parts = {key: schema[key] for key in ("required", "if", "then", "else", *COMBINATIONS) if key in schema}
        named = {n for _, part in nodes(parts) for key in ("required", "properties") for n in part.get(key, [])}
        for name in sorted(named - schema["properties"].keys()):
            yield Finding(place, f"{name} is demanded, but no property", "correct its name, or describe the property")


def names_are_identifiers(spec: Node) -> Iterator[Finding]:
    """Fields of generated classes bear the wire's names, so these are Python identifiers and no keywords."""
    for place, schema in schemas(spec):
        for name in schema.get("properties", {}):
            if not name.isidentifier() or keyword.iskeyword(name):
                fix = "describe an encoding of the body in which the name is one"
                yield Finding((*place, "properties", name), f"{name!r} cannot be the name of a Python field", fix)


def requests_are_closed(spec: Node) -> Iterator[Finding]:
    """What is sent allows no unknown property, or is free on purpose; what is received stands unknown ones."""
    sent, received = directions(spec)
    for name, schema in spec.get("components", {}).get("schemas", {}).items():
        place, more = ("components", "schemas", name), schema.get("additionalProperties")
        if "object" in types(schema) and name in sent and more is not ("properties" not in schema):
            fix = "set additionalProperties: false (true where it lists no properties and any may come)"
            yield Finding(place, "a request is not exact about further properties", fix)
        if name in received and more is False:
            yield Finding(place, "an answer forbids what the vendor may add", "drop additionalProperties: false")


def directions_are_disjoint(spec: Node) -> Iterator[Finding]:
    """No schema is both sent, where it is strict, and received, where readers are liberal."""
    sent, received = directions(spec)
    for name in sorted(sent & received):
        fix = "give one of the two its own schema (NewContact, Contact)"
        yield Finding(("components", "schemas", name), "the schema is both sent and received", fix)


def examples_fit(spec: Node) -> Iterator[Finding]:
    """Every body, parameter, header and leaf has an example, and every example fits its schema."""
    for place, holder in holders(spec):
        values = [((*place, "example"), holder["example"])] if "example" in holder else []
        values += [((*place, "examples", key), each.get("value")) for key, each in holder.get("examples", {}).items()]
        values += [((*place, "schema", "examples"), each) for each in holder["schema"].get("examples", [])]
        yield from _examples(spec, place, holder["schema"], values, wanted=True)
    for place, schema in schemas(spec):
        values = [((*place, "examples", index), each) for index, each in enumerate(schema.get("examples", []))]
        listed = "array" in types(schema) and ("$ref" in schema["items"] or _is_shape(schema["items"]))
        wanted = (len(place) == 3 or place[-2] == "properties") and not listed
        wanted = wanted and not _is_shape(schema) and not {"$ref", "enum", "const"} & schema.keys()
        yield from _examples(spec, place, schema, values, wanted=wanted)


def _examples(
    spec: Node, place: Place, schema: Node, values: list[tuple[Place, Any]], *, wanted: bool
) -> Iterator[Finding]:
    if wanted and not values:
        yield Finding(place, "there is no example", "add `example:` (in a schema `examples: […]`) with invented data")
    whole: Node = {"allOf": [schema], "components": spec.get("components", {})}
    validator: Any = Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for where, value in values:
        for error in validator.iter_errors(value):
            yield Finding((*where, *error.path), f"the example breaks the schema: {error.message}", "correct either")
