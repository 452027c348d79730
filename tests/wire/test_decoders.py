"""Decoders tolerate odd values: a null, a number, an empty array or an unknown value affects its field only."""

from __future__ import annotations

import copy
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import msgspec
import pytest
from crossbook_wire.filemail import models as filemail
from document import resolve, schema_name, types
from wire_cases import CASES, IDS, Case, Recorder, example, snake, whole

pytestmark = pytest.mark.anyio

Place = tuple[str | int, ...]
SCALARS: tuple[Any, ...] = (None, "", "a value that no list knows", "Łódź", 0, 1, -17, 1.5, 2**60, True, False)


def places(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Yield everything inside a value, with its path."""
    for key, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*place, key), each
        yield from places(each, (*place, key))


def replaced(value: Any, place: Place, new: Any) -> Any:
    changed = copy.deepcopy(value)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = new
    return changed


def oddities(value: Any) -> Iterator[Any]:
    """Yield what a vendor may send in place of a value."""
    if isinstance(value, dict):
        yield from (None, [])
    elif isinstance(value, list):
        yield from (None, [], [None, *value, None])
    else:
        yield from SCALARS


def plain(model: Any) -> str:
    return json.dumps(msgspec.to_builtins(model), sort_keys=True)


async def read(case: Case, content: Any, status: int = 200) -> Any:
    """Return what the method decodes from a response."""
    arguments = {snake(each["name"]): example(case.spec, each) for each in case.parameters() if each.get("required")}
    if "requestBody" in case.operation.node:
        arguments["body"] = {}
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return await case.method(Recorder(body, status))(**arguments)


def success(case: Case) -> Any:
    return whole(case.spec, next(schema for status, schema in case.answers() if status.startswith("2")))


async def stands_everything(answer: Any, reader: Callable[[Any], Awaitable[Any]]) -> None:
    expected = json.dumps(answer, sort_keys=True)
    assert plain(await reader(answer)) == expected, "a complete response is decoded completely"
    for place, value in places(answer):
        for odd in oddities(value):
            changed = replaced(answer, place, odd)
            assert plain(await reader(changed)) == json.dumps(changed, sort_keys=True), (place, odd)


@pytest.mark.parametrize("case", CASES, ids=IDS)
async def test_odd_value_is_dropped_alone(case: Case) -> None:
    async def reader(content: Any) -> Any:
        return await read(case, content)

    await stands_everything(success(case), reader)


@pytest.mark.parametrize("case", CASES, ids=IDS)
async def test_missing_field_is_unset_and_unknown_ignored(case: Case) -> None:
    answer = success(case)
    for place, _ in places(answer):
        if isinstance(place[-1], str):
            changed = copy.deepcopy(answer)
            inner = changed
            for key in place[:-1]:
                inner = inner[key]
            del inner[place[-1]]
            assert plain(await read(case, changed)) == json.dumps(changed, sort_keys=True), place
    free = {place for place, value in places(answer) if isinstance(value, dict) and is_free(case, answer, place)}
    for place, value in [((), answer), *places(answer)]:
        if isinstance(value, dict) and place not in free:
            extra = {**value, "aFieldOfNextYear": [{"x": 1}]}
            changed = replaced(answer, place, extra) if place else extra
            assert plain(await read(case, changed)) == json.dumps(answer, sort_keys=True), place


def is_free(case: Case, answer: Any, place: Place) -> bool:
    """Return whether the object at this path is a dict, which keeps all of its members."""
    node = next(schema for status, schema in case.answers() if status.startswith("2"))
    for key in place:
        schema = resolve(case.spec, node)
        node = schema["items"] if isinstance(key, int) else schema["properties"][key]
    return "properties" not in resolve(case.spec, node)


@pytest.mark.parametrize("case", CASES, ids=IDS)
async def test_decode_ignores_the_status(case: Case) -> None:
    answer = success(case)
    for status in (200, 201, 202, 207, 301, 404, 429, 500, 520, 599):
        assert plain(await read(case, answer, status)) == json.dumps(answer, sort_keys=True)


@pytest.mark.parametrize("case", CASES, ids=IDS)
async def test_error_body_can_be_decoded(case: Case) -> None:
    for status, schema in case.answers():
        name = schema_name(schema)
        if not status.startswith("2") and name and "object" in types(resolve(case.spec, schema)):
            decoder = msgspec.json.Decoder(getattr(case.models, name))

            async def reader(content: Any, decoder: msgspec.json.Decoder[Any] = decoder) -> Any:
                return decoder.decode(json.dumps(content))

            await stands_everything(whole(case.spec, schema), reader)


@pytest.mark.parametrize("spelling", ["contacts", "Contacts"])
def test_other_spelling_fills_the_field(spelling: str) -> None:
    content = json.dumps({"responsestatus": "OK", spelling: [{"contactid": "1"}]})
    listed = msgspec.json.decode(content, type=filemail.ContactList)
    assert [row.contactid for row in listed.contacts] == ["1"]


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b"null", b"17", b'{"data": ', b"\xff\xfe"])
async def test_undecodable_body_raises_one_error(content: bytes) -> None:
    for case in CASES:
        with pytest.raises(msgspec.DecodeError):
            await read(case, content)
