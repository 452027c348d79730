"""Every operation of every spec, with its arguments and responses."""

from __future__ import annotations

import importlib
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from crossbook_wire.http import Request, Response, Send
from document import Node, Operation, load, operations, resolve, types

SPECS = {path.stem: load(path) for path in sorted((Path(__file__).resolve().parents[2] / "specs").glob("*.yaml"))}
JSON = "application/json"


class Case(NamedTuple):
    vendor: str
    operation: Operation

    @property
    def spec(self) -> Node:
        return SPECS[self.vendor]

    @property
    def models(self) -> ModuleType:
        return importlib.import_module(f"crossbook_wire.{self.vendor}.models")

    def method(self, send: Send) -> Callable[..., Awaitable[Any]]:
        """Return the generated method, as a user reaches it."""
        api = importlib.import_module(f"crossbook_wire.{self.vendor}").Api(send)
        method: Callable[..., Awaitable[Any]] = getattr(
            getattr(api, snake(self.operation.tag)), snake(self.operation.id)
        )
        return method

    def parameters(self) -> list[Node]:
        """Return the parameters without those that the HTTP layer adds."""
        return [each for each in self.operation.parameters if not each.get("x-credential")]

    def bodies(self) -> list[Any]:
        """Return every example of the body; one None if the operation has no body."""
        if "requestBody" not in self.operation.node:
            return [None]
        media = resolve(self.spec, self.operation.node["requestBody"])["content"][JSON]
        named = [each["value"] for each in media.get("examples", {}).values()]
        schema = resolve(self.spec, media["schema"])
        return [*named, *([media["example"]] if "example" in media else []), *schema.get("examples", [])]

    def body_schema(self) -> Node:
        content: Node = resolve(self.spec, self.operation.node["requestBody"])["content"]
        schema: Node = content[JSON]["schema"]
        return schema

    def answers(self) -> Iterator[tuple[str, Node]]:
        """Return every status with the schema of its JSON."""
        for status, response in self.operation.node["responses"].items():
            content = resolve(self.spec, response).get("content", {})
            if JSON in content:
                yield str(status), content[JSON]["schema"]


CASES = [Case(vendor, operation) for vendor, spec in SPECS.items() for operation in operations(spec)]
IDS = [f"{case.vendor}.{case.operation.id}" for case in CASES]


class Recorder:
    """A `send` that keeps the request and returns a given response."""

    def __init__(self, content: bytes = b"{}", status: int = 200) -> None:
        self.response = Response(status=status, headers={}, content=content)
        self.requests: list[Request] = []

    async def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        return self.response


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def example(spec: Node, parameter: Node) -> Any:
    schema = resolve(spec, parameter["schema"])
    return parameter["example"] if "example" in parameter else schema["examples"][0]


def whole(spec: Node, node: Node) -> Any:
    """Return a value with every property of the schema; array items cover every branch of a oneOf."""
    schema = resolve(spec, node)
    if "oneOf" in schema and "properties" not in schema:
        return whole(spec, schema["oneOf"][0])
    if "object" in types(schema) and "properties" in schema:
        return {name: whole(spec, each) for name, each in schema["properties"].items() if not credential(spec, each)}
    if "array" in types(schema) and "object" in (types(items := resolve(spec, schema["items"])) or {"object"}):
        return [whole(spec, branch) for branch in items.get("oneOf", [schema["items"]])]
    return next((each for each in schema["examples"] if each not in (None, "", [], {})), schema["examples"][0])


def credential(spec: Node, node: Node) -> bool:
    return bool(resolve(spec, node).get("x-credential"))


def without_credentials(spec: Node, node: Node, value: Any) -> Any:
    """Return a body without the credentials that the HTTP layer adds."""
    schema = resolve(spec, node)
    if isinstance(value, dict):
        known = schema.get("properties", {})
        return {key: each for key, each in value.items() if key not in known or not credential(spec, known[key])}
    return value
