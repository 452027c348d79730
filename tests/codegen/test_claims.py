"""The claims about responses are as strict as the spec."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from claims import make_claims
from document import SpecError, load
from generate import check, generate

Edit = Callable[[str, str, str], None]


def test_claims_have_responses_only(root: Path) -> None:
    made = make_claims(load(root / "specs" / "tiny.yaml"))
    assert list(made["operations"]) == ["listThings", "createThings", "getThing"]
    listed = made["operations"]["listThings"]
    assert (listed["method"], listed["path"], listed["evidence"]) == ("GET", "/things", "documented")
    assert {status: answer["shape"] for status, answer in listed["answers"].items()} == {
        "200": "ThingList", "500": "Failure",
    }  # fmt: skip
    assert made["operations"]["createThings"]["note"] == "No source says so."
    assert set(made["shapes"]) == {"ThingList", "Thing", "Extra", "Parent", "Failure"}


def test_fields_have_bounds_and_shapes(root: Path) -> None:
    shapes = make_claims(load(root / "specs" / "tiny.yaml"))["shapes"]
    things = shapes["ThingList"]["fields"]
    assert (things["things"]["shape"], things["things"]["listed"], things["things"]["required"]) == (
        "Thing",
        True,
        True,
    )
    assert things["token"]["secret"]
    assert things["Things"] == things["things"] | {"required": False}
    thing = shapes["Thing"]["fields"]
    assert thing["id"]["rule"] == {"type": "integer", "minimum": 1}
    assert thing["name"]["rule"] == {"type": "string", "maxLength": 20}
    assert thing["kind"]["rule"] == {"type": "string", "enum": ["small", "big"]}
    assert (thing["parent"]["shape"], thing["parent"]["rule"]) == ("Parent", {"type": ["object", "null"]})
    assert thing["anything"]["rule"] == {}
    assert shapes["Failure"]["fields"]["code"]["rule"] == {"type": "integer", "enum": [500]}


def test_claims_are_generated(root: Path, edit: Edit) -> None:
    generate(root)
    path = "generated/crossbook_wire/tiny/claims.json"
    written = json.loads((root / path).read_text(encoding="utf-8"))
    assert written["shapes"]["Thing"]["fields"]["name"]["rule"]["maxLength"] == 20
    edit(path, '"maxLength": 20', '"maxLength": 30')
    assert check(root) == [
        f"{path} was edited by hand: change its spec or a template instead, then run `make generate`"
    ]


def test_response_must_be_object(root: Path, edit: Edit) -> None:
    edit("specs/tiny.yaml", "Failure: {type: object, ", "Failure: {type: array, items: {type: integer}, ")
    with pytest.raises(SpecError, match=r"listThings .*: the schema of response 500 must be a named object"):
        make_claims(load(root / "specs" / "tiny.yaml"))


def test_evidence_is_inherited(root: Path) -> None:
    spec = load(root / "specs" / "tiny.yaml")
    thing = spec["components"]["schemas"]["Thing"]
    thing.update({"x-evidence": "public", "x-evidence-note": "A page of theirs."})
    thing["properties"]["kind"].update({"x-evidence": "documented"})
    spec["paths"]["/things"]["get"]["responses"]["500"].update(
        {"x-evidence": "inferred", "x-evidence-note": "A guess."}
    )
    made = make_claims(spec)
    fields = made["shapes"]["Thing"]["fields"]
    assert (fields["id"]["evidence"], fields["id"]["note"]) == ("public", "A page of theirs.")
    assert (fields["kind"]["evidence"], fields["kind"]["note"]) == ("documented", "")
    answers = made["operations"]["listThings"]["answers"]
    assert [(answer["evidence"], answer["note"]) for answer in answers.values()] == [
        ("documented", ""), ("inferred", "A guess."),
    ]  # fmt: skip


def test_headers_open_objects_and_lists(root: Path) -> None:
    spec = load(root / "specs" / "tiny.yaml")
    headers = {name: {"required": name == "Must", "schema": {"type": "string"}} for name in ("Must", "May")}
    spec["paths"]["/things"]["get"]["responses"]["500"]["headers"] = headers
    schemas = spec["components"]["schemas"]
    schemas["Thing"]["properties"]["words"] = {"type": "array", "items": {"type": "string"}}
    del schemas["Parent"]["properties"]
    made = make_claims(spec)
    assert made["operations"]["listThings"]["answers"]["500"]["headers"] == {"must": True, "may": False}
    assert {name for name, shape in made["shapes"].items() if shape["open"]} == {"Extra", "Parent"}
    words = made["shapes"]["Thing"]["fields"]["words"]
    assert (words["shape"], words["listed"], words["rule"]["items"]) == (None, False, {"type": "string"})
