"""The claims of a vendor's spec, as generation wrote them down beside the wire client (`claims.json`)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import msgspec
from attrs import field, frozen

Evidence = Literal["inferred", "public", "documented"]
LEVELS: tuple[Evidence, ...] = ("inferred", "public", "documented")
"""How sure the spec is of a claim, the least sure first."""


@frozen
class Field:
    """A field of an answer: the JSON Schema of itself, and the shape of the objects that it leads to."""

    required: bool
    rule: dict[str, Any]
    shape: str | None
    listed: bool
    secret: bool
    evidence: Evidence
    note: str


@frozen
class Shape:
    """An object of an answer. In an open one anything may stand, under names that are the account's own."""

    open: bool
    rule: dict[str, Any]
    fields: dict[str, Field]
    evidence: Evidence
    note: str


@frozen
class Answer:
    """An answer that an operation may give: its shape, and its headers with whether they must be there."""

    shape: str
    headers: dict[str, bool]
    evidence: Evidence
    note: str


@frozen
class Operation:
    method: str
    path: str
    answers: dict[str, Answer]
    evidence: Evidence
    note: str


@frozen
class Code:
    """A row of the vendor's error table."""

    title: str
    meaning: str
    evidence: Evidence
    status: int | None = None


@frozen
class Claims:
    """Everything that the spec says about a vendor's answers."""

    title: str
    version: str
    operations: dict[str, Operation]
    shapes: dict[str, Shape]
    codes: dict[str, Code] = field(factory=dict[str, Code])

    def vocabulary(self) -> Iterator[str]:
        """The vendor's own words: names of fields, fixed values, codes."""
        yield from self.codes
        for code in self.codes.values():
            yield code.title
        for each in self.shapes.values():
            yield from each.fields
            for rule in (each.rule, *(member.rule for member in each.fields.values())):
                yield from _fixed(rule)


def _fixed(rule: Any) -> Iterator[str]:
    if isinstance(rule, dict):
        fixed: list[Any] = [*rule.get("enum", ()), rule.get("const")]  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        yield from (value for value in fixed if isinstance(value, str))
        for value in rule.values():  # pyright: ignore[reportUnknownVariableType]
            yield from _fixed(value)


@cache
def claims_of(vendor: str) -> Claims:
    """The claims about a vendor, by its name."""
    written = files("crossbook_wire").joinpath(vendor, "claims.json").read_bytes()
    return msgspec.json.decode(written, type=Claims)
