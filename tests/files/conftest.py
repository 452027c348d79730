"""A fixture that writes a file and reads its rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crossbook import files
from crossbook.files import Row

Reading = Callable[..., list[Row]]


@pytest.fixture
def rows(tmp_path: Path) -> Reading:
    """Return a function that writes a file and returns its rows."""

    def read(content: str | bytes, name: str = "people.csv", **options: Any) -> list[Row]:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with files.read(path, **options) as people:
            return list(people)

    return read
