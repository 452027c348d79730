"""Load the claims of a vendor's spec from the file `claims.json`, which is generated with the client."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import msgspec
from attrs import field, frozen

from crossbook.registry import VENDORS

Evidence = Literal["inferred", "public", "documented"]
LEVELS: tuple[Evidence, ...] = ("inferred", "public", "documented")
"""How certain the spec is of a claim, the least certain first."""


@frozen
class Field:
    """The claims about a field of a response: its JSON Schema and, for an object or rows, the name of their `Shape`."""

    required: bool
    rule: dict[str, Any]
    shape: str | None
    listed: bool
    secret: bool
    evidence: Evidence
    note: str


@frozen
class Shape:
    """The claims about an object in a response. An open object may have any keys, which the account chooses."""

    open: bool
    rule: dict[str, Any]
    fields: dict[str, Field]
    evidence: Evidence
    note: str


@frozen
class Response:
    """The claims about a response of an operation: the name of its shape, and whether each header is required.

    The shape of a response without a body is None.
    """

    shape: str | None
    headers: dict[str, bool]
    evidence: Evidence
    note: str


@frozen
class Operation:
    method: str
    path: str
    answers: dict[str, Response]
    evidence: Evidence
    note: str


@frozen
class ErrorCode:
    """The claims about an error code of the vendor: its title, its meaning and the status of the response."""

    title: str
    meaning: str
    evidence: Evidence
    status: int | None = None


@frozen
class Claims:
    """All claims of a vendor's spec about the vendor's responses."""

    title: str
    version: str
    operations: dict[str, Operation]
    shapes: dict[str, Shape]
    codes: dict[str, ErrorCode] = field(factory=dict[str, ErrorCode])

    def vocabulary(self) -> Iterator[str]:
        """Yield the words that the spec defines: names of fields, fixed values, error codes and their titles."""
        yield from self.codes
        for code in self.codes.values():
            yield code.title
        for each in self.shapes.values():
            yield from each.fields
            for rule in (each.rule, *(member.rule for member in each.fields.values())):
                yield from _list_enum_values(rule)


def _list_enum_values(rule: Any) -> Iterator[str]:
    if isinstance(rule, dict):
        values: list[Any] = list(rule.get("enum", ()))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        yield from (value for value in values if isinstance(value, str))
        for value in rule.values():  # pyright: ignore[reportUnknownVariableType]
            yield from _list_enum_values(value)


@cache
def list_field_names() -> frozenset[str]:
    """Return the names of all fields in the specs of all vendors."""
    return frozenset(
        name for vendor in VENDORS for shape in load_claims(vendor).shapes.values() for name in shape.fields
    )


@cache
def load_claims(vendor: str) -> Claims:
    """Return the claims of the spec of this vendor, such as `vercom`."""
    content = files("crossbook_wire").joinpath(vendor, "claims.json").read_bytes()
    return msgspec.json.decode(content, type=Claims)
