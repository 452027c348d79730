"""Read a spec: load its YAML, find its operations, and resolve its `$ref`s.

A spec is plain dicts and lists, as YAML gives them. A duplicate key is an error: if a path were written twice, the
operations of the first would be lost without a warning.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

Node = dict[str, Any]

ALTERNATIVES = "x-alternative-names"
# A field of such a name would hide a type that the annotations of its class use, or break its constructor.
RESERVED = frozenset({"Any", "Literal", "UNSET", "UnsetType", "bool", "dict", "float", "int", "list", "self", "str"})
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class SpecError(Exception):
    """A spec, or the code generated from it, is invalid. The message says where and why."""


class Operation(NamedTuple):
    """One operation of a spec. `node` is its object; `parameters` are its own and its path's, without `$ref`s."""

    path: str
    method: str
    node: Node
    parameters: list[Node]

    @property
    def id(self) -> str:
        return str(self.node["operationId"])

    @property
    def tag(self) -> str:
        return str(self.node["tags"][0])

    def __str__(self) -> str:
        return f"{self.id} ({self.method.upper()} {self.path})"


def load(path: Path) -> Node:
    """Read a spec. Raises `SpecError` for broken YAML and for duplicate keys."""
    parser: Any = YAML(typ="safe")
    spec: Any = None
    try:
        spec = parser.load(path)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise SpecError(f"{where}: the file is not valid YAML: {getattr(error, 'problem', error)}") from error
    document: Node = spec
    if not isinstance(spec, dict):
        raise SpecError(f"{path}:1: the file is not a mapping, so it is no OpenAPI document")
    return document


def operations(spec: Node) -> Iterator[Operation]:
    """Yield every operation of a spec, in the spec's order. Raises `SpecError` for one that the generator drops."""
    for path, item in spec["paths"].items():
        if "$ref" in item:
            raise SpecError(f"{path} is a $ref: the generator drops such a path without a warning; write the path out")
        for method in METHODS:
            if method not in item:
                continue
            node = item[method]
            for key in ("operationId", "tags"):
                if not node.get(key):
                    raise SpecError(f"{method.upper()} {path} has no {key}")
            shared = [resolve(spec, each) for each in item.get("parameters", [])]
            own = [resolve(spec, each) for each in node.get("parameters", [])]
            taken = {(each["name"], each["in"]) for each in own}
            yield Operation(path, method, node, own + [p for p in shared if (p["name"], p["in"]) not in taken])


def resolve(spec: Node, node: Node) -> Node:
    """Return the target of a `$ref`, overridden by the keys next to the `$ref`; return any other node unchanged."""
    if "$ref" not in node:
        return node
    target: Any = spec
    try:
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
    except (KeyError, TypeError) as error:
        raise SpecError(f"{node['$ref']} has no target") from error
    overrides = {key: value for key, value in node.items() if key != "$ref"}
    return {**resolve(spec, target), **overrides}


def reached(spec: Node, start: Any) -> set[str]:
    """Return the names of the component schemas that a part of a spec refers to, directly or indirectly."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        each = waiting.pop()
        part: Any = each  # typed Any, since isinstance narrows to dict[Unknown, Unknown]
        if isinstance(each, dict | list):
            waiting += part.values() if isinstance(each, dict) else part
        if isinstance(each, dict) and "$ref" in part and (name := schema_name(part)) not in found:
            found |= {name} if name else set()
            waiting.append(resolve(spec, part))
    return found


def schema_name(node: Node) -> str | None:
    """Return the name of the component schema that a node refers to: `Contact` for `#/components/schemas/Contact`."""
    home, _, name = str(node.get("$ref", "")).rpartition("/")
    return name if home == "#/components/schemas" else None


def spellings(schema: Node) -> Node:
    """Return the properties of a schema by every name that the vendor writes.

    `x-alternative-names` of a property has its other names, such as `Contacts` for `contacts`. They are not properties
    of the document, since generators for other languages lose one of two properties that differ only in case.
    """
    found: Node = {}
    for name, each in schema.get("properties", {}).items():
        found[name] = each
        same = {key: value for key, value in each.items() if key not in (ALTERNATIVES, "x-python-name")}
        found |= {
            other: {**same, "description": f"Another spelling of `{name}`."} for other in each.get(ALTERNATIVES, ())
        }
    return found


def types(schema: Node) -> set[str]:
    """Return the JSON types of a schema: both for `type: [string, "null"]`, an empty set if there is no `type`."""
    named = schema.get("type", [])
    return {named} if isinstance(named, str) else set(named)


def field_names(spec: Node, schema: Node) -> dict[str, str]:
    """Return the names of a schema's properties in Python, by their names in JSON.

    A name stays if it can be the name of a field. Otherwise its letters stay: `first-name` becomes `first_name`, and
    `class` becomes `class_`. If the property has `x-python-name`, that name is used in the same way.
    """
    taken = RESERVED | spec["components"]["schemas"].keys()
    return {name: _identifier(str(node.get("x-python-name", name)), taken) for name, node in spellings(schema).items()}


def _identifier(name: str, taken: Collection[str]) -> str:
    if not name.isascii() or not name.isidentifier() or name.startswith("_"):
        name = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")
        if not name.isidentifier():  # empty, or begins with a digit
            name = f"field_{name}"
    return f"{name}_" if keyword.iskeyword(name) or name in taken else name
