"""Test small imports that are killed three times each; `make crash` runs large imports."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import crash
import pytest

import crossbook_sandbox


def test_killed_imports_write_each_contact_once(tmp_path: Path) -> None:
    database = tmp_path / "sandbox.sqlite"
    cases = [crash.Case(vendor, count=200, kills=3, seed=7) for vendor in crash.VENDORS]
    with (
        crossbook_sandbox.running(db=database, rates={"atom": crash.ATOM_RATE}) as sandbox,
        ThreadPoolExecutor(len(cases)) as pool,
    ):
        rows = list(pool.map(partial(crash.crash, sandbox=sandbox, database=database, folder=tmp_path), cases))
    for row in rows:
        assert (row.lost, row.doubled, row.uncertain, row.written) == ([], [], 0, 200), row.case
    assert sum(row.kills for row in rows) >= 8


@pytest.mark.parametrize("listed", [False, True])
def test_killed_imports_leave_no_opt_out_unwritten(tmp_path: Path, listed: bool) -> None:
    """A contact that opted out is in no group while it is subscribed, and opted out in the end.

    The input says who opted out, or a suppression list does.
    """
    database = tmp_path / "sandbox.sqlite"
    cases = [
        crash.Case(vendor, count=200, kills=4, seed=11, opt_outs=True, listed=listed)
        for vendor in crash.OPT_OUT_VENDORS
    ]
    with crossbook_sandbox.running(db=database) as sandbox, ThreadPoolExecutor(len(cases)) as pool:
        rows = list(pool.map(partial(crash.crash, sandbox=sandbox, database=database, folder=tmp_path), cases))
    for row in rows:
        assert (row.lost, row.doubled, row.uncertain, row.written, row.leaked) == ([], [], 0, 200, []), row.case
    assert sum(row.kills for row in rows) >= 4
