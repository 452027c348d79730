"""Docstrings describe the strict schema, not the relaxed one."""

from __future__ import annotations

from pathlib import Path

import pytest
from describe import description, operation_doc, paragraphs
from document import Node, load, operations

TINY = load(Path(__file__).with_name("tiny.yaml"))


@pytest.mark.parametrize(
    ("schema", "sentence"),
    [
        ({"type": "string", "maxLength": 150}, "Text, at most 150 characters."),
        ({"type": "string", "minLength": 1}, "Text, at least 1 character."),
        ({"type": ["string", "null"], "pattern": "^[0-9]+$"}, "Text or null, pattern `^[0-9]+$`."),
        ({"type": "integer", "minimum": 1, "maximum": 1000}, "Whole number, 1 to 1000."),
        ({"type": "integer", "enum": [0, 1]}, "Whole number, one of `0`, `1`."),
        ({"type": "array", "minItems": 1, "items": {"type": "integer"}}, "List (each whole number), at least 1 item."),
        ({"$ref": "#/components/schemas/Name"}, "The name of a thing. Text, at most 20 characters."),
        ({"$ref": "#/components/schemas/Name", "description": "Its name."}, "Its name. Text, at most 20 characters."),
        ({"$ref": "#/components/schemas/NewThing"}, "A thing to make."),
        ({"type": "boolean", "x-evidence": "documented"}, "True or false."),
        (
            {"type": "number", "x-evidence": "inferred", "x-evidence-note": "A guess."},
            "Number. Evidence: inferred. A guess.",
        ),
        ({}, ""),
    ],
)
def test_property_description(schema: Node, sentence: str) -> None:
    assert description(TINY, schema) == sentence


def test_operation_docstring() -> None:
    listing, making, _ = operations(TINY)
    assert operation_doc(TINY, listing, {("query", "kind"): "kind", ("query", "isLost"): "is_lost"}) == (
        "List things\n\nAll things.\n\n"
        'Args:\n    kind: Only this kind. Text, one of `"small"`, `"big"`.\n'
        "    is_lost: Only lost ones. True or false.\n\n"
        "Returns:\n    The things.\n\n"
        "`GET /things`. Evidence: documented."
    )
    assert "Args:\n    body: List, at least 1 item." in operation_doc(TINY, making, {})
    assert operation_doc(TINY, making, {}).endswith("`POST /things`. Evidence: inferred. No source says so.")


def test_paragraphs_wrap_text_only() -> None:
    text = "one two\nthree four\n\n- a list that is long\n- its second line"
    assert paragraphs(text, 9) == "one two\nthree\nfour\n\n- a list that is long\n- its second line"
