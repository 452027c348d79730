"""Write docstrings of generated code from the strict spec: meaning, bounds and evidence of methods and fields.

The generator would copy only the descriptions of relaxed schemas. These docstrings have the documented type: a field
that the reader accepts in any form is documented as a text of at most 150 characters, for example. The text is plain
here; `render` makes it safe for a docstring.
"""

from __future__ import annotations

import json
import textwrap
from typing import Any

from document import ALTERNATIVES, Node, Operation, resolve, types

WORDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "array": "list",
    "null": "null",
}


def operation_doc(spec: Node, operation: Operation, names: dict[tuple[str, str], str]) -> str:
    """Return the docstring of a method. `names` maps each parameter (its place and name) to its name in Python."""
    parts = [paragraphs(operation.node.get("summary", operation.id)), paragraphs(operation.node.get("description", ""))]
    arguments = [
        (names[each["in"], each["name"]], description(spec, {**resolve(spec, each["schema"]), **each}))
        for each in operation.parameters
        if (each["in"], each["name"]) in names
    ]
    if "requestBody" in operation.node:
        body = resolve(spec, operation.node["requestBody"])["content"]["application/json"]["schema"]
        arguments.append(("body", description(spec, body)))
    if arguments:
        parts.append("Args:\n" + "\n".join(_item(name, text) for name, text in arguments))
    if returns := _success(spec, operation):
        parts.append("Returns:\n" + textwrap.indent(paragraphs(returns, 84), "    "))
    parts.append(paragraphs(f"`{operation.method.upper()} {operation.path}`. {_evidence(operation.node)}"))
    return "\n\n".join(part for part in parts if part)


def description(spec: Node, node: Node) -> str:
    """Return a paragraph on a property, parameter or schema: its description, bounds and evidence."""
    schema = resolve(spec, node)
    sentences = [schema.get("description", "").strip(), _bounds(spec, schema)]
    if ALTERNATIVES in schema:
        sentences.append(f"Also written {', '.join(f'`{name}`' for name in schema[ALTERNATIVES])}.")
    if "object" not in types(schema):  # the class has it in its own docstring
        sentences.append(_evidence(schema, quiet=True))
    return " ".join(" ".join(sentences).split())


def class_doc(schema: Node) -> str:
    """Return the docstring of a model."""
    return f"{paragraphs(schema.get('description', ''))}\n\n{paragraphs(_evidence(schema))}".strip()


def paragraphs(text: str, width: int = 88) -> str:
    """Wrap each paragraph. Lists and tables, recognized by the start of a line, keep their lines."""
    wrapped: list[str] = []
    for block in text.strip().split("\n\n"):
        listed = any(line.lstrip().startswith(("- ", "* ", "|")) for line in block.splitlines())
        wrapped.append(block.rstrip() if listed else _fill(" ".join(block.split()), width))
    return "\n\n".join(wrapped)


def _item(name: str, text: str) -> str:
    return textwrap.indent(_fill(f"{name}: {text}", 80).replace("\n", "\n    "), "    ")


def _fill(text: str, width: int) -> str:
    return textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)


def _success(spec: Node, operation: Operation) -> str:
    """Return what the method returns; an empty text if no response has a body."""
    texts: dict[bool, str] = {}
    for status, response in sorted(operation.node["responses"].items()):
        if status.startswith("2"):
            resolved = resolve(spec, response)
            texts.setdefault("content" in resolved, str(resolved.get("description", "")))
    return " ".join([texts[True], *([f"None: {texts[False]}"] if False in texts else [])]) if True in texts else ""


def _bounds(spec: Node, schema: Node) -> str:
    named = types(schema)
    kinds = [WORDS[kind] for kind in WORDS if kind in named]
    if not kinds or "object" in named:
        return ""
    facts = [" or ".join(kinds)]
    if "array" in named and (item := _bounds(spec, resolve(spec, schema["items"]))):
        facts[0] += f" (each {item[0].lower()}{item[1:-1]})"
    if "enum" in schema:
        facts.append("one of " + ", ".join(_code(value) for value in schema["enum"]))
    facts.append(_range(schema, "minimum", "maximum", ""))
    facts.append(_range(schema, "minLength", "maxLength", "character"))
    facts.append(_range(schema, "minItems", "maxItems", "item"))
    if "pattern" in schema:
        facts.append(f"pattern `{schema['pattern']}`")
    text = ", ".join(fact for fact in facts if fact)
    return f"{text[0].upper()}{text[1:]}."


def _range(schema: Node, low: str, high: str, unit: str) -> str:
    minimum, maximum = schema.get(low), schema.get(high)
    if minimum is None and maximum is None:
        return ""
    plural = unit and (unit if 1 in (minimum, maximum) and None in (minimum, maximum) else f"{unit}s")
    if maximum is None:
        return f"at least {minimum} {plural}".strip()
    if minimum is None:
        return f"at most {maximum} {plural}".strip()
    return f"{minimum} {plural}".strip() if minimum == maximum else f"{minimum} to {maximum} {plural}".strip()


def _evidence(node: Node, *, quiet: bool = False) -> str:
    """Return how sure a fact is as a sentence; with `quiet`, an empty text for documented facts."""
    level, note = node.get("x-evidence"), node.get("x-evidence-note", "").strip()
    if level is None or (quiet and level == "documented"):
        return ""
    return f"Evidence: {level}." + (f" {note}" if note else "")


def _code(value: Any) -> str:
    return f"`{json.dumps(value, ensure_ascii=False)}`"
