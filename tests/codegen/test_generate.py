"""The generator: the same output each time, no lost operation, no partly written result."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from document import SpecError
from generate import build, generate, read_generated

Edit = Callable[[str, str, str], None]

API = "specs/codegen/templates/api.py.jinja"


def run(root: Path, seed: str, *flags: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / "specs" / "codegen" / "generate.py"), *flags]
    return subprocess.run(
        command,
        env={**os.environ, "PYTHONHASHSEED": seed},
        cwd=root.parent,
        capture_output=True,
        text=True,
        check=False,
    )


def everything(root: Path) -> dict[Path, bytes]:
    folder = root / "generated"
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_generation_is_reproducible(root: Path) -> None:
    first = run(root, "1")
    assert (first.returncode, first.stderr) == (0, "")
    assert "tiny\n  + 3 operations" in first.stdout
    before = everything(root)
    second = run(root, "2")
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert everything(root) == before
    checked = run(root, "3", "--check")
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_check_fails_with_reason(root: Path, edit: Edit) -> None:
    generate(root)
    edit("specs/tiny.yaml", "maxLength: 20", "maxLength: 30")
    done = run(root, "0", "--check")
    assert done.returncode == 1
    assert "specs/tiny.yaml was edited after generated/ was written" in done.stdout


def test_broken_rule_is_reported(root: Path, edit: Edit) -> None:
    spec = (root / "specs" / "tiny.yaml").read_text(encoding="utf-8")
    start = spec.index("schema: {$ref: '#/components/schemas/")
    named = spec[start : spec.index("}", start) + 1]
    edit("specs/tiny.yaml", named, "schema: {type: object, properties: {count: {type: integer}}}")
    done = run(root, "0")
    assert (done.returncode, done.stdout) == (1, "")
    assert "the schema has no name; to fix it" in done.stderr
    assert "Traceback" not in done.stderr


def test_generated_files(root: Path) -> None:
    generate(root)
    assert sorted(map(str, everything(root))) == [
        "README.md",
        "SHA256SUMS",
        "crossbook_wire/__init__.py",
        "crossbook_wire/http.py",
        "crossbook_wire/py.typed",
        "crossbook_wire/tiny/__init__.py",
        "crossbook_wire/tiny/api.py",
        "crossbook_wire/tiny/claims.json",
        "crossbook_wire/tiny/models.py",
    ]


def test_vendor_without_spec_is_removed(root: Path) -> None:
    generate(root)
    stray = root / "generated" / "crossbook_wire" / "gone" / "api.py"
    stray.parent.mkdir()
    stray.write_text("class ThingsApi:\n    def list_things(self): return Request(method='GET', path='/')\n")
    left = root / "generated" / "crossbook_wire" / "left.py"
    left.touch()
    said = generate(root)
    assert "gone\n  - operation ThingsApi.list_things" in said
    assert said.endswith("crossbook_wire/left.py: text")
    assert not stray.parent.exists()
    assert not left.exists()


SCHEMAS = "'#/components/schemas/"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("operationId: getThing", "operationId: list_things", "become the same method list_things"),
        ("operationId: getThing", "operationId: listThings", "become the same method list_things"),
        ("operationId: getThing", "noId: getThing", "GET /things/{thingId} has no operationId"),
        ("/things/{thingId}:\n", "/things/{thingId}:\n    $ref: '#/x'\n", "/things/{thingId} is a $ref"),
        ("/things/{thingId}:\n", "/things:\n", "duplicate key"),
        (
            f"application/json: {{schema: {{$ref: {SCHEMAS}NewThings'",
            f"text/xml: {{schema: {{$ref: {SCHEMAS}NewThings'",
            "its request body needs the content type application/json",
        ),
        (
            "name: isLost, in: query",
            "name: isLost, in: header",
            "parameters in header are not supported, but isLost is one",
        ),
        (f"parent: {{$ref: {SCHEMAS}Parent'", f"parent: {{$ref: {SCHEMAS}Lost'", "Lost has no target"),
        (f"owner: {{$ref: {SCHEMAS}NewOwner'", f"owner: {{$ref: {SCHEMAS}Parent'", "sent and received: Parent"),
        ("        kind: {type: string", "        'group_id[]': {type: string", "'group_id[]' cannot be a field"),
        ("        kind: {type: string", "        class: {type: string", "'class' cannot be a field"),
        ("        kind: {type: string", "        list: {type: string", "'list' cannot be a field"),
        ("in: path, required: true", "in: path", "openapi-python-client warns"),
    ],
)
def test_error_leaves_files_unchanged(root: Path, edit: Edit, old: str, new: str, complaint: str) -> None:
    generate(root)
    before = everything(root)
    edit("specs/tiny.yaml", old, new)
    with pytest.raises(SpecError) as caught:
        generate(root)
    assert complaint in str(caught.value)
    assert "tiny" in str(caught.value)
    assert everything(root) == before


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            "{% for endpoint in collection.endpoints %}",
            "{% for endpoint in collection.endpoints if endpoint.name != 'get_thing' %}",
            "tiny: getThing (GET /things/{thingId}) is missing",
        ),
        (
            "{% for endpoint in collection.endpoints %}",
            "{% for endpoint in collection.endpoints + collection.endpoints %}",
            "ThingsApi.get_thing is defined 2 times",
        ),
        ("operation.method | upper", "'PATCH'", "getThing (GET /things/{thingId}) became PATCH ThingsApi.get_thing"),
        ("class {{ class_name(tag) }}Api", "class {{ class_name(tag) }}Calls", "expected a method of ThingsApi"),
    ],
)
def test_lost_or_duplicate_operation_is_named(root: Path, edit: Edit, old: str, new: str, complaint: str) -> None:
    edit(API, old, new)
    with pytest.raises(SpecError) as caught:
        generate(root)
    assert complaint in str(caught.value)
    assert read_generated(root) == {}


HOSTILE = '"""\nimport os\nos.abort()\n"""{{ 7 * 7 }}"\\'


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: Tiny", f"title: {json.dumps(HOSTILE)}"),
        ("description: What there is.", f"description: {json.dumps(HOSTILE)}"),
        ("summary: List things", f"summary: {json.dumps(HOSTILE)}"),
        ("description: Only lost ones.", f"description: {json.dumps(HOSTILE)}"),
        ("description: A thing as the vendor reports it.", f"description: {json.dumps(HOSTILE)}"),
        ("description: Its id.", f"description: {json.dumps(HOSTILE)}"),
        ("name: isLost", f"name: {json.dumps(HOSTILE)}"),
        ("/things/{thingId}:", f"{json.dumps('/things/{thingId}/{os.abort()}' + HOSTILE)}:"),
        ("operationId: getThing", f"operationId: {json.dumps('getThing' + HOSTILE)}"),
        ("enum: [small, big]", f"enum: [small, {json.dumps(HOSTILE)}]"),
        ("    Thing:", f"    {json.dumps('Thing' + HOSTILE)}:"),
    ],
)
def test_spec_cannot_inject_code(root: Path, edit: Edit, old: str, new: str) -> None:
    edit("specs/tiny.yaml", old, new)
    try:
        tree = build(root)
    except SpecError:
        return  # refused is as good
    for path in ("__init__", "api", "models"):
        for node in ast.walk(ast.parse(tree[f"crossbook_wire/tiny/{path}.py"])):
            assert not (isinstance(node, ast.Attribute) and node.attr == "abort")
            assert not (isinstance(node, ast.Constant) and node.value == 49)
            assert not isinstance(node, ast.Import)
