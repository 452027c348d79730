"""Run in a new environment: import every module of the core and of the given packages.

Prints what it imported. It fails if the core pulls in what only an extra may bring.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys

PACKAGES = ("crossbook", "crossbook_wire")
# Modules of extras, which the core must not import.
FOREIGN = (
    "aiohttp", "chardet", "dotenv", "fastapi", "httpx2", "jsonschema", "keyring", "platformdirs", "pydantic", "pytest",
    "python_calamine", "rich", "starlette", "tomlkit", "typer", "uvicorn", "uvloop", "xlsxwriter",
)  # fmt: skip


def below(package: str) -> list[str]:
    """Return the names of a package and all its modules. Only packages are imported."""
    module = importlib.import_module(package)
    path = getattr(module, "__path__", None)
    return [package, *(each.name for each in pkgutil.walk_packages(path, f"{package}.") if path)]


def main(packages: list[str], others: list[str]) -> None:
    """Import the core, check that it imports no extra, then import this extra's packages."""
    core = [
        name
        for package in PACKAGES
        for name in _below_without(package, [*packages, *others])
        if not name.endswith("__main__")
    ]
    for name in core:
        importlib.import_module(name)
    came = [name for name in FOREIGN if name in sys.modules]
    if came:
        sys.exit(f"the core imports {', '.join(came)}, which only an extra brings")
    mine = [name for package in packages for name in below(package) if not name.endswith("__main__")]
    for name in mine:
        importlib.import_module(name)
    print(f"{len(core)} modules of the core, {len(mine)} of the extra")


def _below_without(package: str, packages: list[str]) -> list[str]:
    module = importlib.import_module(package)
    found = [package]
    for each in pkgutil.iter_modules(module.__path__, f"{package}."):
        if each.name in packages:
            continue
        found += _below_without(each.name, packages) if each.ispkg else [each.name]
    return found


if __name__ == "__main__":
    main(*([name for name in given.split(",") if name] for given in sys.argv[1:3]))
