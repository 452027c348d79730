"""Check that names and paths in README, docs and specs exist: modules, attributes, options, errors, files, tests."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from inspect import get_annotations
from pathlib import Path
from typing import Any

import pytest
from blocks import ROOT

import crossbook

PAGES = [page for pattern in ("*.md", "docs/**/*.md", "specs/*.md") for page in sorted(ROOT.glob(pattern))]
IDS = [str(page.relative_to(ROOT)) for page in PAGES]

# Benchmark figures name the files of the day of the run.
_FIGURES = re.compile(r"<!-- (figures|profiles): .*?<!-- end of \1 -->", re.DOTALL)
_FENCE = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
_SNIPPET = re.compile(r'^--8<-- "([\w./]+)"$', re.MULTILINE)
_LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
_DOTTED_NAME = re.compile(r"(?<![\w./-])(crossbook(?:_\w+)?(?:\.\w+)+)(?!\.?\w)")
_FILE_NAME = re.compile(r"\.(?:py|sqlite|csv|yaml|md|txt|toml)$")
_PATH = re.compile(r"(?<![\w./<>-])((?:[\w.<>*-]+/)+[\w.<>*-]*)(?:::(\w+))?")
_FOLDERS = {path.name for path in (*ROOT.iterdir(), *(ROOT / "src").iterdir())} - {"build", "dist"}
# A fixture of the pytest plugin that has the name of a package.
_FIXTURES = {"crossbook_sandbox": "crossbook_testing.Sandbox"}
_OTHERS = {"RequestValidationError", "first.py"}  # a class of FastAPI, a file of the reader


@cache
def read_text(page: Path) -> str:
    return _FIGURES.sub("", page.read_text(encoding="utf-8"))


@cache
def read_prose(page: Path) -> str:
    """Return a page without fenced blocks, which other tests run."""
    return _FENCE.sub("", read_text(page))


def find_missing(page: Path) -> Iterator[str]:
    prose = read_prose(page)
    for name in _DOTTED_NAME.findall(prose):
        if not _FILE_NAME.search(name) and not is_defined(name) and not is_telemetry(name):
            yield name
    for path, test in _PATH.findall(" ".join(re.findall(r"`([^`\n]+)`", prose))):
        if path.split("/")[0] in _FOLDERS:
            files = list(ROOT.glob(re.sub(r"<\w+>", "*", path)))
            if not files or (test and f"def {test}(" not in files[0].read_text(encoding="utf-8")):
                yield f"{path}::{test}"
    yield from (name for name in re.findall(r"`(\w+\.py)`", prose) if name not in list_file_names() | _OTHERS)
    yield from (name for name in re.findall(r"`(test_\w+)`", prose) if name not in list_tests())
    yield from (f"{name}=" for name in re.findall(r"`(\w+)=", prose) if name not in list_parameters())
    yield from (name for name in re.findall(r"`([A-Z]\w*Error)`", prose) if not is_exception(name))
    yield from (link for link in _LINK.findall(read_text(page)) if not (page.parent / link).exists())


def is_defined(name: str) -> bool:
    first, _, rest = name.partition(".")
    candidates = [name, f"{_FIXTURES[first]}.{rest}"] if first in _FIXTURES else [name]
    return any(_resolves(candidate) for candidate in candidates)


def is_telemetry(name: str) -> bool:
    """Return whether `crossbook.otel` has a metric, an event or an attribute of this name."""
    known = re.findall(r'"(crossbook\.[a-z_.]+)', (ROOT / "src/crossbook/otel.py").read_text(encoding="utf-8"))
    return name in known or any(name.startswith(prefix) for prefix in known if prefix.endswith("."))


def _resolves(name: str) -> bool:
    """Return whether a dotted name leads to a module, a class, a function or an attribute."""
    first, *rest = name.split(".")
    path, value = first, import_module(first)
    for part in rest:
        path = f"{path}.{part}"
        if hasattr(value, part):
            value: Any = getattr(value, part)
        elif isinstance(value, type):
            return any(part in get_annotations(kind) for kind in value.__mro__)
        else:
            try:
                value = import_module(path)
            except ModuleNotFoundError:
                return False
    return True


def is_exception(name: str) -> bool:
    return hasattr(crossbook, name) or hasattr(builtins, name) or name in _OTHERS


@cache
def list_file_names() -> frozenset[str]:
    folders = [ROOT / folder for folder in ("src", "examples", "docs")]
    files = [*ROOT.glob("*.py"), *(path for folder in folders for path in folder.rglob("*.py"))]
    return frozenset(path.name for path in files)


@cache
def list_tests() -> frozenset[str]:
    return _search_code(r"def (test_\w+)", "tests", "src/crossbook_testing/contract", "examples")


@cache
def list_parameters() -> frozenset[str]:
    """Return every name that our code annotates or passes by keyword."""
    return _search_code(r"\b(\w+)(?::|=(?!=))", "src", "generated", "examples")


def _search_code(pattern: str, *folders: str) -> frozenset[str]:
    files = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return frozenset(name for path in files for name in re.findall(pattern, path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_page_names_exist(page: Path) -> None:
    assert sorted(set(find_missing(page))) == []


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_page_names_no_private_module(page: Path) -> None:
    """Pages, and the files that they show, import only public modules."""
    shown = [ROOT / file for file in _SNIPPET.findall(read_text(page))]
    texts = [read_text(file) for file in (page, *shown)]
    private = {name for text in texts for name in _DOTTED_NAME.findall(text) if re.search(r"\._(?!_)", name)}
    assert private == set()


def test_contributing_map_matches_tree() -> None:
    """Each line of the map in CONTRIBUTING.md starts with a path; indented paths are below `src/crossbook/`."""
    tree = re.search(r"```text\n(specs/ .*?)```", read_text(ROOT / "CONTRIBUTING.md"), re.DOTALL)
    assert tree is not None
    missing: list[str] = []
    for line in tree[1].splitlines():
        folder = ROOT / "src/crossbook" if line.startswith(" ") else ROOT
        names = re.match(r" *(\S+(?: \S+/)*)(?:  |$)", line)
        assert names is not None, line
        missing += [name for name in names[1].split() if not any(folder.glob(name.replace("<vendor>", "*")))]
    assert missing == []


@pytest.mark.parametrize("name", ["crossbook.Contact.phone", "crossbook.fastapi.use", "crossbook_sandbox.calls"])
def test_defined_name_found(name: str) -> None:
    assert is_defined(name)


@pytest.mark.parametrize(
    ("name", "known"),
    [("crossbook.client.retries", True), ("crossbook.batch.created", True), ("crossbook.client.repeats", False)],
)
def test_telemetry_name_found(name: str, known: bool) -> None:
    assert is_telemetry(name) is known


@pytest.mark.parametrize("name", ["crossbook.Contact.fax", "crossbook.cli", "crossbook_testing.Nothing"])
def test_undefined_name_reported(name: str) -> None:
    assert not is_defined(name)
