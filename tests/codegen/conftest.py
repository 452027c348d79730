"""Put the specs' tools on the import path: they are scripts, not a package."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

CODEGEN = Path(__file__).resolve().parents[2] / "specs" / "codegen"
TINY = Path(__file__).with_name("tiny.yaml")

sys.path.insert(0, str(CODEGEN))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a small checkout: one short spec and a copy of the real codegen."""
    shutil.copytree(CODEGEN, tmp_path / "specs" / "codegen", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(TINY, tmp_path / "specs" / "tiny.yaml")
    return tmp_path


@pytest.fixture
def edit(root: Path) -> Callable[[str, str, str], None]:
    """Return a function that replaces an existing text in a file below the root."""

    def replace(path: str, old: str, new: str) -> None:
        text = (root / path).read_text(encoding="utf-8")
        assert old in text
        (root / path).write_text(text.replace(old, new, 1), encoding="utf-8")

    return replace
