"""Fixtures that read the rows of a file."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from crossbook import _phones, files
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


@pytest.fixture
def read_vcards() -> Callable[[bytes], list[Mapping[str, Any]]]:
    """Return a function that returns the values of each row of a vCard file, as the tables in `vcards` have them."""

    def values(row: Row) -> dict[str, Any]:
        if row.contact is None:
            found = re.search("(BEGIN|END):VCARD$", row.error.message if row.error else "")
            return {"error": found[0] if found else row.error}
        known = {name: getattr(row.contact, name) for name in row.contact.known_fields}
        if "phone" in known:
            known["phone"] = _phones.match_key(known["phone"], "PL") or known["phone"]
        return known | {name: value for name in ("groups", "unread") if (value := getattr(row, name))}

    def read(content: bytes) -> list[Mapping[str, Any]]:
        with files.read(io.BytesIO(content), "vcard") as people:
            return [values(row) for row in people]

    return read
