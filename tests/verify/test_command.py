"""`crossbook verify` as a process: its requests, its output and its exit code."""

from __future__ import annotations

import json
import os
import pty
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from control import Server

Done = subprocess.CompletedProcess[str]
COMMAND = [sys.executable, "-m", "crossbook", "verify"]


@pytest.fixture
def run(server: Server, tmp_path: Path) -> Callable[..., Done]:
    def ran(*arguments: str) -> Done:
        return subprocess.run(
            [*COMMAND, *arguments], env={**os.environ, **server.env}, cwd=tmp_path, text=True, timeout=300,
            capture_output=True, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip

    return ran


def test_report_goes_to_standard_output(run: Callable[..., Done]) -> None:
    done = run("vercom")
    assert done.returncode == 0
    assert done.stdout.startswith("# Vercom contacts")
    assert "## Refuted" not in done.stdout
    assert "Verifying Vercom: at most" in done.stderr
    assert "confirmed" in done.stderr


def test_deviation_is_exit_code_1(run: Callable[..., Done], server: Server) -> None:
    server.fault("rewrite", "vercom", "listGroups", cast={"data[].id": "text"})
    done = run("vercom")
    assert done.returncode == 1
    assert "## Refuted" in done.stdout
    assert "refuted: `Group.id` is a whole number" in done.stderr


def test_report_file_is_replaced_by_force_only(run: Callable[..., Done], tmp_path: Path) -> None:
    report = tmp_path / "report.md"
    report.write_text("mine", encoding="utf-8")
    refused = run("atom", "--to", "report.md")
    assert (refused.returncode, report.read_text(encoding="utf-8")) == (2, "mine")
    assert "replace it with --force" in refused.stderr
    done = run("atom", "--to", "report.md", "--force")
    assert (done.returncode, done.stdout) == (0, "")
    assert report.read_text(encoding="utf-8").startswith("# Atom Telecom")
    assert list(tmp_path.iterdir()) == [report]
    if sys.platform != "win32":
        assert stat.S_IMODE(report.stat().st_mode) == 0o600


def test_report_as_json(run: Callable[..., Done]) -> None:
    done = run("filemail", "--json", "--write", "--yes")
    assert done.returncode == 0
    report = json.loads(done.stdout)
    assert report["counts"]["refuted"] == 0
    assert report["wrote"] is True
    assert {finding["verdict"] for finding in report["findings"]} == {"confirmed", "not seen"}


def test_write_without_terminal_needs_yes(run: Callable[..., Done], server: Server) -> None:
    done = run("vercom", "--write")
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert server.requests("vercom") == {}


@pytest.mark.parametrize("answer", ["n", "y"])
def test_write_asks_for_confirmation(answer: str, server: Server) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "vercom", "--write"], env={**os.environ, **server.env}, text=True,
        stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    os.close(theirs)
    os.write(ours, f"{answer}\n".encode())
    out, err = process.communicate(timeout=300)
    os.close(ours)
    assert "crossbook-verify@example.com" in err
    assert "Write?" in err
    assert process.returncode == (0 if answer == "y" else 2)
    assert bool(out) == (answer == "y")
    assert ("createContacts" in server.requests("vercom")) == (answer == "y")


def test_leftover_is_printed_with_command(run: Callable[..., Done], server: Server) -> None:
    server.fault("status", "vercom", "deleteContacts", status=400, body="{}", count=None)
    done = run("vercom", "--write", "--yes")
    assert done.returncode == 1
    assert "To delete it: crossbook contacts delete vercom " in done.stderr


def test_wrong_credentials_are_exit_code_3(run: Callable[..., Done], server: Server) -> None:
    server.env["CROSSBOOK_ATOM_TOKEN"] = "wrong"
    done = run("atom")
    assert (done.returncode, done.stdout) == (3, "")
    assert "rejected the credentials" in done.stderr


def test_interrupt_cleans_up(server: Server, control: httpx.Client) -> None:
    def state() -> tuple[int, int, int]:
        counted = control.get("/state").json()["vendors"]["vercom"]
        return counted["contacts"], counted["groups"], server.requests("vercom")["updateContacts"]

    before = state()[:2]
    server.fault("delay", "vercom", "updateContacts", seconds=3600)
    process = subprocess.Popen(
        [*COMMAND, "vercom", "--write", "--yes"], env={**os.environ, **server.env}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 300
    while state()[0] < before[0] + 2:
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=300)
    assert (process.returncode, out) == (130, "")
    assert "Interrupted." in err
    assert state()[:2] == before
