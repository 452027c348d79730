"""Run inside a fresh environment: imports every module of the core and of the rooms that it is given, each for real.

Prints what it imported. It fails if the core pulls in what only an extra may bring.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys

PACKAGES = ("crossbook", "crossbook_wire")
# Top-level names that an extra brings, and that the core must do without.
FOREIGN = (
    "aiohttp", "fastapi", "httpx2", "jsonschema", "pydantic", "pytest",
    "rich", "starlette", "typer", "uvicorn", "uvloop", "vobject",
)  # fmt: skip


def below(package: str) -> list[str]:
    """The package and all modules in it, by name; nothing is imported but packages on the way."""
    module = importlib.import_module(package)
    path = getattr(module, "__path__", None)
    return [package, *(each.name for each in pkgutil.walk_packages(path, f"{package}.") if path)]


def main(rooms: list[str], others: list[str]) -> None:
    """Imports the core without the rooms of any extra, looks at what came with it, then imports this extra's rooms."""
    core = [
        name
        for package in PACKAGES
        for name in _below_without(package, [*rooms, *others])
        if not name.endswith("__main__")
    ]
    for name in core:
        importlib.import_module(name)
    came = [name for name in FOREIGN if name in sys.modules]
    if came:
        sys.exit(f"the core imports {', '.join(came)}, which only an extra brings")
    mine = [name for room in rooms for name in below(room) if not name.endswith("__main__")]
    for name in mine:
        importlib.import_module(name)
    print(f"{len(core)} modules of the core, {len(mine)} of the extra")


def _below_without(package: str, rooms: list[str]) -> list[str]:
    module = importlib.import_module(package)
    found = [package]
    for each in pkgutil.iter_modules(module.__path__, f"{package}."):
        if each.name in rooms:
            continue
        found += _below_without(each.name, rooms) if each.ispkg else [each.name]
    return found


if __name__ == "__main__":
    main(*([name for name in given.split(",") if name] for given in sys.argv[1:3]))
