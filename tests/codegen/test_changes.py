"""The report of what a generation changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from generate import generate

Edit = Callable[[str, str, str], None]


LISTS = "~ operation ListsApi.list_things: 'GET' '/things' -> models.ThingList  →  'GET' '/all' -> models.ThingList"
MAKES = LISTS.replace("ListsApi.list_things", "ThingsApi.create_things").replace("'GET'", "'POST'")
READS = "'GET' f'/things/{segment(thing_id)}' -> models.Thing"
KINDS = "~ parameter ListsApi.list_things.kind: Literal['big', 'small'] | UnsetType"


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        (
            "extra: {$ref: '#/components/schemas/Extra'}\n        anything",
            "colour: {type: string}\n        anything",
            [
                "+ field Thing.colour: Received[str] | UnsetType",
                "- field Thing.extra: Received[dict[str, Any]] | UnsetType",
            ],
        ),
        ("required: [name, ", "required: [", ["~ field NewThing.name: str, required  →  str | UnsetType"]),
        (
            "maxLength: 20, description: Its",
            "description: Its",
            ["~ field NewThing.name: limit at most 20 characters  →  none"],
        ),
        (
            "maxLength: 20, description: Its",
            "minLength: 1, maxLength: 10, description: Its",
            ["~ field NewThing.name: limit at most 20 characters  →  1 to 10 characters"],
        ),
        ("description: Its name.", "description: Its own name.", ["~ field NewThing.name: documentation"]),
        (
            "- {name: isLost, in: query, description: Only lost ones., schema: {type: boolean}, example: true}",
            "",
            ["- parameter ListsApi.list_things.is_lost: bool | UnsetType"],
        ),
        ("big]}, example", "big, huge]}, example", [f"{KINDS}  →  Literal['big', 'huge', 'small'] | UnsetType"]),
        ("  /things:\n", "  /all:\n", [LISTS, MAKES]),
        (
            "operationId: getThing",
            "operationId: readThing",
            [
                f"- operation ThingsApi.get_thing: {READS}",
                f"+ operation ThingsApi.read_thing: {READS}",
                "- parameter ThingsApi.get_thing.thing_id: int",
                "+ parameter ThingsApi.read_thing.thing_id: int",
            ],
        ),
        ("title: Tiny", "title: Small", ["~ only the text of the files"]),
    ],
)
def test_report_names_changes(root: Path, edit: Edit, old: str, new: str, lines: list[str]) -> None:
    generate(root)
    edit("specs/tiny.yaml", old, new)
    vendor, *report = [line for line in generate(root).splitlines() if not line.startswith("README")]
    assert vendor == "tiny"
    # A path or an id that changes also changes the documentation of its operation.
    assert sorted(line.strip() for line in report if "documentation" not in line or line.strip() in lines) == sorted(
        lines
    )
    assert generate(root) == ""
