"""The rules that let other tools read the specs: generators for other languages, linters and viewers.

OpenAPI allows what most of these rules refuse. specs/README.md says which tool fails at it.
"""

from __future__ import annotations

from collections.abc import Iterator

from document import ALTERNATIVES, Node, types
from rules_schemas import COMBINATIONS, Finding, directions, is_constraint, operations, schemas


def info_is_complete(spec: Node) -> Iterator[Finding]:
    """Require who maintains the description, and its license."""
    for key, fix in (("contact", "name who maintains the description"), ("license", "give its name and identifier")):
        if not spec["info"].get(key, {}).get("name"):
            yield Finding(("info", key), f"info.{key} has no name", fix)


def operations_are_described(spec: Node) -> Iterator[Finding]:
    """Require a description of each operation and each webhook, next to its summary."""
    for place, operation in (*operations(spec), *operations(spec, "webhooks")):
        if not operation.get("description", "").strip():
            yield Finding(place, "the operation has no description", "say what it does and what is not known of it")


def server_variables_are_plain(spec: Node) -> Iterator[Finding]:
    """Refuse a description of a server's variable; the server has one."""
    for index, server in enumerate(spec.get("servers", [])):
        for name, variable in server.get("variables", {}).items():
            if "description" in variable:
                place = ("servers", index, "variables", name, "description")
                yield Finding(place, "some tools refuse it here", "move it into the description of the server")


def names_differ_in_letters(spec: Node) -> Iterator[Finding]:
    """Refuse two properties of a schema, or two schemas, whose names are equal without capitals and underscores."""
    named = [(place, schema.get("properties", {})) for place, schema in schemas(spec)]
    for place, group in [(("components", "schemas"), spec.get("components", {}).get("schemas", {})), *named]:
        first: dict[str, str] = {}
        for name in group:
            other = first.setdefault(name.replace("_", "").casefold(), name)
            if other != name:
                fix = f"remove it and add it to `{ALTERNATIVES}` of {other}" if len(place) > 2 else "rename one of them"
                where = place if len(place) == 2 else (*place, "properties")
                yield Finding((*where, name), f"{name} and {other} become one name in other languages", fix)


def alternatives_are_received(spec: Node) -> Iterator[Finding]:
    """Require that the alternative names of a property are in responses and are not properties themselves."""
    _, received = directions(spec)
    for place, schema in schemas(spec):
        for name, each in schema.get("properties", {}).items():
            where = (*place, "properties", name, ALTERNATIVES)
            if ALTERNATIVES in each and place[2] not in received:
                yield Finding(where, "a request is written with one spelling", "remove the alternative names")
            for other in each.get(ALTERNATIVES, ()):
                if other in schema["properties"]:
                    fix = "name only spellings that are not properties of the schema"
                    yield Finding(where, f"{other!r} is a property itself", fix)


def constraints_are_conditional(spec: Node) -> Iterator[Finding]:
    """Refuse a constraint in `anyOf`, `oneOf` or `allOf` of a schema: many generators make types of the members."""
    for place, schema in schemas(spec):
        for key in COMBINATIONS:
            if any(is_constraint(each) for each in schema.get(key, [])):
                fix = "put it into if, then or else: `if: {required: [a]}`, `else: {required: [b]}` for one of two"
                yield Finding((*place, key), f"a member of {key} only restricts the schema around it", fix)


def types_have_one_form(spec: Node) -> Iterator[Finding]:
    """Refuse a `type` that mixes an array or object with a scalar, and an array of anything."""
    for place, schema in schemas(spec):
        if types(schema) & {"array", "object"} and types(schema) - {"null"} not in ({"array"}, {"object"}):
            fix = "write a oneOf between two named components, or one of the types"
            yield Finding((*place, "type"), f"the type is {' or '.join(sorted(types(schema)))}", fix)
        if "array" in types(schema) and "items" not in schema:
            yield Finding(place, "the items of the array have no schema", "add `items:`")
