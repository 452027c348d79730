"""Test small runs whose workers are killed and stopped; `make fleet` runs large ones."""

from __future__ import annotations

from pathlib import Path

import pytest

import crossbook_sandbox
from tests.batch import crash as single
from tests.fleet import crash
from tests.fleet.server import PostgresServer


@pytest.mark.parametrize("vendor", ["filemail", "vercom"])
def test_killed_workers_write_each_contact_once(vendor: str, postgres: PostgresServer, tmp_path: Path) -> None:
    contacts, case = tmp_path / "sandbox.sqlite", single.Case(vendor, count=300, kills=3, seed=7)
    with crossbook_sandbox.running(db=contacts) as sandbox:
        row = crash.crash(case, sandbox, contacts, postgres, pause=1.0)
    assert (row.lost, row.doubled, row.uncertain, row.written) == ([], [], 0, 300)
    assert row.kills >= 1
