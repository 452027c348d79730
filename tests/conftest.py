"""What every test has: the helpers in support/ on the import path, and generated inputs that are the same each time."""

from __future__ import annotations

import gc
import signal
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ("pytester",)

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))

settings.register_profile("crossbook", deadline=None, derandomize=True, database=None)
settings.load_profile("crossbook")

# Background jobs of a shell ignore Ctrl-C, and nohup ignores SIGHUP. The commands under test would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

LONG = 3600  # seconds that a test of `make chaos` may take; pyproject.toml has the limit of all others


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gives the slow tests a longer time limit."""
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.timeout(LONG))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the collected tests out of garbage collection, or each full collection visits them: 0.2 seconds a time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()
