"""Whether every public name is documented: it has a docstring of its own, and a place in the reference."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocstrings import Inventory

# Beside these: what the names of `crossbook` lead to.
MODULES = (
    "crossbook",
    "crossbook.fastapi",
    "crossbook.files",
    "crossbook_testing",
    "crossbook_verify",
    "crossbook_sandbox",
)
LED_TO = (
    "crossbook.contacts.Contacts",
    "crossbook.groups.Groups",
    "crossbook.contacts.ContactBatches",
    "crossbook.groups.GroupBatches",
    "crossbook._http.auth.TokenStore",
    "crossbook.vendor.Verb",
    "crossbook.journal.base.Entry",
    "crossbook.journal.base.RunKey",
    "crossbook._http.options.CallOptions",
    "crossbook.vendors.serwersms.Imported",
    "crossbook.vendors.vercom.resources.Field",
    "crossbook.vendors.vercom.resources.Fields",
    "crossbook.vendors.vercom.resources.Segment",
    "crossbook.vendors.vercom.resources.Segments",
)
# Whose methods are documented where their shape is.
SHAPES = {"crossbook.SqliteJournal": "crossbook.Journal"}


def complaints(inventory: Path) -> Iterator[str]:
    """A line for each public name that is not documented."""
    if not inventory.exists():
        yield "the site has no inventory of names: it was not built"
        return
    with inventory.open("rb") as file:
        known: set[str] = set(Inventory.parse_sphinx(file))  # pyright: ignore[reportUnknownArgumentType]
    for name, value in _public():
        if not _documented(value):
            yield f"{name} has no docstring"
        if name not in known:
            yield f"{name} is on no page of the reference: name it under docs/reference/"
        if inspect.isclass(value):
            shape = SHAPES.get(name)
            told: list[str] = dir(dict(_public())[shape]) if shape else []
            yield from (f"{name}.{member} has no docstring" for member in _silent(value) if member not in told)


def _public() -> Iterator[tuple[str, Any]]:
    for module in MODULES:
        loaded = importlib.import_module(module)
        yield from ((f"{module}.{name}", getattr(loaded, name)) for name in loaded.__all__)
    for path in LED_TO:
        module, _, name = path.rpartition(".")
        yield path, getattr(importlib.import_module(module), name)


def _documented(value: Any) -> bool:
    """A docstring of its own: neither a base's nor the signature that dataclasses write."""
    if not (inspect.isclass(value) or inspect.isroutine(value)):
        return True  # an alias: what it stands for is documented
    said = (value.__doc__ or "").strip()
    return bool(said) and not said.startswith(f"{value.__name__}(")


def _silent(kind: type) -> Iterator[str]:
    """Public methods and properties that say nothing."""
    for name, member in vars(kind).items():
        function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
        if not name.startswith("_") and inspect.isfunction(function) and not (function.__doc__ or "").strip():
            yield name
