"""Read values of a response that may have any JSON in any place."""

from __future__ import annotations

from typing import Any

from crossbook.vendor import parse_object

Json = dict[str, Any]
MAX_TEXT = 255


def list_objects(body: Json, *path: str) -> list[Json] | None:
    """Return the objects in the list at this path of a body, or None if the path has no list."""
    *steps, last = path
    for step in steps:
        body = parse_object(body.get(step))
    rows: Any = body.get(last)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else None  # pyright: ignore[reportUnknownVariableType]


def as_text(value: object) -> str | None:
    """Return a text or integer as text, or None if no request can send it: empty, too long or unprintable."""
    found = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    return found if found.isprintable() and 0 < len(found) <= MAX_TEXT else None


def as_number(value: object) -> int | None:
    """Return an id as a number, or None if it does not consist of 1 to 18 digits."""
    found = as_text(value) or ""
    return int(found) if found.isascii() and found.isdigit() and len(found) < 19 else None


def as_path_segment(value: object) -> str | None:
    """Return an id as text for the path of a URL, or None unless it has only letters, digits and hyphens."""
    found = as_text(value) or ""
    return found if found.isascii() and found.replace("-", "").isalnum() else None
