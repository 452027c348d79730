"""Generate the wire reference of a vendor from its spec: every operation and every schema, with bounds and evidence."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import describe
import document
from document import Node, Operation

from docs.site.markup import cell, code, evidence, table

SPECS = Path(__file__).resolve().parents[2] / "specs"


def wire(vendor: str) -> str:
    """Return the wire reference of a vendor as Markdown, without a title."""
    return "\n\n".join(part for part in _Page(vendor).write_parts() if part)


class _Page:
    def __init__(self, vendor: str) -> None:
        self.vendor = vendor
        self.spec = document.load(SPECS / f"{vendor}.yaml")
        self.api = importlib.import_module(f"crossbook_wire.{vendor}.api")

    def write_parts(self) -> Iterator[str]:
        info = self.spec["info"]
        yield info.get("summary", "")
        yield info["description"]
        operations = list(document.operations(self.spec))
        yield f"{len(operations)} operations: " + " · ".join(
            f"[`{operation.id}`](#{self._anchor(operation.id)})" for operation in operations
        )
        for tag in self.spec["tags"]:
            yield f"## {_title_case(tag['name'])}"
            yield tag.get("description", "")
            for operation in operations:
                if operation.tag == tag["name"]:
                    yield from self._write_operation(operation)
        yield "## Error codes"
        yield table(
            ("code", "name", "meaning", "evidence"),
            (
                (f"`{number}`", error["title"], error["meaning"], evidence(error["evidence"]))
                for number, error in self.spec["x-error-codes"].items()
            ),
        )
        yield "## Schemas"
        for name, schema in self.spec["components"]["schemas"].items():
            yield from self._write_schema(name, schema)

    def _write_operation(self, operation: Operation) -> Iterator[str]:
        node = operation.node
        yield f"### {node['summary'].rstrip('.')} {{#{self._anchor(operation.id)}}}"
        level = evidence(node.get("x-evidence"), node.get("x-evidence-note", ""))
        yield f"`{operation.method.upper()} {operation.path}` {level}<br>{code(self._describe_call(operation))}"
        yield node.get("description", "")
        if note := node.get("x-evidence-note"):
            yield f"*Evidence:* {note.strip()}"
        yield table(
            ("parameter", "in", "", "description", "example"),
            (
                (
                    f"`{parameter['name']}`",
                    parameter["in"],
                    "required" if parameter.get("required") else "",
                    self._describe({**document.resolve(self.spec, parameter["schema"]), **parameter}),
                    _format_example(parameter.get("example", "")),
                )
                for parameter in operation.parameters
            ),
        )
        if "requestBody" in node:
            body = document.resolve(self.spec, node["requestBody"])
            yield f"**Body:** {self._link(body['content']['application/json']['schema'])}"
        yield table(
            ("status", "response", "when"),
            ((f"`{status}`", *self._describe_response(response)) for status, response in node["responses"].items()),
        )

    def _describe_call(self, operation: Operation) -> str:
        """Return the Python call of an operation. Raise AttributeError if the generated code has no such method."""
        tag, method = _snake_case(operation.tag), _snake_case(operation.id)
        getattr(getattr(self.api, f"{operation.tag[0].upper()}{operation.tag[1:]}Api"), method)
        return f"book.wire.{tag}.{method}(…)"

    def _describe_response(self, response: Node) -> tuple[str, str]:
        response = document.resolve(self.spec, response)
        media = response.get("content", {}).get("application/json")
        text = " ".join(response.get("description", "").split())
        return self._link(media["schema"]) if media else "", f"{text} {_badge(response)}".strip()

    def _write_schema(self, name: str, schema: Node) -> Iterator[str]:
        yield f"### {name} {{#{self._anchor(name)}}}"
        level = evidence(schema.get("x-evidence"))
        yield f"{schema.get('description', '').strip()} {level}".strip()
        if note := schema.get("x-evidence-note"):
            yield f"*Evidence:* {note.strip()}"
        required = schema.get("required", [])
        rows = [
            (
                f"`{key}`",
                "required" if key in required else "",
                f"{self._describe(value)} {self._link_inner(value)}".strip(),
                _format_example(_find_example(document.resolve(self.spec, value))),
            )
            for key, value in schema.get("properties", {}).items()
        ]
        yield table(("property", "", "description", "example"), rows)
        if not rows:
            yield f"{describe.description(self.spec, {**schema, 'description': ''})} {self._link_inner(schema)}".strip()
        yield " ".join(self._describe_rules(schema))

    def _describe_rules(self, schema: Node) -> Iterator[str]:
        if least := schema.get("minProperties"):
            yield f"At least {least} of the properties."
        choices = [set(schema[key]["required"]) for key in ("if", "else") if set(schema.get(key, {})) == {"required"}]
        if len(choices) == 2 and schema.get("additionalProperties") is False:
            yield "At least one of " + ", ".join(f"`{', '.join(sorted(each))}`" for each in choices) + "."
        if schema.get("additionalProperties") is False:
            yield "No other property may be sent."

    def _describe(self, node: Node) -> str:
        text = describe.description(self.spec, {k: v for k, v in node.items() if not k.startswith("x-evidence")})
        return f"{text} {_badge(node)}".strip()

    def _link_inner(self, node: Node) -> str:
        """Return links to the schemas that a property refers to."""
        inner = [node, node.get("items", {}), *node.get("oneOf", []), *node.get("items", {}).get("oneOf", [])]
        names = dict.fromkeys(name for each in inner if (name := document.schema_name(each)))
        listed = "list of " if "items" in node else ""
        return f"→ {listed}{' or '.join(self._link_name(name) for name in names)}" if names else ""

    def _link(self, schema: Node) -> str:
        name = document.schema_name(schema)
        return self._link_name(name) if name else cell(describe.description(self.spec, schema))

    def _link_name(self, name: str) -> str:
        return f"[{name}](#{self._anchor(name)})"

    def _anchor(self, name: str) -> str:
        return f"{self.vendor}-{name}"


def _badge(node: Node) -> str:
    level = node.get("x-evidence")
    return evidence(level, node.get("x-evidence-note", "")) if level and level != "documented" else ""


def _find_example(node: Node) -> object:
    return node.get("example", next(iter(node.get("examples", [])), ""))


def _format_example(value: object) -> str:
    return "" if value == "" or isinstance(value, dict | list) else f"`{value}`"


def _snake_case(name: str) -> str:
    return re.sub("(?<!^)([A-Z])", r"_\1", name).lower()


def _title_case(name: str) -> str:
    return re.sub("([A-Z])", r" \1", name).capitalize()
