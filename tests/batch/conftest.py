"""Run batches against the sandbox: over real HTTP in a process of its own, or in the test's process."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from sandboxed import book, control, group, make_book, profile, running_sandbox, server, vendor

sys.path.insert(0, str(Path(__file__).resolve().parent))

from local_vendor import LocalVendor

__all__ = ["book", "control", "group", "make_book", "profile", "running_sandbox", "server", "vendor"]


@pytest.fixture
def local_vendor(vendor: str) -> LocalVendor:
    return LocalVendor(vendor)
