"""`--live`: real accounts are listed, written after a question, and cleaned. The sandbox replaces them here."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

import crossbook
import crossbook_sandbox
from crossbook_sandbox import Running

from .conftest import COMMAND, TITLES, Demo, Ended, environment

# A progress bar is drawn on a terminal only, and Python has pseudo-terminals on POSIX only.
needs_terminal = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals for Python")


@pytest.fixture
def sandbox() -> Iterator[Running]:
    with crossbook_sandbox.running() as running:
        yield running


def test_missing_variables_are_named(demo: Demo) -> None:
    unset = {name: "" for vendor in TITLES for name in getattr(crossbook, vendor).profile.environment.values()}
    ended = demo("--live", env=unset)
    assert ended.status == 1
    for variable in ("SERWERSMS_USERNAME", "ATOM_TOKEN", "FILEMAIL_USERNAME", "VERCOM_AUTHORIZATION"):
        assert f"CROSSBOOK_{variable}" in ended.output
    assert "No account is set" in ended.output


def test_no_terminal_writes_nothing(demo: Demo, sandbox: Running) -> None:
    ended = demo("--live", env=sandbox.env)
    assert ended.status == 1
    assert "no terminal" in ended.output
    assert contacts(sandbox) == [0, 0, 0, 0]


@needs_terminal
def test_no_consent_writes_nothing(tmp_path: Path, sandbox: Running) -> None:
    assert on_terminal("no", tmp_path, sandbox.env).status == 1
    assert contacts(sandbox) == [0, 0, 0, 0]


@needs_terminal
def test_contact_missing_after_write_is_lost(tmp_path: Path, sandbox: Running) -> None:
    lie = {"fault": "status", "vendor": "serwersms", "operation": "createContact", "status": 200, "count": 2}
    lie |= {"content_type": "application/json", "body": '{"success":true,"id":987654}'}
    content_type = {"Content-Type": "application/json"}
    with urlopen(Request(f"{sandbox.url}/_sandbox/faults", json.dumps(lie).encode(), content_type)):
        pass
    # Without Atom, whose ten requests a second make the test slow.
    env = {name: "" if name.startswith("CROSSBOOK_ATOM_") else value for name, value in sandbox.env.items()}
    ended = on_terminal("yes", tmp_path, env)
    assert ended.status == 1, ended.output
    assert {title: row.lost for title, row in ended.rows.items()} == {"SerwerSMS": 2, "Filemail": 0, "Vercom": 0}
    assert re.search(r"SerwerSMS +P00\d\d Contact\(.*\): did not come back", " ".join(ended.output.split()))
    assert "--live --clean" in ended.output

    ended = on_terminal("yes", tmp_path, env, "--clean")
    assert ended.status == 0, ended.output
    assert contacts(sandbox) == [0, 0, 0, 0]


@needs_terminal
def test_refused_login_stops_no_other_vendor(tmp_path: Path, sandbox: Running) -> None:
    ended = on_terminal("yes", tmp_path, {**sandbox.env, "CROSSBOOK_ATOM_TOKEN": "wrong"})
    assert ended.status == 1
    assert re.search(r"^  Atom +AuthError: ", ended.output, re.MULTILINE)
    assert "Traceback" not in ended.output
    assert ended.rows["Vercom"].written >= 50


def contacts(sandbox: Running) -> list[int]:
    """Return the number of contacts at each vendor."""
    with urlopen(f"{sandbox.url}/_sandbox/state") as answer:
        return [vendor["contacts"] for vendor in json.load(answer)["vendors"].values()]


def on_terminal(answer: str, folder: Path, env: Mapping[str, str], *arguments: str) -> Ended:
    """Run `--live` on a new terminal and answer its question. It is stopped after ten minutes."""
    import pty

    ours, theirs = pty.openpty()
    command = [*COMMAND, "--live", *arguments]
    with subprocess.Popen(command, cwd=folder, env=environment(env), stdin=theirs, stdout=theirs) as process:
        os.close(theirs)
        alarm = threading.Timer(600, process.kill)
        alarm.start()
        # What is typed before the question waits for it.
        os.write(ours, f"{answer}\n".encode())
        output = bytearray()
        # The end of a terminal is an error on Linux, and empty elsewhere.
        with suppress(OSError):
            while piece := os.read(ours, 65_536):
                output += piece
        status = process.wait()
        alarm.cancel()
        os.close(ours)
    return Ended(status, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", output.decode()).replace("\r", ""))
