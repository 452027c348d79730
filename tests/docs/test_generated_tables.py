"""Check that generated tables are up to date, and that examples of commands are code."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from docs.grid import ROOT, TABLES
from docs.site.commands import commands


@pytest.mark.parametrize(("page", "begin", "end", "table"), TABLES, ids=[each[0] for each in TABLES])
def test_table_is_up_to_date(page: str, begin: str, end: str, table: Callable[[], str]) -> None:
    assert f"{begin}\n{table()}\n{end}" in (ROOT / page).read_text(encoding="utf-8")


def test_command_example_is_code() -> None:
    prose = re.sub(r"```.*?```", "", commands(), flags=re.DOTALL)
    assert re.findall(r"^crossbook .* --.*$", prose, re.MULTILINE) == []
