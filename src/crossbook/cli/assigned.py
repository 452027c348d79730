"""FIELD=VALUE on the command line."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypeAlias

import typer

from crossbook.core.fitting import FIELDS
from crossbook.errors import InvalidInput

_NAMES = tuple(name for name in FIELDS if name not in ("opted_out", "archived"))


def _complete(incomplete: str) -> list[str]:
    return [f"{name}=" for name in _NAMES if name.startswith(incomplete)]


Assignments: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="FIELD=VALUE...",
        help=f"One of {', '.join(_NAMES)}, or fields.NAME for a further field. groups takes ids, separated by commas.",
        autocompletion=_complete,
    ),
]


def assigned(texts: list[str]) -> dict[str, Any]:
    """The values by field; None for those that are to be emptied.

    Raises:
        InvalidInput: no =, a field that a contact does not have, a field twice, a moment that is none.
    """
    values: dict[str, Any] = {}
    further: dict[str, str | None] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        into, name = (further, name[7:]) if name.startswith("fields.") else (values, name)
        if not equals or not name or (into is values and name not in _NAMES):
            fields = ", ".join(_NAMES)
            # Not the text itself: it may be a phone whose name was forgotten.
            raise InvalidInput(f"write FIELD=VALUE, where FIELD is one of {fields}, or fields.NAME", field="fields")
        if name in into:
            raise InvalidInput(f"{name} is given twice", field=name)
        into[name] = value or None
    if values.get("groups"):
        values["groups"] = tuple(group.strip() for group in values["groups"].split(",") if group.strip())
    if values.get("created_at"):
        values["created_at"] = _moment(values["created_at"])
    return values | ({"fields": further} if further else {})


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.min  # noqa: DTZ901  (refused just below)
    if moment.tzinfo is None:
        raise InvalidInput("created_at is written like 2024-02-29T12:30:00Z, with a time zone", field="created_at")
    return moment
