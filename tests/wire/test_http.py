"""The types of generated code, and the encoding of paths and queries."""

from __future__ import annotations

from typing import Any

import pytest
from crossbook_wire.http import Request, Response, header_values, query_string, segment
from msgspec import UNSET


@pytest.mark.parametrize(
    ("parameters", "query"),
    [
        ({}, ""),
        ({"a": UNSET, "b": 1}, "b=1"),
        ({"a": True, "b": False}, "a=true&b=false"),
        ({"a": [1, 2], "b": []}, "a=1&a=2"),
        ({"phone": "+48 500&x=1"}, "phone=%2B48%20500%26x%3D1"),
        ({"q": "Łódź/#?"}, "q=%C5%81%C3%B3d%C5%BA%2F%23%3F"),
        ({"a": "", "b": 0, "c": 1.5}, "a=&b=0&c=1.5"),
    ],
)
def test_query(parameters: dict[str, Any], query: str) -> None:
    assert query_string(parameters) == query


@pytest.mark.parametrize(
    ("value", "encoded"),
    [(12, "12"), ("a/b", "a%2Fb"), ("../x", "..%2Fx"), ("%2e", "%252e"), ("?#", "%3F%23"), ("\x00ż", "%00%C5%BC")],
)
def test_segment(value: object, encoded: str) -> None:
    assert segment(value) == encoded


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_segment_that_changes_the_path_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="path parameter"):
        segment(value)


def test_header_values_are_text() -> None:
    parameters = {"X-A": UNSET, "X-B": True, "X-C": 0, "X-D": ""}
    assert header_values(parameters) == (("X-B", "true"), ("X-C", "0"), ("X-D", ""))


def test_reprs_show_no_values() -> None:
    request = Request(operation="get", method="POST", path="/p", query="email=a", body=b"secret", content_type="x/y")
    assert repr(request) == "Request(operation='get', method='POST')"
    response = Response(status=200, headers={"set-cookie": "secret"}, content=b"secret")
    assert repr(response) == str(response) == "Response(status=200, size=6)"
