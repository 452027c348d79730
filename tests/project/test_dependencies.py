"""pyproject.toml names each imported library, so that `make build` tests its lowest version."""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("src", "generated")
# pydantic pins its core to a version. trio is asked for time only where an application runs on it already.
NOT_NAMED = {"pydantic-core", "trio"}


def imported() -> set[str]:
    names: set[str] = set()
    for folder in FOLDERS:
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    names |= {name.name.partition(".")[0] for name in node.names}
                elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                    names.add(node.module.partition(".")[0])
    ours = {folder.name for path in FOLDERS for folder in (ROOT / path).iterdir()}
    return names - set(sys.stdlib_module_names) - ours


def requirements() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [*project["dependencies"], *(each for extra in project["optional-dependencies"].values() for each in extra)]
    return [each for each in map(Requirement, named) if each.name != project["name"]]


def test_every_imported_library_is_named() -> None:
    distributions, named = packages_distributions(), {canonicalize_name(each.name) for each in requirements()}
    found = [{canonicalize_name(name) for name in distributions[module]} for module in imported()]
    # Several distributions may share a module's name, as those of OpenTelemetry do.
    assert set().union(*(names for names in found if not names & named)) == NOT_NAMED


def test_every_requirement_has_a_floor() -> None:
    assert all(any(one.operator == ">=" for one in each.specifier) for each in requirements())


def test_what_is_read_privately_is_bounded() -> None:
    bounded = {each.name for each in requirements() if any(one.operator == "<" for one in each.specifier)}
    assert {"httpcore", "httpcore2", "httpx", "httpx2", "opentelemetry-api"} <= bounded
