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


ANY_SCALAR: list[Node] = [{"type": kind} for kind in ("string", "integer", "number", "boolean", "null")]


@pytest.mark.parametrize("path", [TINY, *SPECS], ids=lambda path: path.stem)
def test_relax_copies_and_removes_credentials(path: Path) -> None:
    spec = load(path)
    before = copy.deepcopy(spec)
    assert "x-credential" not in str(relax(spec))
    assert "securitySchemes" not in str(relax(spec))
    assert spec == before


def test_received_schemas_are_relaxed(tiny: Node) -> None:
    thing: Any = schemas(tiny)["Thing"]
    assert "required" not in thing
    assert set(thing["properties"]) == {"id", "name", "kind", "made", "parent", "extra", "anything"}
    for name in ("id", "name", "kind", "made"):
        assert thing["properties"][name] == {"anyOf": ANY_SCALAR}
    empty_array = {"type": "array", "items": {}}
    assert thing["properties"]["parent"] == {
        "anyOf": [{"$ref": "#/components/schemas/Parent"}, empty_array, {"type": "null"}]
    }
    assert thing["properties"]["anything"] == {}
    things: Any = schemas(tiny)["ThingList"]
    nullable = {"anyOf": [{"$ref": "#/components/schemas/Thing"}, empty_array, {"type": "null"}]}
    listed = {"anyOf": [{"type": "array", "items": nullable}, {"type": "null"}]}
    assert things["properties"] == {"things": listed, "Things": listed}


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
    assert relaxed["components"]["schemas"]["Failure"]["properties"]["code"] == {"anyOf": ANY_SCALAR}


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
