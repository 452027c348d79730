"""The rules that must hold before any other can be checked: keys, keywords and types of values.

OpenAPI's own schema accepts every unknown keyword in a schema object, such as `nullable` or a misspelt `required`, and
JSON Schema ignores it. So a schema object is compared with the list of keywords here.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any, cast

from document import Node, resolve
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]
from openapi_spec_validator import OpenAPIV31SpecValidator
from rules_schemas import Finding, Place, nodes, operations

_META: Any = Draft202012Validator.META_SCHEMA
_VOCABULARIES: list[Any] = [
    REGISTRY.contents(f"https://json-schema.org/draft/2020-12/{part['$ref']}") for part in _META["allOf"]
]
# The keywords of JSON Schema 2020-12 by its vocabularies, without the deprecated ones, and those that OpenAPI adds.
KEYWORDS: set[str] = {"discriminator", "xml", "externalDocs", "example"}.union(
    *(each["properties"] for each in _VOCABULARIES)
)
# Where a schema object holds other schema objects: one, a list, or a mapping.
_ONE = ("items", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else", "unevaluatedItems",
        "unevaluatedProperties", "contentSchema")  # fmt: skip
_TEXT = {"type": "string", "minLength": 1}
_ROW = {"type": "object", "properties": dict.fromkeys(("title", "meaning", "evidence"), _TEXT)}
# Our own keywords, which specs/README.md describes, and the JSON Schema of their values.
EXTENSIONS: dict[str, Node] = {
    "x-alternative-names": {"type": "array", "items": _TEXT, "minItems": 1, "uniqueItems": True},
    "x-brand": _TEXT,
    "x-credential": {"type": "boolean"},
    "x-error-codes": {"type": "object", "additionalProperties": _ROW},
    "x-evidence": _TEXT,
    "x-evidence-note": _TEXT,
    "x-operations": {"type": "integer"},
    "x-python-name": _TEXT,
}
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_MAPPINGS = ("properties", "patternProperties", "dependentSchemas", "$defs")


def keys_are_texts(spec: Node) -> Iterator[Finding]:
    """Require that each key is a text. YAML reads an unquoted `404:` as a number, and other tools lose the response."""
    for place, node in nodes(spec):
        keys: list[Any] = list(node)
        for key in keys:
            if not isinstance(key, str):
                fix = f'write "{key}" in quotes'
                yield Finding((*place, key), f"the key {key!r} is of type {type(key).__name__}, not a text", fix)


def openapi_is_valid(spec: Node) -> Iterator[Finding]:
    """Require a document that is valid OpenAPI 3.1.0. `schemas_are_valid` checks the schema objects."""
    if spec.get("openapi") != "3.1.0":
        yield Finding(("openapi",), "the version is not 3.1.0", "write `openapi: 3.1.0`")
    for error in OpenAPIV31SpecValidator.schema_validator.iter_errors(spec):
        place, message = _find_place(spec, error.absolute_path), error.message.splitlines()[0]
        if message.startswith("Unevaluated properties"):
            for name in re.findall("'([^']+)'", message):
                wrong = f"OpenAPI has no {name} here"
                fix = "begin it with /" if place == ("paths",) else "correct the word, remove it, or begin it with `x-`"
                yield Finding((*place, name), wrong, fix)
        else:
            yield Finding(place, message, "see the OpenAPI 3.1 specification")


def extensions_are_valid(spec: Node) -> Iterator[Finding]:
    """Require that our own keywords (`x-…`) are spelled right and have values of the right type.

    A misspelt `x-credential` would put a password into a generated class. Other extensions are allowed.
    """
    for place, node in nodes(spec):
        if {"example", "examples"} & set(place) or place[-1:] == ("properties",):
            continue
        for name, value in node.items():
            near = difflib.get_close_matches(name, EXTENSIONS, 1, 0.8) if name.startswith("x-") else []
            if name in EXTENSIONS:
                validator: Any = Draft202012Validator(EXTENSIONS[name])
                for error in validator.iter_errors(value):
                    yield Finding((*place, name, *error.absolute_path), error.message, "correct the value")
            elif near:
                yield Finding((*place, name), f"{name} is not a keyword of ours", f"write {near[0]}")


def operations_are_complete(spec: Node) -> Iterator[Finding]:
    """Require paths with whole parameters, and operations with responses. A body has a schema, and is in JSON."""
    if "paths" not in spec:
        yield Finding(("paths",), "the document has no paths", "add `paths:`")
    for path in spec.get("paths", {}):
        if re.search(r"[{}]", re.sub(r"\{[^{}/]+\}", "", path)):
            yield Finding(("paths", path), "a parameter of the path is not in braces", "write it as {name}")
    for place, operation in operations(spec):
        if "responses" not in operation:
            yield Finding((*place, "responses"), "there are no responses", "add every possible status")
        parts = [((*place, "responses", status), each) for status, each in operation.get("responses", {}).items()]
        parts += [((*place, "requestBody"), operation["requestBody"])] if "requestBody" in operation else []
        for where, part in parts:
            content = resolve(spec, part).get("content", {})
            if content and "application/json" not in content:
                yield Finding((*where, "content"), "the body is not in application/json", "describe it in JSON")
            for media, each in content.items():
                if "schema" not in each:
                    yield Finding((*where, "content", media), "the body has no schema", "add `schema:` with a $ref")


def openapi_is_consistent(spec: Node) -> Iterator[Finding]:
    """Require that each parameter of a path is declared, and that each default fits its schema."""
    for error in OpenAPIV31SpecValidator(spec).iter_errors():
        # The validator names a path in the message only, and gives no place for a default.
        places: list[Place] = [("paths", path) for path in spec["paths"] if f"'{path}'" in error.message]
        places += [
            (*place, "default") for place, node in nodes(spec) if node.get("default") == error.instance is not None
        ]
        place = places[0] if places else _find_place(spec, error.absolute_path)
        yield Finding(place, error.message.splitlines()[0], "see the OpenAPI 3.1 specification")


def schemas_are_valid(spec: Node) -> Iterator[Finding]:
    """Require that a schema object has only keywords of JSON Schema and OpenAPI 3.1, with values of the right type."""
    for place, schema in _roots(spec):
        for inner, each in _inside(schema, place):
            if isinstance(each, bool):
                yield Finding(inner, "true and false are not a schema here", "write a type, or {} for any value")
            keywords: list[str] = list(cast(Node, each)) if isinstance(each, dict) else []
            for name in keywords:
                if name not in KEYWORDS and not name.startswith("x-"):
                    yield Finding((*inner, name), f"{name} is not a keyword of a schema", _suggest(name))
        # Several vocabularies report the same fault.
        validator: Any = Draft202012Validator(_META)
        errors = map(_find_cause, validator.iter_errors(schema))
        for inner, message in dict.fromkeys((tuple(error.absolute_path), error.message) for error in errors):
            yield Finding((*place, *inner), message, "correct the value")


def no_const(spec: Node) -> Iterator[Finding]:
    """Refuse `const`, in constraints too: OpenAPI 3.0 does not have it, and many generators misread it."""
    for place, schema in _roots(spec):
        for inner, each in _inside(schema, place):
            if isinstance(each, dict) and "const" in each:
                yield Finding((*inner, "const"), "many generators misread const", "write an `enum` with one value")


def enums_fit_types(spec: Node) -> Iterator[Finding]:
    """Require that each value of an `enum` has the type of its schema. JSON Schema allows others, which never match."""
    for place, schema in _roots(spec):
        for inner, each in _inside(schema, place):
            part: Node = each
            if not isinstance(each, dict) or "enum" not in part or "type" not in part:
                continue
            validator: Any = Draft202012Validator({"type": part["type"]})
            for index, value in enumerate(part["enum"]):
                for error in validator.iter_errors(value):
                    yield Finding((*inner, "enum", index), error.message, "correct the value or the type")


def _find_place(spec: Node, steps: Iterable[str | int]) -> Place:
    """Return the steps of an error as keys of the document: the validator writes the key "200" as a number."""
    part: Any = spec
    place: Place = ()
    for step in steps:
        key = str(step) if hasattr(part, "keys") else step
        place, part = (*place, key), part[key]
    return place


def _roots(spec: Node) -> Iterator[tuple[Place, Any]]:
    """Yield the schema objects that are in no other one: of components, parameters, headers and media types."""
    for place, node in nodes(spec):
        if place == ("components", "schemas"):
            yield from (((*place, name), schema) for name, schema in node.items())
        elif place[:2] != ("components", "schemas") and "schema" in node:
            yield (*place, "schema"), node["schema"]


def _inside(schema: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    """Yield a schema object and all schema objects in it, also those of constraints."""
    yield place, schema
    part: Any = schema
    if not isinstance(schema, dict):
        return
    inner: list[tuple[Place, Any]] = [
        ((key,), part[key]) for key in _ONE if key in part and not isinstance(part[key], bool)
    ]
    inner += [((key, index), each) for key in _LISTS for index, each in _entries(part.get(key))]
    inner += [((key, name), each) for key in _MAPPINGS for name, each in _entries(part.get(key))]
    for steps, each in inner:
        yield from _inside(each, (*place, *steps))


def _find_cause(error: ValidationError) -> ValidationError:
    """Return the most exact error of the alternatives that a value fits none of."""
    causes = error.context or []
    return max(causes, key=lambda each: (len(each.absolute_path), each.validator != "type"), default=error)


def _entries(value: Any) -> list[tuple[Any, Any]]:
    items: list[Any] = value
    if isinstance(value, dict):
        return list(cast(Node, value).items())
    return list(enumerate(items)) if isinstance(value, list) else []


def _suggest(name: str) -> str:
    if name == "nullable":
        return 'write `type: [string, "null"]`, with the type of the value: `nullable` was removed in OpenAPI 3.1'
    near = difflib.get_close_matches(name, KEYWORDS, 1)
    return f"write {near[0]}" if near else "correct the word, remove it, or begin it with `x-`"
