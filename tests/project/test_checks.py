"""The checks of `make check` and CI."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHECKS = {"lint", "specs", "generated", "imports", "grid-check", "types", "docs", "test"}


def sessions(*chosen: str) -> list[str]:
    command = [sys.executable, "-m", "nox", "--list", "--json", *chosen]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300)
    return [session["name"] for session in json.loads(ran.stdout)]


def test_ci_runs_every_check_and_tests_last() -> None:
    assert "make check" in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    found = sessions("--tags", "check")
    assert set(found) == CHECKS
    assert found[-1] == "test"


def test_nox_alone_tests_every_python() -> None:
    found = sessions()
    assert CHECKS - {"test"} <= set(found)
    assert {"pythons", "build"} <= set(found)
