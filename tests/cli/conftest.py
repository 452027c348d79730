"""Run the command against a sandbox on loopback: in this process (`run`) or in its own (`command.start`)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from control import Server
from sandboxed import control, running_sandbox, server

from crossbook_cli.app import app

sys.path.insert(0, str(Path(__file__).resolve().parent))

from command import Ran, Run

__all__ = ["control", "running_sandbox", "server"]


@pytest.fixture(autouse=True)
def environment(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Set the variables of the sandbox and an empty folder; no terminal, no proxy."""
    for name in list(os.environ):
        if name.startswith("CROSSBOOK_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    for name, value in server.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs the command in this process."""

    def run(*arguments: str) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            app(list(arguments), prog_name="crossbook")
        captured = capsys.readouterr()
        code = ended.value.code
        return Ran(code if isinstance(code, int) else 0, captured.out, captured.err)

    return run
