"""Every test has a time limit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HANGING = """
import threading

import anyio
import pytest


def test_thread():
    thread = threading.Thread(target=threading.Event().wait)
    thread.start()
    thread.join()


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_loop():
    with anyio.CancelScope(shield=True):
        await anyio.sleep_forever()


def test_after():
    pass
"""
PLUGINS = ("xdist", "pytest_timeout", "pytest_asyncio.plugin", "anyio")  # all others cost seconds for each process


def test_a_hanging_test_is_ended(tmp_path: Path) -> None:
    file = tmp_path / "test_hanging.py"
    file.write_text(HANGING)
    command = [sys.executable, "-m", "pytest", "-n1", *(f"-p{name}" for name in PLUGINS)]
    limits = ["--timeout", "2", "-o", "faulthandler_timeout=1"]
    ran = subprocess.run(
        [*command, *limits, "-c", ROOT / "pyproject.toml", "--rootdir", tmp_path, file],
        cwd=tmp_path, env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, capture_output=True, text=True,
        timeout=300,
    )  # fmt: skip
    assert "2 failed, 1 passed" in ran.stdout, ran.stdout + ran.stderr
    for name in ("test_thread", "test_loop"):
        assert f"crashed while running 'test_hanging.py::{name}" in ran.stdout
    assert "in test_thread\n" in ran.stderr, ran.stderr  # where each thread was


def test_every_test_has_a_limit(request: pytest.FixtureRequest) -> None:
    limit = float(request.config.getini("timeout"))
    assert 0 < request.config.getini("faulthandler_timeout") < limit


@pytest.mark.slow
def test_a_slow_test_may_take_longer(request: pytest.FixtureRequest) -> None:
    mark = request.node.get_closest_marker("timeout")
    assert mark.args[0] > float(request.config.getini("timeout"))
