"""Tables that the code writes into pages are what it would write now."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from docs.grid import ROOT, TABLES


@pytest.mark.parametrize(("page", "begin", "end", "table"), TABLES, ids=[each[0] for each in TABLES])
def test_a_table_is_what_the_code_says(page: str, begin: str, end: str, table: Callable[[], str]) -> None:
    assert f"{begin}\n{table()}\n{end}" in (ROOT / page).read_text(encoding="utf-8")
