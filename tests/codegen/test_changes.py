"""What a generation says that it changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from generate import generate

Edit = Callable[[str, str, str], None]


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        (
            "        extra: {type: object, additionalProperties: true}\n        anything",
            "        colour: {type: string}\n        anything",
            [
                "+ field Thing.colour: str | int | float | bool | None | UnsetType",
                "- field Thing.extra: dict[str, Any] | list[Any] | None | UnsetType",
            ],
        ),
        (
            "required: [name, password]",
            "required: [password]",
            ["~ field NewThing.name: str, required  →  str | UnsetType"],
        ),
        ("maxLength: 20, description: Its name.", "maxLength: 30, description: Its name.", ["~ field NewThing.name: documentation"]),
        ("- {name: isLost, in: query, description: Only lost ones., schema: {type: boolean}}", "", ["- parameter ListsApi.list_things.is_lost: bool | UnsetType"]),
        ("enum: [small, big], default", "enum: [small, big, huge], default", ["~ parameter ListsApi.list_things.kind: Literal['big', 'small'] | UnsetType  →  Literal['big', 'huge', 'small'] | UnsetType"]),
        ("  /things:\n", "  /all-things:\n", ["~ operation ListsApi.list_things: 'GET' '/things' -> models.ThingList  →  'GET' '/all-things' -> models.ThingList", "~ operation ThingsApi.create_things: 'POST' '/things' -> models.ThingList  →  'POST' '/all-things' -> models.ThingList"]),
        ("operationId: getThing", "operationId: readThing", ["- operation ThingsApi.get_thing: 'GET' f'/things/{segment(thing_id)}' -> models.Thing", "+ operation ThingsApi.read_thing: 'GET' f'/things/{segment(thing_id)}' -> models.Thing", "- parameter ThingsApi.get_thing.thing_id: int", "+ parameter ThingsApi.read_thing.thing_id: int"]),
        ("title: Tiny", "title: Small", ["~ neither operations nor fields, but their text"]),
    ],
)  # fmt: skip
def test_the_report_names_what_changed_and_nothing_else(
    root: Path, edit: Edit, old: str, new: str, lines: list[str]
) -> None:
    generate(root)
    edit("specs/tiny.yaml", old, new)
    vendor, *report = [line for line in generate(root).splitlines() if not line.startswith("README")]
    assert vendor == "tiny"
    # A path or an id that changes also changes the documentation of its operation.
    assert sorted(line.strip() for line in report if "documentation" not in line or line.strip() in lines) == sorted(
        lines
    )
    assert generate(root) == ""
