"""Each name and path that a page mentions exists: modules, attributes, error classes, files, tests."""

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
# The figures of a benchmark name the files of the day on which it ran.
_GENERATED = re.compile(r"<!-- (figures|profiles): .*?<!-- end of \1 -->", re.DOTALL)
_FENCE = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")
_DOTTED = re.compile(r"(?<![\w./-])(crossbook(?:_\w+)?(?:\.\w+)+)")
_PATH = re.compile(r"(?<![\w./<>-])((?:[\w.<>*-]+/)+[\w.<>*-]*)(?:::(\w+))?")
_LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
# What commands make: these folders are in no checkout.
_MADE = ("build/", "dist/", ".")
# Fixtures of the pytest plugin that have the name of a package.
_FIXTURES = {"crossbook_sandbox": "crossbook_testing.Sandbox"}


def prose(page: Path) -> str:
    """Return the text of a page without fenced blocks and generated figures."""
    return _FENCE.sub("", text_of(page))


@cache
def text_of(page: Path) -> str:
    return _GENERATED.sub("", page.read_text(encoding="utf-8"))


def dotted_names(page: Path) -> set[str]:
    """Return every dotted name below one of our packages, of the prose and of `::: name` directives."""
    files = re.compile(r"\.(?:py|sqlite|csv|yaml|md|txt|toml)\b")
    return {name for name in _DOTTED.findall(prose(page)) if not files.search(name)}


def paths(page: Path) -> Iterator[tuple[str, str]]:
    """Yield each path of the repository in inline code, and the test behind `::` or ""."""
    tops = {path.name for path in ROOT.iterdir()} | {path.name for path in (ROOT / "src").iterdir()}
    for code in _CODE.findall(prose(page)):
        for path, test in _PATH.findall(code):
            if path.split("/")[0] in tops and not path.startswith(_MADE):
                yield path, test


def resolve(name: str) -> Any:
    """Return the object of a dotted name; raise AttributeError if there is none."""
    first, *rest = name.split(".")
    value = import_module(first)
    for at, part in enumerate(rest):
        try:
            value = getattr(value, part)
        except AttributeError:
            if isinstance(value, type):
                if any(part in get_annotations(kind) for kind in value.__mro__):
                    return None  # an attribute of each object
                raise
            value = _module(".".join([first, *rest[: at + 1]]))
    return value


def _module(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise AttributeError(name) from error


def exists(name: str) -> bool:
    first, _, rest = name.partition(".")
    for each in (name, f"{_FIXTURES[first]}.{rest}") if first in _FIXTURES else (name,):
        try:
            resolve(each)
        except AttributeError:
            continue
        return True
    return False


@cache
def all_tests() -> frozenset[str]:
    """Return the names of all tests, those of the contract included."""
    return _found(r"def (test_\w+)", "tests", "src/crossbook_testing/contract", "examples")


@cache
def parameters() -> frozenset[str]:
    """Return every name that our code annotates or passes by keyword: parameters, options, fields."""
    return _found(r"\b(\w+)(?::|=(?!=))", "src", "generated", "examples")


def _found(pattern: str, *folders: str) -> frozenset[str]:
    files = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return frozenset(name for path in files for name in re.findall(pattern, path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page_names_what_exists(page: Path) -> None:
    """Names are public, and can be imported; paths are in the checkout."""
    missing = [name for name in sorted(dotted_names(page)) if not exists(name)]
    for path, test in sorted(set(paths(page))):
        found = list(ROOT.glob(re.sub(r"<\w+>", "*", path)))
        if not found or (test and f"def {test}(" not in found[0].read_text(encoding="utf-8")):
            missing.append(f"{path}::{test}" if test else path)
    missing += [name for name in re.findall(r"`(test_\w+)`", prose(page)) if name not in all_tests()]
    missing += [f"{name}=" for name in re.findall(r"`(\w+)=", prose(page)) if name not in parameters()]
    missing += [link for link in _LINK.findall(text_of(page)) if not (page.parent / link).exists()]
    for name in re.findall(r"`([A-Z]\w*Error)`", prose(page)):
        if not (hasattr(crossbook, name) or hasattr(builtins, name) or name == "RequestValidationError"):
            missing.append(name)
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page_names_no_private_module(page: Path) -> None:
    """Everything that a page imports or links is in a public module."""
    private = {name for name in _DOTTED.findall(text_of(page)) if re.search(r"\._(?!_)", name)}
    assert private == set()
