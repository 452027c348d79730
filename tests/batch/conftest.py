"""Run batches against the sandbox: over real HTTP in a process of its own, or inside the test's process."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from sandboxed import book, control, group, make_book, profile, running_sandbox, server, vendor

sys.path.insert(0, str(Path(__file__).resolve().parent))

from inside import Inside

__all__ = ["book", "control", "group", "make_book", "profile", "running_sandbox", "server", "vendor"]


@pytest.fixture
def inside(vendor: str) -> Inside:
    return Inside(vendor)
