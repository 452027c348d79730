"""What every step has to know about a spec: how it is read, where its operations are, what a `$ref` points at.

A spec is kept as plain dicts and lists, as YAML gives it. A key that stands twice is an error and not the last one's
victory: a path written twice would otherwise lose its operations without a word.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

Node = dict[str, Any]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class SpecError(Exception):
    """A spec, or what was generated from it, is not as it must be; the message says where and why."""


class Operation(NamedTuple):
    """One operation of a spec: `node` is its object, `parameters` are its own and its path's, without `$ref`s."""

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
    """Read a spec; raises `SpecError` for broken YAML and for keys that stand twice."""
    parser: Any = YAML(typ="safe")
    try:
        spec: Node = parser.load(path)
    except YAMLError as error:
        raise SpecError(f"{path.name} cannot be read: {error}") from error
    return spec


def operations(spec: Node) -> Iterator[Operation]:
    """Every operation, in the order of the spec; raises `SpecError` for one that the generator would lose."""
    for path, item in spec["paths"].items():
        if "$ref" in item:
            raise SpecError(f"{path} is a $ref: the generator drops such a path without a word, so write it out")
        for method in METHODS:
            if method not in item:
                continue
            node = item[method]
            for wanted in ("operationId", "tags"):
                if not node.get(wanted):
                    raise SpecError(f"{method.upper()} {path} has no {wanted}")
            shared = [resolve(spec, each) for each in item.get("parameters", [])]
            own = [resolve(spec, each) for each in node.get("parameters", [])]
            taken = {(each["name"], each["in"]) for each in own}
            yield Operation(path, method, node, own + [p for p in shared if (p["name"], p["in"]) not in taken])


def resolve(spec: Node, node: Node) -> Node:
    """What a `$ref` points at, with the keys that stand beside the `$ref` laid over it; any other node as it is."""
    if "$ref" not in node:
        return node
    target: Any = spec
    try:
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
    except (KeyError, TypeError) as error:
        raise SpecError(f"{node['$ref']} points at nothing") from error
    beside = {key: value for key, value in node.items() if key != "$ref"}
    return {**resolve(spec, target), **beside}


def reached(spec: Node, start: Any) -> set[str]:
    """The names of the component schemas that a part of a spec leads to, through other components too."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        each = waiting.pop()
        part: Any = each  # isinstance would make it a dict of unknown things
        if isinstance(each, dict | list):
            waiting += part.values() if isinstance(each, dict) else part
        if isinstance(each, dict) and "$ref" in part and (name := schema_name(part)) not in found:
            found |= {name} if name else set()
            waiting.append(resolve(spec, part))
    return found


def schema_name(node: Node) -> str | None:
    """The component schema that a node refers to: `Contact` for `#/components/schemas/Contact`."""
    home, _, name = str(node.get("$ref", "")).rpartition("/")
    return name if home == "#/components/schemas" else None


def types(schema: Node) -> set[str]:
    """The JSON types that a schema names: `type: [string, "null"]` gives both; none where it names none."""
    named = schema.get("type", [])
    return {named} if isinstance(named, str) else set(named)
