"""Errors of a file keep no frame, since an error reporter that shows locals would show its lines."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from crossbook import CrossbookError, files

SECRET = "Kowalska"
ROWS = {
    "cells.csv": f"phone,last_name,archived\n1,{SECRET},perhaps\n",
    "values.jsonl": f'{{"phone": "1", "last_name": "{SECRET}", "archived": 1}}\n',
    "properties.vcf": f"BEGIN:VCARD\nVERSION:3.0\nFN:{SECRET}\nX-CROSSBOOK-ARCHIVED:perhaps\nEND:VCARD\n",
}
FILES = {
    "titles.csv": f"{SECRET}\n1\n",
    "one document.jsonl": f'[{{"last_name": "{SECRET}"}}]\n',
    "long.csv": f"phone\n{SECRET}{'1' * (1 << 20)}\n",
    "no card.vcf": f"{SECRET}\n",
}


def write(tmp_path: Path, name: str, content: str) -> Path:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ROWS)
def test_row_error_keeps_no_frame(tmp_path: Path, name: str) -> None:
    with files.read(write(tmp_path, name, ROWS[name])) as people:
        (row,) = people
    assert row.error is not None
    assert row.error.field == "archived"
    assert (row.error.__traceback__, row.error.__context__, row.error.__cause__) == (None, None, None)


@pytest.mark.parametrize("name", FILES)
def test_file_error_shows_no_line_in_locals(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, name, FILES[name])
    with pytest.raises(CrossbookError) as caught, files.read(path) as people:
        list(people)
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "test_file_error_shows_no_line_in_locals" in shown
    assert SECRET not in shown
