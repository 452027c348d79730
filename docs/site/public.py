"""Find public names that are not documented: without a docstring of their own, or on no page of the reference."""

from __future__ import annotations

import importlib
import inspect
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocstrings import Inventory

MODULES = (
    "crossbook",
    "crossbook.journal",
    "crossbook.suppressions",
    "crossbook.vendor",
    "crossbook.fastapi",
    "crossbook.files",
    "crossbook_testing",
    "crossbook_testing.contract",
    "crossbook_verify",
    "crossbook_fleet",
    "crossbook_sandbox",
)
# Classes that users get from these modules' objects and need not import.
CLASSES = (
    "crossbook.contacts.Contacts",
    "crossbook.groups.Groups",
    "crossbook.vendors.serwersms.Imported",
    "crossbook.vendors.vercom.Field",
    "crossbook.vendors.vercom.Fields",
    "crossbook.vendors.vercom.Segment",
    "crossbook.vendors.vercom.Segments",
)
# Classes whose methods are documented in a protocol or in a class of the same shape.
PROTOCOLS = {
    "SqliteJournal": "crossbook.journal.Journal",
    "MemoryJournal": "crossbook.journal.Journal",
    "SqliteSuppressions": "crossbook.suppressions.SuppressionStore",
    "MemorySuppressions": "crossbook.suppressions.SuppressionStore",
    "StaticAuth": "crossbook._http.auth.Auth",
    "LoginAuth": "crossbook._http.auth.Auth",
    "PageNumberPagination": "crossbook.vendor.OffsetPagination",
    "PerGroupPagination": "crossbook.vendor.OffsetPagination",
}


def find_problems(inventory: Path) -> Iterator[str]:
    """Yield a line for each public name that is not documented.

    Args:
        inventory: the site's `objects.inv`, which lists the names that are on a page.
    """
    if not inventory.exists():
        yield "the site has no objects.inv: the build failed"
        return
    with inventory.open("rb") as file:
        documented: set[str] = set(Inventory.parse_sphinx(file))  # pyright: ignore[reportUnknownArgumentType]
    names_of: dict[int, list[str]] = defaultdict(list)
    for name, value in _public_objects():
        names_of[id(value)].append(name)
    for name, value in _public_objects():
        if not _has_docstring(value):
            yield f"{name} has no docstring"
        if documented.isdisjoint(names_of[id(value)]):
            yield f"{name} is on no page of the reference: add it under docs/reference/"
        if inspect.isclass(value):
            protocol = PROTOCOLS.get(value.__name__)
            inherited = dir(_load(protocol)) if protocol else []
            yield from (
                f"{name}.{method} has no docstring" for method in _list_undocumented(value) if method not in inherited
            )


def _public_objects() -> Iterator[tuple[str, Any]]:
    for module in MODULES:
        yield from ((f"{module}.{name}", _load(f"{module}.{name}")) for name in importlib.import_module(module).__all__)
    yield from ((path, _load(path)) for path in CLASSES)


def _load(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _has_docstring(value: Any) -> bool:
    """Return whether a class or routine has its own docstring: not inherited, nor the signature of a dataclass."""
    if not (inspect.isclass(value) or inspect.isroutine(value)):
        return True  # an alias of a documented type
    text = (value.__doc__ or "").strip()
    return bool(text) and not text.startswith(f"{value.__name__}(")


def _list_undocumented(kind: type) -> Iterator[str]:
    """Yield the public methods and properties of a class that have no docstring."""
    for name, member in vars(kind).items():
        function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
        if not name.startswith("_") and inspect.isfunction(function) and not (function.__doc__ or "").strip():
            yield name
