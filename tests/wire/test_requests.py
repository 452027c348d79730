"""Each generated method sends the method, path, query and body of its spec."""

from __future__ import annotations

import json
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl, quote

import attrs
import msgspec
import pytest
from jsonschema import Draft202012Validator
from wire_cases import CASES, IDS, JSON, Case, Recorder, example, snake, whole, without_credentials

pytestmark = pytest.mark.anyio


def build(kind: Any, value: Any) -> Any:
    """Return the value as the generated types take it; fail if they refuse the spec's example."""
    for choice in get_args(kind) if get_origin(kind) is UnionType else (kind,):
        if get_origin(choice) is list and isinstance(value, list):
            [items] = get_args(choice)
            return [build(items, each) for each in value]
        if attrs.has(choice):
            fields = attrs.fields_dict(choice)
            required = {name for name, field in fields.items() if field.default is attrs.NOTHING}
            if required <= set(value) <= set(fields):
                hints = get_type_hints(choice)
                return choice(**{name: build(hints[name], each) for name, each in value.items()})
    return msgspec.convert(value, kind)


async def sent(case: Case, body: Any, names: set[str]) -> Any:
    """Call the method with the examples of these parameters, and return the request."""
    recorder = Recorder()
    method = case.method(recorder)
    hints = get_type_hints(method)
    values = {each["name"]: example(case.spec, each) for each in case.parameters() if each["name"] in names}
    arguments = {snake(name): build(hints[snake(name)], value) for name, value in values.items()}
    if body is not None:
        arguments["body"] = build(hints["body"], body)
    await method(**arguments)
    [request] = recorder.requests
    return request


def text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("case", CASES, ids=IDS)
@pytest.mark.parametrize("everything", [True, False], ids=["all-parameters", "required-parameters"])
async def test_request_matches_the_spec(case: Case, everything: bool) -> None:
    parameters = [each for each in case.parameters() if everything or each.get("required")]
    for body in case.bodies():
        known = None if body is None else without_credentials(case.spec, case.body_schema(), body)
        request = await sent(case, known, {each["name"] for each in parameters})

        values = {each["name"]: text(example(case.spec, each)) for each in parameters}
        inside = {each["name"]: quote(values[each["name"]], safe="") for each in parameters if each["in"] == "path"}
        assert request.operation == case.operation.id
        assert request.method == case.operation.method.upper()
        assert request.path == case.operation.path.format(**inside)
        query = [(each["name"], values[each["name"]]) for each in parameters if each["in"] == "query"]
        assert parse_qsl(request.query, keep_blank_values=True, strict_parsing=bool(query)) == query
        if body is None:
            assert (request.body, request.content_type) == (b"", None)
        else:
            assert request.content_type == JSON
            assert json.loads(request.body) == known
            as_posted = {**body, **json.loads(request.body)} if isinstance(body, dict) else json.loads(request.body)
            strict = {**case.body_schema(), "components": case.spec["components"]}
            assert list(Draft202012Validator(strict).iter_errors(as_posted)) == []


@pytest.mark.parametrize(
    "case", [case for case in CASES if "requestBody" in case.operation.node], ids=lambda case: case.operation.id
)
async def test_body_properties_keep_their_names(case: Case) -> None:
    body = whole(case.spec, case.body_schema())
    required = {each["name"] for each in case.parameters() if each.get("required")}
    assert json.loads((await sent(case, body, required)).body) == body
