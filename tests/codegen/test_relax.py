"""The relaxed spec that the generator reads."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from document import Node, SpecError, load
from relax import relax

TINY = Path(__file__).with_name("tiny.yaml")
SPECS = sorted((Path(__file__).resolve().parents[2] / "specs").glob("*.yaml"))


@pytest.fixture
def tiny() -> Node:
    return load(TINY)


def schemas(spec: Node) -> Node:
    relaxed: Node = relax(spec)["components"]["schemas"]
    return relaxed


@pytest.mark.parametrize("path", [TINY, *SPECS], ids=lambda path: path.stem)
def test_relax_copies_and_removes_credentials(path: Path) -> None:
    spec = load(path)
    before = copy.deepcopy(spec)
    assert "x-credential" not in str(relax(spec))
    assert "securitySchemes" not in str(relax(spec))
    assert spec == before


def test_received_schemas_keep_only_types(tiny: Node) -> None:
    thing: Any = schemas(tiny)["Thing"]
    assert thing["required"] == ["id", "name"]
    assert thing["properties"] == {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "kind": {"type": "string"},
        "made": {"type": "string"},
        "parent": {"anyOf": [{"$ref": "#/components/schemas/Parent"}, {"type": "null"}]},
        "extra": {"$ref": "#/components/schemas/Extra"},
        "anything": {},
    }
    things = {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}
    assert schemas(tiny)["ThingList"]["properties"] == {"things": things, "Things": things}


@pytest.mark.parametrize(
    ("success", "required"),
    [
        ({"if": {"required": ["kind"]}, "else": {"required": ["made"]}}, ["made"]),
        ({"if": {"required": ["kind"]}, "then": {"required": ["made"]}}, []),
        ({"if": {"properties": {"kind": {"enum": ["big"]}}}, "then": {"required": ["made"]}}, ["made"]),
        ({"if": {"properties": {"kind": {"enum": ["big"]}}}, "else": {"required": ["made"]}}, []),
        ({"if": {"properties": {}}, "then": {"anyOf": [{"required": ["made"]}, {"required": ["Made"]}]}}, ["made"]),
    ],
)
def test_required_is_what_a_success_contains(tiny: Node, success: Node, required: list[str]) -> None:
    thing: Any = tiny["components"]["schemas"]["Thing"]
    thing |= success
    thing["properties"]["made"]["x-alternative-names"] = ["Made"]
    assert schemas(tiny)["Thing"]["required"] == ["id", "name", *required]


def test_sent_schemas_keep_types(tiny: Node) -> None:
    assert schemas(tiny)["NewThing"] == {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "size": {"type": ["integer", "null"]},
            "owner": {"$ref": "#/components/schemas/NewOwner"},
            "extra": {"$ref": "#/components/schemas/NewExtra"},
        },
        "required": ["name"],
        "additionalProperties": False,
    }
    assert schemas(tiny)["NewExtra"] == {"type": "object", "additionalProperties": True}
    tiny["paths"]["/things"]["get"]["parameters"][1]["schema"]["default"] = "small"
    [kind, lost] = relax(tiny)["paths"]["/things"]["get"]["parameters"]
    assert kind["schema"] == {"type": "string", "enum": ["small", "big"]}
    assert lost["name"] == "isLost"


def test_only_json_success_is_left(tiny: Node) -> None:
    relaxed = relax(tiny)
    assert list(relaxed["paths"]["/things"]["post"]["requestBody"]["content"]) == ["application/json"]
    assert list(relaxed["paths"]["/things"]["get"]["responses"]) == ["200"]
    assert relaxed["components"]["schemas"]["Failure"]["properties"]["code"] == {"type": "integer"}


def test_received_scalar_components_are_inlined(tiny: Node) -> None:
    assert "Name" not in schemas(tiny)
    assert schemas(tiny)["Parent"]["type"] == "object"


def test_schema_without_type_is_refused(tiny: Node) -> None:
    sent, received = copy.deepcopy(tiny), copy.deepcopy(tiny)
    sent["components"]["schemas"]["NewOwner"] = {"allOf": [{"$ref": "#/components/schemas/OwnerById"}]}
    with pytest.raises(SpecError, match="allOf is not supported in a request"):
        relax(sent)
    choice: Node = {"oneOf": [{"type": "string"}, {"type": "integer"}]}
    received["components"]["schemas"]["Thing"]["properties"]["made"] = choice
    with pytest.raises(SpecError, match="a response schema must have one type"):
        relax(received)
