"""Check that generated tables are up to date, and that examples of commands are code."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

import crossbook
from docs.grid import ROOT, TABLES
from docs.site.commands import commands


@pytest.mark.parametrize(("page", "begin", "end", "table"), TABLES, ids=[each[0] for each in TABLES])
def test_table_is_up_to_date(page: str, begin: str, end: str, table: Callable[[], str]) -> None:
    assert f"{begin}\n{table()}\n{end}" in (ROOT / page).read_text(encoding="utf-8")


def test_errors_table_names_each_action() -> None:
    """The table "What to do" of the errors has each class that a caller handles, under its `action`."""
    text = (ROOT / "docs/guides/errors.md").read_text(encoding="utf-8")
    shown: dict[str, str] = {}
    action = ""
    for first, names in re.findall(r"^\| (?:`(\w+)`)? ?\| ((?:`\w+Error`(?:, )?)+) \|", text, re.MULTILINE):
        action = first or action
        shown |= dict.fromkeys(re.findall(r"\w+Error", names), action)
    errors = {name: getattr(crossbook, name).action for name in crossbook.__all__ if name.endswith("Error")}
    del errors["CrossbookError"]
    assert shown == errors


def test_command_example_is_code() -> None:
    prose = re.sub(r"```.*?```", "", commands(), flags=re.DOTALL)
    assert re.findall(r"^crossbook .* --.*$", prose, re.MULTILINE) == []
