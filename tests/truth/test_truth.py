"""The sandbox answers raw requests as the vendors do, fact by fact; `make truth` prints them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rich.console import Console

from . import FACTS
from .__main__ import make_paragraphs
from .raw import ABSENT, ANY, Exactly, Fact, Result, encode_form, matches, running_sandbox


@pytest.fixture(scope="session")
def check() -> Iterator[Callable[[Fact[Any]], Result]]:
    with running_sandbox() as checked:
        yield checked


@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_fact_holds(fact: Fact[Any], check: Callable[[Fact[Any]], Result]) -> None:
    result = check(fact)
    assert result.error == ""
    assert [exchange for exchange in result.exchanges if not exchange.holds] == []
    assert result.exchanges


def test_wrong_response_is_reported(check: Callable[[Fact[Any]], Result]) -> None:
    """A fact that does not hold has the exchange that shows it, and a check that crashes has its error."""
    (fact, *_) = FACTS
    wrong = Fact(fact.api, "I", "no such thing", lambda api: api.send("POST", "/x").expect({"ok": True}), "form", {})
    result = check(wrong)
    assert (result.holds, [exchange.holds for exchange in result.exchanges]) == (False, [False])
    assert result.exchanges[0].request == "POST /x"
    crashing = Fact(fact.api, "I", "a crash", lambda api: api.control["x"], "form", {})
    assert (check(crashing).holds, check(crashing).error) == (False, "TypeError: 'Client' object is not subscriptable")


def test_paragraphs_are_readable_in_80_columns(check: Callable[[Fact[Any]], Result]) -> None:
    """In a pipe, which is wider, each request and response is on one line."""
    result = check(FACTS[0])
    narrow, wide = io.StringIO(), io.StringIO()
    Console(file=narrow, width=80).print(make_paragraphs([result]))
    Console(file=wide, width=240).print(make_paragraphs([result]))
    assert max(map(len, narrow.getvalue().splitlines())) <= 80
    lines = [line.strip() for line in wide.getvalue().splitlines()]
    assert f"[{result.fact.evidence}] {result.fact}: holds" in lines
    assert f"request   {result.exchanges[-1].request}" in lines


@pytest.mark.parametrize(
    ("expected", "received", "equal"),
    [
        (ANY, None, True),
        (int, 1, True),
        (int, True, False),
        (1, True, False),
        ("1", 1, False),
        (re.compile("a+"), "aab", False),
        ({"a": 1}, {"a": 1, "b": 2}, True),
        (Exactly({"a": 1}), {"a": 1, "b": 2}, False),
        (Exactly({"a": 1, "b": 2}), {"b": 2, "a": 1}, False),
        ({"a": ABSENT}, {"b": 1}, True),
        ({"a": ABSENT}, {"a": None}, False),
        ({"a": ANY}, {}, False),
        ([int], [1, 2], False),
        ([{"a": int}], [{"a": 1}], True),
        ({"a": 1}, [1], False),
    ],
)
def test_matches(expected: object, received: object, equal: bool) -> None:
    assert matches(expected, received) is equal


def test_form_is_written_as_php_does() -> None:
    values = {"id": [1, 2], "contact": [{"phone": "1"}], "yes": True, "no": False, "none": None}
    assert encode_form(values) == [
        ("id[0]", "1"), ("id[1]", "2"), ("contact[0][phone]", "1"), ("yes", "1"), ("no", "0"),
    ]  # fmt: skip
