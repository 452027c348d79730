"""The generator: the same output each time, no lost operation, no partly written result."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path

import msgspec
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
    line = spec[:start].count("\n") + 1
    done = run(root, "0")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"tiny.yaml:{line}: $." in done.stderr
    assert "the schema has no name; to fix it" in done.stderr
    assert not (root / "generated").exists()


def test_rule_without_effect_on_code_is_reported(root: Path, edit: Edit) -> None:
    """The generator accepts this spec, so only the rules, which run first, can refuse it."""
    edit("specs/tiny.yaml", "      description: All things.\n", "")
    done = run(root, "0")
    assert (done.returncode, done.stdout) == (1, "")
    assert "tiny.yaml:14: $.paths['/things'].get: the operation has no description" in done.stderr
    assert not (root / "generated").exists()


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
            "name: isLost, in: cookie",
            "parameters in cookie are not supported, but isLost is one",
        ),
        (f"parent: {{$ref: {SCHEMAS}Parent'", f"parent: {{$ref: {SCHEMAS}Lost'", "Lost has no target"),
        (f"owner: {{$ref: {SCHEMAS}NewOwner'", f"owner: {{$ref: {SCHEMAS}Parent'", "sent and received: Parent"),
        (
            "        kind: {type: string",
            "        '@name': {type: string",
            "'name' and '@name' become the same field name",
        ),
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


def test_names_of_python_are_renamed(root: Path, edit: Edit) -> None:
    """Names that Python cannot use stay in the JSON; a class of such a field is a Struct."""
    edit(
        "specs/tiny.yaml",
        "        kind: {type: string, enum: [small, big]}\n",
        """\
        first-name: {type: string}
        class: {type: string}
        list: {type: array, items: {type: string}}
        '@id': {type: string, x-python-name: node_id}
        _links: {type: string}
        1st: {type: string}
""",
    )
    generate(root)
    models = types.ModuleType("models_of_tiny")
    sys.modules["models_of_tiny"] = models
    try:
        exec(read_generated(root)["crossbook_wire/tiny/models.py"], models.__dict__)
        wire = {"id": 1, "first-name": "Anna", "class": "a", "list": ["x"], "@id": "n1", "_links": "/", "1st": "first"}
        thing = msgspec.json.decode(msgspec.json.encode(wire), type=models.Thing)
        assert (thing.id, thing.first_name, thing.class_, thing.list_, thing.node_id, thing.links, thing.field_1st) == (
            1, "Anna", "a", ["x"], "n1", "/", "first"
        )  # fmt: skip
        assert msgspec.json.decode(msgspec.json.encode(thing)) == wire
        assert repr(thing) == "<Thing id, first_name, class_, list_, node_id, links, field_1st>"
    finally:
        del sys.modules["models_of_tiny"]


def test_header_parameter_and_empty_success(root: Path, edit: Edit) -> None:
    edit("specs/tiny.yaml", "name: isLost, in: query", "name: X-Is-Lost, in: header")
    success = """\
          description: The thing.
          content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}, example: {id: 1, name: Lamp}}}
"""
    more = """\
        '204': {description: There is no thing.}
    delete:
      operationId: deleteThing
      tags: [things]
      summary: Delete a thing
      x-evidence: public
      responses: {'204': {description: Done.}}
"""
    edit("specs/tiny.yaml", success, success + more)
    generate(root)
    tree = read_generated(root)
    api = tree["crossbook_wire/tiny/api.py"]
    assert "x_is_lost: bool | UnsetType = UNSET" in api
    assert 'headers=header_values({"X-Is-Lost": x_is_lost})' in api
    assert "x_is_lost: Only lost ones." in api
    assert "def get_thing(self, thing_id: int) -> Coroutine[Any, Any, models.Thing | None]:" in api
    assert "The thing. None: There is no thing." in api
    assert "def delete_thing(self, thing_id: int) -> Coroutine[Any, Any, None]:" in api
    claims = json.loads(tree["crossbook_wire/tiny/claims.json"])
    assert claims["operations"]["deleteThing"]["answers"]["204"]["shape"] is None


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
        ("        kind: {type: string", f"        {json.dumps('kind' + HOSTILE)}: {{type: string"),
        ("enum: [small, big]}", f"x-python-name: {json.dumps('kind' + HOSTILE)}, enum: [small, big]}}"),
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
